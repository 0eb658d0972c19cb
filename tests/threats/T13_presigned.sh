#!/usr/bin/env bash
# A link that works without keys is short-lived, shown where it was asked for, and nowhere else.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
store["dir/key"] = b"data"
E
write_config '[profile token]' "session_token = $canary-token" 'access_key_id = AKEXAMPLE' \
	"secret_access_key = $canary"

url=$(s3tui presign s3://bucket/dir/key)
[[ $url == "$endpoint/bucket/dir/key?"*'X-Amz-Expires=3600&'*X-Amz-Signature=* ]] || die "a link: $url"
expect '' "$(requests 'print("".join(line["target"] for line in lines))')" 'requests for a link'
no_secret <(echo "$url")
fails_with 2 '7 days' s3tui presign --expires 8d s3://bucket/dir/key
fails_with 2 '' s3tui presign --expires 0 s3://bucket/dir/key
ok 'an hour by default, a week at most'

for options in '' '--json' '--method PUT' '-p token' '-p token --json' '--stats'; do
	# shellcheck disable=SC2086
	s3tui --debug $options presign s3://bucket/dir/key >"$work/stdout" 2>"$work/stderr"
	signature=$(grep -oE 'X-Amz-Signature=[0-9a-f]{64}' "$work/stdout")
	[[ $signature ]] || die "no link for $options"
	! grep -q 'X-Amz-Signature\|X-Amz-Security-Token' "$work/stderr" || die 'a link on stderr'
	! grep -rqF "${signature#*=}" "$XDG_STATE_HOME" || die 'a signature in a log'
done
(($(find "$XDG_STATE_HOME" -name '*.log' | wc -l) == 6)) || die 'there are no logs'
! grep -rq 'X-Amz-\|[0-9a-f]\{64\}' "$XDG_STATE_HOME" || die 'a link in a log'
ok 'not in the log'

# Nor are the signatures of ordinary requests.
s3tui --debug -p token cp s3://bucket/dir/key "$work/got" 2>/dev/null
s3tui --debug -p token cp "$work/got" s3://bucket/up 2>/dev/null
! grep -riq 'signature\|authorization\|[0-9a-f]\{64\}' "$XDG_STATE_HOME" || die 'a signature in a log'
no_secret "$XDG_STATE_HOME"
expect '' "$(find "$XDG_STATE_HOME" -name '*.log' ! -perm 600)" 'logs that others can read'
ok 'no other signature either'
