#!/usr/bin/env bash
# The fault matrix, column "put": a small file over an object that is there.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"

start_proxy
new_bucket
random_file "$work/old" 2000000
random_file "$work/new" 3000000
try=(cp "$work/new" "s3://$bucket/key")

# arrives LETTER FAULT RULE...: exit 0 and the new bytes, after at most three tries.
arrives() {
	put_object key "$work/old"
	faults "${@:3}"
	succeeds "${try[@]}"
	was_struck
	holds key "$work/new"
	at_most 3 PUT
	no_upload
	ok "$2 / put: $1"
}

# stays FAULT RULE...: exit 1 and the old bytes, after at most three tries.
stays() {
	put_object key "$work/old"
	faults "${@:2}"
	fails "${try[@]}"
	was_struck
	holds key "$work/old"
	at_most 3 PUT
	no_upload
	ok "$1 / put: E"
}

# is_not_there FAULT OPTION...
is_not_there() {
	put_object key "$work/old"
	fails "${@:2}" "${try[@]}"
	holds key "$work/old"
	ok "$1 / put: E"
}

arrives R 'reset on connecting, then back' method=PUT,times=2,do=refuse
stays 'reset on connecting for good' method=PUT,times=forever,do=refuse
unreachable is_not_there

for at in 0 1 1000000 50% 2999999; do
	arrives R "reset at $at in the request body" "method=PUT,do=reset-request,at=$at"
	arrives R "end at $at in the request body" "method=PUT,do=fin-request,at=$at"
done
stays 'reset in every request body' method=PUT,times=forever,do=reset-request,at=50%

arrives V 'response lost' method=PUT,do=lose-response
arrives V 'response lost by a reset' method=PUT,do=lose-response,how=reset
arrives V 'response lost twice' method=PUT,times=2,do=lose-response
arrives V 'reset behind the response' method=PUT,do=reset-response

arrives R 'stall in the request body' method=PUT,do=stall-request,at=50%
arrives R '1 kB/s where 20 are due' method=PUT,do=slow,rate=1000
arrives V 'stall before the response' method=PUT,do=delay-response

for answer in '500,code=InternalError' '503,code=SlowDown' '503,code=SlowDown,early=yes' \
	'429,code=TooManyRequests' '503,code=SlowDown,retry_after=1'; do
	arrives R "$answer twice" "method=PUT,times=2,do=answer,status=$answer"
done
stays '503 for good' method=PUT,times=forever,do=answer
arrives V '500 after the work' method=PUT,do=error-after
arrives V '503 after the work' method=PUT,do=error-after,status=503,code=SlowDown

arrives V '200 with an error in it' method=PUT,do=error-200
stays '200 with an error in it, for good' method=PUT,times=forever,do=error-200

for at in 0 1500000 2999999; do
	arrives R "byte $at flipped" "method=PUT,do=flip-request,at=$at"
done
stays 'a byte flipped each time' method=PUT,times=forever,do=flip-request,at=7

arrives R 'credentials expired' method=PUT,do=answer,status=400,code=ExpiredToken
stays 'credentials expired for good' method=PUT,times=forever,do=answer,status=400,code=ExpiredToken

# The answer to the first try is lost, the second one meets the object of the first.
for policy in fail skip; do
	gateway DELETE "$bucket/fresh"
	faults method=PUT,do=lose-response
	succeeds cp --on-conflict "$policy" "$work/new" "s3://$bucket/fresh"
	was_struck
	holds fresh "$work/new"
	ok "response lost under --on-conflict $policy / put: V"
done

# 7 MB do not fit into the sockets: what is changed has not been read yet.
random_file "$work/changing" 7000000
put_object key "$work/old"
faults method=PUT,do=hold
begin cp "$work/changing" "s3://$bucket/key"
printf changed | dd of="$work/changing" bs=1 seek=6999000 conv=notrunc status=none
finish 1
holds key "$work/old"
ok 'local file changed / put: E'

main=$bucket
new_bucket gone
faults method=PUT,do=hold
begin cp "$work/new" "s3://$bucket/key"
gateway DELETE "$bucket" -f
finish 1
grep -q 'There is no bucket' "$work/err" || die "not explained: $(cat "$work/err")"
at_most 1 PUT
bucket=$main
ok 'bucket deleted / put: E'

put_object key "$work/old"
skewed cp "$work/new" "s3://$bucket/key"
holds key "$work/new"
ok 'clock 20 minutes slow / put: R'

late_start cp "$work/old" "s3://$bucket/key"
holds key "$work/old"
ok 'refused, then back / put: R'
