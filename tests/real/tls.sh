#!/usr/bin/env bash
# TLS is verified, always, unless told otherwise for one run.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
printf tls | s3tui cp - "s3://$bucket/key"
tls=(s3tui --endpoint "$S3TUI_TEST_TLS_ENDPOINT")

expect tls "$("${tls[@]}" --ca-bundle "$S3TUI_TEST_CA" cp "s3://$bucket/key" -)" 'read by TLS'
AWS_CA_BUNDLE=$S3TUI_TEST_CA "${tls[@]}" ls "s3://$bucket" | grep key >/dev/null
fails_with 1 'certificate.*--ca-bundle.*\(tls\)' "${tls[@]}" cp "s3://$bucket/key" -
fails_with 1 '\(tls\)' "${tls[@]}" ls
fails_with 1 '\(tls\)' "${tls[@]}" --ca-bundle /etc/hostname ls
echo x >"$work/x"
fails_with 1 '\(tls\)' "${tls[@]}" cp "$work/x" "s3://$bucket/no"
expect key "$(keys "$bucket")" 'objects after a refusal'
ok 'an unknown authority is refused'

"${tls[@]}" --no-verify-ssl cp "s3://$bucket/key" - >"$work/out" 2>"$work/stderr"
expect tls "$(cat "$work/out")" 'read without verifying'
grep -q 'not verified' "$work/stderr" || die 'nothing says that it was not verified'
fails_with 1 '\(tls\)' s3tui --endpoint "https://other.localhost:${S3TUI_TEST_TLS_ENDPOINT##*:}" \
	--ca-bundle "$S3TUI_TEST_CA" ls
ok 'another host is refused'

# A certificate for bucket.localhost is there, so one bucket can be reached by its own host name.
buckets+=(bucket)
"${tls[@]}" --ca-bundle "$S3TUI_TEST_CA" --virtual-style mb s3://bucket
printf virtual | "${tls[@]}" --ca-bundle "$S3TUI_TEST_CA" --virtual-style cp - s3://bucket/v
expect virtual "$(s3tui --path-style cp s3://bucket/v -)" 'written by virtual host'
ok 'virtual host'
