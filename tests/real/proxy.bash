# shellcheck shell=bash
# Sourced after lib.bash by the tests that put the fault proxy between s3tui and the gateway:
# `through` is s3tui by way of the proxy with short timeouts, `s3tui` and `aws` go straight.

[[ ${S3TUI_FAULTPROXY:-} ]] || die 'S3TUI_FAULTPROXY is not set: it is the program s3tui-faultproxy'
proxy_pids=()

tear_down() {
	local pid
	for pid in "${proxy_pids[@]}"; do
		kill "$pid" 2>/dev/null
	done
}

# start_proxy [OPTION...]: its address in $proxy, s3tui's configuration for it in $proxied.
start_proxy() {
	local out=$work/proxy.${#proxy_pids[@]}
	"$S3TUI_FAULTPROXY" --upstream "$S3TUI_TEST_ENDPOINT" "$@" >"$out" &
	proxy_pids+=("$!")
	wait_until 10 grep -q endpoint "$out" || die 'the proxy does not start'
	proxy=$(sed 's/.*"endpoint":"\([^"]*\)".*/\1/' "$out")
	proxied=$work/proxied.ini
	write_proxied "$proxy" >"$proxied"
	chmod 600 "$proxied"
}

# libcurl looks at the mean of five seconds: a stall takes some seven to be one.
write_proxied() {
	cat <<-E
		[default]
		endpoint = $1
		timeout = 3s
		access_key_id = $S3TUI_TEST_ACCESS_KEY
		secret_access_key = $S3TUI_TEST_SECRET_KEY
		[upload]
		part_size = 5MiB
		multipart_threshold = 8MiB
		[download]
		chunk_size = 1MiB
		[retry]
		max_attempts = 3
		initial_delay = 1ms
		max_delay = 10ms
		[network]
		connect_timeout = 500ms
		low_speed_time = 1s
		low_speed_limit = 20kB
		give_up_after = 20s
	E
}

# faults [RULE...]: these and no others; struck and the log start again.
faults() {
	local answer
	answer=$(printf '%s\n' "$@" | curl -s -X PUT --data-binary @- "$proxy/-/faults")
	[[ -z $answer ]] || die "$answer"
}

struck() { curl -s "$proxy/-/struck"; }

release() { curl -s -X PUT "$proxy/-/release"; }

proxy_log() { curl -s "$proxy/-/log"; }

# requests METHOD [REGEX]: how many the proxy saw, by method and raw target.
requests() { proxy_log | awk -v m="$1" -v r="${2:-}" '$1 == m && $2 ~ r { n++ } END { print n + 0 }'; }

# through ARG...: the exit status in $status, the output in $work/out and $work/err.
through() {
	status=0
	timeout -k 1 60 "$S3TUI_BIN" --config "$proxied" "$@" >"$work/out" 2>"$work/err" || status=$?
	((status < 124)) || die "s3tui $* hangs or dies ($status): $(cat "$work/err")"
	clean_output
}

# A sanitizer that stops s3tui ends it with 1, as a failure does.
clean_output() {
	! grep -q 'Sanitizer\|runtime error:' "$work/err" || die "$(cat "$work/err")"
	no_secret "$work/out" "$work/err"
}

succeeds() {
	through "$@"
	((status == 0)) || die "s3tui $* ended with $status: $(cat "$work/err"); $(proxy_log)"
}

fails() {
	through "$@"
	((status == 1)) || die "s3tui $* ended with $status instead of 1: $(cat "$work/err"); $(proxy_log)"
	[[ -s $work/err ]] || die "s3tui $* fails without a word"
}

# begin ARG...: s3tui in the background until a rule with do=hold holds it; `finish STATUS` lets go.
begin() {
	"$S3TUI_BIN" --config "$proxied" "$@" >"$work/out" 2>"$work/err" &
	begun=$!
	wait_until 20 eval '(($(struck) == 1))' || die "nothing to hold: $(cat "$work/err")"
}

finish() {
	release
	status=0
	wait "$begun" || status=$?
	expect "$1" "$status" "the exit status ($(cat "$work/err"))"
	clean_output
}

# skewed ARG...: succeeds with a clock that is 20 minutes slow; the gateway refuses the first try.
skewed() {
	local library refused
	library=$(dpkg -L libfaketime | grep -m1 'libfaketimeMT.so.1$') || die 'libfaketime is missing'
	faults
	status=0
	# A sanitizer's runtime wants to be first; it may be second.
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 LD_PRELOAD=$library FAKETIME=-20m \
		"$S3TUI_BIN" --config "$proxied" "$@" >"$work/out" 2>"$work/err" || status=$?
	((status == 0)) || die "s3tui $* ended with $status: $(cat "$work/err")"
	refused=$(proxy_log | awk '$3 == 403 { n++ } END { print n + 0 }')
	((refused > 0)) || die 'the clock did not matter'
	((refused < 4)) || die "refused $refused times"
	clean_output
}

# was_struck [N]: the rules did strike; otherwise the test would have tested nothing.
was_struck() {
	local n
	n=$(struck)
	if (($#)); then
		expect "$1" "$n" 'strikes'
	else
		((n > 0)) || die "no rule struck: $(proxy_log)"
	fi
}

# gateway METHOD PATH[?QUERY=] [CURL OPTION...]: a signed request past the proxy; quicker than aws.
gateway() {
	if [[ ! -e $work/curlrc ]]; then
		cat >"$work/curlrc" <<-E
			user = "$S3TUI_TEST_ACCESS_KEY:$S3TUI_TEST_SECRET_KEY"
			aws-sigv4 = "aws:amz:us-east-1:s3"
			header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"
		E
	fi
	curl -s -m 20 --noproxy '*' -K "$work/curlrc" -X "$1" "${@:3}" "$S3TUI_TEST_ENDPOINT/$2"
}

# put_object KEY FILE [CURL OPTION...]
put_object() { gateway PUT "$bucket/$1" -f -T "$2" "${@:3}"; }

# holds KEY FILE: the object has these bytes.
holds() {
	gateway GET "$bucket/$1" -f -o "$work/held.object" || die "there is no $1"
	cmp -s "$work/held.object" "$2" || die "$1 does not hold what $2 does"
}

# holds_either KEY FILE FILE
holds_either() {
	gateway GET "$bucket/$1" -f -o "$work/held.object" || die "there is no $1"
	cmp -s "$work/held.object" "$2" || cmp -s "$work/held.object" "$3" ||
		die "$1 holds neither what $2 nor what $3 does"
}

is_absent() {
	expect 404 "$(gateway GET "$bucket/$1" -o /dev/null -w '%{http_code}')" "the status of $1"
}

no_upload() {
	local left
	left=$(gateway GET "$bucket?uploads=" -f | grep -o '<UploadId>[^<]*' || true)
	[[ -z $left ]] || die "open uploads: $left"
}

# Aborts what is open: left by a failure, to be resumed, or made twice where an answer was lost.
drop_uploads() {
	local key id
	gateway GET "$bucket?uploads=" -f | { grep -o '<Key>[^<]*</Key><UploadId>[^<]*' || true; } |
		sed 's/<Key>//; s/<.Key><UploadId>/ /' | while read -r key id; do
		gateway DELETE "$bucket/$key?uploadId=$id" -f
	done
}

# no_temporary DIR
no_temporary() {
	local left
	left=$(find "$1" -name '.*.s3tui-*')
	[[ -z $left ]] || die "left behind: $left"
}

# at_most N METHOD [REGEX]
at_most() {
	local n
	n=$(requests "$2" "${3:-}")
	((n <= $1)) || die "$n requests $2 ${3:-} where $1 are due at most: $(proxy_log)"
}

# A port where connecting takes for ever: nobody accepts, and the queue is full. In $hole.
black_hole() {
	python3 - >"$work/hole" <<-'P' &
		import signal, socket
		s = socket.socket()
		s.bind(("127.0.0.1", 0))
		s.listen(0)
		held = [socket.socket() for _ in range(8)]
		for c in held:
		    c.setblocking(False)
		    c.connect_ex(s.getsockname())
		print(s.getsockname()[1], flush=True)
		signal.pause()
	P
	proxy_pids+=("$!")
	wait_until 10 test -s "$work/hole" || die 'no black hole'
	hole=http://127.0.0.1:$(<"$work/hole")
}

# late_start ARG...: s3tui with nobody at its endpoint, until it has been refused; then the proxy is.
late_start() {
	local port pid
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	write_proxied "http://127.0.0.1:$port" | sed 's/^max_attempts.*/max_attempts = 100/
		s/^initial_delay.*/initial_delay = 50ms/; s/^max_delay.*/max_delay = 200ms/' >"$work/late.ini"
	chmod 600 "$work/late.ini"
	rm -f "$XDG_STATE_HOME"/s3tui/debug-*
	"$S3TUI_BIN" --config "$work/late.ini" --debug "$@" >"$work/out" 2>"$work/err" &
	pid=$!
	wait_until 20 eval 'grep -qs " 0 connect" "$XDG_STATE_HOME"/s3tui/debug-*.log' ||
		die "nobody was refused: $(cat "$work/err")"
	start_proxy --port "$port"
	status=0
	wait "$pid" || status=$?
	((status == 0)) || die "$* ended with $status: $(cat "$work/err")"
	(($(proxy_log | wc -l) > 0)) || die "$* did without the proxy"
	no_secret "$work/out" "$work/err" "$XDG_STATE_HOME"/s3tui/debug-*.log
}

# unreachable FUNCTION: E for good, whatever the way of not being there. The function gets s3tui's
# options, and is to fail by itself.
unreachable() {
	black_hole
	"$1" 'refused for good' --endpoint http://127.0.0.1:9
	"$1" 'no such host' --endpoint http://no-such-host.invalid
	"$1" 'connect timeout' --endpoint "$hole"
}
