#!/usr/bin/env bash
# The fault proxy itself, as curl sees it: untouched without a rule, and each rule does what it says.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"

start_proxy
new_bucket
random_file "$work/file" 3000000
s3tui cp "$work/file" "s3://$bucket/file"
get=$("$S3TUI_BIN" --config "$proxied" presign "s3://$bucket/file")

# fetch CURL_STATUS [OPTION...]: into $work/got, the head in $work/head.
fetch() {
	local wanted=$1 got=0
	shift
	: >"$work/got"
	curl -s -m 30 --noproxy '*' -D "$work/head" -o "$work/got" "$@" "$get" || got=$?
	expect "$wanted" "$got" "curl's status with $*"
}
size() { stat -c %s "$work/got"; }
header() { tr -d '\r' <"$work/head" | awk -F': ' -v n="$1" 'tolower($1) == n { print $2 }'; }

faults
fetch 0
cmp "$work/got" "$work/file"
fetch 0 -r 1000-1999
expect 1000 "$(size)" 'a range'
expect "GET 206 1000" "$(proxy_log | awk 'END { print $1, $3, $5 }')" 'the log'
was_struck 0
ok 'without a rule bytes and log are right'

random_file "$work/big" 40000000
"$S3TUI_BIN" --config "$proxied" cp "$work/big" "s3://$bucket/big" >/dev/null
"$S3TUI_BIN" --config "$proxied" cp "s3://$bucket/big" "$work/big.back" >/dev/null
cmp "$work/big" "$work/big.back"
aws --endpoint-url "$proxy" s3 cp --only-show-errors "$work/big" "s3://$bucket/big2"
holds big2 "$work/big"
aws --endpoint-url "$proxy" s3 ls "s3://$bucket/" | grep ' big2$' >/dev/null
ok 'signed requests of s3tui and of the AWS CLI, with Expect, pass through'

faults 'do=reset-response,at=1000000'
fetch 56
expect 1000000 "$(size)" 'bytes before the reset'
faults 'do=fin-response,at=50%'
fetch 18
expect 1500000 "$(size)" 'bytes before the end'
faults 'do=stall-response,at=10'
fetch 28 -m 1
expect 10 "$(size)" 'bytes before silence'
faults 'do=stall-response,at=10,ms=50'
fetch 0
cmp "$work/got" "$work/file"
faults 'do=flip-response,at=2999999'
fetch 0
expect '3000000' "$({ cmp -l "$work/got" "$work/file" || true; } | awk '{ print $1 }')" 'the flipped byte'
faults 'do=cut-body,at=7'
fetch 0
expect '7 7' "$(size) $(header content-length)" 'the cut body'
faults 'do=short-length,by=5'
fetch 18
expect '3000000 3000005' "$(size) $(header content-length)" 'the long length'
ok 'faults in the body of a response strike at their byte'

faults 'do=drop-etag'
fetch 0
expect '' "$(header etag)" 'the dropped ETag'
faults
fetch 0
etag=$(header etag)
faults 'do=change-etag'
fetch 0
[[ $(header etag) && $(header etag) != "$etag" ]] || die 'the ETag is the same'
faults 'do=wrong-range'
fetch 0 -r 10-19
expect 'bytes 11-20/3000000' "$(header content-range)" 'the wrong range'
faults 'do=ignore-range'
fetch 0 -r 10-19
cmp "$work/got" "$work/file"
expect 200 "$(proxy_log | awk '{ print $3 }')" 'the status without Range'
ok 'heads are changed where a rule says so'

faults 'do=answer,status=503,retry_after=2'
fetch 0
expect '503 2 SlowDown' "$(proxy_log | awk '{ print $3 }') $(header retry-after) $(
	grep -o SlowDown "$work/got")" 'the canned answer'
faults 'do=error-200'
fetch 0
expect '200 InternalError' "$(proxy_log | awk '{ print $3 }') $(grep -o InternalError "$work/got")" \
	'the error in a 200'
faults 'do=error-after'
fetch 0
expect 500 "$(proxy_log | awk '{ print $3 }')" 'the error after the work'
printf hello >"$work/canned"
faults "do=answer,status=200,body=$work/canned"
fetch 0
expect hello "$(<"$work/got")" 'the body of a file'
faults 'do=lose-response'
fetch 52
faults 'do=lose-response,how=reset'
fetch 56
faults 'do=refuse'
fetch 56
ok 'answers are replaced and lost'

faults 'nth=2,times=2,do=answer'
for status in 200 503 503 200; do
	fetch 0
done
expect '200 503 503 200' "$(proxy_log | awk '{ printf "%s%s", s, $3; s = " " }')" 'nth and times'
faults 'method=PUT,do=refuse' 'path=/nothing,do=refuse' 'query=nothing,do=refuse' \
	'header=x-nothing,do=refuse' "method=GET,path=/$bucket/,query=X-Amz,header=Host,do=answer"
fetch 0
expect 503 "$(proxy_log | awk '{ print $3 }')" 'the only rule that matches'
ok 'rules strike those that they name, and no others'

faults 'do=slow,rate=1000000'
fetch 28 -m 1
(($(size) < 1500000)) || die "$(size) bytes in a second at 1,000,000 a second"
faults 'do=hold'
curl -s -o "$work/held" "$get" &
held=$!
wait_until 10 eval '(($(struck) == 1))'
[[ ! -s $work/held ]] || die 'what is held came through'
release
wait "$held"
cmp "$work/held" "$work/file"
ok 'slow is slow, and what is held waits'

# A request's body, by the AWS CLI's signature over its bytes: the gateway is the judge.
send() { aws --endpoint-url "$proxy" --cli-read-timeout 5 s3api put-object --bucket "$bucket" \
	--key sent --body "$work/file" >/dev/null 2>"$work/err"; }
export AWS_MAX_ATTEMPTS=1
for rule in reset-request,at=1000000 fin-request,at=50% stall-request,at=100 flip-request,at=5 \
	refuse answer error-200; do
	faults "method=PUT,do=$rule"
	! send || [[ $rule == error-200 ]] || die "$rule: nothing happened"
	was_struck
	is_absent sent
done
faults method=PUT,do=reset-request,at=1000000
! send || die 'no reset'
expect 'PUT - 1000000' "$(proxy_log | awk '{ print $1, $3, $4 }')" 'the log of a reset'
for rule in lose-response error-after; do
	faults "method=PUT,do=$rule"
	! send || die "$rule: nothing happened"
	was_struck
	holds sent "$work/file"
	s3tui rm "s3://$bucket/sent"
done
ok 'faults in the body of a request leave no object, lost answers do'

expect 400 "$(curl -s -o "$work/why" -w '%{http_code}' -X PUT -d 'do=nonsense' "$proxy/-/faults")" \
	'a wrong rule'
grep -q 'not understood: do=nonsense' "$work/why"
curl -sf -X DELETE "$proxy/-/faults"
fetch 0
ok 'a wrong rule is refused with its reason'
