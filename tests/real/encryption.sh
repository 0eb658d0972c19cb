#!/usr/bin/env bash
# Encryption by a real gateway, judged by other clients: unreadable without the key, readable with it.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
head -c 32 /dev/urandom >"$work/key"
head -c 32 /dev/urandom | base64 >"$work/key2"
printf '0123456789abcdef0123456789abcdef' >"$work/textkey" # rclone 1.60 takes the key as text
chmod 600 "$work"/*key*
for name in sse-c second text; do
	cat >>"$config" <<-E
		[profile $name]
		access_key_id = $S3TUI_TEST_ACCESS_KEY
		secret_access_key = $S3TUI_TEST_SECRET_KEY
	E
done
cat >>"$config" <<E
[profile sse-c.encryption]
type = SSE_C
sse_c_key_file = $work/key
[profile second.encryption]
sse_c_key_command = cat $work/key2
[profile text.encryption]
type = SSE_C
sse_c_key_file = $work/textkey
E
random_file "$work/small" 1000
random_file "$work/big" $((24 << 20))

# boto COMMAND: Python with s3, key and read(), which gives the SHA-256 or the error's status
boto() {
	AWS_ACCESS_KEY_ID=$S3TUI_TEST_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$S3TUI_TEST_SECRET_KEY \
		python3 - "$bucket" "$work/key" <<-E
			import boto3, botocore, hashlib, sys
			s3 = boto3.client("s3", endpoint_url="$S3TUI_TEST_ENDPOINT", region_name="us-east-1")
			bucket, key = sys.argv[1], open(sys.argv[2], "rb").read()
			with_key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
			def read(name, **more):
			    try:
			        return hashlib.sha256(s3.get_object(Bucket=bucket, Key=name, **more)["Body"].read()).hexdigest()
			    except botocore.exceptions.ClientError as e:
			        return str(e.response["ResponseMetadata"]["HTTPStatusCode"])
			def encryption(name):
			    h = s3.head_object(Bucket=bucket, Key=name)
			    return h["ServerSideEncryption"] + " " + h["SSEKMSKeyId"]
			$1
		E
}
sum() { sha256sum <"$1" | cut -d' ' -f1; }

for file in small big; do
	s3tui -p sse-c cp "$work/$file" "s3://$bucket/c-$file"
	expect 400 "$(boto "print(read('c-$file'))")" "SSE-C without the key: $file"
	expect "$(sum "$work/$file")" "$(boto "print(read('c-$file', **with_key))")" "SSE-C with the key: $file"
	s3tui -p sse-c cp "s3://$bucket/c-$file" "$work/back"
	cmp "$work/$file" "$work/back"
	rm "$work/back"
	fails_with 1 'another customer key.*second' s3tui -p second cp "s3://$bucket/c-$file" "$work/back"
	fails_with 1 'needs that key' s3tui cp "s3://$bucket/c-$file" "$work/back"
	[[ ! -e $work/back ]] || die 'something came without the key'
done
boto 's3.put_object(Bucket=bucket, Key="theirs", Body=b"by boto", **with_key)'
expect 'by boto' "$(s3tui -p sse-c cp "s3://$bucket/theirs" -)" 'SSE-C by boto3'
ok 'SSE-C: unreadable without the key, readable with it, both ways with boto3'

s3tui -p text cp "$work/big" "s3://$bucket/text"
rclone cat "gw:$bucket/text" >"$work/back" 2>/dev/null || true
expect '' "$(head -c 1 "$work/back" | od -An -tx1)" 'read by rclone without the key'
export RCLONE_S3_SSE_CUSTOMER_ALGORITHM=AES256
RCLONE_S3_SSE_CUSTOMER_KEY=$(cat "$work/textkey")
export RCLONE_S3_SSE_CUSTOMER_KEY
S3TUI_TEST_ENDPOINT=$S3TUI_TEST_TLS_ENDPOINT rclone --ca-cert "$S3TUI_TEST_CA" \
	cat "gw:$bucket/text" >"$work/back"
unset RCLONE_S3_SSE_CUSTOMER_ALGORITHM RCLONE_S3_SSE_CUSTOMER_KEY
cmp "$work/big" "$work/back"
ok 'SSE-C: rclone over TLS'

# The server copies nothing that is encrypted; the copy is no less encrypted.
s3tui -p sse-c cp "s3://$bucket/c-big" "s3://$bucket/c-copy"
expect 400 "$(boto "print(read('c-copy'))")" 'a copy without the key'
s3tui -p sse-c cp --encryption none "s3://$bucket/c-big" "s3://$bucket/c-plain"
expect "$(sum "$work/big")" "$(boto "print(read('c-plain'))")" 'a copy that is not to be encrypted'
s3tui rm "s3://$bucket/c-plain"
expect "$(sum "$work/big")" "$(boto "print(read('c-copy', **with_key))")" 'a copy with the key'
printf 'in the clear' | s3tui cp - "s3://$bucket/clear"
s3tui -p sse-c cp "s3://$bucket/clear" "s3://$bucket/not-clear"
expect 400 "$(boto "print(read('not-clear'))")" 'a copy that is to be encrypted'
ok 'SSE-C: copies, which the gateway does not make itself'

url=$(s3tui -p sse-c presign --encryption SSE_C "s3://$bucket/c-small" 2>"$work/stderr")
grep -q 'customer-key-MD5' "$work/stderr"
! grep -qF "$(base64 <"$work/key")" "$work/stderr" || die 'the key was printed'
status=$(curl -s -o /dev/null -w '%{http_code}' "$url")
[[ $status == 40[03] ]] || die "a link without its headers: $status"
curl -sf -o "$work/back" -H 'x-amz-server-side-encryption-customer-algorithm: AES256' \
	-H "x-amz-server-side-encryption-customer-key: $(base64 <"$work/key")" \
	-H "x-amz-server-side-encryption-customer-key-MD5: $(openssl md5 -binary <"$work/key" | base64)" "$url"
cmp "$work/small" "$work/back"
ok 'SSE-C: a link works with the headers that it names'

for file in small big; do
	s3tui cp --encryption SSE_KMS:testkey-1 "$work/$file" "s3://$bucket/k-$file"
	expect 'aws:kms testkey-1' "$(boto "print(encryption('k-$file'))")" "HEAD of $file"
	rclone cat "gw:$bucket/k-$file" >"$work/back"
	cmp "$work/$file" "$work/back"
	fails_with 1 'KMS key no-such-key.*nothing was written' \
		s3tui cp --encryption SSE_KMS:no-such-key "$work/$file" "s3://$bucket/none-$file"
	fails_with 1 'does not confirm that it encrypts \(SSE_S3\)' \
		s3tui cp --encryption SSE_S3 "$work/$file" "s3://$bucket/none-$file"
	fails_with 1 'does not confirm that it encrypts \(SSE_S3\)' \
		s3tui cp --encryption SSE_S3 "$work/$file" "s3://$bucket/k-$file"
	fails_with 1 'does not confirm' s3tui cp --encryption SSE_S3 - "s3://$bucket/none-$file" <"$work/$file"
	s3tui cp "s3://$bucket/k-$file" "$work/back"
	cmp "$work/$file" "$work/back"
	s3tui cp "s3://$bucket/k-$file" "s3://$bucket/copied-$file"
	expect aws:kms "$(s3tui stat --json "s3://$bucket/copied-$file" | json 'print(lines[0]["encryption"])')" 'a copy'
done
expect '' "$(keys "$bucket" | grep none || true)" 'objects that were not to be'
expect 0 "$(open_uploads "$bucket")" 'open uploads'
expect '' "$(s3tui jobs)" 'jobs'
ok 'SSE-KMS: read by rclone, told by HEAD; what is not confirmed or has no key is not written'

fails_with 2 'key is not sent over http' s3tui -p sse-c --endpoint http://192.0.2.1 stat "s3://$bucket/c-small"
ok 'a key over http stays at home'
