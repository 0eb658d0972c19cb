#!/usr/bin/env bash
# Credentials that come from elsewhere: roles of the gateway's own token service, and small servers in
# the place of Amazon's. Each is seen to work by what can be listed with it.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket
printf x | s3tui cp - "s3://$bucket/x"

mkdir "$work/sources" "$HOME/.aws"
python3 "${BASH_SOURCE[0]%/*}/sources.py" "$work/sources" &
server=$!
tear_down() { kill "$server" 2>/dev/null; }
wait_until 30 test -e "$work/sources/url" || die 'the sources do not start'
url=$(cat "$work/sources/url")
log=$work/sources/log
printf '[network]\nconnect_timeout = 5s\n' >"$work/empty.ini"

# Runs with VARIABLE=VALUE... before "--", without keys in s3tui.ini.
with() {
	local variables=()
	while [[ $1 != -- ]]; do
		variables+=("$1")
		shift
	done
	shift
	env AWS_ENDPOINT_URL_S3="$S3TUI_TEST_ENDPOINT" "${variables[@]}" "$S3TUI_BIN" --config "$work/empty.ini" "$@"
}
can_list() { expect x "$(with "$@" -- ls "s3://$bucket/" | awk '{ print $4 }')" "$*"; }

cat >"$HOME/.aws/config" <<E
[profile base]
aws_access_key_id = $S3TUI_TEST_ACCESS_KEY2
aws_secret_access_key = $S3TUI_TEST_SECRET_KEY2
[profile role]
role_arn = arn:aws:iam:::role/$bucket
source_profile = base
duration_seconds = 900
[profile denied]
role_arn = arn:aws:iam:::role/none
source_profile = base
[profile self]
role_arn = arn:aws:iam:::role/$bucket
source_profile = self
aws_access_key_id = $S3TUI_TEST_ACCESS_KEY2
aws_secret_access_key = $S3TUI_TEST_SECRET_KEY2
[profile environment]
role_arn = arn:aws:iam:::role/$bucket
credential_source = Environment
[profile chained]
role_arn = arn:x
source_profile = role
external_id = of-them
duration_seconds = 1800
services = ours
[services ours]
sts =
  endpoint_url = $url
sso =
  endpoint_url = $url
[profile circle]
role_arn = arn:x
source_profile = circle2
[profile circle2]
role_arn = arn:x
source_profile = circle
[profile short]
role_arn = arn:x
source_profile = base
duration_seconds = 10
[profile missing]
role_arn = arn:x
source_profile = nobody
[profile mfa]
role_arn = arn:mfa
source_profile = base
mfa_serial = arn:aws:iam::1:mfa/me
services = ours
[profile web]
role_arn = arn:web
web_identity_token_file = $work/token
services = ours
[sso-session us]
sso_region = us-east-1
sso_start_url = https://x.example
[profile sso]
sso_session = us
sso_account_id = 123456789012
sso_role_name = Reader
services = ours
[profile login]
login_session = arn:aws:iam::1:user/me
[profile machine]
role_arn = arn:machine
credential_source = Ec2InstanceMetadata
services = ours
E

# The gateway's own token service.
aws iam create-role --role-name "$bucket" --assume-role-policy-document '{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/other"]},"Action":["sts:AssumeRole"]}]}' >/dev/null
aws iam put-role-policy --role-name "$bucket" --policy-name all --policy-document \
	'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}' >/dev/null
aws s3api put-bucket-policy --bucket "$bucket" --policy '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
	"Principal":"*","Action":["s3:ListBucket","s3:GetObject"],
	"Resource":["arn:aws:s3:::'"$bucket"'","arn:aws:s3:::'"$bucket"'/*"]}]}'
can_list AWS_PROFILE=role
can_list AWS_PROFILE=self
can_list AWS_PROFILE=environment AWS_ACCESS_KEY_ID="$S3TUI_TEST_ACCESS_KEY2" \
	AWS_SECRET_ACCESS_KEY="$S3TUI_TEST_SECRET_KEY2"
with AWS_PROFILE=role -- check "s3://$bucket" >"$work/out"
grep -q "accepted, keys from role arn:aws:iam:::role/$bucket of profile role, good until 20" "$work/out" ||
	die "check does not say whose keys: $(cat "$work/out")"
fails_with 1 'role arn:aws:iam:::role/none of profile denied: ' with AWS_PROFILE=denied -- ls
fails_with 1 'leads in a circle' with AWS_PROFILE=circle -- ls
fails_with 1 'from 900 to 43200' with AWS_PROFILE=short -- ls
fails_with 1 'nobody, which is not there' with AWS_PROFILE=missing -- ls
ok 'roles of the gateway'

