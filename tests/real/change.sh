#!/usr/bin/env bash
# Objects changed in place on a real gateway: nothing else of them is lost, by the word of the AWS CLI.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
random_file "$work/big" $((24 << 20))

# head KEY FIELD, tags KEY
head_of() { aws s3api head-object --bucket "$bucket" --key "$1" --query "$2" --output text; }
tags() {
	aws s3api get-object-tagging --bucket "$bucket" --key "$1" \
		--query 'join(`,`, sort(TagSet[].join(`=`, [Key, Value])))' --output text
}
is_public() { [[ $(curl -s -o /dev/null -w '%{http_code}' "$S3TUI_TEST_ENDPOINT/$bucket/$1") == 200 ]]; }

for name in small big; do
	[[ $name == big ]] || printf small >"$work/small"
	aws s3api put-object --bucket "$bucket" --key "d/$name" --body "$work/$name" --content-type text/plain \
		--cache-control no-store --website-redirect-location /elsewhere --metadata 'author=me,color=blue' --tagging 'team=a%20b&x=1' >/dev/null
	aws s3api put-object-acl --bucket "$bucket" --key "d/$name" --acl public-read
done
s3tui set -r -n "s3://$bucket/d" content-type=text/css meta.author=you >"$work/out"
grep -q 'content-type: text/plain -> text/css' "$work/out"
grep -q 'meta.author: me -> you' "$work/out"
expect text/plain "$(head_of d/small ContentType)" 'after a dry run'

s3tui set -r "s3://$bucket/d" content-type=text/css meta.author=you meta.color= tag.x=2 storage-class=STANDARD_IA
for name in small big; do
	expect 'text/css no-store STANDARD_IA' "$(head_of "d/$name" '[ContentType, CacheControl, StorageClass]' | tr '\t' ' ')" "$name"
	expect '{"author": "you"}' "$(aws s3api head-object --bucket "$bucket" --key "d/$name" --query Metadata | tr -d '\n' | sed 's/  *//g; s/":/": /')" "metadata of $name"
	expect 'team=a b,x=2' "$(tags "d/$name")" "tags of $name"
	is_public "d/$name" || die "$name is not public any more"
	expect /elsewhere "$(head_of "d/$name" WebsiteRedirectLocation)" "redirect of $name"
	s3tui cp "s3://$bucket/d/$name" "$work/back"
	cmp "$work/$name" "$work/back"
done
owner=$(aws s3api get-object-acl --bucket "$bucket" --key d/small --query Owner.ID --output text)
expect "no-store /elsewhere True" "$(s3tui stat --json "s3://$bucket/d/small" | json "
print(lines[0]['cache_control'], lines[0]['x_amz_website_redirect_location'], '$owner' in lines[0]['owner'])")" 'in stat'
s3tui set "s3://$bucket/d/small" tag.y=z tag.team=
expect 'x=2,y=z' "$(tags d/small)" 'tags alone'
ok 'headers, metadata, tags and class; the ACL stays'

fails_with 1 'no storage class GLACIER; it has STANDARD, STANDARD_IA' \
	s3tui set "s3://$bucket/d/small" storage-class=GLACIER
fails_with 1 'no storage class COLD; it has STANDARD' \
	s3tui cp --storage-class COLD "$work/small" "s3://$bucket/no"
expect STANDARD_IA "$(head_of d/small StorageClass)" 'after a refusal'
ok 'a class that is not there'

# What is encrypted the gateway does not copy: it goes through this machine, and stays encrypted.
s3tui set "s3://$bucket/d/big" encryption=SSE_KMS:testkey-1
expect 'aws:kms testkey-1' "$(head_of d/big '[ServerSideEncryption, SSEKMSKeyId]' | tr '\t' ' ')" 'encrypted in place'
s3tui set "s3://$bucket/d/big" meta.again=1
expect 'aws:kms testkey-1 1' "$(head_of d/big '[ServerSideEncryption, SSEKMSKeyId, Metadata.again]' | tr '\t' ' ')" 'changed again'
expect 'team=a b,x=2' "$(tags d/big)" 'tags of what was relayed'
is_public d/big || die 'big is not public any more'
s3tui cp "s3://$bucket/d/big" "$work/back"
cmp "$work/big" "$work/back"
ok 'encrypted in place'

s3tui restore "s3://$bucket/d/small" 2>"$work/stderr"
grep -q 'not archived' "$work/stderr"
expect small "$(s3tui cp "s3://$bucket/d/small" -)" 'after restore'
expect 0 "$(open_uploads "$bucket")" 'open uploads'
log=$(dirname "$S3TUI_TEST_CA")/client.rgw.log
! grep -E "\"(PUT|DELETE) /$bucket[^ ]*\?(restore|encryption)" "$log" || die 'a subresource was written that is not there'
ok 'nothing is restored that is not archived; no subresource is written that the gateway lacks'
