#!/usr/bin/env bash
# Keys are bytes: every one goes there and back, by us and by others, and none of them writes outside.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

long=$(printf 'x%.0s' {1..1024})
keys=(
	'plain' 'with space' ' leading' 'trailing ' 'a+b' '100%' 'a%20b' 'a%2Fb' 'q?x=1&y=2' '#hash'
	'semi;colon' "quote'" 'double"' 'back\slash' 'tilde~' '~/home' '~' '$HOME' '`id`' '$(id)' '*' '[a]'
	'-rf' '--help' 's3://inside' 'a:b' 'a=b' 'a@b' 'a,b' '<xml>&amp;' ']]>' '{json}' '|' 'CON' '.hidden'
	'a//b' 'a///b' '/lead' '//lead' 'dir/./dot' './dot' 'x/../y' '../up' '..' '.' 'a/..' 'end/.'
	$'new\nline' $'tab\there' $'cr\rhere' $'bell\a' $'esc\e[31mred\e[0m' $'del\x7f' $'\x01start'
	'ünïcödé' '日本語/キー' $'nfd-u\xcc\x88' $'rtl-\xe2\x80\xae-txt' $'zero\xe2\x80\x8bwidth' $'\xf0\x9f\x98\x80'
	$'ls\xe2\x80\xa8sep' $'bom\xef\xbb\xbf' "$long" "deep/$(printf 'd/%.0s' {1..200})end"
	'a' 'a/b' # a file and a directory
	"long/$(printf 'n%.0s' {1..300})"
)
# What cannot be a path: by component, or since a file is where a directory is needed.
refused=(
	'a//b' 'a///b' '/lead' '//lead' 'dir/./dot' './dot' 'x/../y' '../up' '..' '.' 'a/..' 'end/.' '~/home' 's3://inside'
	"$long" "long/$(printf 'n%.0s' {1..300})"
)
content() { printf 'content of %s' "$1"; }

for key in "${keys[@]}"; do
	content "$key" | s3tui cp - "s3://$bucket/$key"
	s3tui cp "s3://$bucket/$key" - | cmp - <(content "$key") || die "there and back: $(printf %q "$key")"
done
ok "${#keys[@]} keys there and back"

# The listing has every one of them, exactly.
printf '%s\0' "${keys[@]}" >"$work/keys"
s3tui ls -r --json "s3://$bucket" | json '
want = sorted(open("'"$work"'/keys", "rb").read().decode().split("\0")[:-1])
got = sorted(line["key"] for line in lines)
assert want == got, (set(want) ^ set(got))'
s3tui ls -r "s3://$bucket" >"$work/raw"
grep -q $'esc\e' "$work/raw" || die 'off a terminal names are raw'
"$S3TUI_SOURCE_DIR"/tests/support/on_terminal.py "$S3TUI_BIN" --config "$config" \
	ls -r "s3://$bucket" >"$work/shown"
! grep -aq $'\e\\[31m\|\a\|\x7f\|\xe2\x80\xae' "$work/shown" || die 'a terminal got a name as it is'
grep -aq 'esc\\x1b\[31mred' "$work/shown" || die 'a name is not shown escaped'
s3tui stat "s3://$bucket/"$'esc\e[31mred\e[0mX' 2>"$work/stderr" && die 'stat of nothing'
! grep -q $'\e' "$work/stderr" || die 'an escape in an error message'
ok 'listed exactly, shown escaped'

# Others see the same keys. The library under the aws command reads and writes all in one process.
cat >"$work/boto.py" <<'E'
import os, sys, boto3
from botocore.config import Config

verb, bucket, names = sys.argv[1:]
client = boto3.client("s3", endpoint_url=os.environ["S3TUI_TEST_ENDPOINT"], region_name="us-east-1",
    aws_access_key_id=os.environ["S3TUI_TEST_ACCESS_KEY"],
    aws_secret_access_key=os.environ["S3TUI_TEST_SECRET_KEY"],
    config=Config(s3={"addressing_style": "path"}))
for key in open(names, "rb").read().decode().split("\0")[:-1]:
    body = b"content of " + key.encode()
    if verb == "write":
        client.put_object(Bucket=bucket, Key=key, Body=body)
    elif client.get_object(Bucket=bucket, Key=key)["Body"].read() != body:
        sys.exit("reads something else: %r" % key)
E
python3 "$work/boto.py" read "$bucket" "$work/keys"
s3tui rm -r --yes "s3://$bucket"
expect '' "$(s3tui ls -r --json "s3://$bucket")" 'after rm -r'
python3 "$work/boto.py" write "$bucket" "$work/keys"
for key in "${keys[@]}"; do
	s3tui cp "s3://$bucket/$key" - | cmp - <(content "$key") || die "by boto3: $(printf %q "$key")"
