#!/usr/bin/env bash
# Encrypted and compressed here, stored on a real gateway, judged by age, gzip, zstd and the AWS CLI.
. "${BASH_SOURCE[0]%/*}/lib.bash"
command -v age >/dev/null || die 'age is missing'
new_bucket
age-keygen -o "$work/id" 2>/dev/null
age-keygen -o "$work/id2" 2>/dev/null
recipient=$(sed -n 's/.*public key: //p' "$work/id")
recipient2=$(sed -n 's/.*public key: //p' "$work/id2")
for name in age write-only second gzip both; do
	cat >>"$config" <<-E
		[profile $name]
		access_key_id = $S3TUI_TEST_ACCESS_KEY
		secret_access_key = $S3TUI_TEST_SECRET_KEY
	E
done
cat >>"$config" <<E
[profile age.encryption]
type = ClientSide
client_recipients = $recipient
client_identity_file = $work/id
[profile write-only.encryption]
type = ClientSide
client_recipients = $recipient, $recipient2
[profile second.encryption]
client_identity_file = $work/id2
[profile gzip.upload]
compress = gzip
[profile both.upload]
compress = zstd
[profile both.encryption]
type = ClientSide
client_recipients = $recipient
client_identity_file = $work/id
E
seq 2000000 >"$work/numbers.txt"
random_file "$work/big" $((24 << 20))
: >"$work/empty"

# with_passphrase TIMES COMMAND...: answers so many questions on a terminal of its own.
with_passphrase() {
	python3 - "$@" <<'PY'
import os, pty, sys
times, *command = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
for _ in range(int(times)):
    while b":" not in os.read(fd, 1000):
        pass
    os.write(fd, b"open sesame\n")
try:
    while os.read(fd, 1000):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
}

stored() { aws s3 cp --quiet "s3://$bucket/$1" "$work/stored"; }
for file in numbers.txt big empty; do
	s3tui -p age cp "$work/$file" "s3://$bucket/a/$file"
	stored "a/$file"
	age -d -i "$work/id" "$work/stored" | cmp - "$work/$file"
	! cmp -s "$work/stored" "$work/$file" || die "$file is stored as it is"
	s3tui -p age cp "s3://$bucket/a/$file" "$work/back"
	cmp "$work/back" "$work/$file"
	rm "$work/back"
done
ok 'age reads what s3tui wrote'

# Theirs, without our metadata; small and in ranges; and for another identity.
for file in numbers.txt big; do
	age -r "$recipient" -o "$work/theirs" "$work/$file"
	aws s3 cp --quiet "$work/theirs" "s3://$bucket/theirs/$file"
	rm "$work/theirs"
	s3tui -p age cp "s3://$bucket/theirs/$file" "$work/back"
	cmp "$work/back" "$work/$file"
	fails_with 1 'recipients among whom we are not' s3tui -p second cp "s3://$bucket/theirs/$file" "$work/none"
	[[ ! -e $work/none ]] || die 'something came for another identity'
done
s3tui cp "s3://$bucket/theirs/numbers.txt" "$work/back" # nobody's business without an identity
age -d -i "$work/id" "$work/back" | cmp - "$work/numbers.txt"
# As text, as some people store it: whole, in a tree, in the viewer's way (-), and cut.
for file in numbers.txt big; do
	age -a -r "$recipient" -o "$work/theirs" "$work/$file"
	aws s3 cp --quiet "$work/theirs" "s3://$bucket/armored/$file"
	s3tui -p age cp "s3://$bucket/armored/$file" - | cmp - "$work/$file"
	head -c 3000 "$work/theirs" >"$work/cut"
	aws s3 cp --quiet "$work/cut" "s3://$bucket/armored-cut/$file"
	fails_with 1 'damaged|cut|tampered' s3tui -p age cp "s3://$bucket/armored-cut/$file" "$work/none"
	[[ ! -e $work/none ]] || die 'something came of a cut one'
done
s3tui -p age cp -r "s3://$bucket/armored/" "$work/armored/"
for file in numbers.txt big; do cmp "$work/armored/$file" "$work/$file"; done
fails_with 1 'recipients among whom we are not' s3tui -p second cp "s3://$bucket/armored/big" "$work/none"
ok 's3tui reads what age wrote'

