#!/usr/bin/env bash
# Object lock: set, made longer, shown; a deletion that it forbids is explained; where there is none,
# nothing is written.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
locked=$bucket-locked
buckets+=("$locked")
aws s3api create-bucket --bucket "$locked" --object-lock-enabled-for-bucket >/dev/null
tear_down() {
	aws s3api list-object-versions --bucket "$locked" --query 'Versions[].[Key,VersionId]' --output text |
		while read -r key id; do
			aws s3api put-object-legal-hold --bucket "$locked" --key "$key" --version-id "$id" \
				--legal-hold Status=OFF
			aws s3api delete-object --bucket "$locked" --key "$key" --version-id "$id" \
				--bypass-governance-retention
		done >/dev/null 2>&1
}

for key in a b d/c; do printf x | s3tui cp - "s3://$locked/$key"; done
id=$(aws s3api list-object-versions --bucket "$locked" --prefix a --query 'Versions[0].VersionId' --output text)
day=$(date -u -d '+40 days' +%F)
s3tui set "s3://$locked/a" "retention=GOVERNANCE:$day" >/dev/null
expect "GOVERNANCE $day" "$(aws s3api get-object-retention --bucket "$locked" --key a \
	--query '[Retention.Mode,Retention.RetainUntilDate]' --output text | sed -E 's/\t/ /; s/T.*//')" 'retention'
later=$(date -u -d '+50 days' +%F)
s3tui set "s3://$locked/a" "retention=governance:50" >/dev/null
expect "$later" "$(aws s3api get-object-retention --bucket "$locked" --key a \
	--query Retention.RetainUntilDate --output text | cut -c1-10)" 'made longer'
s3tui stat --json "s3://$locked/a" | json 'assert lines[0]["lock"] == "GOVERNANCE", lines'
fails_with 1 'locked .GOVERNANCE. until' s3tui rm --version-id "$id" "s3://$locked/a"
expect "$id" "$(aws s3api list-object-versions --bucket "$locked" --prefix a --query 'Versions[0].VersionId' --output text)" \
	'a locked version is still there'
fails_with 1 "never made shorter" s3tui set "s3://$locked/a" retention=GOVERNANCE:1
ok 'retention'

s3tui set --dry-run -r "s3://$locked/" legal-hold=on >"$work/out"
grep -q 'legal-hold: off -> on' "$work/out" || die "no preview: $(cat "$work/out")"
expect '' "$(aws s3api head-object --bucket "$locked" --key b --query ObjectLockLegalHoldStatus --output text | grep ON || true)" \
	'a dry run'
s3tui set -r "s3://$locked/" legal-hold=on >/dev/null
for key in a b d/c; do
	expect ON "$(aws s3api get-object-legal-hold --bucket "$locked" --key "$key" --query LegalHold.Status --output text)" "$key"
done
id=$(aws s3api list-object-versions --bucket "$locked" --prefix b --query 'Versions[0].VersionId' --output text)
fails_with 1 'legal hold' s3tui rm --version-id "$id" "s3://$locked/b"
s3tui set "s3://$locked/b" legal-hold=off >/dev/null
s3tui rm --version-id "$id" "s3://$locked/b" >/dev/null
ok 'legal holds'

# What is changed in place is a version of its own; the lock goes along.
s3tui set "s3://$locked/a" meta.k=v >/dev/null
expect "v GOVERNANCE ON $later" "$(aws s3api head-object --bucket "$locked" --key a --output text --query \
	'[Metadata.k,ObjectLockMode,ObjectLockLegalHoldStatus,ObjectLockRetainUntilDate]' | tr '\t' ' ' | cut -dT -f1)" \
	'the lock of the new version'
ok 'changed in place'

printf stays | s3tui cp - "s3://$bucket/plain"
fails_with 1 'has no object lock.*nothing was changed' s3tui set "s3://$bucket/plain" legal-hold=on
fails_with 1 'has no object lock' s3tui set "s3://$bucket/plain" retention=COMPLIANCE:1
expect stays "$(s3tui cp "s3://$bucket/plain" -)" 'no object is overwritten by XML'
! grep -qE "\"PUT /$bucket/plain\?(retention|legal-hold)" "$(dirname "$S3TUI_TEST_CA")/client.rgw.log" || die 'a PUT was sent'
fails_with 2 'GOVERNANCE or COMPLIANCE' s3tui set "s3://$bucket/plain" retention=FOREVER
fails_with 2 'ends in the future' s3tui set "s3://$bucket/plain" retention=GOVERNANCE:2001-01-01
fails_with 2 '1 to 36,500' s3tui set "s3://$bucket/plain" retention=GOVERNANCE:0
fails_with 2 'on or off' s3tui set "s3://$bucket/plain" legal-hold=maybe
fails_with 2 'with no other change' s3tui set "s3://$bucket/plain" legal-hold=on content-type=text/plain
ok 'refused before anything is written'