done
for key in 'with space' ' leading' 'a+b' '100%' '/lead' 'a//b' 'x/../y' '日本語/キー' $'tab\there' '-rf'; do
	aws s3api get-object --bucket "$bucket" --key="$key" "$work/got" >/dev/null
	cmp "$work/got" <(content "$key") || die "aws reads something else: $(printf %q "$key")"
	content "$key" | aws s3 cp --quiet - "s3://$bucket/$key"
	s3tui cp "s3://$bucket/$key" - | cmp - <(content "$key") || die "by aws: $(printf %q "$key")"
done
ok 'by boto3 and aws'

for key in 'with space' 'a+b' '100%' 'a%20b' 'q?x=1&y=2' '#hash' 'ünïcödé' 'x y/z' 'tilde~'; do
	content "$key" | s3tui cp - "s3://$bucket/s3cmd/$key"
	s3cmd --quiet get "s3://$bucket/s3cmd/$key" - | cmp - <(content "$key") || die "s3cmd reads $key"
	content "$key" >"$work/put"
	s3cmd --quiet put "$work/put" "s3://$bucket/s3cmd-put/$key"
	s3tui cp "s3://$bucket/s3cmd-put/$key" - | cmp - <(content "$key") || die "s3cmd writes $key"
	rclone cat "gw:$bucket/s3cmd/$key" | cmp - <(content "$key") || die "rclone reads $key"
	content "$key" | rclone rcat "gw:$bucket/rclone/$key"
	s3tui cp "s3://$bucket/rclone/$key" - | cmp - <(content "$key") || die "rclone writes $key"
done
s3tui rm -r "s3://$bucket/s3cmd"
s3tui rm -r "s3://$bucket/s3cmd-put"
s3tui rm -r "s3://$bucket/rclone"
ok 'by s3cmd and rclone'

# From bucket to bucket all go; to disk all but those that cannot be a path, and none outside.
for key in "${keys[@]}"; do
	content "$key" | s3tui cp - "s3://$bucket/$key"
done
from=$bucket
new_bucket copy
s3tui cp -r "s3://$from" "s3://$bucket"
diff <(s3tui ls -r --json "s3://$from" | json '[print(repr(o["key"]), o["size"]) for o in lines]') \
	<(s3tui ls -r --json "s3://$bucket" | json '[print(repr(o["key"]), o["size"]) for o in lines]') ||
	die 'the copy differs'
for key in "${keys[@]}"; do
	s3tui cp "s3://$bucket/$key" - | cmp - <(content "$key") || die "copied: $(printf %q "$key")"
done
ok 'from bucket to bucket'

mkdir -p "$work/outside/target"
printf 'before' >"$work/outside/up"
status=0
s3tui cp -r --json "s3://$bucket" "$work/outside/target" >"$work/json" 2>"$work/stderr" || status=$?
expect 1 "$status" 'exit of a copy with refused names'
printf '%s\0' "${refused[@]}" >"$work/refused"
json '
want = set(open("'"$work"'/refused", "rb").read().decode().split("\0")[:-1])
got = {line["key"] for line in lines if line["status"] == "failed"}
# a file and a directory: whichever came first is there
twins = {"a", "a/b"}
assert len(got & twins) == 1, got & twins
assert want == got - twins, (want ^ (got - twins))' <"$work/json"
expect "$((${#refused[@]} + 1))" "$(wc -l <"$work/stderr")" 'lines on stderr'
expect before "$(cat "$work/outside/up")" 'a file outside'
expect 'target up' "$(find "$work/outside" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)" 'outside'
expect 0 "$(find "$work/outside" -name '.*.s3tui-*' | wc -l)" 'temporary files'
expect "$((${#keys[@]} - ${#refused[@]} - 1))" "$(find "$work/outside/target" -type f -printf x | wc -c)" 'files'
cmp "$work/outside/target/"$'esc\e[31mred\e[0m' <(content $'esc\e[31mred\e[0m')
ok 'to disk, and never outside'

# A name that is not UTF-8 is refused before it is sent, or read as Latin-1.
mkdir "$work/latin"
printf latin >"$work/latin/"$'caf\xe9'
printf ascii >"$work/latin/ascii"
fails_with 1 'not UTF-8.*latin1' s3tui cp -r "$work/latin" "s3://$bucket/latin"
s3tui cp -r --name-encoding latin1 "$work/latin" "s3://$bucket/latin"
expect latin "$(s3tui cp "s3://$bucket/latin/café" -)" 'read as Latin-1'
ok 'names that are not UTF-8'
