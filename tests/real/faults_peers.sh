#!/usr/bin/env bash
# What rclone does under one fault, s3tui does at least: a right file or object. Both go through the
# same proxy, 3 MB in one piece; what rclone did is printed beside it.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"

start_proxy
new_bucket
random_file "$work/file" 3000000
put_object file "$work/file"
sed -i 's/^chunk_size.*/chunk_size = 64MiB/' "$proxied"

peer() {
	timeout 60 env RCLONE_CONFIG_GW_ENDPOINT="$proxy" RCLONE_CONFIG=/dev/null \
		RCLONE_CONFIG_GW_TYPE=s3 RCLONE_CONFIG_GW_PROVIDER=Ceph \
		RCLONE_CONFIG_GW_ACCESS_KEY_ID="$S3TUI_TEST_ACCESS_KEY" \
		RCLONE_CONFIG_GW_SECRET_ACCESS_KEY="$S3TUI_TEST_SECRET_KEY" \
		/usr/bin/rclone --timeout 5s --multi-thread-streams 0 --retries-sleep 10ms "$@" \
		>"$work/peer.out" 2>&1
}

# judged STATUS FILE: in words.
judged() {
	local what='no file'
	[[ ! -e $2 ]] || what='wrong file'
	! cmp -s "$2" "$work/file" || what=right
	echo "$what, exit $1"
}

# fetches FAULT RULE...
fetches() {
	local told=0
	rm -rf "$work/there"
	mkdir "$work/there"
	faults "${@:2}"
	peer copyto "gw:$bucket/file" "$work/there/file" || told=$?
	told=$(judged "$told" "$work/there/file")
	rm -rf "$work/there"
	mkdir "$work/there"
	faults "${@:2}"
	succeeds cp "s3://$bucket/file" "$work/there/file"
	was_struck
	cmp "$work/there/file" "$work/file"
	no_temporary "$work/there"
	ok "GET, $1: right (rclone: $told)"
}

fetches 'byte flipped' 'method=GET,path=/file,do=flip-response,at=1500000'
fetches 'length short' 'method=GET,path=/file,do=cut-body,at=1500000'
fetches 'reset always at 1 MB' 'method=GET,path=/file,times=forever,do=reset-response,at=1000000'
fetches 'stall' 'method=GET,path=/file,do=stall-response,at=1000000'

told=0
faults 'method=PUT,path=/sent,do=flip-request,at=1500000'
peer copyto "$work/file" "gw:$bucket/sent" || told=$?
gateway GET "$bucket/sent" -f -o "$work/sent" || rm -f "$work/sent"
told=$(judged "$told" "$work/sent")
gateway DELETE "$bucket/sent"
faults 'method=PUT,path=/sent,do=flip-request,at=1500000'
succeeds cp "$work/file" "s3://$bucket/sent"
was_struck
holds sent "$work/file"
ok "PUT, byte flipped: right (rclone: $told)"
