#!/usr/bin/env bash
# The fault matrix, column "get": an object in ranges; and what is wrong with those.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"
. "${BASH_SOURCE[0]%/*}/faults_get.bash"

of large
in_any_size
arrives S 'stall in a range' 1 "$get,nth=2,do=stall-response,at=50%"
arrives S '1 kB/s where 20 are due' 1 "$get,nth=2,do=slow,rate=1000"

# either FAULT RULE...: the right bytes or a clear error.
either() {
	prepare "${@:2}"
	through cp "s3://$bucket/$size" "$file"
	was_struck
	if ((status)); then
		[[ -s $work/err ]] || die "$1: fails without a word"
		unchanged "$1"
	else
		cmp "$file" "$work/$size" || die "$1: wrong bytes under the real name"
		ok "$1 / get $size: one stream"
	fi
	no_temporary "$work/there"
	at_most $((due * 4)) GET "/$size\$"
}

either '200 to a range' "$get,nth=2,do=ignore-range"
proxy_log | grep -q ' 200 .*ignore-range$' || die "that was no 200: $(proxy_log)"
either '200 to every range' "$get,times=forever,do=ignore-range"
either 'wrong range' "$get,nth=2,do=wrong-range"
either 'wrong range always' "$get,times=forever,do=wrong-range"
either 'no ETag' "$get,nth=2,do=drop-etag"
either 'never an ETag' "path=/large,times=forever,do=drop-etag"
either 'another ETag' "$get,nth=2,do=change-etag"
either 'another ETag always' "$get,times=forever,do=change-etag"

prepare "$get,nth=3,do=hold"
begin cp "s3://$bucket/large" "$file"
put_object large "$work/other"
release
status=0
wait "$begun" || status=$?
if ((status)); then
	grep -q 'changed' "$work/err" || die "not explained: $(cat "$work/err")"
	unchanged 'object changed during the download'
else
	cmp "$file" "$work/other" || die 'neither version of the object'
	ok 'object changed during the download / get large: restart'
fi
no_temporary "$work/there"

prepare "$get,nth=3,do=hold"
begin cp "s3://$bucket/large" "$file"
gateway DELETE "$bucket/large" -f
finish 1
unchanged 'object deleted during the download'
no_temporary "$work/there"
