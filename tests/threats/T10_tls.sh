#!/usr/bin/env bash
# A server that cannot prove who it is gets nothing; there is no way down to plain HTTP.
. "${BASH_SOURCE[0]%/*}/lib.bash"

# certificate NAME SUBJECT_ALT_NAME [OPTION...]: by an authority of the test's own
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days 2 \
	-subj /CN=authority 2>/dev/null
certificate() {
	openssl req -newkey rsa:2048 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" -subj "/CN=$1" \
		2>/dev/null
	openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
		-out "$work/$1.crt" -extfile <(echo "subjectAltName=$2") "${@:3}" 2>/dev/null
	cat "$work/$1.key" "$work/$1.crt" >"$work/$1.pem"
}
certificate good IP:127.0.0.1 -days 2
certificate other DNS:other.example -days 2
certificate expired IP:127.0.0.1 -days -1

REQUESTS=$work/plain server <<'E'
store["file"] = b"in the clear"
E
plain=$endpoint
export THIEF=$plain
for name in good other expired; do
	CERTIFICATE=$work/$name.pem server https <<'E'
store["file"] = b"data"
def answer(r):
    if r.bucket == "down":
        return 301, {"Location": os.environ["THIEF"] + r.target}, b""
    return plain(r)
E
	declare "$name=$endpoint"
done
printf data >"$work/file"

# refused ENDPOINT OPTION...: reading, writing and looking, with nothing sent
refused() {
	local url=$1
	shift
	: >"$REQUESTS"
	fails_with 1 '\(tls\)' s3tui --endpoint "$url" "$@" ls s3://bucket
	fails_with 1 '\(tls\)' s3tui --endpoint "$url" "$@" cp s3://bucket/file "$work/got"
	fails_with 1 '\(tls\)' s3tui --endpoint "$url" "$@" cp "$work/file" s3://bucket/up
	[[ ! -e $work/got ]] || die 'something was fetched'
	[[ ! -s $REQUESTS ]] || die 'something was sent'
	s3tui --endpoint "$url" "$@" check >"$work/check" 2>&1 && die 'check finds nothing wrong'
	grep -q 'FAILED TLS' "$work/check" || die "check says: $(cat "$work/check")"
	[[ ! -s $REQUESTS ]] || die 'check sent something'
}
refused "$good"
ok 'an unknown authority'
refused "$other" --ca-bundle "$work/ca.pem"
ok 'a certificate of another host'
refused "$expired" --ca-bundle "$work/ca.pem"
ok 'an expired certificate'

expect data "$(s3tui --endpoint "$good" --ca-bundle "$work/ca.pem" cp s3://bucket/file -)" 'a good one'
: >"$work/plain"
fails_with 1 'down' s3tui --endpoint "$good" --ca-bundle "$work/ca.pem" ls s3://down
fails_with 1 'down' s3tui --endpoint "$good" --ca-bundle "$work/ca.pem" cp "$work/file" s3://down/x
fails_with 1 '\(' s3tui --endpoint "https${plain#http}" ls s3://bucket
[[ ! -s $work/plain ]] || die 'it went down to plain HTTP'
ok 'no way down'

# Without verifying: for one run, said in each, and by no configuration.
expect data "$(s3tui --endpoint "$other" --no-verify-ssl cp s3://bucket/file - 2>"$work/stderr")" \
	'unverified'
grep -q 'not verified' "$work/stderr" || die 'nothing says that it was not verified'
s3tui --endpoint "$other" --no-verify-ssl check >"$work/check" 2>/dev/null
grep -q 'not verified' "$work/check" || die 'check does not say that it is not verified'
for key in no_verify_ssl verify_ssl insecure; do
	write_config '[network]' "$key = true"
	fails_with 2 "unknown key" s3tui ls
done
ok '--no-verify-ssl is for one run and says so'
