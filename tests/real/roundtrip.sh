#!/usr/bin/env bash
# 200 mixed files up and down again: the same bytes and times; a second run moves nothing.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

tree=$work/tree
mkdir -p "$tree"/{a/b/c,"with spaces",größe}
sizes=(0 1 17 1000 4096 65536 100001)
for ((i = 0; i < 200; i++)); do
	case $((i % 4)) in
	0) dir=. ;;
	1) dir=a/b/c ;;
	2) dir="with spaces" ;;
	3) dir=größe ;;
	esac
	size=${sizes[i % 7]}
	case $i in
	50) size=$((200 << 20)) ;;
	51) size=$((16 << 20)) ;; # exactly the threshold
	52) size=$(((16 << 20) - 1)) ;;
	53) size=$(((33 << 20) + 1)) ;;
	54 | 55 | 56) size=$(((i - 50) << 20)) ;;
	esac
	file=$tree/$dir/file-$i.bin
	random_file "$file" "$size"
	touch -d "@$((1700000000 + i * 3607)).$((100000000 + i * 1234567))" "$file"
done
times() { (cd "$1" && find . -type f -printf '%T@ %P\n' | sort); }

s3tui cp -r "$tree" "s3://$bucket/tree" --json >"$work/up"
expect 200 "$(grep -c '"status":"completed"' "$work/up")" 'files that were uploaded'
expect 200 "$(keys "$bucket/tree" | wc -l)" 'objects'
s3tui cp -r "s3://$bucket/tree" "$work/back" --json >"$work/down"
expect 200 "$(grep -c '"status":"completed"' "$work/down")" 'files that were downloaded'
! grep '"size":[1-9]' "$work/down" | grep -v '"proof":"' || die 'a download was not proven'
same_tree "$tree" "$work/back"
diff <(times "$tree") <(times "$work/back") || die 'the times differ'
ok '200 mixed files there and back'

for policy in newer size skip; do
	for direction in "$tree s3://$bucket/tree" "s3://$bucket/tree $work/back"; do
		# shellcheck disable=SC2086
		s3tui cp -r --on-conflict "$policy" --json $direction >"$work/again"
		expect 0 "$(grep -c '"status":"completed"' "$work/again" || true)" \
			"moved by a second run under $policy"
		expect 200 "$(grep -c '"status":"skipped"' "$work/again")" "skipped under $policy"
	done
done
ok 'the same tree a second time moves nothing'

echo changed >"$tree/a/b/c/file-1.bin"
s3tui cp -r --on-conflict newer --json "$tree" "s3://$bucket/tree" >"$work/again"
expect 1 "$(grep -c '"status":"completed"' "$work/again")" 'moved after one change'
expect changed "$(s3tui cp "s3://$bucket/tree/a/b/c/file-1.bin" -)" 'the changed file'
ok 'one change moves one file'

fails_with 1 'exists' s3tui cp --on-conflict fail "$tree/file-0.bin" "s3://$bucket/tree/file-0.bin"
s3tui cp --on-conflict rename "$tree/file-4.bin" "s3://$bucket/tree/"
keys "$bucket/tree" | grep -xF 'tree/file-4 (2).bin' >/dev/null || die 'rename found no other name'
ok 'fail and rename'

# Where things land.
mkdir -p "$work/l/d/e"
echo 1 >"$work/l/one"
echo 2 >"$work/l/d/two"
s3tui cp "$work/l/one" "s3://$bucket/land/"
s3tui cp "$work/l/one" "s3://$bucket/land/name"
s3tui cp -r "$work/l/one" "$work/l/d" "s3://$bucket/many"
s3tui cp -r "$work/l/d" "s3://$bucket/contents"
expect "contents/e/ contents/two land/name land/one many/d/e/ many/d/two many/one" \
	"$(keys "$bucket" | grep -v ^tree/ | sort | xargs)" 'where things landed'
s3tui cp "s3://$bucket/land/one" "$work/l/new"
s3tui cp "s3://$bucket/land/one" "$work/l/d"
s3tui cp -r "s3://$bucket/contents" "$work/l/all"
cmp "$work/l/one" "$work/l/new"
cmp "$work/l/one" "$work/l/d/one"
[[ -d $work/l/all/e && -f $work/l/all/two ]] || die 'an empty directory did not come back'
fails_with 1 'directory' s3tui cp "$work/l/d" "s3://$bucket/no"
ok 'things land where they should'

ln -s one "$work/l/link"
ln -s d "$work/l/dirlink"
mkfifo "$work/l/fifo"
s3tui cp -r "$work/l" "s3://$bucket/links" 2>"$work/stderr"
expect 2 "$(grep -c skipped "$work/stderr")" 'skipped and listed'
keys "$bucket/links" | grep -x links/link >/dev/null || die 'a link to a file was not followed'
! keys "$bucket/links" | grep dirlink >/dev/null || die 'a link to a directory was followed'
s3tui cp -r --follow "$work/l" "s3://$bucket/follow" 2>/dev/null
keys "$bucket/follow" | grep -x follow/dirlink/two >/dev/null || die '--follow did not follow'
ok 'links and FIFOs'
