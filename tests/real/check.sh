#!/usr/bin/env bash
# check finds what is wrong, says so in a line, and leaves nothing.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

# finds STATUS STEP REGEX COMMAND...
finds() {
	local wanted=$1 step=$2 regex=$3 status=0
	shift 3
	"$@" >"$work/out" 2>"$work/stderr" || status=$?
	expect "$wanted" "$status" "exit of $*: $(cat "$work/out" "$work/stderr")"
	grep -E "^(ok|FAILED) +$step +" "$work/out" | grep -Eq -- "$regex" ||
		die "$*: no line '$step ... $regex' in: $(cat "$work/out" "$work/stderr")"
	no_secret "$work/out" "$work/stderr"
}

finds 0 permission 'can be listed' s3tui check "s3://$bucket"
for step in name route TLS clock signature permission; do
	grep -Eq "^ok +$step " "$work/out" || die "no line for $step"
done
finds 0 permission 'buckets can be listed' s3tui check
finds 0 TLS 'valid for localhost' s3tui --endpoint "$S3TUI_TEST_TLS_ENDPOINT" \
	--ca-bundle "$S3TUI_TEST_CA" check
s3tui check --json "s3://$bucket" | json '
assert [line["check"] for line in lines] == ["name", "route", "TLS", "clock", "signature", "permission"]
assert all(line["ok"] for line in lines)'
expect '' "$(keys "$bucket")" 'objects after a check'
finds 0 remove 'gone' s3tui check --write "s3://$bucket/some/where/"
# What a gateway of this kind proves is known; it is found out by trying.
for line in 'proof +signed SHA-256: wrong bytes are refused' 'proof +Content-MD5: wrong bytes are refused' \
	'proof +CRC64NVME: not checked' 'proof +ETag of an object: its MD5' 'proof +ETag of a part: its MD5' \
	'proof +ETag of a whole in parts: the MD5' 'condition +If-None-Match on PUT: binds' \
	'condition +If-Match on GET: binds' 'range +ranges: served' 'resume +open uploads are listed'; do
	grep -Eq "^ok +$line" "$work/out" || die "no line '$line' in: $(cat "$work/out")"
done
expect 0 "$(open_uploads "$bucket")" 'open uploads after check --write'
finds 0 write 'written' s3tui check "s3://$bucket" --write "s3://$bucket"
expect '' "$(keys "$bucket")" 'objects after check --write'
ok 'all is well'

finds 1 name 'no-such-host' s3tui --endpoint http://no-such-host.invalid check
finds 1 route 'refused.*What to do' s3tui --endpoint http://127.0.0.1:9 check
finds 1 TLS 'certificate.*--ca-bundle' s3tui --endpoint "$S3TUI_TEST_TLS_ENDPOINT" check
finds 1 signature 'secret key.*profile wrong.*What to do' s3tui -p wrong check "s3://$bucket"
finds 1 permission 'no bucket' s3tui check s3://no-such-bucket-at-all
finds 1 permission 'denied' s3tui -p other check "s3://$bucket"
finds 1 permission 'denied' s3tui -p other check "s3://$bucket" --write "s3://$bucket/"
! grep -q write "$work/out" || die 'it wrote where it may not even read'
fails_with 2 's3://BUCKET' s3tui check /tmp
ok 'what is wrong is found'

# The server's clock is right; ours goes wrong.
late() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0:detect_leaks=0 FAKETIME_DONT_FAKE_MONOTONIC=1 \
		faketime -f "$1" "$S3TUI_BIN" --config "$config" "${@:2}"
}
finds 1 clock '20:.* behind.*What to do' late -20m check "s3://$bucket"
grep -Eq '^ok +signature' "$work/out" || die 'a wrong clock is not made up for'
echo x >"$work/x"
late -20m cp "$work/x" "s3://$bucket/late"
expect x "$(s3tui cp "s3://$bucket/late" -)" 'written with a wrong clock'
ok 'a wrong clock'
