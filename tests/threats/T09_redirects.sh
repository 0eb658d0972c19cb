#!/usr/bin/env bash
# A redirect steals nothing: neither keys nor tokens nor data go to another host.
. "${BASH_SOURCE[0]%/*}/lib.bash"

# The thief takes whatever comes.
REQUESTS=$work/stolen server <<'E'
store["file"] = b"of the thief"
E
thief=$endpoint stolen=$work/stolen
export THIEF=$thief
server <<'E'
THIEF = os.environ["THIEF"]
store["file"] = b"of the owner"
def answer(r):
    if not r.bucket.startswith("to-"):
        return plain(r)
    status = int(r.bucket[3:6])
    where = THIEF + r.target
    if r.bucket.endswith("-file"):
        where = "file:///etc/passwd"
    headers = {"Location": where, "x-amz-bucket-region": "x@%s/" % THIEF[7:]}
    if r.bucket.endswith("-region"):
        headers["x-amz-bucket-region"] = "eu-central-7"
    body = ("<Error><Code>PermanentRedirect</Code><Endpoint>%s</Endpoint><Region>%s/</Region>"
            "</Error>" % (THIEF[7:], THIEF[7:])).encode()
    return status, headers, b"" if r.bucket.endswith("-bare") else body
E
write_config '[profile token]' "session_token = $canary-token" 'access_key_id = AKEXAMPLE' \
	"secret_access_key = $canary"
printf 'data of %s' "$canary" >"$work/file"

for status in 301 302 303 307 308; do
	for kind in '' -file -region -bare; do
		bucket=to-$status$kind
		for command in "ls s3://$bucket" "cp s3://$bucket/file $work/got" \
			"cp $work/file s3://$bucket/file" "stat s3://$bucket/file" \
			"rm s3://$bucket/file" "cp s3://$bucket/file s3://bucket/copy"; do
			# shellcheck disable=SC2086
			fails_with 1 "$bucket|region|elsewhere" s3tui -p token $command
		done
	done
done
[[ ! -s $stolen ]] || die "the other host got: $(cut -c1-300 "$stolen")"
curl -s "$thief/bucket/file" >/dev/null
[[ -s $stolen ]] || die 'the other host does not note what it gets'
[[ ! -e $work/got ]] || die 'something was fetched'
! grep -q root: "$work/stdout" "$work/stderr" || die 'a local file was read'
ok 'nothing goes to another host'

requests '
assert len(lines) < 600, len(lines)
assert not any("'"$canary"'" in value for line in lines for name, value in line["headers"].items()
    if name != "x-amz-security-token")'
ok 'no loop, and the secret on no wire'
