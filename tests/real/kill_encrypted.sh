#!/usr/bin/env bash
# Killed with -9 in the middle of an upload that is encrypted, by SSE-C or age, or compressed. SSE-C: after jobs resume the object is right under the key
# and unreadable without, and the journal does not have the key. Under another one nothing is sent or lost.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket # its name is random whatever the seed
. "${BASH_SOURCE[0]%/*}/kill.bash"
kills=$((kills / 5)) workers=4
random_file "$work/file" $((64 << 20))
for name in key other; do
	openssl rand -hex 16 | tr -d '\n' >"$work/$name"
	chmod 600 "$work/$name"
done
cp "$work/key" "$work/current"
printf '[encryption]\ntype = SSE_C\nsse_c_key_file = %s\n' "$work/current" >>"$config"

has_parts() { (($(taken "$1" | wc -l) >= $2)); }

# killed_amid KEY [OPTION...]: once some parts are there
killed_amid() {
	"$S3TUI_BIN" --config "$config" cp "$work/file" "s3://$bucket/$1" --part-size 5MiB \
		--jobs $workers --limit-rate 15MiB "${@:2}" >"$work/stdout" 2>"$work/stderr" &
	pid=$!
	wait_until 60 has_parts "$1" $((1 + RANDOM % ${most:-6})) || die "no parts come: $(cat "$work/stderr")"
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
	pid=
	[[ $(judge uploads "$bucket") ]] || die 'the kill came too late'
	for secret in "$(cat "$work/key")" "$(base64 <"$work/key")"; do
		! grep -rqF "$secret" "$XDG_STATE_HOME" || die 'the key is in the journal'
	done
}

# is_refused KEY [SSE-C-KEY-FILE]
is_refused() {
	! judge get "$bucket/$1" "${@:2}" >"$work/back" 2>"$work/stderr" || die "$1 can be read with ${2:-no key}"
	grep -q "GET $bucket/$1: 40[03] " "$work/stderr"
}

for ((i = 1; i <= kills; i++)); do
	killed_amid "key-$i"
	s3tui jobs resume --all
	object_is "key-$i" "$work/file" "$work/key"
	is_refused "key-$i"
	is_refused "key-$i" "$work/other"
	expect 13 "$(taken "key-$i" | uniq | wc -l)" 'parts in the log'
	doubles=$(taken "key-$i" | uniq -d | wc -l)
	((doubles <= workers)) || die "kill $i: $doubles parts were sent twice, $workers were under way"
	nothing_is_left
	s3tui rm "s3://$bucket/key-$i"
done
ok "$kills kills of an upload under SSE-C"

killed_amid other-key
cp "$work/other" "$work/current"
parts=$(taken other-key | wc -l)
! s3tui jobs resume --all 2>"$work/stderr" || die 'it went on under another key'
grep -q 'begun under another SSE-C key' "$work/stderr"
grep -q 'what was done is kept' "$work/stderr"
expect '' "$(keys "$bucket")" 'objects'
[[ $(judge uploads "$bucket") ]] || die 'the upload is gone'
expect "$parts" "$(taken other-key | wc -l)" 'nothing is sent under another key'
cp "$work/key" "$work/current"
s3tui jobs resume --all
object_is other-key "$work/file" "$work/key"
expect 13 "$(taken other-key | uniq | wc -l)" 'parts in the log'
nothing_is_left
ok 'nothing is gone on with under another key; with the right one it is'

# Compressed, or compressed and encrypted here: made again, and only what the server has not is sent.
age-keygen -o "$work/identity" 2>/dev/null
write_config
printf '[encryption]\nclient_recipients = %s\nclient_identity_file = %s\n' \
	"$(age-keygen -y "$work/identity")" "$work/identity" >>"$config"
random_file "$work/random" $((24 << 20))
base64 <"$work/random" >"$work/file" # becomes a quarter smaller
most=3
for compress in gzip zstd; do
	for encryption in none ClientSide; do
		key=$compress-$encryption
		killed_amid "$key" --compress "$compress" --encryption "$encryption"
		s3tui jobs resume --all
		judge get "$bucket/$key" >"$work/stored"
		if [[ $encryption == ClientSide ]]; then
			age -d -i "$work/identity" "$work/stored" >"$work/opened"
			mv "$work/opened" "$work/stored"
		fi
		"$compress" -dc <"$work/stored" | cmp - "$work/file"
		s3tui cp "s3://$bucket/$key" - | cmp - "$work/file"
		(($(taken "$key" | uniq | wc -l) >= 4)) || die 'it had too few parts'
		doubles=$(taken "$key" | uniq -d | wc -l)
		((doubles <= 1)) || die "$key: $doubles parts were sent twice, one was under way"
		nothing_is_left
	done
done
ok 'kills of uploads that are compressed, and encrypted here'
