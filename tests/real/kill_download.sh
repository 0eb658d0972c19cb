#!/usr/bin/env bash
# Killed with -9 at a random moment of a ranged download: after jobs resume the file is right, or, where
# the object was replaced in between, untouched. Nothing is mixed, and nothing is left.
. "${BASH_SOURCE[0]%/*}/lib.bash"
printf '[download]\nchunk_size = 1MiB\n' >>"$config"
new_bucket # its name is random whatever the seed
. "${BASH_SOURCE[0]%/*}/kill.bash"
random_file "$work/one" $((64 << 20))
random_file "$work/two" $((64 << 20))
s3tui cp "$work/one" "s3://$bucket/key" --part-size 8MiB
current=one other=two interrupted=0 replaced=0
mkdir "$work/down"
printf old >"$work/old"

for ((i = 1; i <= kills; i++)); do
	cp "$work/old" "$work/down/file"
	killed_after $((RANDOM % 1500)) cp "s3://$bucket/key" "$work/down/file" --jobs 4 --limit-rate 60MiB
	! $was_killed || interrupted=$((interrupted + 1))
	# one or the other, whole
	cmp -s "$work/down/file" "$work/$current" || cmp -s "$work/down/file" "$work/old" ||
		die "the file after kill $i is neither old nor new"
	cp "$work/down/file" "$work/before"
	jobs=$(s3tui jobs)
	if [[ $jobs == *begun* ]] && ((i % 3 == 0)); then
		s3tui cp "$work/$other" "s3://$bucket/key" --part-size 8MiB
		fails_with 1 'object changed' s3tui jobs resume --all
		cmp "$work/down/file" "$work/before" || die 'another file after the object was replaced'
		replaced=$((replaced + 1))
		read -r current other <<<"$other $current"
	else
		s3tui jobs resume --all
		$was_killed && [[ ! $jobs ]] || cmp "$work/down/file" "$work/$current" || die 'other bytes'
	fi
	expect file "$(ls -A "$work/down")" 'files'
	nothing_is_left "$work/down"
done
((interrupted > 0)) || die 'no kill came in time'
ok "$interrupted of $kills kills came in time; the object was replaced after $replaced of them"
