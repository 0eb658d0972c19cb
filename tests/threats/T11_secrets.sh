#!/usr/bin/env bash
# A secret is in no output, log, argument, environment of a child, and in no memory dump.
. "${BASH_SOURCE[0]%/*}/lib.bash"

server <<'E'
for i in range(3):
    store["dir/%d" % i] = b"data"
def answer(r):
    if r.bucket == "denied":
        return error(403, "SignatureDoesNotMatch", "You sent " + r.headers["authorization"])
    if r.bucket == "broken":
        return 500, {}, b"no"
    if r.bucket == "slow":
        touch(os.environ["WORK"] + "/here")
        wait_for(os.environ["WORK"] + "/go")
    return plain(r)
E
token=$canary-token
all=$work/all
mkdir "$all" "$HOME/.aws"
count=0
# run COMMAND...: all of its output is kept
run() {
	count=$((count + 1))
	"$@" >"$all/$count.out" 2>"$all/$count.err" || true
}
everything() {
	local command
	for command in 'ls' 'ls -r --json s3://bucket' 'stat s3://bucket/dir/1' 'stat --json s3://no/x' \
		"cp -r s3://bucket/dir $work/t" "cp --json $work/file s3://bucket/up" \
		'rm s3://bucket/up' 'check' 'check --json s3://bucket' 'check s3://denied' 'ls s3://denied' \
		'ls s3://broken' "cp $work/file s3://denied/x" '--version' 'check --write s3://bucket/p/'; do
		# shellcheck disable=SC2086
		run "$@" $command
		# shellcheck disable=SC2086
		run "$@" --debug --stats $command
	done
}
echo data >"$work/file"
ini=$work/none.ini
printf '[default]\nendpoint = %s\n[retry]\ninitial_delay = 1ms\nmax_delay = 1ms\n' "$endpoint" >"$ini"

write_config '[profile token]' "session_token = $token" 'access_key_id = AKEXAMPLE' \
	"secret_access_key = $canary"
everything s3tui -p token
everything env AWS_ACCESS_KEY_ID=AKEXAMPLE AWS_SECRET_ACCESS_KEY="$canary" AWS_SESSION_TOKEN="$token" \
	"$S3TUI_BIN" --config "$ini"
printf '[default]\naws_access_key_id = AKEXAMPLE\naws_secret_access_key = %s\n' "$canary" \
	>"$HOME/.aws/credentials"
chmod 600 "$HOME/.aws/credentials"
everything "$S3TUI_BIN" --config "$ini"
rm "$HOME/.aws/credentials"
# A link is signed with the secret and does not hold it.
run s3tui presign s3://bucket/dir/1
run s3tui --debug presign s3://bucket/dir/1
requests '
assert len(lines) > 50 and all("authorization" in line["headers"] for line in lines
    if line["target"] != "/")
assert not any("'"$canary"'" in value for line in lines for name, value in line["headers"].items()
    if name != "x-amz-security-token")'
expect 1 "$(cat "$all"/*.out | grep -c '"size":4,.*dir/2\|dir/2.*"size":4' | head -1 | sed 's/[1-9].*/1/')" \
	'it works at all'
no_secret "$all" "$XDG_STATE_HOME"
(($(find "$XDG_STATE_HOME" -name '*.log' | wc -l) > 40)) || die 'there are no logs'
expect '' "$(find "$XDG_STATE_HOME" -name '*.log' ! -perm 600)" 'logs that others can read'
ok 'outputs and logs'

