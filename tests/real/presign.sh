#!/usr/bin/env bash
# Links that curl can use without keys.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
key='some dir/ö + %20 & = ?.txt'
printf 'signed content' | s3tui cp - "s3://$bucket/$key"

fetch() { curl -sS --noproxy '*' -o "$work/body" -w '%{http_code}' "$@"; }

url=$(s3tui presign "s3://$bucket/$key")
expect 200 "$(fetch "$url")" 'GET'
expect 'signed content' "$(cat "$work/body")" 'what GET gives'
other=${url/X-Amz-Signature=??/X-Amz-Signature=zz}
expect 403 "$(fetch "$other")" 'GET with another signature'
expect 403 "$(fetch -X DELETE "$url")" 'DELETE with a link for GET'
no_secret <(echo "$url")
ok GET

url=$(s3tui presign --method PUT --expires 15m "s3://$bucket/new")
expect 200 "$(fetch -X PUT --data-binary uploaded "$url")" 'PUT'
expect uploaded "$(s3tui cp "s3://$bucket/new" -)" 'what PUT stored'
expect 403 "$(fetch "$url")" 'GET with a link for PUT'
url=$(s3tui presign --method head "s3://$bucket/new")
expect 200 "$(fetch -I "$url")" 'HEAD'
ok 'PUT and HEAD'

url=$(s3tui presign --expires 1 "s3://$bucket/new")
sleep 2.5 # its end is the point
expect 403 "$(fetch "$url")" 'a link past its end'
s3tui presign --json --expires 2h "s3://$bucket/new" | json '
assert lines[0]["method"] == "GET" and lines[0]["url"].startswith("http")
import datetime
ends = datetime.datetime.strptime(lines[0]["expires"], "%Y-%m-%dT%H:%M:%SZ")
assert 7100 < (ends - datetime.datetime.utcnow()).total_seconds() < 7300'
fails_with 2 '7 days' s3tui presign --expires 8d "s3://$bucket/new"
fails_with 2 'GET, PUT, HEAD' s3tui presign --method POST "s3://$bucket/new"
fails_with 2 'not an object' s3tui presign "s3://$bucket"
fails_with 1 'credentials' s3tui --no-sign-request presign "s3://$bucket/new"
ok 'ends and refusals'
