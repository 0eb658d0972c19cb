#!/usr/bin/env bash
# Killed with -9 at a random moment of an upload by parts: after jobs resume the object is right, no
# part was sent twice but those under way, and nothing is left.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket # its name is random whatever the seed
. "${BASH_SOURCE[0]%/*}/kill.bash"
random_file "$work/file" $((64 << 20))
workers=4 twice=0 interrupted=0

for ((i = 1; i <= kills; i++)); do
	killed_after $((RANDOM % 1500)) cp "$work/file" "s3://$bucket/key-$i" --part-size 5MiB \
		--jobs $workers --limit-rate 60MiB
	! $was_killed || interrupted=$((interrupted + 1))
	has_job=$(s3tui jobs | wc -l)
	s3tui jobs resume --all --json >"$work/resumed" || die "resume of kill $i: $(cat "$work/resumed")"
	# before its first line is on disk it is as if it had never been begun
	((has_job)) || [[ $(keys "$bucket/key-$i" 2>/dev/null) ]] ||
		s3tui cp "$work/file" "s3://$bucket/key-$i" --part-size 5MiB --jobs $workers
	object_is "key-$i" "$work/file"
	expect 13 "$(taken "key-$i" | uniq | wc -l)" 'parts in the log'
	doubles=$(taken "key-$i" | uniq -d | wc -l)
	((doubles <= workers)) || die "kill $i: $doubles parts were sent twice, $workers were under way"
	twice=$((twice + doubles))
	nothing_is_left
	s3tui rm "s3://$bucket/key-$i"
done
((interrupted > 0)) || die 'no kill came in time'
ok "$interrupted of $kills kills came in time; $twice parts of $((interrupted * 13)) were sent twice"
