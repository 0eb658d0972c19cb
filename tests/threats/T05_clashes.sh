#!/usr/bin/env bash
# What is a file and a directory at once is a conflict that is told; nothing is lost silently.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
for key in ("clash/a", "clash/a/b", "clash/a/c/d", "clash/other", "data/dir/", "data/dir/inside",
        "one/f", "two/f"):
    store[key] = b"content of " + key.encode()
store["marker/empty/"] = b""
E
content() { printf 'content of %s' "$1"; }
# outcomes STATUS: the keys with it, from $work/json
outcomes() {
	json '
print(*sorted(line["key"] for line in lines if line["status"] == "'"$1"'"))' <"$work/json"
}
copy() { s3tui cp --json "$@" >"$work/json" 2>"$work/stderr"; }

status=0
copy -r s3://bucket/clash "$work/t" || status=$?
expect 1 "$status" 'the exit'
failed=$(outcomes failed) completed=$(outcomes completed)
expect 4 "$(wc -w <<<"$failed $completed")" 'each key has an outcome'
[[ $failed == clash/a || $failed == 'clash/a/b clash/a/c/d' ]] || die "failed: $failed"
expect "$(wc -w <<<"$failed")" "$(grep -c 'cannot copy' "$work/stderr")" 'what failed is told'
for key in $completed; do
	cmp "$work/t/${key#clash/}" <(content "$key") || die "$key"
done
expect 0 "$(find "$work/t" -name '*.s3tui-*' | wc -l)" 'partial files'
ok 'a and a/b of one bucket'

# What is there stays, whichever it is.
mkdir -p "$work/t2" "$work/t3/a"
printf mine >"$work/t2/a"
printf mine >"$work/t3/a/mine"
status=0
copy -r s3://bucket/clash/a/ "$work/t2/a" || status=$?
expect 1 "$status" 'a tree onto a file'
expect mine "$(cat "$work/t2/a")" 'the file'
status=0
copy s3://bucket/clash/a "$work/t3/a/" || status=$?
expect '0 mine' "$status $(cat "$work/t3/a/mine")" 'an object into a directory'
mkdir -p "$work/t4/other/full"
printf mine >"$work/t4/other/full/mine"
status=0
copy -r s3://bucket/clash "$work/t4" || status=$?
expect 1 "$status" 'a file onto a directory'
[[ " $(outcomes failed) " == *' clash/other '* ]] || die 'that a directory is in the way is not told'
expect mine "$(cat "$work/t4/other/full/mine")" 'what is in the directory'
ok 'what is there stays'

# A key that ends in a slash and has data.
status=0
copy -r s3://bucket/data "$work/t5" || status=$?
expect 1 "$status" 'a directory with data'
expect data/dir/ "$(outcomes failed)" 'it is told'
cmp "$work/t5/dir/inside" <(content data/dir/inside)
expect 'content of data/dir/' "$(s3tui cp s3://bucket/data/dir/ -)" 'its data, read to a pipe'
s3tui cp -r s3://bucket/marker "$work/t6"
[[ -d $work/t6/empty ]] || die 'a marker without data is no directory'
ok 'dir/ with data'

# A move keeps what it could not put anywhere.
status=0
s3tui mv -r --json s3://bucket/data "$work/t7" >"$work/json" 2>"$work/stderr" || status=$?
expect 1 "$status" 'a move'
expect '{"data/dir/"}' "$(s3tui ls -r --json s3://bucket/data | json '
print("{%s}" % ",".join(json.dumps(line["key"]) for line in lines))')" 'what is left in the bucket'
ok 'a move loses nothing'

# Two of one job with one target.
for command in cp mv 'cp -r' 'mv -r'; do
	# shellcheck disable=SC2086
	fails_with 2 'two of the sources are called f:' \
		s3tui $command s3://bucket/one/f s3://bucket/two/f "$work/t8/"
	fails_with 2 'two of the sources are called f:' \
		s3tui $command s3://bucket/one/f s3://bucket/two/f s3://bucket/t8/
done
mkdir -p "$work/l/x/same" "$work/l/y/same"
fails_with 2 'two of the sources are called same:' \
	s3tui mv -r "$work/l/x/same" "$work/l/y/same" s3://bucket/t8/
[[ ! -e $work/t8 && -d $work/l/x/same && -d $work/l/y/same ]] || die 'something was done'
expect 'one/f two/f' "$(s3tui ls -r --json s3://bucket | json '
print(*(line["key"] for line in lines if line["key"].endswith("f")))')" 'the bucket'
ok 'one target for two'
