#!/usr/bin/env bash
# Versions on a real gateway: deleted, undeleted, overwritten, restored, removed for good; by the word
# of the AWS CLI.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

# versions KEY: "id latest|- marker|-" a line, the newest first
versions() {
	s3tui ls --versions --json "s3://$bucket/$1" | json '[print(o["version_id"],
	"latest" if o["is_latest"] else "-", "marker" if o["is_delete_marker"] else "-") for o in lines]'
}
count() { aws s3api list-object-versions --bucket "$bucket" --prefix "$1" --query "length($2 || \`[]\`)" --output text; }

expect off "$(s3tui versioning "s3://$bucket")" 'a new bucket'
fails_with 2 'say --yes' s3tui versioning "s3://$bucket" on
expect on "$(s3tui versioning --yes "s3://$bucket" on)" 'switched on'
expect Enabled "$(aws s3api get-bucket-versioning --bucket "$bucket" --query Status --output text)" 'by aws'
fails_with 2 'not kept.*say --yes' s3tui versioning "s3://$bucket" off
expect suspended "$(s3tui versioning "s3://$bucket" off --yes)" suspended
s3tui versioning --yes "s3://$bucket" on >/dev/null
fails_with 2 'neither on nor off' s3tui versioning "s3://$bucket" maybe
ok 'switched on and suspended'

for text in one two three; do printf %s "$text" | s3tui cp - "s3://$bucket/d/a b"; done
printf other | s3tui cp - "s3://$bucket/d/a b.more"
mapfile -t lines < <(versions 'd/a b')
expect 3 "${#lines[@]}" 'versions of one key'
read -r newest latest _ <<<"${lines[0]}"
expect latest "$latest" 'the newest is the latest'
read -r oldest _ <<<"${lines[2]}"
expect one "$(s3tui cp --version-id "$oldest" "s3://$bucket/d/a b" -)" 'an old version'
expect 3 "$(s3tui stat --json --version-id "$oldest" "s3://$bucket/d/a b" | json 'print(lines[0]["size"])')" stat
expect one "$(curl -sf "$(s3tui presign --version-id "$oldest" "s3://$bucket/d/a b")")" 'a link to a version'
s3tui cp --version-id "$oldest" "s3://$bucket/d/a b" "$work/old"
expect one "$(cat "$work/old")" 'downloaded'
# restored: a copy of it is the latest again
s3tui cp --version-id "$oldest" "s3://$bucket/d/a b" "s3://$bucket/d/a b"
expect one "$(s3tui cp "s3://$bucket/d/a b" -)" 'restored'
expect 4 "$(versions 'd/a b' | wc -l)" 'versions after restoring'
ok 'versions listed, read, linked, restored'

s3tui rm "s3://$bucket/d/a b"
fails_with 1 not_found s3tui cp "s3://$bucket/d/a b" -
expect 1 "$(count d/ DeleteMarkers)" 'delete markers'
s3tui rm -r "s3://$bucket/d"
expect '' "$(keys "$bucket")" 'all deleted'
s3tui undelete -n -r "s3://$bucket/d" >"$work/out"
expect 2 "$(grep -c undelete "$work/out")" 'a dry run'
s3tui undelete "s3://$bucket/d/a b"
expect 'd/a b' "$(keys "$bucket")" 'one undeleted, and not its neighbour'
s3tui undelete -r "s3://$bucket/d"
expect "$(printf 'd/a b\nd/a b.more')" "$(keys "$bucket")" 'all undeleted'
expect one "$(s3tui cp "s3://$bucket/d/a b" -)" 'what was undeleted'
expect 0 "$(count d/ DeleteMarkers)" 'delete markers'
ok 'deleted and undeleted'

s3tui rm --version-id "$newest" "s3://$bucket/d/a b"
expect 3 "$(versions 'd/a b' | wc -l)" 'one version less'
fails_with 1 'not_found|NoSuchVersion' s3tui cp --version-id "$newest" "s3://$bucket/d/a b" -
s3tui rm --all-versions "s3://$bucket/d/a b"
expect 0 "$(count 'd/a b' "Versions[?Key=='d/a b']")" 'no version is left'
expect other "$(s3tui cp "s3://$bucket/d/a b.more" -)" 'its neighbour'
ok 'removed for good'

# Where versioning is suspended, nothing may be left to come back.
aws s3api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Suspended
printf gone | s3tui cp - "s3://$bucket/null"
s3tui rm "s3://$bucket/null" 2>"$work/stderr"
grep -q 'written since then is gone for good' "$work/stderr"
fails_with 1 'No version of it is left' s3tui undelete "s3://$bucket/null"
expect 1 "$(count null "DeleteMarkers[?Key=='null']")" 'its marker stays'
fails_with 1 'no delete marker' s3tui undelete "s3://$bucket/never"
aws s3api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
ok 'nothing to undelete'

# More than a page, and names that need encoding
mkdir "$work/many"
for i in $(seq 1100); do : >"$work/many/a+b %$i"; done
s3tui cp -r "$work/many" "s3://$bucket/many"
s3tui rm -r "s3://$bucket/many" 2>"$work/stderr"
grep -q 's3tui undelete brings it back' "$work/stderr"
expect 1100 "$(s3tui ls -r --versions --json "s3://$bucket/many" | grep -c '"is_delete_marker":true')" 'markers over pages'
s3tui undelete -r "s3://$bucket/many"
expect 1100 "$(keys "$bucket/many" | wc -l)" 'undeleted over pages'
ok 'over a thousand'

# A locked version: the reason is told, the version stays.
lock=$bucket-lock
buckets+=("$lock")
aws s3api create-bucket --bucket "$lock" --object-lock-enabled-for-bucket >/dev/null
printf locked | s3tui cp - "s3://$lock/k"
id=$(aws s3api head-object --bucket "$lock" --key k --query VersionId --output text)
aws s3api put-object-retention --bucket "$lock" --key k --version-id "$id" \
	--retention "Mode=GOVERNANCE,RetainUntilDate=$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ)"
fails_with 1 'locked \(GOVERNANCE\) until' s3tui rm --version-id "$id" "s3://$lock/k"
expect GOVERNANCE "$(s3tui stat --json "s3://$lock/k" | json 'print(lines[0]["lock"])')" 'the lock in stat'
aws s3api put-object-retention --bucket "$lock" --key k --version-id "$id" --bypass-governance-retention \
	--retention '{}' 2>/dev/null || aws s3api delete-object --bucket "$lock" --key k --version-id "$id" \
	--bypass-governance-retention >/dev/null
ok 'a locked version'
