#!/usr/bin/env bash
# Disks that are full, refuse or break: one clear sentence, the file that was there is untouched, no
# temporary file stays, the others of the same job arrive, and nothing is removed by a move.
# With the s3tui of the preset "release": a preloaded library and a sanitizer both want malloc.
. "${BASH_SOURCE[0]%/*}/lib.bash"

for variable in S3TUI_PLAIN_BIN S3TUI_FAULTLIB; do
	[[ ${!variable:-} ]] || die "$variable is not set: ctest sets it"
	[[ -e ${!variable} ]] ||
		die "there is no ${!variable}: cmake --preset release && cmake --build build/release"
done
S3TUI_BIN=$S3TUI_PLAIN_BIN
! ldd "$S3TUI_BIN" | grep -E 'lib(a|t|ub)san' || die "$S3TUI_BIN has a sanitizer's malloc"

new_bucket
cat >>"$config" <<INI
[upload]
multipart_threshold = 5MiB
part_size = 5MiB
[download]
chunk_size = 1MiB
INI
random_file "$work/one" 700000
random_file "$work/several" $(((11 << 20) + 5))
mkdir "$work/tree"
for name in first victim last; do
	random_file "$work/tree/$name" $(((3 << 20) + 1))
done
for file in one several; do
	s3tui cp "$work/$file" "s3://$bucket/$file"
done
s3tui cp -r "$work/tree" "s3://$bucket/tree"

mounted=()
tear_down() {
	local dir
	for dir in "${mounted[@]}"; do
		umount "$dir"
	done
}

# mount_tmpfs DIR OPTIONS
mount_tmpfs() {
	mkdir "$1"
	mount -t tmpfs -o "$2" tmpfs "$1" 2>"$work/stderr" ||
		die "a file system with $2 cannot be mounted: $(cat "$work/stderr")"
	mounted+=("$1")
}

# faulty RULE ARGUMENT...: s3tui where something fails; what did is counted in $work/report.
faulty() {
	rm -f "$work/report"
	S3TUI_FAULT=$1 S3TUI_FAULT_REPORT=$work/report LD_PRELOAD=$S3TUI_FAULTLIB \
		"$S3TUI_BIN" --config "$config" "${@:2}"
}

injected() {
	grep -q '^seen [0-9]* failed [1-9]' "$work/report" ||
		die "$1: nothing failed: $(head -n 1 "$work/report")"
}

seen() { sed -n '1s/^seen \([0-9]*\).*/\1/p' "$work/report"; }

# The three ways a file comes to a disk.
declare -A source=([one]="s3://$bucket/one" [several]="s3://$bucket/several" [local]="$work/several")
target=$work/target

with_old() {
	rm -rf "${target:?}"
	mkdir "$target"
	echo old >"$target/file"
}

size_of() { s3tui stat --json "s3://$bucket/$1" | json 'print(lines[0]["size"])'; }

# Nothing but the old file is there, and the sources still are.
untouched() {
	expect old "$(cat "$target/file")" "$1: the file that was there"
	expect file "$(ls -A "$target")" "$1: the directory"
	expect 700000 "$(size_of one)" "$1: an object"
	expect $(((11 << 20) + 5)) "$(size_of several)" "$1: an object"
	expect $(((11 << 20) + 5)) "$(stat -c %s "$work/several")" "$1: a file"
}

# refused RULE REGEX WAY...: by cp and by mv.
refused() {
	local rule=$1 regex=$2 way verb
	for way in "${@:3}"; do
		for verb in cp mv; do
			with_old
			fails_with 1 "$regex" faulty "$rule" "$verb" "${source[$way]}" "$target/file"
			injected "$verb $way, $rule"
			untouched "$verb $way, $rule"
		done
	done
}

