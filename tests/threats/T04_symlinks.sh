#!/usr/bin/env bash
# A symbolic link below the target leads nobody astray, also one that comes during the transfer.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
DATA = bytes(range(256)) * 1024
store["one/slow"] = DATA
store["two/deep/slow"] = DATA
store["file"] = b"from the server"
def answer(r):
    if r.method != "GET" or not r.key.endswith("slow"):
        return plain(r)
    status, headers, body = plain(r)
    headers["Content-Length"] = len(body)
    r.write(head(status, headers) + body[:len(body) // 2])
    touch(os.environ["WORK"] + "/half")
    wait_for(os.environ["WORK"] + "/go")
    r.write(body[len(body) // 2:])
E
mkdir "$work/outside"
printf victim >"$work/outside/victim"
unharmed() {
	expect 'victim' "$(cat "$work/outside/victim")" "a file outside, $1"
	expect './victim' "$(cd "$work/outside" && find . -mindepth 1)" "outside, $1"
}

# A directory becomes a link while the file in it is half there.
for key in one/slow two/deep/slow; do
	rm -rf "$work/t" "$work/half" "$work/go"
	s3tui cp -r "s3://bucket/${key%%/*}" "$work/t/sub" 2>"$work/stderr" &
	pid=$!
	wait_until 20 test -e "$work/half" || die 'the transfer does not begin'
	partial=$(find "$work/t" -type f -name '*s3tui-*')
	expect 600 "$(stat -c %a "$partial")" 'mode of the partial file'
	mv "$work/t/sub" "$work/t/moved"
	ln -s "$work/outside" "$work/t/sub"
	touch "$work/go"
	status=0
	wait "$pid" || status=$?
	unharmed "after a swap under $key"
	expect 0 "$(find "$work" -name '*.s3tui-*' | wc -l)" 'partial files'
	if ((status == 0)); then
		expect 262144 "$(find "$work/t/moved" -name slow -printf %s)" 'where the directory went'
	fi
done
ok 'a directory swapped for a link'

# A link that is there before.
mkdir -p "$work/t2"
ln -s "$work/outside" "$work/t2/one"
ln -s "$work/outside" "$work/t2/two"
touch "$work/go"
status=0
s3tui cp -r s3://bucket "$work/t2" 2>"$work/stderr" || status=$?
expect 1 "$status" 'the exit'
expect 2 "$(grep -c 'cannot copy s3://bucket/.*/slow' "$work/stderr")" 'what was refused is told'
unharmed 'with a link below the target'
expect 'from the server' "$(cat "$work/t2/file")" 'the others'
[[ -L $work/t2/one ]] || die 'the link is gone'
ok 'a link in the way'

# The last component: the link is replaced, not what it leads to.
mkdir -p "$work/t3"
ln -s "$work/outside/victim" "$work/t3/file"
s3tui cp s3://bucket/file "$work/t3/"
unharmed 'with a link as the target'
expect 'f from the server' "$(find "$work/t3/file" -printf '%y ')$(cat "$work/t3/file")" 'the target'
ln -sf "$work/outside/new" "$work/t3/dangling"
s3tui cp s3://bucket/file "$work/t3/dangling"
unharmed 'with a dangling link as the target'
ln -sf "$work/t3/loop" "$work/t3/loop"
s3tui cp s3://bucket/file "$work/t3/loop"
expect 'f f f' "$(find "$work/t3" -mindepth 1 -printf '%y ' | xargs)" 'the targets'
ok 'a link as the target'
