#!/usr/bin/env bash
# A signal ends it with 128+n. What was done is kept for jobs resume; jobs drop removes it, and then
# there is no open upload and no temporary file.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
random_file "$work/big" $((300 << 20))

# Background jobs of a script ignore SIGINT and have no input; this one must not.
start() {
	env --default-signal=INT "$S3TUI_BIN" --config "$config" "$@" \
		<&0 >"$work/stdout" 2>"$work/stderr" &
	pid=$!
}
tear_down() { [[ -z ${pid:-} ]] || kill -9 "$pid" 2>/dev/null; }

# ends_with STATUS WHAT
ends_with() {
	local status=0 begun=$SECONDS
	wait "$pid" || status=$?
	pid=
	expect "$1" "$status" "exit after $2: $(cat "$work/stderr")"
	((SECONDS - begun <= 6)) || die "$2 took $((SECONDS - begun)) s"
}
has_upload() { (($(open_uploads "$bucket") > 0)); }
# keeps_exactly N WHAT: so many open uploads, and the journal knows each of them.
keeps_exactly() {
	local known
	expect "$1" "$(open_uploads "$bucket")" "open uploads after $2"
	known=$(s3tui jobs --json | json '[print(id) for o in lines for id in o["uploads"].split()]')
	expect "$(aws s3api list-multipart-uploads --bucket "$bucket" --query 'Uploads[].UploadId' \
		--output text | tr '\t' '\n' | sort)" "$(sort <<<"$known")" "what the journal holds after $2"
	grep -q 'jobs resume' "$work/stderr" || die "it does not say how to go on after $2"
	expect '' "$(keys "$bucket")" "objects after $2"
}
nothing_is_kept() {
	expect 0 "$(open_uploads "$bucket")" "open uploads after $1"
	expect '' "$(s3tui jobs)" "jobs after $1"
	[[ -z $(ls -A "$XDG_STATE_HOME/s3tui/jobs") ]] || die "a journal is left after $1"
}
has_temp() { [[ -n $(find "$1" -name '.*.s3tui-*' -size +0) ]]; }

for signal in INT:130 TERM:143 HUP:129; do
	start cp "$work/big" "s3://$bucket/big" --limit-rate 20MiB
	wait_until 20 has_upload || die 'no multipart upload begins'
	kill -"${signal%:*}" "$pid"
	ends_with "${signal#*:}" "SIG${signal%:*} in an upload"
	keeps_exactly 1 "SIG${signal%:*}"
	s3tui jobs drop --all
	nothing_is_kept "a dropped upload"
done
ok 'an upload'

start cp "$work/big" "s3://$bucket/big" --limit-rate 20MiB --json
wait_until 20 has_upload || die 'no multipart upload begins'
kill -INT "$pid"
ends_with 130 'an upload with --json'
grep -q '"status":"cancelled"' "$work/stdout" || die 'the item is not reported as cancelled'
s3tui jobs drop --all
nothing_is_kept 'an upload with --json'

mkfifo "$work/fifo"
exec 3<>"$work/fifo"
start cp - "s3://$bucket/stream" --part-size 5MiB <"$work/fifo"
head -c $((64 << 20)) "$work/big" >&3
wait_until 20 has_upload || die 'no streamed upload begins'
kill -INT "$pid" # while it waits for more
ends_with 130 'a streamed upload'
exec 3>&-
expect 0 "$(open_uploads "$bucket")" 'open uploads after a streamed one'
ok 'a stream'

s3tui cp "$work/big" "s3://$bucket/big"
mkdir "$work/down"
printf old >"$work/down/kept"
for target in big kept; do
	start cp "s3://$bucket/big" "$work/down/$target" --limit-rate 20MiB
	wait_until 20 has_temp "$work/down" || die 'no download begins'
	kill -INT "$pid"
	ends_with 130 'SIGINT in a download'
	expect '1 kept' "$(find "$work/down" -name ".$target.s3tui-*" -perm 600 | wc -l) $(ls "$work/down")" \
		'files after an interrupted download'
	s3tui jobs drop --all
	nothing_is_kept 'a dropped download'
	expect kept "$(ls -A "$work/down")" 'files after a dropped download'
done
expect old "$(cat "$work/down/kept")" 'what was not replaced'
ok 'a download'

mkdir "$work/tree"
for ((i = 0; i < 300; i++)); do
	head -c 100000 "$work/big" >"$work/tree/$i"
done
start cp -r "$work/tree" "s3://$bucket/tree" --limit-rate 3MiB
has_objects() { (($({ keys "$bucket/tree" 2>/dev/null || true; } | wc -l) > 3)); }
wait_until 20 has_objects || die 'no objects come'
kill -TERM "$pid"
ends_with 143 'SIGTERM in many files'
for key in $(keys "$bucket/tree" | head -n 20); do
	s3tui cp "s3://$bucket/$key" - | cmp - <(head -c 100000 "$work/big") || die "$key is not whole"
done
ok 'many files: what is there is whole'

start mv "$work/big" "s3://$bucket/moved" --limit-rate 20MiB
wait_until 20 has_upload || die 'no multipart upload begins'
kill -INT "$pid"
ends_with 130 'SIGINT in a move'
[[ $(stat -c %s "$work/big") == $((300 << 20)) ]] || die 'a cancelled move lost its source'
s3tui jobs resume --all
nothing_is_kept 'a resumed move'
[[ ! -e $work/big ]] || die 'a resumed move kept its source'
expect $((300 << 20)) "$(s3tui stat --json "s3://$bucket/moved" | json 'print(lines[0]["size"])')" 'the moved object'
ok 'a move keeps its source until it is resumed to its end'
