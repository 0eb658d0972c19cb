#!/usr/bin/env bash
# How a bucket is configured, by the word of the AWS CLI; a rule of one day is seen to work; what the
# gateway lacks is asked for, never written.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
log=$(dirname "$S3TUI_TEST_CA")/client.rgw.log

info() { s3tui bucket --json "s3://$bucket" | json "print(lines[0]['$1'])"; }
expect none "$(info lifecycle)" 'no rules'
expect 'not supported by this server' "$(info encryption)" 'what the gateway lacks'
expect none "$(info policy)" 'no policy'
[[ $(info acl) == *FULL_CONTROL* ]] || die 'no ACL'

s3tui lifecycle "s3://$bucket" set tmp prefix=tmp/ expire=1 >/dev/null
s3tui lifecycle "s3://$bucket" set logs prefix=logs/ transition=STANDARD_IA:30 expire=365 abort=7 >"$work/out"
grep -q 'logs: objects under logs/ move to STANDARD_IA after 30 days and go after 365; unfinished uploads after 7' "$work/out"
expect 'logs tmp' "$(aws s3api get-bucket-lifecycle-configuration --bucket "$bucket" \
	--query 'Rules[].ID' --output text | tr '\t' '\n' | sort | tr '\n' ' ' | sed 's/ $//')" 'rules by aws'
s3tui lifecycle "s3://$bucket" off logs >/dev/null
expect Disabled "$(aws s3api get-bucket-lifecycle-configuration --bucket "$bucket" \
	--query 'Rules[?ID==`logs`].Status' --output text)" 'switched off'
s3tui lifecycle "s3://$bucket" remove logs >/dev/null
expect tmp "$(aws s3api get-bucket-lifecycle-configuration --bucket "$bucket" --query 'Rules[].ID' --output text)" 'removed'
fails_with 2 '30 days at the earliest' s3tui lifecycle "s3://$bucket" set x transition=STANDARD_IA:1
fails_with 2 'no rule' s3tui lifecycle "s3://$bucket" remove x
s3tui lifecycle "s3://$bucket" set more prefix=more/ tag=b=2 tag=a=1 expire=2040-01-31 noncurrent=3 >"$work/out"
grep -q 'more: objects under more/ (tag a=1, tag b=2) go on 2040-01-31; older versions go after 3 days' "$work/out"
expect "a=1 b=2 2040-01-31" "$(aws s3api get-bucket-lifecycle-configuration --bucket "$bucket" --output json | tr -d '\n' | json '
rule = [r for r in lines[0]["Rules"] if r["ID"] == "more"][0]
tags = sorted(t["Key"] + "=" + t["Value"] for t in rule["Filter"]["And"]["Tags"])
print(*tags, rule["Expiration"]["Date"][:10])')" 'tags and a day by aws'
s3tui lifecycle "s3://$bucket" remove more >/dev/null

# It answers with a prefix beside <And>, and loses it if it gets that back: other rules stay what they are.
s3tui lifecycle "s3://$bucket" set both prefix=both/ tag=a=1 tag=b=2 expire=1 >/dev/null
printf kept | s3tui cp - "s3://$bucket/outside"
aws s3api put-object-tagging --bucket "$bucket" --key outside --tagging 'TagSet=[{Key=a,Value=1},{Key=b,Value=2}]'
s3tui lifecycle "s3://$bucket" set other prefix=never/ expire=300 >"$work/out"
grep -q 'both: objects under both/ (tag a=1, tag b=2) go after 1 day' "$work/out"
s3tui lifecycle "s3://$bucket" off other >/dev/null
s3tui lifecycle "s3://$bucket" >"$work/out"
grep -q 'both: objects under both/ (tag a=1, tag b=2) go after 1 day' "$work/out"
printf gone | s3tui cp - "s3://$bucket/both/x"
aws s3api put-object-tagging --bucket "$bucket" --key both/x --tagging 'TagSet=[{Key=a,Value=1},{Key=b,Value=2}]'
is_alone() { [[ $(keys "$bucket") == outside ]]; }
wait_until 60 is_alone || die "the rule did not act: $(keys "$bucket")"
s3tui rm "s3://$bucket/outside"
s3tui lifecycle "s3://$bucket" remove both >/dev/null
s3tui lifecycle "s3://$bucket" remove other >/dev/null
s3tui bucket "s3://$bucket" lifecycle - <<E
<!-- off: <Rule><ID>danger</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status></Rule> -->
<LifecycleConfiguration><Rule ><ID>tmp</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status>
<Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>
E
expect 'tmp: objects under tmp/ go after 1 day' "$(s3tui lifecycle "s3://$bucket")" 'a document with a comment'

