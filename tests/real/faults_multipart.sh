#!/usr/bin/env bash
# The fault matrix, column "multipart": 12 MiB in three parts over an object that is there.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"

start_proxy
new_bucket
random_file "$work/old" 1000000
random_file "$work/new" $((12 << 20))
try=(cp "$work/new" "s3://$bucket/key")
create=method=POST,query=uploads
part=method=PUT,query=partNumber
complete=method=POST,query=uploadId

# arrives LETTER FAULT SENT RULE...: exit 0 and the new bytes; at most SENT parts were sent.
arrives() {
	put_object key "$work/old"
	faults "${@:4}"
	succeeds "${try[@]}"
	was_struck
	holds key "$work/new"
	at_most "$3" PUT partNumber
	at_most 3 POST 'uploads'
	at_most 3 POST 'uploadId'
	ok "$2 / multipart: $1"
}

# stays FAULT RULE...: exit 1 and the old bytes.
stays() {
	put_object key "$work/old"
	faults "${@:2}"
	fails "${try[@]}"
	was_struck
	holds key "$work/old"
	at_most 9 PUT partNumber
	ok "$1 / multipart: E"
}

is_not_there() {
	put_object key "$work/old"
	fails "${@:2}" "${try[@]}"
	holds key "$work/old"
	ok "$1 / multipart: E"
}

for call in create part complete; do
	arrives R "reset on connecting for $call, then back" 5 "${!call},times=2,do=refuse"
	stays "reset on connecting for $call, for good" "${!call},times=forever,do=refuse"
	drop_uploads
done
unreachable is_not_there

for at in 0 1 50% 5242879; do
	arrives R "reset at $at of a part" 4 "$part,nth=2,do=reset-request,at=$at"
	arrives R "end at $at of a part" 4 "$part,nth=2,do=fin-request,at=$at"
done
arrives R 'reset in the body of Complete' 3 "$complete,do=reset-request,at=50%"
stays 'reset in every part' "$part,times=forever,do=reset-request,at=50%"
drop_uploads

arrives V 'response to a part lost' 4 "$part,nth=2,do=lose-response"
arrives V 'response to a part reset' 4 "$part,nth=2,do=lose-response,how=reset"
arrives V 'response to Create lost' 3 "$create,do=lose-response"
drop_uploads
arrives V 'response to Complete lost' 3 "$complete,do=lose-response"
arrives V 'response to Complete lost twice' 3 "$complete,times=2,do=lose-response,how=reset"
arrives V 'reset in the response to Complete' 3 "$complete,do=reset-response,at=50%"
arrives V 'end in the response to Complete' 3 "$complete,do=fin-response,at=10"
no_upload

arrives R 'stall in a part' 4 "$part,nth=2,do=stall-request,at=50%"
no_upload
