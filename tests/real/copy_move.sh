#!/usr/bin/env bash
# Copies and moves inside the service, and moves in and out.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket a
a=$bucket
new_bucket b
b=$bucket

random_file "$work/big" $((40 << 20))
echo small >"$work/small.html"
touch -d @1600000000.25 "$work/big" "$work/small.html"
s3tui cp "$work/big" "$work/small.html" "s3://$a/src/"

s3tui cp "s3://$a/src/small.html" "s3://$a/copy"
s3tui cp -r --json "s3://$a/src" "s3://$b/dst" >"$work/out"
expect 2 "$(grep -c '"status":"completed"' "$work/out")" 'copied'
s3tui cp -r "s3://$b/dst" "$work/back"
cmp "$work/big" "$work/back/big"
cmp "$work/small.html" "$work/back/small.html"
expect 1600000000.2500000000 "$(find "$work/back/big" -printf '%T@')" 'time of the copy of a copy'
expect text/html "$(s3tui stat --json "s3://$a/copy" | json 'print(lines[0]["content_type"])')" \
	'content type of a copy'
ok 'copies keep bytes, time and type'

s3tui mv "s3://$a/copy" "s3://$a/renamed"
expect 'renamed src/big src/small.html' "$(keys "$a" | sort | xargs)" 'after a rename'
s3tui mv -r "s3://$a/src" "s3://$b/moved"
expect renamed "$(keys "$a" | xargs)" 'what the move left'
s3tui cp "s3://$b/moved/big" - | cmp - "$work/big"
ok 'moves'

mkdir -p "$work/tree/x/y"
echo 1 >"$work/tree/x/y/1"
echo 2 >"$work/tree/2"
s3tui mv -r "$work/tree" "s3://$b/in"
[[ ! -e $work/tree ]] || die 'a moved directory is still there'
expect 'in/2 in/x/y/1' "$(keys "$b/in" | sort | xargs)" 'what was moved in'
s3tui mv -r "s3://$b/in" "$work/out-again"
expect '' "$(keys "$b/in" 2>/dev/null || true)" 'what a move out left'
expect 1 "$(cat "$work/out-again/x/y/1")" 'what was moved out'
s3tui mv "$work/out-again/2" "$work/out-again/3"
[[ ! -e $work/out-again/2 && -e $work/out-again/3 ]] || die 'a local move'
ok 'moves in and out'

# What could not be copied stays.
fails_with 1 'bucket' s3tui mv "s3://$a/renamed" s3://no-such-bucket-here-at-all/x
expect renamed "$(keys "$a")" 'the source of a failed move'
echo keep >"$work/keep"
fails_with 1 'bucket' s3tui mv "$work/keep" s3://no-such-bucket-here-at-all/x
expect keep "$(cat "$work/keep")" 'the source of a failed upload'
s3tui mv --on-conflict skip "$work/keep" "s3://$a/renamed"
expect keep "$(cat "$work/keep")" 'the source of a skipped move'
ok 'a failed or skipped move leaves its source'

for pair in "s3://$a/renamed s3://$a/renamed" "s3://$b/moved s3://$b/moved/inner" \
	"s3://$b s3://$b/inner" "$work/keep $work/keep"; do
	# shellcheck disable=SC2086
	fails_with 1 '\(same\)' s3tui cp -r $pair
done
ok 'source = target is refused'

# From one account to another's.
other=t-copy-move-other-$RANDOM$RANDOM
s3tui -p other mb "s3://$other"
tear_down() { s3tui -p other rb --force --yes "s3://$other"; }
s3tui cp "s3://$b/moved/big" - | s3tui -p other cp - "s3://$other/big"
s3tui -p other cp "s3://$other/big" - | cmp - "$work/big"
fails_with 1 'denied' s3tui cp "s3://$other/big" "$work/denied"
fails_with 1 'denied' s3tui -p other cp "$work/keep" "s3://$b/denied"
[[ ! -e $work/denied ]] || die 'a denied download left a file'
ok 'another account'