# This gateway takes conditions that it does not know and drops them: such a rule would remove everything.
before=$(s3tui bucket "s3://$bucket" lifecycle)
fails_with 1 'does not keep all of the rule "objects \(larger than 500 bytes\) go after 9 days"; the rules are as they were' \
	s3tui lifecycle "s3://$bucket" set large larger=500 expire=9
expect "$before" "$(s3tui bucket "s3://$bucket" lifecycle)" 'undone'
fails_with 1 'does not keep all of the rule .*but for the newest 5.*as they were' s3tui bucket "s3://$bucket" lifecycle - <<E
<LifecycleConfiguration><Rule><ID>x</ID><Filter><Prefix>a</Prefix></Filter><Status>Enabled</Status>
<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>5</NewerNoncurrentVersions>
</NoncurrentVersionExpiration></Rule></LifecycleConfiguration>
E
expect "$before" "$(s3tui bucket "s3://$bucket" lifecycle)" 'undone'
requests=$(grep -cF "/$bucket?lifecycle" "$log")
fails_with 1 'Rule 1: A rule does something' s3tui bucket "s3://$bucket" lifecycle - \
	<<<'<LifecycleConfiguration><Rule><ID>x</ID><Filter/><Status>Enabled</Status></Rule></LifecycleConfiguration>'
fails_with 2 'wants days' s3tui lifecycle "s3://$bucket" set x expire=soon
fails_with 2 'none of set, on, off, remove' s3tui lifecycle "s3://$bucket" delete x
expect "$requests" "$(grep -cF "/$bucket?lifecycle" "$log")" 'nothing asked for what cannot be'
ok 'rules'

printf gone | s3tui cp - "s3://$bucket/tmp/a"
printf stays | s3tui cp - "s3://$bucket/b"
is_expired() { [[ $(keys "$bucket") == b ]]; }
wait_until 60 is_expired || die "a rule of one day, which is ten seconds here, did not expire tmp/a: $(keys "$bucket")"
s3tui lifecycle "s3://$bucket" remove tmp >"$work/out"
grep -q 'no rules' "$work/out"
ok 'a rule expires an object, and only that'

cat >"$work/policy" <<E
{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::$bucket/*"]}]}
E
s3tui bucket "s3://$bucket" policy "$work/policy"
expect stays "$(curl -sf "$S3TUI_TEST_ENDPOINT/$bucket/b")" 'public by policy'
s3tui bucket "s3://$bucket" policy | json 'assert lines[0]["Statement"][0]["Effect"] == "Allow"'
fails_with 1 'JSON object with a "Statement"' s3tui bucket "s3://$bucket" policy - <<<'{}'
s3tui bucket "s3://$bucket" policy remove
expect none "$(info policy)" 'policy removed'
cat >"$work/cors" <<E
<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>
E
s3tui bucket "s3://$bucket" cors "$work/cors"
expect 'https://a.example' "$(aws s3api get-bucket-cors --bucket "$bucket" --query 'CORSRules[0].AllowedOrigins[0]' --output text)" CORS
fails_with 1 'no well-formed XML' s3tui bucket "s3://$bucket" cors - <<<'<a>'
fails_with 1 'Its root is' s3tui bucket "s3://$bucket" cors - <<<'<a/>'
s3tui bucket "s3://$bucket" cors remove
# S3 has no such request, and this gateway takes it for one to delete the bucket.
aws s3api create-bucket --bucket "$bucket-empty" >/dev/null
buckets+=("$bucket-empty")
for document in acl versioning object-lock logging; do
	fails_with 1 'cannot be removed, only changed' s3tui bucket "s3://$bucket-empty" $document remove
done
aws s3api head-bucket --bucket "$bucket-empty" >/dev/null
! grep -qE "\"DELETE /$bucket-empty\?" "$log" || die 'a DELETE was sent'
ok 'policy and CORS'

fails_with 1 'does not support \?encryption.*nothing was changed' s3tui bucket "s3://$bucket" encryption remove
fails_with 1 'does not support \?encryption' s3tui bucket "s3://$bucket" encryption - \
	<<<'<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>'
	true # some gateways answer it
expect stays "$(s3tui cp "s3://$bucket/b" -)" 'the bucket is still there'
! grep -E "\"(PUT|DELETE) /$bucket/?\?(encryption|publicAccessBlock|ownershipControls)" "$log" ||
	die 'a subresource was written that is not there'
ok 'what the gateway lacks is never written'
