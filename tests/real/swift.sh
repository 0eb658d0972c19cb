#!/usr/bin/env bash
# OpenStack Swift, which answers 200 to the headers of SSE-C and takes no notice of them: what was to be
# encrypted is refused and nothing of it stays, seen in the files of its disk. Anything else works there.
. "${BASH_SOURCE[0]%/*}/lib.bash"
swift=$work/swift
tear_down() { "$S3TUI_SOURCE_DIR/scripts/swift" stop "$swift"; }
"$S3TUI_SOURCE_DIR/scripts/swift" start "$swift"
# shellcheck source=/dev/null
. "$swift/env"
head -c 32 /dev/urandom >"$work/key"
chmod 600 "$work/key"
write_config
printf '[encryption]\nsse_c_key_file = %s\n' "$work/key" >>"$config"
new_bucket
random_file "$work/small" 1000
random_file "$work/big" $((24 << 20))
random_file "$work/other" 1000

# stored: how many objects, manifests and parts are on the disk
stored() { find "$swift/node" -name '*.data' | wc -l; }
# parts KEY: "-" and how many, of an object that was sent in parts
parts() {
	aws s3api head-object --bucket "$bucket" --key "$1" --query ETag --output text | grep -o -- '-[0-9]*' || true
}

for file in small big; do
	fails_with 1 'does not confirm that it encrypts \(SSE_C\): it was not encrypted' \
		s3tui cp --encryption SSE_C --part-size 5MiB "$work/$file" "s3://$bucket/$file"
	for encryption in SSE_S3 SSE_KMS:key; do # not ignored, but refused by the server itself
		fails_with 1 "does not encrypt so \(${encryption%:*}\); nothing was written" s3tui cp --encryption $encryption "$work/$file" "s3://$bucket/$file"
	done
	expect 0 "$(stored)" "files of $file"
	expect 0 "$(open_uploads "$bucket")" "open uploads of $file"
done
fails_with 1 'does not confirm' s3tui cp --encryption SSE_C - "s3://$bucket/stream" <"$work/big"
expect 0 "$(stored)" 'files of a stream'
expect '' "$(s3tui jobs)" 'jobs'
ok 'encryption that is ignored: refused, nothing is left'

s3tui cp "$work/other" "s3://$bucket/other"
for file in small big; do
	fails_with 1 'does not confirm' s3tui mv --encryption SSE_C "$work/$file" "s3://$bucket/other"
done
aws s3 cp --only-show-errors "s3://$bucket/other" - | cmp - "$work/other"
expect 1 "$(stored)" 'files beside the object that was there'
s3tui rm "s3://$bucket/other"
ok 'what is there is not replaced, and what was to be moved stays'

for file in small big; do
	s3tui cp --part-size 5MiB "$work/$file" "s3://$bucket/dir/$file"
	aws s3 cp --only-show-errors "s3://$bucket/dir/$file" - | cmp - "$work/$file"
	s3tui cp "s3://$bucket/dir/$file" "$work/back"
	cmp "$work/back" "$work/$file"
	s3tui cp "s3://$bucket/dir/$file" "s3://$bucket/copy/$file"
	aws s3 cp --only-show-errors "s3://$bucket/copy/$file" - | cmp - "$work/$file"
done
expect '' "$(parts dir/small)" 'parts of a small object'
expect -5 "$(parts dir/big)" 'parts of a large object'
expect $'dir/big\ndir/small' "$(keys "$bucket/dir")" 'a listing'
s3tui rm -r "s3://$bucket/dir/"
s3tui rm -r "s3://$bucket/copy/"
expect '' "$(keys "$bucket")" 'a listing after all was removed'
expect 0 "$(stored)" 'files after all was removed'
ok 'up, down, copied, listed and removed without encryption'

for file in small big; do
	s3tui cp --part-size 5MiB "$work/$file" "s3://$bucket/$file"
	s3tui set "s3://$bucket/$file" meta.author=ada content-type=text/x-a
	expect 'text/x-a ada' "$(aws s3api head-object --bucket "$bucket" --key "$file" --output text \
		--query '[ContentType,Metadata.author]' | tr '\t' ' ')" 'changed in place'
	aws s3 cp --only-show-errors "s3://$bucket/$file" - | cmp - "$work/$file"
done
expect $'big\nsmall' "$(keys "$bucket")" 'a listing' # Swift leaves parts of what is replaced on its disk, whoever does it
ok 'changed in place'
