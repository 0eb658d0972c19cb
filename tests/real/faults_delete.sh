#!/usr/bin/env bash
# The fault matrix, column "batch delete": twelve objects, of which none may be told to be gone that is
# there, beside one that is not to go.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"

start_proxy
new_bucket
mkdir -p "$work/tree/go"
for i in {1..12}; do
	echo "$i" >"$work/tree/go/file-$i"
done
echo stays >"$work/tree/gone"
batch=method=POST,query=delete

prepare() {
	s3tui cp -r "$work/tree" "s3://$bucket" >/dev/null
	faults "$@"
}

# How many of the twelve are there; the thirteenth has to be.
left() {
	local all
	all=$(gateway GET "$bucket?list-type=2" -f | grep -o '<Key>[^<]*')
	[[ $all == *'<Key>gone'* ]] || die 'an object is gone that was not to go'
	grep -c '<Key>go/' <<<"$all" || true
}

# arrives LETTER FAULT RULE...: exit 0 and all are gone.
arrives() {
	prepare "${@:3}"
	succeeds rm -r "s3://$bucket/go"
	was_struck
	expect 0 "$(left)" "objects left ($2)"
	at_most 4 POST
	ok "$2 / delete: $1"
}

# stays FAULT RULE...: exit 1, all are there, each is named.
stays() {
	prepare "${@:2}"
	fails rm -r "s3://$bucket/go"
	was_struck
	expect 12 "$(left)" "objects left ($1)"
	expect 12 "$(grep -o 'go/file-[0-9]*' "$work/err" | sort -u | wc -l)" "objects named ($1)"
	at_most 4 POST
	ok "$1 / delete: P"
}

is_not_there() {
	prepare
	fails "${@:2}" rm -r "s3://$bucket/go"
	expect 12 "$(left)" "objects left ($1)"
	ok "$1 / delete: E"
}

arrives R 'reset on connecting twice' "$batch,times=2,do=refuse"
stays 'reset on connecting for good' "$batch,times=forever,do=refuse"
unreachable is_not_there
for at in 0 1 50% 99%; do
	arrives R "reset at $at of the request" "$batch,do=reset-request,at=$at"
	arrives R "end at $at of the request" "$batch,do=fin-request,at=$at"
	arrives V "reset at $at of the response" "$batch,do=reset-response,at=$at"
	arrives V "end at $at of the response" "$batch,do=fin-response,at=$at"
done
stays 'reset in every request' "$batch,times=forever,do=reset-request,at=50%"
arrives V 'response lost' "$batch,do=lose-response"
arrives V 'response lost twice by a reset' "$batch,times=2,do=lose-response,how=reset"
for answer in '500,code=InternalError' '503,code=SlowDown' '429,code=TooManyRequests'; do
	arrives R "$answer twice" "$batch,times=2,do=answer,status=$answer"
done
arrives R 'Retry-After' "$batch,do=answer,retry_after=1"
stays '503 for good' "$batch,times=forever,do=answer"
arrives V '500 after the work' "$batch,do=error-after"
arrives R '200 with an error in it' "$batch,do=error-200"
stays '200 with an error in it, for good' "$batch,times=forever,do=error-200"
arrives R 'answer cut' "$batch,do=cut-body,at=50%"
for at in 0 50% 99%; do
	arrives R "byte at $at flipped" "$batch,do=flip-request,at=$at"
done
stays 'a byte flipped each time' "$batch,times=forever,do=flip-request,at=50%"
arrives R 'credentials expired' "$batch,do=answer,status=400,code=ExpiredToken"

# per_key CODE...: an answer that names the first keys with these codes; the others are gone in truth.
per_key() {
	local i=0 code
	{
		echo '<?xml version="1.0" encoding="UTF-8"?><DeleteResult>'
		for code; do
			echo "<Error><Key>go/file-$((++i))</Key><Code>$code</Code></Error>"
		done
		echo '</DeleteResult>'
	} >"$work/answer"
	prepare "$batch,do=answer,status=200,body=$work/answer"
	for ((i = $# + 1; i <= 12; i++)); do
		gateway DELETE "$bucket/go/file-$i" -f
	done
}

per_key SlowDown InternalError
succeeds rm -r "s3://$bucket/go"
was_struck
expect 0 "$(left)" 'objects left'
ok '503 and 500 for single keys in a 200 / delete: R'

per_key AccessDenied SlowDown AccessDenied
fails rm -r "s3://$bucket/go"
was_struck
expect 2 "$(left)" 'objects left'
expect 'go/file-1 go/file-3' "$(grep -o 'go/file-[0-9]*' "$work/err" | sort -u | paste -sd ' ')" \
	'objects named'
ok 'single keys denied in a 200 / delete: P'

main=$bucket
new_bucket gone
s3tui cp -r "$work/tree/go" "s3://$bucket/go" >/dev/null
faults "$batch,do=hold"
begin rm -r "s3://$bucket/go"
s3tui rb --force --yes "s3://$bucket"
finish 1
bucket=$main
ok 'bucket deleted / delete: P'

prepare
skewed rm -r "s3://$bucket/go"
expect 0 "$(left)" 'objects left'
ok 'clock 20 minutes slow / delete: R'

arrives V 'stall' "$batch,do=delay-response"

prepare
late_start rm -r "s3://$bucket/go"
expect 0 "$(left)" 'objects left'
ok 'refused, then back / delete: R'
