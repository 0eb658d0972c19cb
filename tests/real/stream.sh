#!/usr/bin/env bash
# cp with "-" on one side.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

random_file "$work/big" $((40 << 20))
cat "$work/big" | s3tui cp - "s3://$bucket/big" --part-size 5MiB
s3tui cp "s3://$bucket/big" - | cmp - "$work/big"
aws s3 cp "s3://$bucket/big" - | cmp - "$work/big"
expect 0 "$(open_uploads "$bucket")" 'open uploads'
[[ $(s3tui stat --json "s3://$bucket/big") == *-8\"* ]] || die 'not in eight parts'
ok '40 MiB in parts of 5 MiB'

s3tui cp - "s3://$bucket/auto" --expected-size 40MiB <"$work/big"
s3tui cp "s3://$bucket/auto" "$work/auto"
cmp "$work/auto" "$work/big"
head -c $((32 << 20)) "$work/big" | s3tui cp - "s3://$bucket/even" # exactly two parts
s3tui cp "s3://$bucket/even" - | cmp - <(head -c $((32 << 20)) "$work/big")
ok 'parts by themselves'

printf 'small' | s3tui cp - "s3://$bucket/small.html" --json >"$work/json"
expect completed "$(json 'print(lines[0]["status"])' <"$work/json")" 'status'
expect text/html "$(s3tui stat --json "s3://$bucket/small.html" |
	json 'print(lines[0]["content_type"])')" 'content type'
expect small "$(s3tui cp "s3://$bucket/small.html" -)" 'small'
s3tui cp - "s3://$bucket/empty" </dev/null
expect 0 "$(s3tui cp "s3://$bucket/empty" - | wc -c)" 'bytes of the empty one'
expect 0 "$(s3tui stat --json "s3://$bucket/empty" | json 'print(lines[0]["size"])')" 'its size'
ok 'small and empty'

fails_with 1 'exists' s3tui cp --on-conflict fail - "s3://$bucket/small.html" </dev/null
s3tui cp --on-conflict skip - "s3://$bucket/small.html" </dev/null
expect small "$(s3tui cp "s3://$bucket/small.html" -)" 'what was not to be replaced'
fails_with 1 'not_found' s3tui cp "s3://$bucket/nothing" -
fails_with 2 'name' s3tui cp - "s3://$bucket/dir/"
fails_with 2 'bucket' s3tui cp "s3://$bucket" -
fails_with 2 '- goes with' s3tui cp "$work/big" "s3://$bucket/small.html" -
ok 'refusals'

# Whoever has seen enough ends it quietly.
s3tui cp "s3://$bucket/big" - 2>"$work/stderr" | head -c 10 >/dev/null || true
[[ ! -s $work/stderr ]] || die "a closed pipe is no news: $(cat "$work/stderr")"
status=0
s3tui cp "s3://$bucket/big" - >/dev/full 2>"$work/stderr" || status=$?
expect 1 "$status" 'exit into a full device'
grep -q 'No space left' "$work/stderr" || die 'a full device is not told'
s3tui cp - "$work/local" <"$work/big"
cmp "$work/local" "$work/big"
s3tui cp "$work/local" - | cmp - "$work/big"
ok 'pipes, full devices, local files'

# Killed, a stream leaves an upload that its journal knows.
mkfifo "$work/fifo"
exec 3<>"$work/fifo"
"$S3TUI_BIN" --config "$config" cp - "s3://$bucket/killed" --part-size 5MiB <"$work/fifo" 2>/dev/null &
pid=$!
head -c $((20 << 20)) /dev/zero >&3
has_upload() { (($(open_uploads "$bucket") == 1)); }
wait_until 20 has_upload || die 'no streamed upload begins'
has_token() { [[ $(s3tui jobs --json | json 'print(lines[0]["uploads"])') != '?' ]]; }
wait_until 20 has_token || die 'the journal does not get the upload'
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
exec 3>&-
s3tui jobs | grep -q "cancelled.* - -> s3://$bucket/killed" || die "it is not listed: $(s3tui jobs)"
fails_with 1 'standard input: what is left of it is removed' s3tui jobs resume --all
expect 0 "$(open_uploads "$bucket")" 'open uploads after a killed stream'
expect '' "$(s3tui jobs)" 'jobs after it'
ok 'a killed stream'
