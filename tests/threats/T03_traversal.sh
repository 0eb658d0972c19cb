#!/usr/bin/env bash
# A key cannot name a place outside of the directory that was chosen; the others go on.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
for key in ("ok", "dir/ok", "..hidden", "a/...", "-rf", "$(touch x)",
        "../up", "a/../../up", "a/../up", "..", "a/..", ".", "./x", "a/./x", "/etc/cron.d/x", "//x",
        "a//x", "~/x", "~/", "x" * 300, "../../../../../../../../../../tmp/s3tui-threat-T03",
        "nul\0x", "../", "a/../../dir/"):
    store[key] = b"content of " + key.encode()
E
mkdir -p "$work/outside/target"
printf before >"$work/outside/up"
status=0
s3tui cp -r --json s3://bucket "$work/outside/target" >"$work/json" 2>"$work/stderr" || status=$?
expect 1 "$status" 'the exit'
expect 'd ./target f ./up' \
	"$(tree "$work/outside" | grep -v './target/' | cut -d' ' -f1,4 | xargs)" 'outside'
expect before "$(cat "$work/outside/up")" 'a file outside'
[[ ! -e /tmp/s3tui-threat-T03 ]] || die 'it climbed to /tmp'
expect '$(touch x) -rf ..hidden a a/... dir dir/ok ok' \
	"$(cd "$work/outside/target" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | tr '\n' ' ' |
		sed 's/ $//')" 'inside'
json '
failed = [line for line in lines if line["status"] == "failed"]
assert len(failed) == 18, [line["key"] for line in failed]
assert all(line["error"]["name"] == "refused_name" for line in failed), failed
assert len(lines) == 24, len(lines)' <"$work/json"
expect 18 "$(wc -l <"$work/stderr")" 'each refused key is told'
ok 'a recursive copy stays inside, and tells'

for key in '../up' '..' 'a/../up' '~/' '/etc/cron.d/x'; do
	s3tui cp "s3://bucket/$key" "$work/outside/target/" >/dev/null 2>&1 || true
	expect before "$(cat "$work/outside/up")" "a file outside, after $key"
done
expect 2 "$(find "$work/outside" -mindepth 1 -maxdepth 1 | wc -l)" 'outside, after single copies'
ok 'single copies stay inside'

# Such a key is data like any other where no path is made of it.
expect 'content of ../up' "$(s3tui cp 's3://bucket/../up' -)" 'read to a pipe'
s3tui cp 's3://bucket/../up' "$work/chosen"
expect 'content of ../up' "$(cat "$work/chosen")" 'under a name that was chosen'
expect before "$(cat "$work/outside/up")" 'a file outside'
s3tui rm 's3://bucket/a/../up'
requests '
assert any(line["method"] == "DELETE" and line["target"] == "/bucket/a/../up" or
    b"<Key>a/../up</Key>" in base64.b64decode(line["body"]) for line in lines)'
ok 'the key itself is kept as it is'
