#!/usr/bin/env bash
# The fault matrix, column "list": two pages, of which no name may be lost, doubled or changed.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"

start_proxy
new_bucket
mkdir -p "$work/tree"
for ((i = 0; i < 1100; i++)); do
	echo "$i" >"$work/tree/file $i"
done
s3tui cp -r "$work/tree" "s3://$bucket/dir" >/dev/null
(cd "$work/tree" && printf 'dir/%s\n' *) | LC_ALL=C sort >"$work/names"
first=method=GET,query=list-type
second=method=GET,query=continuation-token

listed() {
	python3 -c 'import json, sys
for line in sys.stdin: print(json.loads(line)["key"])' <"$work/out" | LC_ALL=C sort
}

# arrives LETTER FAULT RULE...: exit 0, every name once.
arrives() {
	faults "${@:3}"
	succeeds ls -r --json "s3://$bucket"
	was_struck
	diff -q <(listed) "$work/names" >/dev/null || die "$2: not the names that there are"
	at_most 8 GET
	# Every try of the second page with the token that the first one gave.
	expect 1 "$(proxy_log | grep -o 'continuation-token=[^&]*' | sort -u | wc -l)" 'tokens'
	ok "$2 / list: $1"
}

# stays FAULT RULE...: exit 1 and a reason; no name that does not exist.
stays() {
	faults "${@:2}"
	fails ls -r --json "s3://$bucket"
	was_struck
	[[ ! $(comm -23 <(listed) "$work/names") ]] || die "$1: names that do not exist"
	at_most 8 GET
	ok "$1 / list: E"
}

is_not_there() {
	fails "${@:2}" ls -r --json "s3://$bucket"
	expect '' "$(listed)" 'names'
	ok "$1 / list: E"
}

for page in first second; do
	rule=${!page}
	arrives R "reset on connecting twice, $page page" "$rule,times=2,do=refuse"
	stays "reset on connecting for good, $page page" "$rule,times=forever,do=refuse"
	arrives R "reset in the request, $page page" "$rule,do=reset-request"
	arrives R "response lost, $page page" "$rule,do=lose-response"
	for at in 0 1 50% 99%; do
		arrives R "reset at $at, $page page" "$rule,do=reset-response,at=$at"
		arrives R "end at $at, $page page" "$rule,do=fin-response,at=$at"
	done
	for answer in '500,code=InternalError' '503,code=SlowDown' '429,code=TooManyRequests'; do
		arrives R "$answer twice, $page page" "$rule,times=2,do=answer,status=$answer"
	done
	stays "503 for good, $page page" "$rule,times=forever,do=answer"
	arrives R "200 with an error in it, $page page" "$rule,do=error-200"
	for at in 1 10% 50% 99%; do
		arrives R "XML cut at $at, $page page" "$rule,do=cut-body,at=$at"
	done
	stays "XML cut for good, $page page" "$rule,times=forever,do=cut-body,at=50%"
	arrives R "credentials expired, $page page" "$rule,do=answer,status=400,code=ExpiredToken"
done
unreachable is_not_there
arrives R 'Retry-After' "$second,do=answer,retry_after=1"
arrives R 'stall' "$second,do=stall-response,at=50%"

skewed ls -r --json "s3://$bucket"
diff -q <(listed) "$work/names"
ok 'clock 20 minutes slow / list: R'

late_start ls -r --json "s3://$bucket"
diff -q <(listed) "$work/names"
ok 'refused, then back / list: R'

main=$bucket
new_bucket gone
faults "$first,do=hold"
begin ls -r --json "s3://$bucket"
gateway DELETE "$bucket" -f
finish 1
grep -q 'no bucket' "$work/err" || die "not explained: $(cat "$work/err")"
bucket=$main
ok 'bucket deleted / list: E'
