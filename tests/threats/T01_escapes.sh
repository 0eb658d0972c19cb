#!/usr/bin/env bash
# Escapes from a server reach no terminal, no log and no line of an error: neither in keys and
# prefixes nor in metadata, ETags, headers, error messages and names of buckets.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
EVIL = "e\x1b]0;owned\x07\x1b[31m\u009b2J\u202egnp.\u200b\u2028\r\nX"
store[EVIL] = b"data"
store["dir" + EVIL + "/x"] = b"data"
store["meta"] = b"data"
RAW = "m\x1b[31m\u202e\u009b"
extra["meta"] = {"ETag": '"' + RAW + '"', "Content-Type": RAW, "Content-Encoding": RAW,
    "x-amz-version-id": RAW, "x-amz-storage-class": RAW, "x-amz-meta-" + RAW: RAW,
    "x-amz-meta-latin": "caf\udce9"}
def answer(r):
    if not r.bucket:
        name = "b" + RAW.replace("\x1b", "&#x1b;")
        return 200, XML, ("<ListAllMyBucketsResult><Owner><DisplayName>%s</DisplayName></Owner>"
            "<Buckets><Bucket><Name>%s</Name></Bucket></Buckets></ListAllMyBucketsResult>"
            % (name, name)).encode()
    if r.bucket == "refused":
        status, headers, body = error(418, "Code\u202e\u200b", "Message\u202e\u009b2J \u2028")
        return status, {"x-amz-request-id": RAW, "x-amz-bucket-region": RAW}, body
    if r.bucket == "garbage":
        return 500, {"x-amz-request-id": RAW}, RAW.encode() * 10
    return plain(r)
E
evil=$'e\e]0;owned\a\e[31m\xc2\x9b2J\xe2\x80\xaegnp.\xe2\x80\x8b\xe2\x80\xa8\r\nX'

for command in 'ls' 'ls s3://bucket' 'ls -r s3://bucket' 'stat s3://bucket/meta' \
	'stat s3://refused/x' 'ls s3://refused' 'ls s3://garbage' 'check s3://refused' 'check' \
	"cp -n -r s3://bucket $work/dry" "cp -r s3://refused $work/no" 'rm -r --yes s3://refused'; do
	# shellcheck disable=SC2086
	on_terminal s3tui $command || true
	[[ -s $work/screen ]] || die "$command shows nothing"
	is_clean "$work/screen"
done
on_terminal s3tui stat "s3://bucket/$evil" || die "ended with $?: $(cat -v "$work/screen")"
is_clean "$work/screen"
grep -aqF 'e\x1b]0;owned\x07' "$work/screen" || die 'a key is not shown escaped'
on_terminal s3tui ls || die "ended with $?: $(cat -v "$work/screen")"
grep -aqF '\u{202e}' "$work/screen" || die 'a bucket is not shown escaped'
on_terminal s3tui stat s3://bucket/meta || die "ended with $?: $(cat -v "$work/screen")"
grep -aqF '  m\x1b[31m\u{202e}' "$work/screen" || die 'an ETag is not shown escaped'
grep -aqF 'metadata m\x1b[31m' "$work/screen" || die 'a name of metadata is not shown escaped'
ok 'a terminal gets no escapes'

# What went wrong is told on stderr, which is for people wherever it goes.
fails_with 1 'Code' s3tui ls s3://refused
fails_with 1 '\\u\{202e\}' s3tui ls s3://refused
fails_with 1 'owned' s3tui stat "s3://bucket/no$evil"
fails_with 1 'owned' s3tui cp "$work/no$evil" s3://bucket/x
fails_with 2 'owned' s3tui ls "--$evil"
fails_with 2 'owned' s3tui -p "$evil" ls
printf '[default]\nregion = \e[31m\xc2\x9b\n' >"$work/evil.ini"
fails_with 2 'evil.ini:2' "$S3TUI_BIN" --config "$work/evil.ini" ls
ok 'errors are one clean line'

# The machine format is exact, and escaped by its own rules.
s3tui ls -r --json s3://bucket >"$work/json"
s3tui stat --json s3://bucket/meta >>"$work/json"
s3tui stat --json s3://refused/x >>"$work/json" 2>/dev/null || true
s3tui cp -r --json s3://bucket "$work/got" >>"$work/json" 2>/dev/null || true
is_clean "$work/json"
json '
keys = [line.get("key") for line in lines]
assert "e\x1b]0;owned\x07\x1b[31m\u009b2J\u202egnp.\u200b\u2028\r\nX" in keys, keys
stat = [line for line in lines if "metadata" in line][0]
assert stat["content_type"] == "m\x1b[31m\u202e\u009b", stat
assert base64.b64decode(stat["metadata"]["latin_base64"]) == b"caf\xe9", stat' <"$work/json"
ok 'JSON'

for command in 'ls -r s3://bucket' 'ls s3://refused' 'ls s3://garbage' 'stat s3://bucket/meta' \
	"cp -r s3://bucket $work/got2"; do
	# shellcheck disable=SC2086
	s3tui --debug $command >/dev/null 2>&1 || true
done
expect 5 "$(find "$XDG_STATE_HOME/s3tui" -name 'debug-*.log' | wc -l)" 'logs'
is_clean "$XDG_STATE_HOME"/s3tui/debug-*.log
ok 'the log'
