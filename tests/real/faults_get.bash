# shellcheck shell=bash
# Sourced by faults_get_*.sh after lib.bash and proxy.bash: the fault matrix, column "get / ranged".
# An object in one piece and in ranges of 1 MiB over a file that is there, which keeps its bytes until
# the new ones are proven.

start_proxy
new_bucket
random_file "$work/old" 300000
random_file "$work/small" 900000
random_file "$work/large" $((6 << 20))
random_file "$work/other" $((6 << 20))
put_object small "$work/small"
put_object large "$work/large" -H 'x-amz-acl: public-read'
mkdir "$work/there"
file=$work/there/file

# of SIZE: what follows fetches this one. The requests that move it without a fault, in $due.
of() {
	size=$1 due=1
	[[ $size == small ]] || due=6
	get="method=GET,path=/$size"
}

prepare() {
	rm -f "$work/there"/.*.s3tui-* # see "kept" below
	cp "$work/old" "$file"
	faults "$@"
}

# arrives LETTER FAULT MORE RULE...: the object's bytes, with at most MORE requests than are due.
arrives() {
	prepare "${@:4}"
	succeeds cp "s3://$bucket/$size" "$file"
	was_struck
	cmp "$file" "$work/$size" || die "$2: wrong bytes under the real name"
	no_temporary "$work/there"
	at_most $((due + $3)) GET "/$size\$"
	ok "$2 / get $size: $1"
}

# stays FAULT RULE...: exit 1, the old file, nothing else.
stays() {
	prepare "${@:2}"
	fails cp "s3://$bucket/$size" "$file"
	was_struck
	unchanged "$1"
	# and one at once each, where a kept connection was the first to break
	at_most $((due * 4)) GET "/$size\$"
}

# "kept" is the journal's: a temporary file may stay for it after the network has failed for good.
unchanged() {
	cmp "$file" "$work/old" || die "$1: the old file is not what it was"
	expect file "$(cd "$work/there" && echo *)" "what has a real name ($1)"
	ok "$1 / get $size: E"
}

is_not_there() {
	prepare
	fails "${@:2}" cp "s3://$bucket/$size" "$file"
	unchanged "$1"
}

# What strikes one as it does the other.
in_any_size() {
	arrives R 'reset on connecting twice' 2 "$get,times=2,do=refuse"
	stays 'reset on connecting for good' "$get,times=forever,do=refuse"
	for at in 0 1 100000 50% 99%; do
		arrives S "reset at $at" 1 "$get,do=reset-response,at=$at"
		arrives S "end at $at" 1 "$get,do=fin-response,at=$at"
	done
	arrives R 'response lost' 1 "$get,do=lose-response"
	arrives S 'resets at every 100 kB' 60 "$get,times=forever,do=reset-response,at=100000"
	stays 'reset before every first byte' "$get,times=forever,do=lose-response,how=reset"
	arrives R 'length too long' 1 "$get,do=short-length"
	for answer in '500,code=InternalError' '503,code=SlowDown' '429,code=TooManyRequests'; do
		arrives R "$answer twice" 2 "$get,times=2,do=answer,status=$answer"
	done
	arrives R 'Retry-After' 1 "$get,do=answer,retry_after=1"
	stays '503 for good' "$get,times=forever,do=answer"
	arrives R '200 with an error in it' 1 "$get,do=error-200"
	arrives R 'body cut, length said so' 1 "$get,do=cut-body,at=50%"
	stays '200 with an error in it, for good' "$get,times=forever,do=error-200"
	stays 'body cut for good' "$get,times=forever,do=cut-body,at=50%"
	for at in 0 50% 99%; do
		arrives R "byte at $at flipped" "$due" "$get,do=flip-response,at=$at"
	done
	stays 'a byte flipped each time' "$get,times=forever,do=flip-response,at=7"
	arrives R 'credentials expired' 1 "$get,do=answer,status=400,code=ExpiredToken"
	skewed cp "s3://$bucket/$size" "$file"
	cmp "$file" "$work/$size"
	ok "clock 20 minutes slow / get $size: R"
	unreachable is_not_there
}
