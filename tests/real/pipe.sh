#!/usr/bin/env bash
# A command for each object: its bytes in, its bytes out, under the same names, by no shell; where it
# fails nothing is stored; what is given up leaves no upload behind.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

mkdir "$work/d"
printf hello >"$work/d/a"
printf World >"$work/d/b c;\$(touch x)"$'\n''é'
printf '' >"$work/d/empty"
random_file "$work/d/big" 50000000
s3tui cp -r "$work/d" "s3://$bucket/in/" >/dev/null

mkdir "$work/wanted" "$work/got"
(cd "$work/d" && for f in *; do base64 -w0 <"$f" >"$work/wanted/$f"; done)
s3tui pipe -r "s3://$bucket/in/" "s3://$bucket/out/" -- base64 -w0
s3tui cp -r "s3://$bucket/out/" "$work/got/" >/dev/null
same_tree "$work/wanted" "$work/got"
ok 'what the command printed is what is stored'

s3tui pipe -r "s3://$bucket/in/" "s3://$bucket/env/" -- \
	sh -c 'printf "%s|%s|%s|%s" "$S3TUI_BUCKET" "$S3TUI_KEY" "$S3TUI_NAME" "$S3TUI_SIZE"'
name="b c;\$(touch x)"$'\n''é'
expect "$bucket|in/$name|$name|5" "$(s3tui cp "s3://$bucket/env/$name" -)" 'its environment'
[[ ! -e x ]] || die 'a shell has seen a key'
expect "$bucket|in/big|big|50000000" "$(s3tui cp "s3://$bucket/env/big" -)" 'a command that reads nothing'
ok 'the key is in the environment'

rc=0
s3tui pipe --json -r "s3://$bucket/in/" "s3://$bucket/no/" -- \
	sh -c 'cat; [ "$S3TUI_NAME" = a ] || exit 7' >"$work/out" 2>"$work/err" || rc=$?
expect 1 "$rc" 'exit status'
expect 3 "$(json 'print(sum(o["exit_status"] == 7 and o["status"] == "failed" for o in lines))' <"$work/out")" 'failed'
grep -q 'exit status 7' "$work/err" || die 'not said'
expect no/a "$(keys "$bucket" | grep ^no/)" 'only what ended well'
expect 0 "$(open_uploads "$bucket")" 'uploads left behind'
fails_with 1 'cannot be started' s3tui pipe "s3://$bucket/in/a" "s3://$bucket/no/b" -- "$work/none"
fails_with 1 'signal 9' s3tui pipe "s3://$bucket/in/a" "s3://$bucket/no/b" -- sh -c 'kill -9 $$'
ok 'a command that fails stores nothing'

printf '[encryption]\ntype = ClientSide\nclient_passphrase_command = echo correct horse\n' >>"$config"
s3tui pipe "s3://$bucket/in/big" "s3://$bucket/sealed" -- cat
expect 'age-encryption.org/v1' "$(aws s3api get-object --bucket "$bucket" --key sealed --range bytes=0-20 "$work/head" >/dev/null &&
	cat "$work/head")" 'what the command printed, sealed'
s3tui cp "s3://$bucket/sealed" - | cmp - "$work/d/big"
expect 50000000 "$(s3tui pipe "s3://$bucket/sealed" "s3://$bucket/count" -- wc -c && s3tui cp "s3://$bucket/count" -)" 'opened for the command'
ok 'encrypted on this machine'

# A spool file that cannot be written, while the input still comes.
mkdir "$work/full"
mount -t tmpfs -o size=1m tmpfs "$work/full"
fails_with 1 'spool file' env TMPDIR="$work/full" "$S3TUI_BIN" --config "$config" pipe "s3://$bucket/in/big" "s3://$bucket/none" -- cat
fails_with 1 'spool file' env TMPDIR="$work/full" "$S3TUI_BIN" --config "$config" pipe "s3://$bucket/in/a" "s3://$bucket/none" -- \
	head -c 5000000 /dev/zero
umount "$work/full"
[[ $(keys "$bucket") != *none* ]] || die 'half an object of a full disk'
ok 'a full disk'

