# shellcheck shell=bash
# Sourced after lib.bash by the tests that put the fault proxy between s3tui and the gateway:
# `through` is s3tui by way of the proxy with short timeouts, `s3tui` and `aws` go straight.

[[ ${S3TUI_FAULTPROXY:-} ]] || die 'S3TUI_FAULTPROXY is not set: it is the program s3tui-faultproxy'
proxy_pids=()
canary=$S3TUI_TEST_SECRET_KEY

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

# The low-speed bound is a second: libcurl counts in whole ones.
write_proxied() {
	cat <<-E
		[default]
		endpoint = $1
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
		connect_timeout = 1s
		low_speed_time = 1s
		give_up_after = 8s
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

# struck_once [N]: the rule did strike; otherwise the test would have tested nothing.
was_struck() { expect "${1:-1}" "$(struck)" 'rules that struck'; }

# holds KEY FILE: the object has these bytes, as curl sees them without the proxy.
holds() { cmp -s <(curl -s "$(url_of "$1")") "$2" || die "$1 is not $2"; }

is_absent() {
	[[ $(curl -s -o /dev/null -w '%{http_code}' "$(url_of "$1")") == 404 ]] || die "$1 is there"
}

# A presigned URL from the AWS CLI is slow, from s3tui quick; the gateway judges either.
url_of() { s3tui presign "s3://$bucket/$1"; }

# no_temporary DIR
no_temporary() {
	local left
	left=$(find "$1" -name '.*.s3tui-*')
	[[ -z $left ]] || die "left behind: $left"
}

no_upload() { expect 0 "$(open_uploads "$bucket")" 'open uploads'; }

# at_most N METHOD [REGEX]
at_most() {
	local n
	n=$(requests "$2" "${3:-}")
	((n <= $1)) || die "$n requests $2 ${3:-} where $1 are due at most: $(proxy_log)"
}
