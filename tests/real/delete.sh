#!/usr/bin/env bash
# rm and rb: exactly what was meant.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

mkdir -p "$work/many/foo" "$work/few/x"
for ((i = 0; i < 1500; i++)); do
	echo "$i" >"$work/many/foo/$i"
done
echo f >"$work/few/x/f"
s3tui cp -r "$work/many" "s3://$bucket"
expect 1500 "$(keys "$bucket/foo" | wc -l)" 'objects'
for key in foobar foobar/1 foo.txt fo foo; do
	printf '%s' "$key" | s3tui cp - "s3://$bucket/$key"
done
printf '' | aws s3api put-object --bucket "$bucket" --key foo/ >/dev/null # a marker

s3tui rm -r --dry-run "s3://$bucket/foo" >"$work/dry"
expect 1501 "$(wc -l <"$work/dry")" 'lines of a dry run'
expect 1506 "$(keys "$bucket" | wc -l)" 'objects after a dry run'
s3tui rm -r --stats --json "s3://$bucket/foo" >"$work/out"
expect 1501 "$(grep -c '"status":"completed"' "$work/out")" 'removed'
expect 1501 "$(tail -n 1 "$work/out" | json 'print(lines[0]["stats"]["deletes"])')" 'counted'
expect 'fo foo foo.txt foobar foobar/1' "$(keys "$bucket" | sort | xargs)" 'what is left'
ok 'rm -r of a prefix takes the prefix'

s3tui rm "s3://$bucket/foobar"
expect 'fo foo foo.txt foobar/1' "$(keys "$bucket" | sort | xargs)" 'after rm of one'
s3tui rm "s3://$bucket/fo" "s3://$bucket/foo.txt"
expect 'foo foobar/1' "$(keys "$bucket" | sort | xargs)" 'after rm of two'
fails_with 2 'bucket' s3tui rm "s3://$bucket"
fails_with 2 'yes' s3tui rm -r "s3://$bucket"
fails_with 1 'not empty' s3tui rb "s3://$bucket"
fails_with 2 'yes' s3tui rb --force "s3://$bucket"
fails_with 2 'not a bucket' s3tui rb "s3://$bucket/foo"
fails_with 1 'not_found' s3tui rm -r "s3://$bucket/nothing"
expect 'foo foobar/1' "$(keys "$bucket" | sort | xargs)" 'after what was refused'
s3tui rm -r --yes "s3://$bucket"
expect '' "$(keys "$bucket")" 'after rm -r --yes'
s3tui ls "s3://$bucket" # it is still there
s3tui cp -r "$work/few" "s3://$bucket"
s3tui rb --force --yes "s3://$bucket"
fails_with 1 'bucket' s3tui ls "s3://$bucket"
ok 'whole buckets'

mkdir -p "$work/l/a/b" "$work/kept"
echo 1 >"$work/l/a/b/1"
echo 2 >"$work/kept/2"
ln -s "$work/kept" "$work/l/a/link"
ln -s "$work/kept" "$work/alias"
fails_with 1 'directory' s3tui rm "$work/l/"
s3tui rm -r "$work/l" "$work/alias"
[[ ! -e $work/l && ! -L $work/alias && -e $work/kept/2 ]] || die 'a local rm -r followed a link'
fails_with 2 'root' s3tui rm -r /
ok 'local rm -r follows no link'