# background jobs of a script ignore SIGINT
env --default-signal=INT "$S3TUI_BIN" --config "$config" pipe "s3://$bucket/in/big" "s3://$bucket/cancelled" -- sh -c "cat; cat; : >'$work/began'; exec sleep 1000" &
pid=$!
wait_until 60 test -e "$work/began" || die 'the command does not run'
expect 1 "$(open_uploads "$bucket")" 'an upload under way'
kill -INT $pid
rc=0
wait $pid || rc=$?
[[ $rc == 130 ]] || die "interrupted: $rc"
expect 0 "$(open_uploads "$bucket")" 'uploads left behind by an interrupt'
[[ $(keys "$bucket") != *cancelled* ]] || die 'half an object'
s3tui jobs drop --all >/dev/null
expect '' "$(s3tui jobs)" 'dropped'
ok 'an interrupt'

s3tui pipe -r "s3://$bucket/out/" "s3://$bucket/out/" -- base64 -d
s3tui cp -r "s3://$bucket/out/" "$work/back/" >/dev/null
same_tree "$work/d" "$work/back"
s3tui pipe "$work/back/a" "$work/back/a" -- tr a-z A-Z
expect HELLO "$(cat "$work/back/a")" 'a file in its place'
fails_with 1 'inside the source' s3tui pipe -r "s3://$bucket/out/" "s3://$bucket/out/below/" -- cat
ok 'in place'

s3tui pipe --on-conflict skip "s3://$bucket/in/a" "s3://$bucket/out/a" -- tr a-z A-Z
expect hello "$(s3tui cp "s3://$bucket/out/a" -)" 'skipped'
s3tui pipe --on-conflict rename "s3://$bucket/in/a" "s3://$bucket/out/a" -- tr a-z A-Z
expect HELLO "$(s3tui cp "s3://$bucket/out/a (2)" -)" 'renamed'
fails_with 1 exists s3tui pipe --on-conflict fail "s3://$bucket/in/a" "s3://$bucket/out/a" -- tr a-z A-Z
fails_with 2 'compares source and target' s3tui pipe --on-conflict size "s3://$bucket/in/a" "s3://$bucket/out/a" -- cat
s3tui pipe --dry-run -r "s3://$bucket/in/" "s3://$bucket/dry/" -- sh -c ": >'$work/dry-ran'" >"$work/out"
grep -qF "pipe s3://$bucket/in/a -> s3://$bucket/dry/a" "$work/out" || die "dry run: $(cat "$work/out")"
[[ ! -e $work/dry-ran && $(keys "$bucket") != *dry/* ]] || die 'a dry run ran'
ok 'what is there already'

# So many at once and no more: they wait until three have met.
mkdir "$work/many" "$work/now"
for i in {1..9}; do printf %s "$i" >"$work/many/$i"; done
s3tui pipe --jobs 3 -r "$work/many" "s3://$bucket/many/" -- sh -c '
	: >"$0/$S3TUI_NAME"
	n=$(ls "$0" | wc -l)
	for i in $(seq 600); do
		[ ! -e "$0/../met" ] || break
		[ "$(ls "$0" | wc -l)" -lt 3 ] || : >"$0/../met"
		sleep 0.1
	done
	[ -e "$0/../met" ] || exit 9
	echo "$n"; rm "$0/$S3TUI_NAME"' "$work/now"
for i in {1..9}; do s3tui cp "s3://$bucket/many/$i" -; done | sort -n | tail -1 >"$work/most"
expect 3 "$(cat "$work/most")" 'the most at once'
ok 'several at once'

# Killed: what it leaves is known, removed, and begun again.
"$S3TUI_BIN" --config "$config" pipe -r "s3://$bucket/in/" "s3://$bucket/killed/" -- \
	sh -c "cat; [ \"\$S3TUI_NAME\" != big ] || [ -e '$work/again' ] || { cat '$work/d/big'; : >'$work/began2'; while printf x; do sleep 0.1; done; exit 1; }" &
pid=$!
wait_until 60 test -e "$work/began2" || die 'the command does not run'
wait_until 60 eval '[[ $(keys "$bucket") == *killed/empty* ]]' || die 'the others are not done'
kill -9 $pid
wait $pid 2>/dev/null || true
expect 1 "$(open_uploads "$bucket")" 'an upload of a dead process'
: >"$work/again"
s3tui jobs resume --all >/dev/null
expect 0 "$(open_uploads "$bucket")" 'it is removed'
s3tui cp "s3://$bucket/killed/big" - | cmp - "$work/d/big"
expect hello "$(s3tui cp "s3://$bucket/killed/a" -)" 'the others'
ok 'a kill'
