#!/usr/bin/env bash
# A download in several ranges is right or an error, whatever the server makes of the ranges.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
import re
SIZE = 1 << 18
DATA = hashlib.shake_128(b"seed").digest(SIZE)
OTHER = hashlib.shake_128(b"other").digest(SIZE)
store["big"] = DATA
seen = {}
def answer(r):
    if r.method != "GET" or r.key != "big":
        return plain(r)
    with lock:
        seen[r.bucket] = n = seen.get(r.bucket, 0) + 1
    status, headers, body = plain(r)
    if n != 2 and not r.bucket.startswith("all-") or not r.range():
        return status, headers, body
    first, last = r.range()
    def ranged(text):
        return 206, {**headers, "Content-Range": text}, body
    kind = r.bucket.removeprefix("all-").removeprefix("once-").removeprefix("again-")
    if kind == "whole":
        return 200, {"ETag": headers["ETag"]}, DATA
    if kind == "shifted":
        return 206, {**headers, "Content-Range": "bytes %d-%d/%d" % (first + 1, last + 1, SIZE)}, \
            (DATA + b"x")[first + 1:last + 2]
    if kind == "lying":     # the right header, other bytes
        return 206, headers, OTHER[first:last + 1]
    if kind == "total":
        return ranged("bytes %d-%d/%d" % (first, last, SIZE * 2))
    if kind == "star":
        return ranged("bytes %d-%d/*" % (first, last))
    if kind == "none":
        headers.pop("Content-Range")
        return 206, headers, body
    if kind == "short":
        return 206, {**headers, "Content-Range": "bytes %d-%d/%d" % (first, last - 1, SIZE)}, body[:-1]
    if kind == "long":
        return 206, headers, body + b"extra"
    if kind == "fewer":     # less than Content-Length says: goes on by range
        headers["Content-Length"] = len(body)
        return r.write(head(206, headers) + body[:(len(body) + 1) // 2]) and None
    if kind == "empty":
        return 206, headers, b""
    if kind == "etag":
        return 206, {**headers, "ETag": '"other"'}, OTHER[first:last + 1]
    if kind == "noetag":
        headers.pop("ETag")
        return 206, headers, body
    if kind == "multipart":
        return 206, {"ETag": headers["ETag"], "Content-Type": "multipart/byteranges; boundary=x"}, \
            b"--x\r\nContent-Range: bytes 0-1/2\r\n\r\nab\r\n--x--"
    if kind == "wrap":
        return ranged("bytes %d-18446744073709551615/0" % first)
    if kind == "negative":
        return ranged("bytes -%d-%d/%d" % (first, last, SIZE))
    if kind == "416":
        return error(416, "InvalidRange")
    if kind == "412":
        return error(412, "PreconditionFailed")
    if kind == "gzip":
        return 206, {**headers, "Content-Encoding": "gzip"}, body
    return status, headers, body
E
write_config '[download]' 'chunk_size = 64KiB' 'max_concurrent_chunks = 4'
s3tui cp s3://plain/big "$work/right"
requests 'ranges = [line["headers"].get("range") for line in lines if line["method"] == "GET"]
assert len(ranges) >= 4 and all(ranges[1:]), ranges'
expect "$(python3 -c 'import hashlib; print(hashlib.sha256(hashlib.shake_128(b"seed").digest(1 << 18)).hexdigest())')" \
	"$(sha256sum <"$work/right" | cut -d' ' -f1)" 'a decent server'

right=0 refused=0
for when in once all; do
	for kind in whole shifted lying total star none short long fewer empty etag noetag multipart wrap \
		negative 416 412 gzip; do
		rm -rf "$work/t"
		mkdir "$work/t"
		printf old >"$work/t/big"
		status=0
		timeout 60 "$S3TUI_BIN" --config "$config" cp "s3://$when-$kind/big" "$work/t/big" \
			>"$work/stdout" 2>"$work/stderr" || status=$?
		expect big "$(ls -A "$work/t")" "what is there after $when $kind"
		if ((status == 0)); then
			cmp "$work/t/big" "$work/right" || die "$when $kind: wrong bytes and exit 0"
			right=$((right + 1))
		else
			expect '1 old' "$status $(cat "$work/t/big")" "$when $kind"
			expect 1 "$(wc -l <"$work/stderr")" "lines for $when $kind: $(cat "$work/stderr")"
			is_clean "$work/stderr"
			refused=$((refused + 1))
		fi
		# to a pipe: the right bytes, or a beginning of them and an error
		status=0
		timeout 60 "$S3TUI_BIN" --config "$config" cp "s3://$when-$kind/big" - \
			>"$work/stdout" 2>"$work/stderr" || status=$?
		((status == 0)) && { cmp "$work/stdout" "$work/right" || die "$when $kind: to a pipe"; }
	done
done
((right >= 6 && refused >= 12)) || die "$right right, $refused refused: not what was meant"
requests 'assert len(lines) < 2000, len(lines)'
ok "$right right, $refused refused, none wrong"

# Once is not always: what can be mended by one more try is.
for kind in fewer gzip; do
	s3tui cp "s3://again-$kind/big" "$work/got"
	cmp "$work/got" "$work/right"
done
ok 'goes on by range'
