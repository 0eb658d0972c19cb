#!/usr/bin/env bash
# A server that never comes to an end meets one: in headers, bodies, listings and silence.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
store["big"] = b"0123456789"
LIST = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)
def forever(r, start, again):
    if r.write(start):
        while r.write(again):
            pass
pages = 0
def answer(r):
    global pages
    if r.bucket == "headers":
        return forever(r, b"HTTP/1.1 200 OK\r\n", b"X-Amz-Meta-A: b\r\n" * 100)
    if r.bucket == "line":
        return forever(r, b"HTTP/1.1 200 OK\r\nX-Amz-Meta-A: ", b"a" * 10000)
    if r.bucket == "status":
        return forever(r, b"HTTP/1.1 200 ", b"a" * 10000)
    if r.bucket == "continue":
        return forever(r, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
    if r.bucket == "body":
        return forever(r, LIST + chunk(b"<ListBucketResult>"),
            chunk(b"<Contents><Key>k</Key><Size>1</Size></Contents>" * 200))
    if r.bucket == "error":
        return forever(r, LIST.replace(b"200 OK", b"400 No"), chunk(b"<Error><Code>" + b"a" * 10000))
    if r.bucket == "object":
        status, headers, body = plain(r)
        if r.method == "HEAD":
            return status, headers, body
        return forever(r, LIST, chunk(b"a" * 10000))
    if r.bucket == "same":
        return listing(r, [("k", 1, "2020-01-01T00:00:00Z")],
            more="<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>")
    if r.bucket == "none":
        return listing(r, [], more="<IsTruncated>true</IsTruncated>")
    if r.bucket == "silent":
        wait_for(os.environ["WORK"] + "/never")
    if r.bucket == "drip":
        r.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" if r.method == "GET" else
                head(200, {"Content-Length": 10, "ETag": etag(b"")}))
        while r.method == "GET" and r.write(b"") and not time.sleep(0.1):
            pass
        return None
    return plain(r)
E
write_config '[network]' 'low_speed_time = 1s' 'low_speed_limit = 100' '[default]'
sed -i 's/^\[default\]$//;1s/^/[default]\ntimeout = 2s\n/' "$config"

for bucket in headers line status continue body error same none silent; do
	fails_with 1 "s3://$bucket" timeout 60 "$S3TUI_BIN" --config "$config" ls "s3://$bucket"
done
ok 'listings'

fails_with 1 's3://headers' timeout 60 "$S3TUI_BIN" --config "$config" stat s3://headers/x
mkdir "$work/t"
for bucket in headers object drip silent; do
	fails_with 1 "s3://$bucket" timeout 60 \
		"$S3TUI_BIN" --config "$config" cp "s3://$bucket/big" "$work/t/big"
	expect '' "$(ls -A "$work/t")" "what is left of $bucket"
done
head -c 10000 /dev/zero >"$work/file"
for bucket in headers error silent; do
	fails_with 1 "file" timeout 60 \
		"$S3TUI_BIN" --config "$config" cp "$work/file" "s3://$bucket/file"
done
ok 'objects'

# The same token again is noticed at once, and no token is not taken for the beginning.
requests '
for bucket in "same", "none":
    asked = [line for line in lines if line["target"].startswith("/%s?" % bucket)]
    assert len(asked) <= 3, (bucket, len(asked))'
ok 'tokens'
