#!/usr/bin/env bash
# The fault matrix, column "multipart": what the network does.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"
. "${BASH_SOURCE[0]%/*}/faults_multipart.bash"

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
