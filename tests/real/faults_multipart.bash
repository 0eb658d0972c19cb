# shellcheck shell=bash disable=SC2034
# Sourced by faults_multipart*.sh after lib.bash and proxy.bash: the fault matrix, column "multipart":
# 12 MiB in three parts over an object that is there.

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
