#!/usr/bin/env bash
# What goes wrong is told in one clear sentence, and nothing has changed.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
echo content >"$work/file"
random_file "$work/big" $((24 << 20))
s3tui cp "$work/big" "s3://$bucket/big"
before=$(s3tui ls -r "s3://$bucket")
unchanged() { expect "$before" "$(s3tui ls -r "s3://$bucket")" 'the bucket'; }

fails_with 1 'secret key.*\((auth|denied), ' \
	s3tui -p wrong cp "$work/file" "s3://$bucket/no"
fails_with 1 '\((auth|denied)' s3tui -p wrong ls "s3://$bucket"
fails_with 1 '\((auth|denied)' s3tui -p wrong cp "s3://$bucket/big" "$work/no"
fails_with 1 '\((denied|auth)' s3tui --no-sign-request cp "$work/file" "s3://$bucket/no"
fails_with 2 'no profile' s3tui -p missing ls
unchanged
ok 'wrong credentials'

fails_with 1 '\(connect\)' s3tui --endpoint http://127.0.0.1:9 cp "$work/file" "s3://$bucket/no"
fails_with 1 '\(connect\)' s3tui --endpoint http://127.0.0.1:9 ls
fails_with 1 '\(resolve\)' s3tui --endpoint http://no-such-host.invalid ls
fails_with 1 '\(resolve\)' s3tui --endpoint http://no-such-host.invalid cp "s3://$bucket/big" "$work/no"
ok 'unreachable hosts'

fails_with 1 'There is no bucket.*\(not_found' s3tui cp "$work/file" s3://no-such-bucket-at-all/x
fails_with 1 '\(not_found' s3tui cp s3://no-such-bucket-at-all/x "$work/no"
fails_with 1 'There is no bucket' s3tui ls s3://no-such-bucket-at-all
fails_with 1 '\(not_found' s3tui cp -r "s3://$bucket/nothing" "$work/no"
fails_with 1 '\(not_found' s3tui cp "$work/nothing" "s3://$bucket/no"
fails_with 1 '\(not_found' s3tui stat "s3://$bucket/nothing"
expect not_found "$({ s3tui stat --json "s3://$bucket/nothing" 2>/dev/null || true; } |
	json 'print(lines[0]["error"]["name"])')" 'stat of nothing'
[[ ! -e $work/no ]] || die 'a failed download left something'
unchanged
ok 'missing things'

small=$work/small
mkdir "$small"
mount -t tmpfs -o size=10m tmpfs "$small" 2>"$work/stderr" ||
	die "a small file system cannot be mounted: $(cat "$work/stderr")"
tear_down() { umount "$small"; }
fails_with 1 'No space left|full.*\(no_space\)' s3tui cp "s3://$bucket/big" "$small/big"
expect '' "$(ls -A "$small")" 'what a full disk keeps'
TMPDIR=$small fails_with 1 'No space left.*\(no_space\)' s3tui cp - "s3://$bucket/no" <"$work/big"
unchanged
ok 'a full disk'

# As somebody who may not write, with a program and a configuration that he may read.
cp "$S3TUI_BIN" "$work/s3tui"
chmod 755 "$work" "$work/s3tui"
mkdir -m 755 "$work/readonly" "$work/home2"
mkdir -m 700 "$work/secret"
cp "$config" "$work/other.ini"
chown 65534:65534 "$work/other.ini" "$work/home2"
nobody() {
	HOME=$work/home2 XDG_CONFIG_HOME=$work/home2 XDG_STATE_HOME=$work/home2 \
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$work/s3tui" --config "$work/other.ini" "$@"
}
cd "$work"
fails_with 1 'Permission denied.*\(denied\)' nobody cp "s3://$bucket/big" "$work/readonly/big"
fails_with 1 'Permission denied.*\(denied\)' nobody rm "$work/file"
fails_with 1 'Permission denied.*\(denied\)' nobody cp -r "$work/secret" "s3://$bucket/no"
expect '' "$(ls -A "$work/readonly")" 'the read-only directory'
expect content "$(cat "$work/file")" 'the file'
# One that cannot be read is one that fails: the others go.
mkdir "$work/mixed"
echo 1 >"$work/mixed/1"
install -m 600 "$work/file" "$work/mixed/2"
echo 3 >"$work/mixed/3"
fails_with 1 'mixed/2.*Permission denied' nobody cp -r "$work/mixed" "s3://$bucket/mixed"
expect 'mixed/1 mixed/3' "$(keys "$bucket/mixed" | sort | xargs)" 'what could be read'
s3tui rm -r "s3://$bucket/mixed"
unchanged
ok 'permissions'

fails_with 1 'same.*\(same\)' s3tui cp "s3://$bucket/big" "s3://$bucket/big"
fails_with 1 '\(same\)' s3tui mv "s3://$bucket/big" "s3://$bucket/"
fails_with 1 'inside.*\(same\)' s3tui cp -r "s3://$bucket" "s3://$bucket/inner"
mkdir -p "$work/dir/sub"
echo 1 >"$work/dir/1"
ln "$work/file" "$work/hardlink"
ln -s "$work/dir" "$work/dirlink"
fails_with 1 '\(same\)' s3tui cp "$work/file" "$work/hardlink"
fails_with 1 '\(same\)' s3tui cp "$work/file" "$work/dirlink/../file"
fails_with 1 '\(same\)' s3tui cp -r "$work/dir" "$work/dir/sub"
fails_with 1 '\(same\)' s3tui mv -r "$work/dir" "$work/dirlink/sub"
expect content "$(cat "$work/file")" 'a file onto itself'
expect 1 "$(cat "$work/dir/1")" 'a directory into itself'
unchanged
ok 'source = target'

fails_with 2 'not an option' s3tui ls --frobnicate
fails_with 2 'secrets are never' s3tui ls --secret-key=abcdef
fails_with 2 'does not go with' s3tui ls --on-conflict skip
fails_with 2 'none of the allowed words' s3tui cp --encryption SSE_ROT13 "$work/file" "s3://$bucket/no"
fails_with 2 'too few' s3tui cp "$work/file"
fails_with 2 'ask' s3tui cp --on-conflict ask "$work/file" "s3://$bucket/no" </dev/null
fails_with 2 'default_bucket' s3tui ls s3:///key
fails_with 2 'part_size|part-size' s3tui cp --part-size 1MiB "$work/file" "s3://$bucket/no"
fails_with 2 'storage' s3tui cp --storage-class Cold "$work/file" "s3://$bucket/no"
fails_with 2 "'perhaps' is not one of overwrite" s3tui cp --on-conflict perhaps "$work/file" "s3://$bucket/no"
fails_with 2 "'ebcdic' is not one of utf8" s3tui cp --name-encoding ebcdic "$work/file" "s3://$bucket/no"
fails_with 2 '1 to 256' s3tui cp -j 257 "$work/file" "s3://$bucket/no"
fails_with 2 '48.8 TiB' s3tui cp --expected-size 49TiB - "s3://$bucket/no" </dev/null
fails_with 2 'or none' s3tui cp --limit-rate fast "$work/file" "s3://$bucket/no"
fails_with 1 'No bucket has such a name' s3tui ls 's3://a b/'
fails_with 1 "begin with xn--, which is S3's own" s3tui mb s3://xn--bucket
printf '[default]\nendpont = x\n' >"$work/bad.ini"
fails_with 2 'bad.ini:2.*endpont' "$S3TUI_BIN" --config "$work/bad.ini" ls
fails_with 2 'nowhere.ini' "$S3TUI_BIN" --config "$work/nowhere.ini" ls
unchanged
ok 'usage'
