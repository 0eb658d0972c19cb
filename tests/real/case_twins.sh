#!/usr/bin/env bash
# Threat T5: keys that differ in case only, on a file system that takes them for one: a reported
# conflict, and nothing lost.
. "${BASH_SOURCE[0]%/*}/lib.bash"
for file in "${S3TUI_PLAIN_BIN:-}" "${S3TUI_FOLDLIB:-}"; do
	[[ -e $file ]] || die "'$file' is missing: scripts/test builds it (preset release)"
done
new_bucket
printf one | s3tui cp - "s3://$bucket/Readme"
printf two | s3tui cp - "s3://$bucket/README"
printf three | s3tui cp - "s3://$bucket/other"
mkdir "$work/folded" "$work/plain"

folding() {
	S3TUI_FOLD=$work/folded LD_PRELOAD=$S3TUI_FOLDLIB "$S3TUI_PLAIN_BIN" --config "$config" "$@"
}

# On its own the shim changes nothing but this directory.
folding cp -r "s3://$bucket/" "$work/plain"
expect 3 "$(find "$work/plain" -type f | wc -l)" 'files where case counts'

fails_with 1 'differs only in case' folding cp -r --jobs 1 "s3://$bucket/" "$work/folded"
expect 2 "$(find "$work/folded" -type f | wc -l)" 'files where it does not, temporary ones included'
expect three "$(cat "$work/folded/other")" 'what has no twin'
name=$(cd "$work/folded" && find . -iname readme -printf %P)
case $name in
README) expect two "$(cat "$work/folded/README")" 'the twin that came first' ;;
Readme) expect one "$(cat "$work/folded/Readme")" 'the twin that came first' ;;
*) die "what is there is called '$name'" ;;
esac
# The file of that very name is replaced as ever.
printf four | s3tui cp - "s3://$bucket/$name"
folding cp "s3://$bucket/$name" "$work/folded/$name"
expect four "$(cat "$work/folded/$name")" 'a file replaced by its own key'
ok 'names that differ in case only'