all=(one several local)
io='Input/output error.*\(io\)'
full='No space left.*\(no_space\)'
for nth in 1 3; do
	refused "call=pwrite,nth=$nth,errno=EIO,path=/target/" "$io" one several
	refused "call=pwrite,nth=$nth,errno=ENOSPC,path=/target/" "$full" one several
	refused "call=copy_file_range,nth=$nth,errno=EIO,path=/target/" "$io" local
	refused "call=copy_file_range,nth=$nth,errno=ENOSPC,path=/target/" "$full" local
done
# Where the kernel cannot copy, the bytes go by hand.
by_hand='call=copy_file_range,times=forever,errno=EXDEV'
refused "call=pwrite,nth=9,path=/target/;$by_hand" "$io" local
refused 'call=fallocate,errno=ENOSPC,path=/target/' "$full" "${all[@]}"
refused 'call=fallocate,errno=EFBIG,path=/target/' 'File too large.*\(no_space\)' "${all[@]}"
refused 'call=close,errno=EIO,path=.s3tui-' "$io" "${all[@]}"
refused 'call=close,errno=EDQUOT,path=.s3tui-' 'Disk quota exceeded.*\(no_space\)' "${all[@]}"
refused 'call=fchmod,errno=EIO,path=/target/' "$io" "${all[@]}"
refused 'call=rename,errno=EIO,path=/target' "$io" "${all[@]}"
refused 'call=rename,errno=EXDEV,path=/target' 'cross-device.*\(io\)' "${all[@]}"
refused 'call=rename,errno=EACCES,path=/target' 'Permission denied.*\(denied\)' "${all[@]}"
refused 'call=openat,errno=EACCES,path=.s3tui-' 'Permission denied.*\(denied\)' "${all[@]}"
refused 'call=openat,errno=ENOSPC,path=.s3tui-' "$full" "${all[@]}"
refused 'call=openat,errno=EMFILE,path=.s3tui-' 'Too many open files.*\(io\)' "${all[@]}"
refused 'call=openat,errno=EROFS,path=.s3tui-' 'Read-only file system.*\(denied\)' "${all[@]}"
ok 'write, reserve, close, rename and open that fail'

# Calls that are made under some settings only: where one is made, its failure is the job's.
for call in fsync fdatasync; do
	for way in "${all[@]}"; do
		with_old
		if faulty "call=$call,times=forever,path=/target/" \
			cp "${source[$way]}" "$target/file" 2>"$work/stderr"; then
			expect 0 "$(seen)" "failures of $call that were overlooked"
			cmp "$target/file" "$work/${way/local/several}"
		else
			injected "$call $way"
			grep -Eq "$io" "$work/stderr" || die "$call: $(cat "$work/stderr")"
			untouched "$call $way"
		fi
	done
done
ok 'fsync and fdatasync'

# The others of a job arrive.
rest_arrives() {
	expect 'first last' "$(ls -xAw 0 "$work/into" | tr -s ' ')" "$1: what arrived"
	cmp "$work/tree/first" "$work/into/first"
	cmp "$work/tree/last" "$work/into/last"
	rm -r "${work:?}/into"
}
victim=path=.victim.s3tui-
for rule in call=pwrite,nth=2,errno=ENOSPC call=close,errno=EIO call=openat,errno=EACCES \
	call=fchmod,errno=EIO; do
	fails_with 1 'tree/victim' faulty "$rule,$victim" cp -r "s3://$bucket/tree" "$work/into"
	injected "$rule"
	rest_arrives "$rule"
	rule=${rule/pwrite,nth=2/copy_file_range}
	fails_with 1 'tree/victim' faulty "$rule,$victim" cp -r "$work/tree" "$work/into"
	injected "$rule"
	rest_arrives "$rule"
done
s3tui cp -r "$work/tree" "s3://$bucket/moved"
fails_with 1 'moved/victim' faulty "call=pwrite,$victim" mv -r "s3://$bucket/moved" "$work/into"
injected 'a move down'
rest_arrives 'a move down'
expect moved/victim "$(keys "$bucket/moved")" 'what a move down left'
s3tui cp "s3://$bucket/moved/victim" - | cmp - "$work/tree/victim"
fails_with 1 'tree/victim' faulty call=pread,nth=2,path=tree/victim \
	mv -r "$work/tree" "s3://$bucket/up"