can_list AWS_PROFILE=chained
grep -q 'POST AssumeRole arn:x of-them 1800 None True' "$log" || die "no role on top of a role: $(cat "$log")"
printf 'who-i-am\n' >"$work/token"
can_list AWS_PROFILE=web
can_list AWS_WEB_IDENTITY_TOKEN_FILE="$work/token" AWS_ROLE_ARN=arn:web AWS_ENDPOINT_URL_STS="$url"
printf 'somebody else\n' >"$work/token"
fails_with 1 'AccessDenied: You may not' with AWS_PROFILE=web -- ls
rm "$work/token"
fails_with 1 "role arn:web of profile web: .*$work/token" with AWS_PROFILE=web -- ls
ok 'a role on a role; web identities'

printf 123456 >"$work/sources/code"
python3 - "$work" "$bucket" <<'P'
import os, pty, sys
work, bucket = sys.argv[1:]
def run(code):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(AWS_PROFILE="mfa", AWS_ENDPOINT_URL_S3=os.environ["S3TUI_TEST_ENDPOINT"])
        os.execv(os.environ["S3TUI_BIN"], ["s3tui", "--config", work + "/empty.ini", "ls", f"s3://{bucket}/"])
    out = b""
    while b"mfa/me: " not in out:
        out += os.read(fd, 1000)
    os.write(fd, code + b"\n")
    try:
        while chunk := os.read(fd, 1000):
            out += chunk
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out.decode()
status, out = run(b"123456")
assert status == 0 and out.rstrip().endswith(" x"), out
status, out = run(b"654321")
assert status == 1 and "You may not" in out, out
P
fails_with 1 'no terminal to ask on' setsid --wait env AWS_ENDPOINT_URL_S3="$S3TUI_TEST_ENDPOINT" AWS_PROFILE=mfa \
	"$S3TUI_BIN" --config "$work/empty.ini" ls
ok 'the code of a device'

mkdir -p "$HOME/.aws/sso/cache"
cache=$HOME/.aws/sso/cache/$(printf us | sha1sum | cut -d' ' -f1).json
sign_on() { printf '{"accessToken":"%s","expiresAt":"%s"}' "$1" "$(date -u -d "$2" +%FT%TZ)" >"$cache"; }
sign_on signed-on '+1 hour'
can_list AWS_PROFILE=sso
sign_on signed-off '+1 hour'
fails_with 1 'aws sso login --profile sso' with AWS_PROFILE=sso -- ls
sign_on signed-on '-1 hour'
fails_with 1 'aws sso login --profile sso' with AWS_PROFILE=sso -- ls
ok 'single sign-on'

can_list AWS_CONTAINER_CREDENTIALS_FULL_URI="$url/container" AWS_CONTAINER_AUTHORIZATION_TOKEN=token-1
printf 'token-1\n' >"$work/container"
can_list AWS_CONTAINER_CREDENTIALS_FULL_URI="$url/container" AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$work/container"
fails_with 1 "container's role: .*status 403" with AWS_CONTAINER_CREDENTIALS_FULL_URI="$url/container" -- ls
fails_with 1 'neither https nor on this machine' with AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/x -- ls
can_list AWS_EC2_METADATA_SERVICE_ENDPOINT="$url/"
can_list AWS_PROFILE=machine AWS_EC2_METADATA_SERVICE_ENDPOINT="$url"
grep -q '^POST AssumeRole arn:machine' "$log" || die "no role by the machine's"
fails_with 1 'No credentials for profile default' with AWS_EC2_METADATA_SERVICE_ENDPOINT="$url" \
	AWS_EC2_METADATA_DISABLED=true -- ls
fails_with 1 'No credentials for profile default' with AWS_EC2_METADATA_SERVICE_ENDPOINT="$url/nothing" -- ls
ok 'containers and machines'

# The AWS CLI, asked for a session of the gateway's that lasts a few seconds.
mkdir "$work/cli"
cat >"$work/cli/aws" <<'E'
#!/bin/bash
echo "$*" >>"$ASKED"
unset AWS_PROFILE
export AWS_ACCESS_KEY_ID=$S3TUI_TEST_ACCESS_KEY2 AWS_SECRET_ACCESS_KEY=$S3TUI_TEST_SECRET_KEY2
session=$(/usr/bin/aws --endpoint-url "$S3TUI_TEST_ENDPOINT" --region us-east-1 --output json sts assume-role \
	--role-arn "$ROLE" --role-session-name login --query 'Credentials.{AccessKeyId: AccessKeyId,
	SecretAccessKey: SecretAccessKey, SessionToken: SessionToken}') || exit
