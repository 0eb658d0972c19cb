#!/usr/bin/env bash
# What s3tui writes others read, and the other way round: bytes, and times where they are kept.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

tree=$work/tree
mkdir -p "$tree/sub dir/ünï"
printf '' >"$tree/empty"
printf 'small\n' >"$tree/sub dir/small & 100%.txt"
random_file "$tree/sub dir/ünï/middle.bin" $((5 << 20))
random_file "$tree/large.bin" $(((40 << 20) + 12345))
find "$tree" -type f -exec touch -d '@1650000000.123456789' {} +

s3tui cp -r "$tree" "s3://$bucket/ours"
rclone copy "gw:$bucket/ours" "$work/rclone"
same_tree "$tree" "$work/rclone"
expect 1650000000.1234567890 "$(find "$work/rclone/large.bin" -printf '%T@')" 'time read by rclone'
rclone check --download "$tree" "gw:$bucket/ours" 2>"$work/log" || die "rclone check: $(cat "$work/log")"
aws s3 cp --quiet --recursive "s3://$bucket/ours" "$work/aws"
same_tree "$tree" "$work/aws"
mkdir "$work/s3cmd"
s3cmd --quiet get --recursive "s3://$bucket/ours/" "$work/s3cmd/"
same_tree "$tree" "$work/s3cmd"
ok 'written by s3tui, read by rclone, aws and s3cmd'

# Each has a part size of its own, which the proof of a download has to find.
back() {
	s3tui cp -r --json "s3://$bucket/$1" "$work/from-$1" >"$work/json"
	same_tree "$tree" "$work/from-$1"
	grep '"key":"'"$1"'/large.bin"' "$work/json" | grep '"proof":"' >/dev/null ||
		die "what $1 wrote in parts was not proven"
}
rclone copy --s3-upload-cutoff 10M --s3-chunk-size 5M "$tree" "gw:$bucket/rclone"
back rclone
expect 1650000000.1234567890 "$(find "$work/from-rclone/large.bin" -printf '%T@')" 'time written by rclone'
aws s3 cp --quiet --recursive "$tree" "s3://$bucket/aws"
back aws
s3cmd --quiet put --recursive --multipart-chunk-size-mb=7 "$tree/" "s3://$bucket/s3cmd/"
back s3cmd
ok 'written by rclone, aws and s3cmd, read by s3tui'

# The same tree is the same, whoever wrote it.
s3tui cp -r --on-conflict size --json "$tree" "s3://$bucket/rclone" >"$work/json"
expect 4 "$(grep -c '"status":"skipped"' "$work/json")" 'skipped over what rclone wrote'
s3tui cp -r --on-conflict newer --json "$tree" "s3://$bucket/rclone" >"$work/json"
expect 4 "$(grep -c '"status":"skipped"' "$work/json")" 'skipped by time over what rclone wrote'
rclone copy --dry-run -v "$tree" "gw:$bucket/ours" 2>"$work/log"
! grep -q 'Skipped copy' "$work/log" || die "rclone would copy again what s3tui wrote: $(cat "$work/log")"
ok 'nobody copies again what the other wrote'

s3tui cp -r "s3://$bucket/aws" "s3://$bucket/copied"
aws s3 cp --quiet --recursive "s3://$bucket/copied" "$work/copied"
same_tree "$tree" "$work/copied"
s3tui rm -r "s3://$bucket/copied"
expect '' "$(aws s3 ls --recursive "s3://$bucket/copied" || true)" 'what aws sees after rm'
expect 0 "$(open_uploads "$bucket")" 'open uploads'
ok 'copies and removals'
