#!/usr/bin/env bash
# A configuration that somebody else could have written is not used, and none is read from where one
# happens to be.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
store["key"] = b"data"
E
mkdir -p "$XDG_CONFIG_HOME/s3tui" "$HOME/.aws" "$work/cwd"
place=$XDG_CONFIG_HOME/s3tui/s3tui.ini
cp "$config" "$place"
asked() { requests 'print(len(lines))'; }
plain() { "$S3TUI_BIN" "$@"; }

plain ls s3://bucket >"$work/stdout" 2>"$work/stderr"
expect '' "$(cat "$work/stderr")" 'a file of 0600'
for mode in 640 604 644; do
	chmod "$mode" "$place"
	for command in ls check; do
		plain "$command" s3://bucket >"$work/stdout" 2>"$work/stderr"
		expect 1 "$(grep -c 'holds secrets and can be read by others; chmod 600' "$work/stderr")" \
			"the warning for $mode"
		no_secret "$work/stderr"
	done
done
printf '[default]\nendpoint = %s\naccess_key_id = ${K}\nsecret_access_key = ${S}\n' "$endpoint" >"$place"
chmod 644 "$place"
K=A S=$canary plain ls s3://bucket >"$work/stdout" 2>"$work/stderr"
expect '' "$(cat "$work/stderr")" 'a readable file without secrets'
cp "$config" "$place"
ok 'secrets that others can read are warned of'

before=$(asked)
for mode in 602 606 666 646; do
	chmod "$mode" "$place"
	fails_with 2 'can be written by everybody and is not used; chmod o-w' plain ls s3://bucket
	fails_with 2 'can be written by everybody' "$S3TUI_BIN" --config "$place" ls s3://bucket
done
chmod 600 "$place"
chown 65534 "$place"
fails_with 2 'belongs to another user \(uid 65534\)' plain ls s3://bucket
fails_with 2 'belongs to another user' "$S3TUI_BIN" --config "$place" ls s3://bucket
ln -sf "$place" "$work/link.ini"
fails_with 2 'belongs to another user' "$S3TUI_BIN" --config "$work/link.ini" ls s3://bucket
expect "$before" "$(asked)" 'requests with a file that is not trusted'
ok 'files of others are refused'

# The same for somebody who is not root: root's file is good, another user's is not.
cp "$S3TUI_BIN" "$work/s3tui"
chmod 755 "$work" "$work/s3tui"
chmod 644 "$config"
as_nobody() {
	HOME=/nonexistent ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$work/s3tui" "$@"
}
cp "$config" "$work/third.ini"
chown 12345 "$work/third.ini"
fails_with 2 'belongs to another user \(uid 12345\)' as_nobody --config "$work/third.ini" ls s3://bucket
as_nobody --config "$config" ls s3://bucket 2>"$work/stderr" | grep -q key
chmod 600 "$config"
ok 'the same for a user'

# ~/.aws: passed over with a warning.
printf '[default]\nendpoint = %s\n' "$endpoint" >"$place"
chown 0 "$place"
printf '[default]\naws_access_key_id = A\naws_secret_access_key = %s\n' "$canary" >"$HOME/.aws/credentials"
chmod 600 "$HOME/.aws/credentials"
plain ls s3://bucket >"$work/stdout" 2>"$work/stderr"
expect 'key' "$(awk '{ print $NF }' "$work/stdout")$(cat "$work/stderr")" 'keys of ~/.aws'
chmod 644 "$HOME/.aws/credentials"
plain ls s3://bucket >"$work/stdout" 2>"$work/stderr"
grep -q 'holds secrets and can be read by others' "$work/stderr" || die 'no warning'
for how in 'chmod 606' 'chown 65534'; do
	chmod 600 "$HOME/.aws/credentials"
	$how "$HOME/.aws/credentials"
	before=$(requests 'print(sum("authorization" in line["headers"] for line in lines))')
	plain ls s3://bucket >"$work/stdout" 2>"$work/stderr" || true
	grep -q 'is not used' "$work/stderr" || die "no warning after $how"
	expect "$before" "$(requests 'print(sum("authorization" in line["headers"] for line in lines))')" \
		"signed requests after $how"
done
ok '~/.aws'

# The working directory is somebody else's.
rm -r "$HOME/.aws" "$place"
cd "$work/cwd"
mkdir -p .aws .config/s3tui s3tui
for file in s3tui.ini .s3tui.ini .config/s3tui/s3tui.ini s3tui/s3tui.ini; do
	cp "$config" "$file"
done
printf '[default]\nendpoint_url = %s\naws_access_key_id = A\naws_secret_access_key = B\n' "$endpoint" \
	| tee .aws/config >.aws/credentials
before=$(asked)
for variables in '' 'XDG_CONFIG_HOME=.' 'XDG_CONFIG_HOME=.config' 'XDG_CONFIG_HOME= HOME=.' \
	'XDG_CONFIG_HOME= HOME=' 'XDG_CONFIG_DIRS=.:./.config'; do
	# shellcheck disable=SC2086
	env $variables AWS_EC2_METADATA_DISABLED=true "$S3TUI_BIN" --endpoint http://127.0.0.1:9 \
		check >"$work/check" 2>&1 || true
	! grep -q "${endpoint#http://}" "$work/check" || die "the working directory was read, $variables"
	# shellcheck disable=SC2086
	env $variables "$S3TUI_BIN" --debug ls --max-keys 1 /nonexistent >/dev/null 2>"$work/stderr" || true
	! grep -rq 'configuration: [^/ ]' "$XDG_STATE_HOME" || die "a relative configuration, $variables"
done
expect "$before" "$(asked)" 'requests by a configuration of the working directory'
ok 'nothing is read from the working directory'

# What s3tui writes is for its owner alone.
expect '' "$(find "$XDG_STATE_HOME" -type f ! -perm 600)" 'files that others can read'
expect '' "$(find "$XDG_STATE_HOME/s3tui" -type d ! -perm 700)" 'directories that others can read'
ok 'own files'
