#!/usr/bin/env bash
# The fault matrix, column "copy": on the server, over an object that is there; and mv, which removes
# the source only where the copy is proven.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"

start_proxy
new_bucket
random_file "$work/old" 100000
random_file "$work/new" 500000
random_file "$work/other" 500000
copy=method=PUT,header=x-amz-copy-source

prepare() {
	put_object from "$work/new"
	put_object to "$work/old"
	faults "$@"
}

# arrives LETTER FAULT RULE...: exit 0 and the new bytes, by cp and by mv.
arrives() {
	prepare "${@:3}"
	succeeds cp "s3://$bucket/from" "s3://$bucket/to"
	was_struck
	holds to "$work/new"
	holds from "$work/new"
	at_most 4 PUT
	prepare "${@:3}"
	succeeds mv "s3://$bucket/from" "s3://$bucket/to"
	was_struck
	holds to "$work/new"
	is_absent from
	at_most 4 PUT
	ok "$2 / copy: $1"
}

# stays FAULT RULE...: exit 1, both objects as they were.
stays() {
	local verb
	for verb in cp mv; do
		prepare "${@:2}"
		fails "$verb" "s3://$bucket/from" "s3://$bucket/to"
		was_struck
		holds to "$work/old"
		holds from "$work/new"
		at_most 4 PUT
	done
	ok "$1 / copy: E"
}

is_not_there() {
	prepare
	fails "${@:2}" mv "s3://$bucket/from" "s3://$bucket/to"
	holds to "$work/old"
	holds from "$work/new"
	ok "$1 / copy: E"
}

arrives R 'reset on connecting twice' "$copy,times=2,do=refuse"
stays 'reset on connecting for good' "$copy,times=forever,do=refuse"
unreachable is_not_there
arrives R 'reset in the request' "$copy,do=reset-request"
arrives R 'end in the request' "$copy,do=fin-request"
arrives V 'response lost' "$copy,do=lose-response"
arrives V 'response lost by a reset, twice' "$copy,times=2,do=lose-response,how=reset"
for at in 0 50% 99%; do
	arrives V "reset at $at of the response" "$copy,do=reset-response,at=$at"
	arrives V "end at $at of the response" "$copy,do=fin-response,at=$at"
done
for answer in '500,code=InternalError' '503,code=SlowDown' '429,code=TooManyRequests'; do
	arrives R "$answer twice" "$copy,times=2,do=answer,status=$answer"
done
arrives R 'Retry-After' "$copy,do=answer,retry_after=1"
stays '503 for good' "$copy,times=forever,do=answer"
arrives V '500 after the work' "$copy,do=error-after"
arrives R '200 with an error in it' "$copy,do=error-200"
stays '200 with an error in it, for good' "$copy,times=forever,do=error-200"
arrives R 'answer cut' "$copy,do=cut-body,at=50%"
arrives R 'credentials expired' "$copy,do=answer,status=400,code=ExpiredToken"

# The copy is there, but no answer ever says so.
prepare "$copy,times=forever,do=error-after"
through mv "s3://$bucket/from" "s3://$bucket/to"
was_struck
if ((status)); then
	holds from "$work/new"
else
	is_absent from
fi
holds to "$work/new"
ok '500 after the work, always / copy: done or E, nothing lost'

# What mv removes: the answer to the last request is lost.
prepare 'method=DELETE,do=lose-response'
succeeds mv "s3://$bucket/from" "s3://$bucket/to"
was_struck
holds to "$work/new"
is_absent from
ok 'answer to the removal lost / copy: V'

prepare 'method=DELETE,times=forever,do=answer' 'method=POST,query=delete,times=forever,do=answer'
fails mv "s3://$bucket/from" "s3://$bucket/to"
was_struck
holds to "$work/new"
holds from "$work/new"
ok 'the removal refused for good / copy: E, both there'

# Another object under the source's name: whatever is told, no bytes that were never an object.
for verb in cp mv; do
	prepare "$copy,do=hold"
	begin "$verb" "s3://$bucket/from" "s3://$bucket/to"
	put_object from "$work/other"
	finish 1
	holds from "$work/other"
	holds_either to "$work/old" "$work/other"
done
ok 'object changed / copy: E'

prepare "$copy,do=hold"
begin cp "s3://$bucket/from" "s3://$bucket/to"
gateway DELETE "$bucket/from" -f
finish 1
holds to "$work/old"
ok 'object deleted / copy: E'

prepare
skewed mv "s3://$bucket/from" "s3://$bucket/to"
holds to "$work/new"
is_absent from
ok 'clock 20 minutes slow / copy: R'

prepare "$copy,do=delay-response"
succeeds cp "s3://$bucket/from" "s3://$bucket/to"
was_struck
holds to "$work/new"
ok 'stall / copy: V'

prepare
late_start mv "s3://$bucket/from" "s3://$bucket/to"
holds to "$work/new"
is_absent from
ok 'refused, then back / copy: R'