echo "{\"Version\": 1, \"Expiration\": \"$(date -u -d '+4 sec' +%FT%TZ)\", ${session#\{}"
E
chmod +x "$work/cli/aws"
by_cli=(AWS_PROFILE=login PATH="$work/cli:$PATH" ASKED="$work/asked" ROLE="arn:aws:iam:::role/$bucket")
can_list "${by_cli[@]}"
expect 'configure export-credentials --profile login --format process' "$(cat "$work/asked")" 'what the CLI was asked'
sign_on signed-on '-1 hour'
can_list "${by_cli[@]}" AWS_PROFILE=sso
expect 'configure export-credentials --profile sso --format process' "$(tail -n 1 "$work/asked")" 'for a sign-on'
random_file "$work/file" 60000000
: >"$work/asked"
with "${by_cli[@]}" -- cp --limit-rate 6MiB --jobs 1 --part-size 5MiB "$work/file" "s3://$bucket/cli" >/dev/null
renewals=$(wc -l <"$work/asked")
((renewals >= 3)) || die "the CLI was asked $renewals times in ten seconds"
s3tui cp "s3://$bucket/cli" - | cmp - "$work/file"
s3tui rm "s3://$bucket/cli"

# cli_fails SENTENCE COMMAND...: what it does instead
cli_fails() {
	printf '#!/bin/bash\n%s\n' "${*:2}" >"$work/cli/aws"
	fails_with 1 "Profile login takes its credentials from an \"aws login\" session, .*the AWS CLI was asked: $1" \
		with "${by_cli[@]}" -- ls
}
cli_fails 'It failed with exit status 255: Sign in again\.' 'echo Sign in again. >&2; exit 255'
cli_fails 'It was ended by signal 9' "kill -9 \$\$"
cli_fails 'It did not print a JSON object' 'echo "\\e[31mrubbish"'
cli_fails 'It did not print a JSON object' true
cli_fails 'It printed more than 65536 bytes' 'head -c 100000 /dev/zero'
cli_fails 'Its JSON is not of "Version": 1' "echo '{}'"
cli_fails '.*expired' "echo '{\"Version\": 1, \"AccessKeyId\": \"a\", \"SecretAccessKey\": \"b\",
	\"Expiration\": \"2020-01-01T00:00:00Z\"}'"
rm "$work/cli/aws"
fails_with 1 'the AWS CLI was asked: It cannot be started: No such file' with AWS_PROFILE=login PATH="$work/cli" -- ls
ok 'the AWS CLI: asked, asked again when its credentials end, and what it does instead told'

# What lasts a few seconds is renewed while a job runs: the rate makes it last.
printf 4 >"$work/sources/life"
: >"$log"
with AWS_EC2_METADATA_SERVICE_ENDPOINT="$url" -- cp --limit-rate 6MiB --jobs 1 --part-size 5MiB "$work/file" "s3://$bucket/file" >/dev/null
renewals=$(grep -c 'role%20one' "$log")
((renewals >= 3)) || die "renewed $renewals times in ten seconds"
s3tui cp "s3://$bucket/file" - | cmp - "$work/file"
ok "renewed in a job"

# The shortest session that there is lasts 900 s: the gateway's own, renewed in an upload that outlives it
# and another, which is not renewed.
if [[ ${S3TUI_TEST_LONG:-} ]]; then
	sessions() { grep -c '"POST / HTTP/1.1" 200 [0-9]* - - - ' "${S3TUI_TEST_CA%/*}/client.rgw.log" || true; }
	read -r key secret token < <(
		S3TUI_TEST_ACCESS_KEY=$S3TUI_TEST_ACCESS_KEY2 S3TUI_TEST_SECRET_KEY=$S3TUI_TEST_SECRET_KEY2 \
			aws sts assume-role --role-arn "arn:aws:iam:::role/$bucket" --role-session-name fixed \
			--duration-seconds 900 --output text \
			--query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]'
	)
	fixed=(AWS_ACCESS_KEY_ID="$key" AWS_SECRET_ACCESS_KEY="$secret" AWS_SESSION_TOKEN="$token")
	with "${fixed[@]}" -- ls "s3://$bucket/" >/dev/null
	before=$(sessions) began=$SECONDS
	with AWS_PROFILE=role -- cp --limit-rate 60KiB --jobs 1 --part-size 5MiB "$work/file" \
		"s3://$bucket/slow" >/dev/null
	took=$((SECONDS - began)) asked=$(($(sessions) - before))
	((took > 920)) || die "the upload took $took s: it did not outlive a session"
	((asked >= 2)) || die "$asked sessions in $took s"
	aws s3 cp --only-show-errors "s3://$bucket/slow" - | cmp - "$work/file"
	fails_with 1 'denied|expired' with "${fixed[@]}" -- ls "s3://$bucket/"
	ok "$asked sessions of 900 s in an upload of $took s"
fi
aws iam delete-role-policy --role-name "$bucket" --policy-name all >/dev/null
aws iam delete-role --role-name "$bucket" >/dev/null
no_secret "$work/sources/log"
