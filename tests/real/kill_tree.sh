#!/usr/bin/env bash
# Killed with -9 at a random moment of a tree's way up and down, and of a move: after jobs resume all of
# it is there, and what was done is not done again.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket # its name is random whatever the seed
. "${BASH_SOURCE[0]%/*}/kill.bash"
kills=$((kills / 5))
mkdir -p "$work/tree/a/b" "$work/down"
for ((i = 0; i < 400; i++)); do
	random_file "$work/tree/$([[ $((i % 2)) == 0 ]] && echo a/b/)$i" $((i * 100))
done
random_file "$work/tree/large" $((24 << 20))
files=401 workers=4

puts() { grep -cF "PUT /$bucket/$1/" "$gateway_log" || true; }

for ((i = 1; i <= kills; i++)); do
	killed_after $((200 + RANDOM % 2500)) cp -r "$work/tree" "s3://$bucket/up-$i" --jobs $workers \
		--part-size 5MiB --limit-rate 15MiB
	before=$(puts "up-$i")
	had_job=$(s3tui jobs | wc -l)
	s3tui jobs resume --all
	if ((had_job)) || ! $was_killed; then
		expect $files "$(keys "$bucket/up-$i" | wc -l)" "objects after kill $i"
		# five parts of the large one, those under way, and what follows from no group being committed
		again=$(($(puts "up-$i") - files - 5 + 1))
		((again <= workers)) || die "kill $i: $again were sent twice ($before before it)"
	fi
	nothing_is_left
	s3tui rm -r "s3://$bucket/up-$i"
done
ok "$kills kills of a tree on its way up"

s3tui cp -r "$work/tree" "s3://$bucket/tree"
for ((i = 1; i <= kills; i++)); do
	killed_after $((200 + RANDOM % 2500)) cp -r "s3://$bucket/tree" "$work/down/$i" --jobs $workers \
		--limit-rate 15MiB
	had_job=$(s3tui jobs | wc -l)
	s3tui jobs resume --all
	((!had_job)) && $was_killed || same_tree "$work/tree" "$work/down/$i"
	nothing_is_left "$work/down"
	rm -rf "$work/down/$i"
done
ok "$kills kills of a tree on its way down"

for ((i = 1; i <= kills; i++)); do
	cp -a "$work/tree" "$work/moved"
	killed_after $((200 + RANDOM % 2500)) mv -r "$work/moved" "s3://$bucket/moved" --jobs $workers \
		--limit-rate 15MiB
	had_job=$(s3tui jobs | wc -l)
	s3tui jobs resume --all
	if ((had_job)) || ! $was_killed; then
		[[ ! -e $work/moved ]] || die "kill $i: a moved tree is still there: $(find "$work/moved")"
		s3tui cp -r "s3://$bucket/moved" "$work/back"
		same_tree "$work/tree" "$work/back"
	fi
	nothing_is_left
	rm -rf "$work/moved" "$work/back"
	s3tui rm -r "s3://$bucket/moved" || true
done
ok "$kills kills of a move"