# What is wrong with a configuration is told without the value.
for line in "secret_access_key = $canary"$'\x01' "secret_access_key = a
secret_access_key = $canary" "session_token = \${$canary" "secret_acces_key = $canary"; do
	printf '[default]\nendpoint = %s\n%s\n' "$endpoint" "$line" >"$work/bad.ini"
	chmod 600 "$work/bad.ini"
	run "$S3TUI_BIN" --config "$work/bad.ini" ls
done
for value in "$canary two" "$canary"$'\n'; do
	run env AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY="$value" "$S3TUI_BIN" --config "$ini" ls
done
run "$S3TUI_BIN" --config "$ini" --endpoint "http://user:$canary@127.0.0.1:1" ls
no_secret "$all"
fails_with 2 'never' s3tui --secret-key "x" ls
ok 'errors in a configuration'

# Children: the process that gives credentials sees none of ours, and what it prints stays here.
cat >"$work/helper" <<'E'
#!/usr/bin/python3
import os
work = os.environ["WORK"]
with open(work + "/child-fds", "w") as out:  # which is 3, and the listing itself is 4
    out.write(" ".join(sorted(os.listdir("/proc/self/fd"))))
with open(work + "/child-env", "w") as out:
    out.write("".join("%s=%s\n" % pair for pair in os.environ.items()))
with open(work + "/parent-args", "wb") as out:
    out.write(open("/proc/%d/cmdline" % os.getppid(), "rb").read())
print(open(work + "/answer").read(), end="")
E
chmod 755 "$work/helper"
printf '[default]\nendpoint = %s\ncredential_process = %s\n' "$endpoint" "$work/helper" >"$work/process.ini"
printf '{"Version":1,"AccessKeyId":"AKEXAMPLE","SecretAccessKey":"%s","SessionToken":"%s"}' \
	"$canary" "$token" >"$work/answer"
as_parent=(env AWS_SECRET_ACCESS_KEY="$canary" AWS_ACCESS_KEY_ID=AKEXAMPLE AWS_SESSION_TOKEN="$token"
	AWS_SECURITY_TOKEN="$token" "$S3TUI_BIN" --config "$work/process.ini")
printf '[profile p]\ncredential_process = %s\n' "$work/helper" >>"$work/process.ini"
run "${as_parent[@]}" --debug -p p ls -r s3://bucket
grep -q 'dir/1' "$all/$count.out" || die "no credentials came from the process: $(cat "$all/$count.err")"
[[ -s $work/child-env ]] || die 'the process did not run'
for text in "{\"Version\":1,\"SecretAccessKey\":\"$canary\"}" "{\"Version\":9,\"k\":\"$canary\"}" \
	"$canary" "{\"Version\":1,\"AccessKeyId\":\"a b\",\"SecretAccessKey\":\"$canary\"}"; do
	printf '%s' "$text" >"$work/answer"
	run "${as_parent[@]}" --debug -p p ls s3://bucket
	run "${as_parent[@]}" --json -p p check
done
no_secret "$work/child-env" "$work/parent-args" "$all" "$XDG_STATE_HOME"
expect '0 1 2 3 4' "$(cat "$work/child-fds")" 'descriptors of the child'
ok 'a child'

# While it runs, as another user than root: no dump, no reading by this user's other processes.
cp "$S3TUI_BIN" "$work/s3tui"
chmod 755 "$work" "$work/s3tui"
chown 65534:65534 "$config"
mkdir "$work/nobody"
chown 65534 "$work/nobody"
chmod 777 "$work"
env -i HOME="$work/nobody" PATH="$PATH" ASAN_OPTIONS=detect_leaks=0 \
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
	bash -c 'ulimit -c unlimited 2>/dev/null; exec "$@"' - \
	"$work/s3tui" --config "$config" ls s3://slow >/dev/null 2>"$work/stderr" &
pid=$!
wait_until 20 test -e "$work/here" || die "it does not get there: $(cat "$work/stderr")"
tr '\0' ' ' <"/proc/$pid/cmdline" >"$work/cmdline"
tr '\0' '\n' <"/proc/$pid/environ" >"$work/environ"
core=$(awk '/Max core file size/ { print $5, $6 }' "/proc/$pid/limits")
owner=$(stat -c %u "/proc/$pid/mem")
uid=$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")
touch "$work/go"
wait "$pid"
grep -q 's3://slow' "$work/cmdline" || die 'that was not s3tui'
no_secret "$work/cmdline" "$work/environ"
expect '0 0' "$core" 'the limit of core files'
expect '65534 0' "$uid $owner" 'who runs it, and who may look into its memory'
ok 'a running one'