injected 'a move up'
expect 'up/first up/last' "$(keys "$bucket/up" | sort | xargs)" 'what a move up took'
expect victim "$(ls -A "$work/tree")" 'what a move up left'
s3tui cp -r "s3://$bucket/tree" "$work/tree"
ok 'the others of a job'

# Disks that are really full.
mount_tmpfs "$work/full" size=8m
target=$work/full/target
with_old
for way in several local; do
	fails_with 1 "$full" s3tui cp "${source[$way]}" "$target/file"
	untouched "$way to a full disk"
done
status=0
s3tui cp -r "s3://$bucket/tree" "$work/full/into" 2>"$work/stderr" || status=$?
expect 1 "$status" 'the end of a tree that does not fit'
# Two that reserve at one time may be in each other's way, so one or two fit.
arrived=$(find "$work/full/into" -type f | wc -l)
expect 3 "$((arrived + $(grep -Ec "$full" "$work/stderr")))" 'files that arrived or were refused'
expect "$((3 - arrived))" "$(wc -l <"$work/stderr")" 'sentences about the refused'
for file in "$work"/full/into/*; do
	cmp "$file" "$work/tree/${file##*/}"
done
expect '' "$(find "$work/full" -name '.*s3tui*')" 'temporary files on a full disk'
mount_tmpfs "$work/inodes" size=60m,nr_inodes=3
target=$work/inodes/target
with_old
for way in "${all[@]}"; do
	fails_with 1 "$full" s3tui cp "${source[$way]}" "$target/file"
	untouched "$way without a free inode"
done
target=$work/target
ok 'full disks'

# Too large: for the reservation, and for the writing where nothing can be reserved.
limited_cp() (
	ulimit -f 3000 # KiB
	faulty "$1" cp "$2" "$target/file"
)
for way in several local; do
	for rule in call=fallocate,nth=0 call=fallocate,errno=EINVAL; do
		with_old
		fails_with 1 'File too large.*\(no_space\)' limited_cp "$rule" "${source[$way]}"
		untouched "$way above the limit, $rule"
	done
done
limited_stream() (
	ulimit -f 3000
	"$S3TUI_BIN" --config "$config" cp "s3://$bucket/several" - >"$work/limited"
)
fails_with 1 'File too large' limited_stream
ok 'files above the limit'

# Every limit of descriptors: done and right, or nothing and a sentence.
# From the lowest with which the loader finds the libraries.
least=4
until (ulimit -n "$least" && exec "$S3TUI_BIN" --version) >/dev/null 2>&1; do
	((++least < 64)) || die 'it does not start with 64 descriptors'
done
failed=0 tried=0
for ((limit = least; limit < least + 60; limit++)); do
	for way in one several; do
		with_old
		tried=$((tried + 1))
		status=0
		(ulimit -n "$limit" && exec "$S3TUI_BIN" --config "$config" cp "${source[$way]}" "$target/file") \
			2>"$work/stderr" || status=$?
		if ((status == 0)); then
			cmp "$target/file" "$work/$way"
			continue
		fi
		failed=$((failed + 1))
		[[ $(cat "$work/stderr") == 's3tui: '* ]] ||
			die "$limit descriptors: '$(cat "$work/stderr")'"
		((status == 1 || status == 2)) || die "$limit descriptors: it ends with $status"
		expect old "$(cat "$target/file")" "$way with $limit descriptors"
		s3tui jobs drop --all # ranges that came before the sockets ran out
		expect file "$(ls -A "$target")" "$way with $limit descriptors"
	done
done
((failed > 0 && failed < tried)) || die "$failed of $tried limits of descriptors were too low"
ok 'few descriptors'

