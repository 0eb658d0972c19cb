# shellcheck shell=bash
# Sourced by the tests of the threats: a home of their own, and s3tui with a configuration for a
# server that the test writes itself (hostile.py). A test is a script; it fails with the first
# command that does.
set -euo pipefail
umask 022

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

[[ ${S3TUI_BIN:-} && ${S3TUI_SOURCE_DIR:-} ]] || die 'S3TUI_BIN or S3TUI_SOURCE_DIR is not set'
for program in python3 openssl setpriv curl; do
	command -v "$program" >/dev/null || die "$program is missing"
done
((EUID == 0)) || die 'needs root, for files of other users'

unset "${!AWS_@}" "${!XDG_@}" {http,https,all,no}_proxy {HTTP,HTTPS,ALL,NO}_PROXY
export LC_ALL=C.UTF-8 PATH=/usr/bin:/bin:/usr/sbin:/sbin
work=$(mktemp -d "${TMPDIR:-/tmp}/s3tui-threat.XXXXXX")
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.state
export REQUESTS=$work/requests WORK=$work
mkdir -p "$HOME"
config=$work/s3tui.ini
canary=canary-SECRET-0123456789
servers=()

clean_up() {
	local status=$? pid
	trap - EXIT ERR
	set +e
	cd /
	for pid in "${servers[@]}"; do
		kill "$pid"
		wait "$pid"
	done 2>/dev/null
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
trap 'printf "%s:%s: failed: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR
set -E

s3tui() { "$S3TUI_BIN" --config "$config" "$@"; }

# server [SCHEME] <PYTHON: starts what the Python code on standard input answers, in $endpoint.
server() {
	local scheme=${1:-http} port=$work/port.${#servers[@]}
	: >"$REQUESTS"
	{
		printf 'from hostile import *\nanswer = plain\n'
		cat
		printf '\nserve(answer, os.environ.get("CERTIFICATE"))\n'
	} >"$port.py"
	PORT_FILE=$port PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$S3TUI_SOURCE_DIR/tests/threats \
		python3 "$port.py" &
	servers+=($!)
	wait_until 20 test -e "$port" || die 'the server does not start'
	endpoint=$scheme://127.0.0.1:$(cat "$port")
	write_config
}

# write_config [LINE...]: for the server, with lines that follow.
write_config() {
	cat >"$config" <<-E
		[default]
		endpoint = $endpoint
		access_key_id = AKEXAMPLE
		secret_access_key = $canary
		[retry]
		initial_delay = 1ms
		max_delay = 10ms
	E
	printf '%s\n' "$@" >>"$config"
	chmod 600 "$config"
}

# fails_with STATUS REGEX COMMAND...: that status, one line on stderr, and this in it.
fails_with() {
	local wanted=$1 regex=$2 status=0 lines
	shift 2
	"$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	((status == wanted)) || die "$* ended with $status instead of $wanted: $(cat "$work/stderr")"
	lines=$(wc -l <"$work/stderr")
	((lines == 1)) || die "$* says $lines lines instead of one: $(cat "$work/stderr")"
	grep -Eq -- "$regex" "$work/stderr" || die "$*: '$(cat "$work/stderr")' does not match $regex"
	is_clean "$work/stderr"
	no_secret "$work/stderr" "$work/stdout"
}

no_secret() {
	! grep -arqF -- "$canary" "$@" || die "the secret is in $*"
}

# is_clean FILE...: text that a terminal may get.
is_clean() {
	python3 - "$@" <<-'E' || die "not fit for a terminal: $(cat -v "$@")"
		import sys, unicodedata
		for name in sys.argv[1:]:
		    text = open(name, "rb").read().decode()  # fails if it is not UTF-8
		    bad = [c for c in text if c not in "\n\r\t" and unicodedata.category(c) in
		           ("Cc", "Cf", "Zl", "Zp", "Cs")]
		    if bad:
		        sys.exit("%s has %a" % (name, bad))
	E
}

# on_terminal COMMAND...: its output on a pseudo-terminal of its own, in $work/screen, without what
# s3tui itself clears its line of progress by.
on_terminal() {
	local status=0
	[[ $1 != s3tui ]] || set -- "$S3TUI_BIN" --config "$config" "${@:2}"
	"$S3TUI_SOURCE_DIR"/tests/support/on_terminal.py "$@" >"$work/raw" || status=$?
	sed 's/\x1b\[K//g' "$work/raw" >"$work/screen"
	return "$status"
}

# expect WANTED GOT WHAT
expect() {
	[[ $1 == "$2" ]] || die "$3: wanted '$1', got '$2'"
}

# json EXPRESSION: Python over `lines`, the objects on standard input.
json() {
	python3 -c 'import json, sys, base64
lines = [json.loads(line) for line in sys.stdin]
'"$1"
}

# requests EXPRESSION: the same over the requests that the server got.
requests() { json "$1" <"$REQUESTS"; }

# tree DIR: what is in it, a line each: type, mode, size, name.
tree() { (cd "$1" && find . -mindepth 1 -printf '%y %m %s %p\n' | LC_ALL=C sort -k4); }

random_file() { head -c "$2" /dev/urandom >"$1"; }

# wait_until SECONDS COMMAND...
wait_until() {
	local end=$((SECONDS + $1))
	until "${@:2}"; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}

ok() { printf 'ok: %s\n' "$*"; }
