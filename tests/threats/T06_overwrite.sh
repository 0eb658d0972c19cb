#!/usr/bin/env bash
# A local file is the old one until the new one is whole and proven; one that was not agreed to be
# overwritten is not, whenever it came.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
DATA = bytes(range(256)) * 1024
for key in ("slow", "flipped", "short", "cut"):
    store[key] = DATA
def answer(r):
    if r.method != "GET" or r.key not in store:
        return plain(r)
    status, headers, body = plain(r)
    if r.key == "flipped":
        body = b"X" + body[1:]
    if r.key == "short":
        return status, headers, body[:-1]
    headers["Content-Length"] = len(body)
    half = len(body) // 2
    r.write(head(status, headers) + body[:half])
    if r.key == "slow":
        touch(os.environ["WORK"] + "/half")
        wait_for(os.environ["WORK"] + "/go")
    if r.key != "cut":
        r.write(body[half:])
E
mkdir "$work/t"
old() {
	mkdir -p "$work/t"
	printf old >"$work/t/f"
	chmod 640 "$work/t/f"
	rm -f "$work/half" "$work/go"
}
only_old() {
	expect old "$(cat "$work/t/f")" "the old file, $1"
	expect f "$(ls -A "$work/t")" "what is there, $1"
}
# begin OPTION...: until half of it is there
begin() {
	s3tui cp "$@" s3://bucket/slow "$work/t/f" 2>"$work/stderr" &
	pid=$!
	wait_until 20 test -e "$work/half" || die 'the transfer does not begin'
}

old
begin
expect old "$(cat "$work/t/f")" 'the old file, half way'
partial=$(find "$work/t" -name '*s3tui-*')
expect '600 f' "$(stat -c %a "$partial") $(find "$partial" -printf %y)" 'the partial file'
touch "$work/go"
wait "$pid"
expect 262144 "$(stat -c %s "$work/t/f")" 'the new file'
expect f "$(ls -A "$work/t")" 'what is there'
ok 'the old one until the end'

old
for key in flipped short cut; do
	status=0
	s3tui cp "s3://bucket/$key" "$work/t/f" 2>"$work/stderr" || status=$?
	expect 1 "$status" "the exit for $key"
	only_old "after $key"
done
ok 'what cannot be proven replaces nothing'

old
begin
kill -9 "$pid"
wait "$pid" || true
expect old "$(cat "$work/t/f")" 'the old file, after kill -9'
rm -rf "$work/t"
old
begin
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
expect 143 "$status" 'the exit after SIGTERM'
expect old "$(cat "$work/t/f")" 'the old file, after SIGTERM'
ok 'the old one after a kill'

# Somebody else makes the file meanwhile, and replacing was not agreed.
for policy in skip fail rename; do
	rm -rf "$work/t"
	old
	rm "$work/t/f"
	begin --on-conflict "$policy"
	printf theirs >"$work/t/f"
	touch "$work/go"
	status=0
	wait "$pid" || status=$?
	expect theirs "$(cat "$work/t/f")" "the file of somebody else, $policy"
	expect 0 "$(find "$work/t" -name '*.s3tui-*' | wc -l)" "partial files, $policy"
	[[ $policy == skip ]] || ((status != 0)) || [[ $(ls -A "$work/t" | wc -l) == 2 ]] ||
		die "$policy: neither told nor under another name"
done
ok 'no replacing unless agreed'