s3tui -p write-only cp "$work/big" "s3://$bucket/shared"
s3tui -p second cp "s3://$bucket/shared" "$work/back"
cmp "$work/back" "$work/big"
fails_with 1 'client_identity_file' s3tui -p write-only cp "s3://$bucket/shared" "$work/none"
s3tui -p write-only cp --raw "s3://$bucket/shared" "$work/raw"
age -d -i "$work/id2" "$work/raw" | cmp - "$work/big"
ok 'two recipients; --raw'

# Both refuse what was tampered with, and s3tui leaves nothing under the name.
for file in numbers.txt big; do
	stored "a/$file"
	printf '\1' | dd of="$work/stored" bs=1 seek=5000000 conv=notrunc status=none
	aws s3 cp --quiet --metadata 'coding=age,plain-size=1' "$work/stored" "s3://$bucket/bad/$file"
	! age -d -i "$work/id" "$work/stored" >/dev/null 2>&1 || die 'age accepts it'
	fails_with 1 'tampered' s3tui -p age cp "s3://$bucket/bad/$file" "$work/none"
	[[ ! -e $work/none ]] || die 'it has its name'
done
ok 'what was tampered with is refused'

s3tui -p gzip cp "$work/numbers.txt" "s3://$bucket/z/numbers.txt" 2>"$work/stderr"
grep -q 'compressed 14.2 MiB to' "$work/stderr"
stored z/numbers.txt
gzip -dc "$work/stored" | cmp - "$work/numbers.txt"
expect 'gzip text/plain' "$(aws s3api head-object --bucket "$bucket" --key z/numbers.txt \
	--query '[ContentEncoding, ContentType]' --output text | tr '\t' ' ')" 'headers'
s3tui cp "s3://$bucket/z/numbers.txt" "$work/back"
cmp "$work/back" "$work/numbers.txt"
s3tui -p gzip cp "$work/big" "s3://$bucket/z/big"
stored z/big
cmp "$work/stored" "$work/big"
ok 'gzip; what does not shrink is left alone'

s3tui -p both cp "$work/numbers.txt" "s3://$bucket/b/numbers.txt" 2>/dev/null
stored b/numbers.txt
age -d -i "$work/id" "$work/stored" | zstd -dc 2>/dev/null | cmp - "$work/numbers.txt"
s3tui -p both cp - "s3://$bucket/b/stream" <"$work/numbers.txt"
expect "$(sha256sum <"$work/numbers.txt")" "$(s3tui -p both cp "s3://$bucket/b/stream" - | sha256sum)" 'a stream'
s3tui -p both verify "$work/numbers.txt" "s3://$bucket/b/numbers.txt"
expect 0 "$(open_uploads "$bucket")" 'open uploads'
ok 'compressed first, then encrypted; streams; verify'

# A passphrase
cat >>"$config" <<E
[profile phrase]
access_key_id = $S3TUI_TEST_ACCESS_KEY
secret_access_key = $S3TUI_TEST_SECRET_KEY
[profile phrase.encryption]
type = ClientSide
client_passphrase_command = echo open sesame
E
s3tui -p phrase cp "$work/numbers.txt" "s3://$bucket/p"
expect "$(sha256sum <"$work/numbers.txt")" "$(s3tui -p phrase cp "s3://$bucket/p" - | sha256sum)" 'with a passphrase'
stored p
with_passphrase 1 age -d -o "$work/opened" "$work/stored"
cmp "$work/opened" "$work/numbers.txt"
ok 'age opens it with the passphrase'

# An identity file that is encrypted itself, binary or as text: the passphrase is its own, none of objects.
for form in '' -a; do
	# shellcheck disable=SC2086
	with_passphrase 2 age -p $form -o "$work/id.age" "$work/id"
	for words in 'open sesame' wrong ''; do
		write_config
		cat >>"$config" <<-E
			[encryption]
			type = ClientSide
			client_recipients = $recipient
			client_identity_file = $work/id.age
			${words:+client_passphrase_command = echo "$words"}
		E
		if [[ $words == open* ]]; then
			s3tui cp "$work/numbers.txt" "s3://$bucket/locked-id"
			s3tui cp "s3://$bucket/locked-id" - | cmp - "$work/numbers.txt"
			stored locked-id
			age -d -i "$work/id" "$work/stored" | cmp - "$work/numbers.txt"
		elif [[ $words ]]; then
			fails_with 1 'client_identity_file: .*(opens|passphrase)' s3tui cp "s3://$bucket/locked-id" "$work/none"
		else
			fails_with 1 'client_identity_file: it is encrypted' s3tui cp "s3://$bucket/locked-id" "$work/none"
		fi
	done
	rm "$work/id.age"
done
ok 'an identity file that is encrypted'