# Another user's directory.
cp "$S3TUI_BIN" "$work/s3tui"
chmod 755 "$work" "$work/s3tui"
install -m 600 -o 65534 -g 65534 "$config" "$work/nobody.ini"
install -d -m 700 -o 65534 -g 65534 "$work/nobody"
nobody() {
	(cd "$work" && XDG_STATE_HOME=$work/nobody exec setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$work/s3tui" --config "$work/nobody.ini" "$@")
}
for way in "${all[@]}"; do
	with_old
	chmod 644 "$work/several"
	fails_with 1 'Permission denied.*\(denied\)' nobody cp "${source[$way]}" "$target/file"
	untouched "$way into another user's directory"
done
ok 'permissions'

# --- sources ---

declare -A up=([single]=one [parts]=several)
echo old >"$work/old"
s3tui cp "$work/old" "s3://$bucket/up-target"

object_untouched() {
	s3tui cp "s3://$bucket/up-target" - | cmp - "$work/old" || die "$1: the object that was there is gone"
	expect 0 "$(open_uploads "$bucket")" "$1: open uploads"
}

# How often the file of a single or a multipart upload is read.
reads_of() {
	faulty "call=pread,nth=0,path=$work/${up[$1]}" cp "$work/${up[$1]}" "s3://$bucket/counted"
	seen
}

for kind in single parts; do
	total=$(reads_of "$kind")
	((total > 3)) || die "$kind: $total calls of pread"
	for nth in 1 $((total / 2)) $((total - 1)); do
		for verb in cp mv; do
			rule=call=pread,nth=$nth,path=$work/${up[$kind]}
			fails_with 1 "$io" faulty "$rule" "$verb" "$work/${up[$kind]}" "s3://$bucket/up-target"
			injected "$rule"
			object_untouched "$rule"
			[[ -e $work/${up[$kind]} ]] || die "$rule: the source is gone"
		done
	done
done
for nth in 1 2; do
	with_old
	fails_with 1 "$io" faulty "call=pread,nth=$nth,path=$work/several;$by_hand" \
		cp "$work/several" "$target/file"
	injected 'a local source'
	untouched 'a local copy whose source cannot be read'
done
ok 'sources that cannot be read'

# The process is stopped before the nth call, the file changes, it goes on.
is_stopped() { grep -q '^State:.T' "/proc/$1/status"; }

change() {
	case $1 in
	grow) echo more >>"$2" ;;
	shrink) truncate -s 100000 "$2" ;;
	rewrite) dd if=/dev/urandom of="$2" conv=notrunc bs=4096 count=1 status=none ;;
	esac
}

# changed_meanwhile RULE HOW FILE TARGET
changed_meanwhile() {
	local status=0 pid
	rm -f "$work/changing"
	cp "$3" "$work/changing"
	touch -d @1700000000 "$work/changing"
	S3TUI_FAULT="$1" LD_PRELOAD=$S3TUI_FAULTLIB \
		"$S3TUI_BIN" --config "$config" cp "$work/changing" "$4" 2>"$work/stderr" &
	pid=$!
	wait_until 20 is_stopped "$pid" || die "$1: it is not stopped: $(cat "$work/stderr")"
	change "$2" "$work/changing"
	kill -CONT "$pid"
	wait "$pid" || status=$?
	expect 1 "$status" "$1, $2: the end"
	expect 1 "$(wc -l <"$work/stderr")" "$1, $2: lines on stderr"
	grep -Eq '(changed|shorter).*\(changed\)' "$work/stderr" || die "$1, $2: $(cat "$work/stderr")"
}

for kind in single parts; do
	total=$(reads_of "$kind")
	for how in grow shrink rewrite; do
		for nth in 1 $((total / 2)) $((total - 1)); do
			changed_meanwhile "call=pread,nth=$nth,errno=STOP,path=$work/changing" "$how" \
				"$work/${up[$kind]}" "s3://$bucket/up-target"
			object_untouched "$kind, $how before read $nth of $total"
		done
	done
done
for how in grow shrink rewrite; do
	with_old
	changed_meanwhile "call=copy_file_range,nth=2,errno=STOP,path=$target/" "$how" \
		"$work/several" "$target/file"
	untouched "a local copy, $how"
done
ok 'sources that change'
