#!/usr/bin/env bash
# Sizes, counts and times that cannot be are refused or bounded; nothing wraps round.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
NOW = "2020-01-01T00:00:00Z"
SIZES = {"minus": "-1", "max": "18446744073709551615", "over": "18446744073709551616", "plus": "+1",
    "hex": "0x10", "float": "1e3", "blank": " ", "none": "", "long": "1" * 10000, "signed":
    "9223372036854775808"}
TIMES = {"9999": "9999-12-31T23:59:59Z", "0000": "0000-01-01T00:00:00Z", "10000": "10000-01-01T00:00:00Z",
    "feb30": "2020-02-30T00:00:00Z", "minus": "-001-01-01T00:00:00Z", "text": "yesterday", "1": "0001-01-01T00:00:00Z"}
store["k"] = b"data"
def answer(r):
    kind, _, name = r.bucket.partition("-")
    if kind == "size" and r.is_list():
        return listing(r, [("k", SIZES[name], NOW), ("l", "1", NOW)])
    if kind == "time" and r.is_list():
        return listing(r, [("k", "4", TIMES[name])])
    if kind == "sum" and r.is_list():
        return listing(r, [(str(i), "18446744073709551615", NOW) for i in range(3)])
    if kind == "size" and r.method in ("HEAD", "GET"):
        return 200, {"Content-Length": SIZES[name], "ETag": etag(b"data")}, b"data"
    if kind == "time" and r.method in ("HEAD", "GET"):
        status, headers, body = plain(r)
        year = {"9999": 9999, "1": 1, "10000": 10000, "0000": 0}.get(name, 2020)
        return status, {**headers, "Last-Modified": "Fri, 31 Dec %04d 23:59:60 GMT" % year,
            "x-amz-meta-mtime": {"minus": "-9999999999.999999999", "text": "99999999999999999999",
                "9999": "9223372036.9", "1": "-9223372036.5"}.get(name, "1e9"),
            "x-amz-meta-part-size": "18446744073709551615"}, body
    if kind == "retry":
        return 503, {"Retry-After": "18446744073709551615", "x-amz-retry-after": "-1"}, b""
    return plain(r)
E

for name in minus over plus hex float blank none long; do
	fails_with 1 'a size or name that cannot be' s3tui ls "s3://size-$name"
	fails_with 1 "size-$name" s3tui cp -r "s3://size-$name" "$work/t"
	[[ ! -e $work/t/k ]] || die 'something was fetched'
	fails_with 1 "size-$name" s3tui stat "s3://size-$name/k"
	fails_with 1 "size-$name" s3tui cp "s3://size-$name/k" "$work/got"
	[[ ! -e $work/got ]] || die 'something was fetched'
done
ok 'sizes that cannot be'

# Larger than anything, but a number.
for name in max signed; do
	status=0
	timeout 60 "$S3TUI_BIN" --config "$config" cp -r --json "s3://size-$name" "$work/t-$name" \
		>"$work/json" 2>"$work/stderr" || status=$?
	expect 1 "$status" "the exit for $name"
	is_clean "$work/stderr"
	[[ ! -e $work/t-$name/k ]] || die "something was fetched: $(stat -c %s "$work/t-$name/k")"
	expect 0 "$(find "$work/t-$name" -name '*.s3tui-*' 2>/dev/null | wc -l)" 'partial files'
	s3tui ls "s3://size-$name" >"$work/stdout" 2>"$work/stderr" || true
	is_clean "$work/stdout" "$work/stderr"
	s3tui cp -r "s3://size-$name" "s3://bucket/copy-$name" >"$work/stdout" 2>"$work/stderr" || true
	is_clean "$work/stderr"
done
s3tui du s3://sum >"$work/stdout" 2>"$work/stderr" || true
! grep -q '^[0-9]\{1,17\} bytes\|1844674407370955161[0-4]' "$work/stdout" ||
	die "a sum that wrapped: $(cat "$work/stdout")"
ok 'sizes beyond any disk'

for name in 9999 0000 10000 feb30 minus text 1; do
	s3tui ls "s3://time-$name" >"$work/stdout"
	s3tui ls --json "s3://time-$name" >>"$work/stdout"
	s3tui stat "s3://time-$name/k" >>"$work/stdout"
	s3tui stat --json "s3://time-$name/k" >>"$work/stdout"
	s3tui du "s3://time-$name" >>"$work/stdout"
	is_clean "$work/stdout"
	for policy in overwrite newer size rename; do
		s3tui cp -r --on-conflict "$policy" "s3://time-$name" "$work/times"
		s3tui cp --on-conflict "$policy" "s3://time-$name/k" "$work/times/single"
	done
	expect data "$(cat "$work/times/k")" "with the time $name"
	s3tui cp "s3://time-$name/k" "s3://bucket/time-$name"
	rm -r "$work/times"
done
# nanoseconds do not reach so far: it is not known, and not another time
for name in 9999 feb30 text; do
	s3tui ls --json "s3://time-$name" | json 'assert lines[0]["last_modified"] is None'
done
for date in '2400-01-01' '1800-01-01' '2262-04-12'; do
	printf data >"$work/dated"
	touch -d "$date" "$work/dated"
	s3tui cp "$work/dated" s3://bucket/dated
	s3tui cp --on-conflict newer "$work/dated" "$work/dated-copy"
	s3tui ls "$work/dated" >"$work/stdout"
done
ok 'times that cannot be'

timeout 30 "$S3TUI_BIN" --config "$config" ls s3://retry >"$work/stdout" 2>"$work/stderr" && die 'no failure'
expect 1 "$(wc -l <"$work/stderr")" 'a pause for ever'
for size in -1 18446744073709551616 1e9 '' 999999999999G 0; do
	fails_with 2 'part.size' s3tui cp --part-size "$size" "$work/dated" s3://bucket/x
done
for jobs in -1 0 4294967297 18446744073709551616 1.5; do
	fails_with 2 'jobs' s3tui cp --jobs "$jobs" "$work/dated" s3://bucket/x
done
ok 'pauses and options'
