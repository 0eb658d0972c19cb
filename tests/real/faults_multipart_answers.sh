#!/usr/bin/env bash
# The fault matrix, column "multipart", its second half: answers that are wrong, and
# what others change meanwhile.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"
. "${BASH_SOURCE[0]%/*}/faults_multipart.bash"

for answer in '500,code=InternalError' '503,code=SlowDown' '429,code=TooManyRequests'; do
	arrives R "$answer twice for a part" 5 "$part,times=2,do=answer,status=$answer"
	arrives R "$answer twice for Create" 3 "$create,times=2,do=answer,status=$answer"
	arrives R "$answer twice for Complete" 3 "$complete,times=2,do=answer,status=$answer"
done
arrives R '503 with Retry-After for a part' 4 "$part,do=answer,retry_after=1"
stays '503 for good for parts' "$part,times=forever,do=answer"
stays '500 for good for Complete' "$complete,times=forever,do=answer,status=500"
drop_uploads

arrives V '500 after the work of a part' 4 "$part,nth=2,do=error-after"
arrives V '500 after the work of Complete' 3 "$complete,do=error-after"
arrives V '500 after the work of Complete, always' 3 "$complete,times=forever,do=error-after"
no_upload
arrives V '500 after the work of Create' 3 "$create,do=error-after"
drop_uploads

arrives R '200 with an error in it for a part' 4 "$part,nth=2,do=error-200"
arrives R '200 with an error in it for Create' 3 "$create,do=error-200"
arrives R '200 with an error in it for Complete' 3 "$complete,do=error-200"
arrives R 'answer to Complete cut' 3 "$complete,do=cut-body,at=50%"
stays 'no ETag for a part' "$part,nth=2,do=drop-etag"
no_upload
arrives R 'answer to Create cut' 3 "$create,do=cut-body,at=50%"
drop_uploads
stays '200 with an error in it for Complete, for good' "$complete,times=forever,do=error-200"
drop_uploads

for at in 0 50% 5242879; do
	arrives R "byte $at of a part flipped" 4 "$part,nth=2,do=flip-request,at=$at"
done
stays 'a byte of each part flipped' "$part,times=forever,do=flip-request,at=7"
# A signed part may have an ETag that is no MD5: then only Complete can say that it is a wrong one.
put_object key "$work/old"
faults "$part,nth=2,do=change-etag"
through "${try[@]}"
was_struck
if ((status)); then
	holds key "$work/old"
else
	holds key "$work/new"
fi
no_upload
ok 'wrong ETag for a part / multipart: R or E'

arrives R 'credentials expired at a part' 4 "$part,nth=2,do=answer,status=400,code=ExpiredToken"
arrives R 'credentials expired at Complete' 3 "$complete,do=answer,status=400,code=ExpiredToken"
no_upload

cp "$work/new" "$work/changing"
put_object key "$work/old"
faults "$part,nth=3,do=hold"
begin cp "$work/changing" "s3://$bucket/key"
printf changed | dd of="$work/changing" bs=1 seek=1000 conv=notrunc status=none
finish 1
holds key "$work/old"
no_upload
ok 'local file changed / multipart: E, aborted'

cp "$work/new" "$work/changing"
faults "$part,nth=3,do=hold"
begin cp "$work/changing" "s3://$bucket/key"
truncate -s 5000000 "$work/changing"
finish 1
holds key "$work/old"
no_upload
ok 'local file cut / multipart: E, aborted'

faults "$complete,do=hold"
begin "${try[@]}"
drop_uploads
finish 1
holds key "$work/old"
no_upload
ok 'upload aborted by another before Complete / multipart: E'

faults "$part,nth=3,do=hold"
begin "${try[@]}"
drop_uploads
release
wait "$begun" || status=$?
if ((status)); then
	holds key "$work/old"
else
	holds key "$work/new"
fi
no_upload
ok 'upload aborted by another at a part / multipart: E or a new upload'

skewed "${try[@]}"
holds key "$work/new"
no_upload
ok 'clock 20 minutes slow / multipart: R'

put_object key "$work/old"
late_start "${try[@]}"
holds key "$work/new"
no_upload
ok 'refused, then back / multipart: R'
