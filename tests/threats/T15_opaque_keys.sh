#!/usr/bin/env bash
# A key is bytes: no pattern, no address and no escape is seen in it.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
for key in ("*", "a*", "ab", "[a-z]", "?", "{a,b}", "s3://other/key", "s3://bucket/ab", "%2F", "%61b",
        "a+b", "a b", "&amp;", "~", "-", "-rf", "--yes", "$HOME", "\\", "#", "a?versionId=1",
        "dir/*", "dir/x", "dir/"):
    store[key] = b"content of " + key.encode() if key != "dir/" else b""
E
mapfile -t keys < <(s3tui ls -r --json s3://bucket | json '[print(o["key"]) for o in lines]')
expect 24 "${#keys[@]}" 'keys'

for key in "${keys[@]}"; do
	[[ $key != dir/ ]] || continue
	expect "content of $key" "$(s3tui cp "s3://bucket/$key" -)" 'an object'
	printf 'new %s' "$key" | s3tui cp - "s3://bucket/$key"
	expect "new $key" "$(s3tui cp "s3://bucket/$key" -)" 'an object that was written'
	s3tui cp "s3://bucket/$key" "s3://bucket/copies/$key"
	expect "new $key" "$(s3tui cp "s3://bucket/copies/$key" -)" 'an object that was copied'
done
requests '
from urllib.parse import unquote
hosts = {line["headers"]["host"] for line in lines}
assert len(hosts) == 1, hosts
assert all(line["target"].split("?")[0].startswith("/bucket") for line in lines), "another bucket"'
s3tui rm -r s3://bucket/copies
ok 'read, written and copied'

# rm takes exactly the one.
left() { s3tui ls -r --json s3://bucket | json '
print(len(lines), "'"$1"'" in {line["key"] for line in lines})'; }
count=${#keys[@]}
for key in '*' 'a*' '[a-z]' '?' '{a,b}' 's3://bucket/ab' '%61b' 'a?versionId=1' '-rf'; do
	expect "$count True" "$(left "$key")" "before rm of $key"
	s3tui rm "s3://bucket/$key"
	count=$((count - 1))
	expect "$count False" "$(left "$key")" "after rm of $key"
done
s3tui rm 's3://bucket/dir/*'
expect 'dir/ dir/x' "$(s3tui ls -r --json s3://bucket/dir | json 'print(*(o["key"] for o in lines))')" dir
expect 'new ab' "$(s3tui cp s3://bucket/ab -)" 'ab'
s3tui rm 's3://bucket/nothing*' 's3://bucket/*'
expect $((count - 1)) "$(s3tui ls -r s3://bucket | wc -l)" 'after rm of what is not there'
fails_with 1 'not_found' s3tui rm -r 's3://bucket/d*'
ok 'removed one by one'

# Local names with the same in them.
mkdir "$work/l"
for name in '*' 'a*' 'ab' '[a-z]' '%61b' '--yes' '~'; do
	printf 'local %s' "$name" >"$work/l/$name"
done
s3tui cp -r "$work/l" s3://bucket/l
s3tui rm "$work/l/a*"
expect '%61b * --yes [a-z] ab ~' "$(cd "$work/l" && printf '%s\n' * | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')" \
	'local rm'
cd "$work/l"
s3tui cp ./--yes './*' ./~ s3://bucket/named/
expect '* --yes ~' "$(s3tui ls -r --json s3://bucket/named | json '
print(*(line["key"][6:] for line in lines))')" 'local names'
ok 'local names'
