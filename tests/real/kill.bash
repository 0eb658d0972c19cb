# shellcheck shell=bash
# Sourced by the tests that kill s3tui with -9 at random moments, after lib.bash.
seed=${S3TUI_TEST_SEED:-$RANDOM}
echo "seed $seed (S3TUI_TEST_SEED repeats it)"
RANDOM=$seed
kills=10
[[ -z ${S3TUI_TEST_LONG:-} ]] || kills=200
gateway_log=${S3TUI_TEST_CA%/*}/client.rgw.log
judge() { python3 "$S3TUI_SOURCE_DIR/tests/real/gateway.py" "$@"; }
tear_down() { [[ -z ${pid:-} ]] || kill -9 "$pid" 2>/dev/null; }

# killed_after MS COMMAND...: runs s3tui, ends it so, or finds it ended before. Sets $was_killed.
killed_after() {
	local ms=$1 status=0
	"$S3TUI_BIN" --config "$config" "${@:2}" >"$work/stdout" 2>"$work/stderr" &
	pid=$!
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))" # the moment itself is what is tried
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || status=$?
	pid=
	was_killed=false
	((status != 137)) || was_killed=true
	((status == 137 || status == 0)) || die "it ended with $status: $(cat "$work/stderr")"
}

# taken KEY: the numbers of the parts that the server took, by its own log.
taken() {
	sed -nE "s|.*\"PUT /$bucket/$1\?partNumber=([0-9]+)&.*\" 200 .*|\1|p" "$gateway_log" | sort
}

# nothing_is_left [DIR]: no open upload, no job, no journal, no temporary file.
nothing_is_left() {
	expect '' "$(judge uploads "$bucket")" 'open uploads'
	expect '' "$(s3tui jobs)" 'jobs'
	[[ -z $(ls -A "$XDG_STATE_HOME/s3tui/jobs") ]] || die 'a journal is left'
	[[ ! ${1:-} ]] || expect '' "$(find "$1" -name '.*.s3tui-*')" 'temporary files'
}

# object_is KEY FILE [SSE-C-KEY-FILE]: by another client.
object_is() { judge get "$bucket/$1" "${@:3}" | cmp - "$2" || die "$1 has other bytes"; }
