#!/usr/bin/env bash
# Documents that attack their reader are refused with a sentence, in little time and memory.
. "${BASH_SOURCE[0]%/*}/lib.bash"

printf 'local %s file' "$canary" >"$work/secret"
server <<'E'
WORK = os.environ["WORK"]
def laughs():
    lines = ['<!ENTITY a0 "ha">']
    for i in range(1, 30):
        lines.append('<!ENTITY a%d "%s">' % (i, "&a%d;" % (i - 1) * 10))
    return "<!DOCTYPE x [%s]><ListBucketResult><Name>&a29;</Name></ListBucketResult>" % "".join(lines)
def result(inside):
    return "<ListBucketResult>%s<IsTruncated>false</IsTruncated></ListBucketResult>" % inside
KEY = result("<Contents><Key>%s</Key><Size>1</Size></Contents>")
documents = {
    "laughs": laughs(),
    "xxe": '<!DOCTYPE x [<!ENTITY e SYSTEM "file://%s/secret">]>' % WORK + KEY % "&e;",
    "dtd": '<!DOCTYPE x SYSTEM "http://%s/stolen">' + KEY % "a",
    "parameter": '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>' + KEY % "a",
    "lower": '<!doctype x [<!ENTITY e "e">]>' + KEY % "&e;",
    "include": KEY % ('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" '
                      'href="file://%s/secret"/>' % WORK),
    "unknown": KEY % "&unknown;",
    "deep": result("<a>" * 100000 + "</a>" * 100000),
    "wide": result("<Contents><Key>k</Key><Size>1</Size></Contents>" * 200000),
    "name": result("<%s/>" % ("n" * 100000)),
    "attributes": result("<a %s/>" % " ".join('a%d="1"' % i for i in range(100000))),
    "quotes": result("<a b='>' %s/>" % " ".join('a%d=">"' % i for i in range(100000))),
    "cut": KEY[:-10] % "a",
    "twice": KEY % "a" + KEY % "b",
    "nul": KEY % "a\0b",
    "latin": '<?xml version="1.0" encoding="utf-16"?>' + KEY % "a",
    "empty": "", "blank": "  \n ", "html": "<html><body>hello</body></html>", "text": "hello",
}
def answer(r):
    if r.bucket in documents and r.is_list():
        body = documents[r.bucket]
        return 200, XML, (body.replace("%s", r.headers["host"])).encode()
    if r.bucket.startswith("error-"):
        return 400, XML, documents[r.bucket[6:]].encode()
    return plain(r)
E
names='laughs xxe dtd parameter lower unknown deep wide name cut twice nul empty blank html text attributes quotes'

# judge COMMAND...: bounded time, memory (the sanitizers' own besides) and output.
judge() {
	python3 - "$work" "$@" <<-'E'
		import resource, subprocess, sys
		work, *command = sys.argv[1:]
		with open(work + "/stdout", "w") as out, open(work + "/stderr", "w") as err:
		    try:
		        status = subprocess.run(command, stdout=out, stderr=err, timeout=20).returncode
		    except subprocess.TimeoutExpired:
		        sys.exit(99)
		peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
		if peak > 500:
		    print("%s took %d MiB" % (command, peak), file=sys.stderr)
		    sys.exit(98)
		sys.exit(status)
	E
}
for name in $names; do
	status=0
	judge "$S3TUI_BIN" --config "$config" ls "s3://$name" || status=$?
	expect 1 "$status" "the exit for $name"
	expect 1 "$(wc -l <"$work/stderr")" "lines for $name"
	expect '' "$(cat "$work/stdout")" "what is listed for $name"
	is_clean "$work/stderr"
	no_secret "$work/stderr"
done
ok 'bad listings are refused'

for name in laughs xxe dtd lower deep wide name nul html; do
	status=0
	judge "$S3TUI_BIN" --config "$config" ls "s3://error-$name" || status=$?
	expect 1 "$status" "the exit for an error like $name"
	expect 1 "$(wc -l <"$work/stderr")" "lines for an error like $name"
	(($(wc -c <"$work/stderr") < 2000)) || die "a long line for $name"
	is_clean "$work/stderr"
	no_secret "$work/stderr"
done
ok 'bad errors are only a status'

# What is harmless is read, and includes nothing.
for name in include latin; do
	status=0
	judge "$S3TUI_BIN" --config "$config" ls "s3://$name" || status=$?
	((status <= 1)) || die "$name ended with $status"
	no_secret "$work/stderr" "$work/stdout"
done
requests 'assert not any("stolen" in line["target"] for line in lines)'
ok 'nothing is fetched for a document'
