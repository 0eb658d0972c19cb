# shellcheck shell=bash
# Sourced by the tests against a real gateway: a home of their own, s3tui with a configuration for
# that gateway, buckets that go at the end. A test is a script; it fails with the first command that
# does.
set -euo pipefail
umask 022

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

for variable in BIN SOURCE_DIR TEST_ENDPOINT TEST_TLS_ENDPOINT TEST_CA TEST_ACCESS_KEY TEST_SECRET_KEY \
	TEST_ACCESS_KEY2 TEST_SECRET_KEY2; do
	name=S3TUI_$variable
	[[ ${!name:-} ]] || die "$name is not set: scripts/test sets it, or scripts/gateway start DIR and . DIR/env"
done
for program in /usr/bin/aws curl python3 openssl setpriv rclone s3cmd; do
	command -v "$program" >/dev/null || die "$program is missing"
done

unset "${!AWS_@}" "${!RCLONE_@}" "${!XDG_@}" {http,https,all,no}_proxy {HTTP,HTTPS,ALL,NO}_PROXY
export LC_ALL=C.UTF-8 PATH=/usr/bin:/bin:/usr/sbin:/sbin
work=$(mktemp -d "${TMPDIR:-/tmp}/s3tui-real.XXXXXX")
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.state
mkdir -p "$HOME"
config=$work/s3tui.ini
buckets=()

clean_up() {
	local status=$? bucket
	trap - EXIT ERR
	set +e
	cd /
	[[ $(type -t tear_down) != function ]] || tear_down
	for bucket in "${buckets[@]}"; do
		s3tui rb --force --yes "s3://$bucket" >/dev/null 2>&1
	done
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
trap 'printf "%s:%s: failed: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR
set -E

# The keys come in by the configuration, as a person would write it.
write_config() {
	cat >"$config" <<-E
		[default]
		endpoint = $S3TUI_TEST_ENDPOINT
		access_key_id = $S3TUI_TEST_ACCESS_KEY
		secret_access_key = $S3TUI_TEST_SECRET_KEY

		[profile other]
		access_key_id = $S3TUI_TEST_ACCESS_KEY2
		secret_access_key = $S3TUI_TEST_SECRET_KEY2

		[profile wrong]
		access_key_id = $S3TUI_TEST_ACCESS_KEY
		secret_access_key = this-is-not-the-secret

		[retry]
		initial_delay = 10ms
		max_delay = 100ms
	E
	chmod 600 "$config"
}
write_config

s3tui() { "$S3TUI_BIN" --config "$config" "$@"; }

aws() {
	AWS_ACCESS_KEY_ID=$S3TUI_TEST_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$S3TUI_TEST_SECRET_KEY \
		AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true \
		/usr/bin/aws --endpoint-url "$S3TUI_TEST_ENDPOINT" "$@"
}

rclone() {
	RCLONE_CONFIG=/dev/null RCLONE_CONFIG_GW_TYPE=s3 RCLONE_CONFIG_GW_PROVIDER=Ceph \
		RCLONE_CONFIG_GW_ENDPOINT=$S3TUI_TEST_ENDPOINT \
		RCLONE_CONFIG_GW_ACCESS_KEY_ID=$S3TUI_TEST_ACCESS_KEY \
		RCLONE_CONFIG_GW_SECRET_ACCESS_KEY=$S3TUI_TEST_SECRET_KEY \
		/usr/bin/rclone "$@"
}

s3cmd() {
	local host=${S3TUI_TEST_ENDPOINT#http://}
	if [[ ! -e $work/s3cfg ]]; then
		cat >"$work/s3cfg" <<-E
			[default]
			access_key = $S3TUI_TEST_ACCESS_KEY
			secret_key = $S3TUI_TEST_SECRET_KEY
			host_base = $host
			host_bucket = $host
			use_https = False
			signature_v2 = False
		E
	fi
	/usr/bin/s3cmd -c "$work/s3cfg" "$@"
}

# new_bucket NAME: a bucket of this test alone; its name in $bucket.
new_bucket() {
	bucket=t-${0##*/}
	bucket=${bucket%.sh}-${1:-main}-$RANDOM$RANDOM
	bucket=${bucket//_/-}
	buckets+=("$bucket")
	s3tui mb "s3://$bucket"
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
	no_secret "$work/stderr" "$work/stdout"
}

no_secret() {
	local key
	for key in "$S3TUI_TEST_SECRET_KEY" "$S3TUI_TEST_SECRET_KEY2" this-is-not-the-secret; do
		! grep -qF -- "$key" "$@" || die "a secret is in the output"
	done
}

# expect WANTED GOT WHAT
expect() {
	[[ $1 == "$2" ]] || die "$3: wanted '$1', got '$2'"
}

# sums DIR: a line for each file, by name.
sums() {
	(cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum)
}

same_tree() {
	diff <(sums "$1") <(sums "$2") >&2 || die "$1 and $2 differ"
}

# keys BUCKET[/PREFIX]: all object names.
keys() { s3tui ls -r --json "s3://$1" | json '[print(o["key"]) for o in lines]'; }

# json EXPRESSION: Python over `lines`, the objects on standard input.
json() {
	python3 -c 'import json, sys, base64
lines = [json.loads(line) for line in sys.stdin]
'"$1"
}

random_file() { head -c "$2" /dev/urandom >"$1"; }

# wait_until SECONDS COMMAND...
wait_until() {
	local end=$((SECONDS + $1))
	until "${@:2}"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

open_uploads() {
	aws s3api list-multipart-uploads --bucket "$1" --query 'length(Uploads || `[]`)' --output text
}

ok() { printf 'ok: %s\n' "$*"; }
