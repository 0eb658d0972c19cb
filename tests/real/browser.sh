#!/usr/bin/env bash
# The browser against a gateway: a bucket's versioning, policy and CORS, deleting for good, locks.
# It runs in a tmux of its own; what it did is asked of another client.
. "${BASH_SOURCE[0]%/*}/lib.bash"
[[ -x /usr/bin/tmux ]] || die 'tmux is missing'
socket=$work/tmux
tear_down() {
	/usr/bin/tmux -S "$socket" kill-server 2>/dev/null
	aws s3api put-object-legal-hold --bucket "$locked" --key kept --legal-hold Status=OFF >/dev/null 2>&1
}

# browse URL: opens the browser there, in the right pane, which has the focus.
browse() {
	printf 'set -g status off\nset -s escape-time 0\n' >"$work/tmux.conf"
	/usr/bin/tmux -S "$socket" -f "$work/tmux.conf" new-session -d -x 100 -y 34 \
		-e EDITOR="$work/editor" "exec $S3TUI_BIN --config $config $work/left $1"
	see "${1#s3:}"
	press Tab
}
screen() { /usr/bin/tmux -S "$socket" capture-pane -p; }
press() { /usr/bin/tmux -S "$socket" send-keys "$@"; }
shows() { screen | grep -qF -- "$1"; }
is_gone() { ! shows "$1"; }
see() { wait_until 20 shows "$1" || die "'$1' is not seen: $(screen)"; }
see_gone() { wait_until 20 is_gone "$1" || die "'$1' does not go: $(screen)"; }
leave() {
	press q
	wait_until 20 is_over || die "it does not end: $(screen)"
}
is_over() { ! /usr/bin/tmux -S "$socket" has-session 2>/dev/null; }
# editor LINES: what the editor does with the file $1
editor() {
	printf '#!/bin/sh\n%s\n' "$1" >"$work/editor"
	chmod 755 "$work/editor"
}
policy() { aws s3api get-bucket-policy --bucket "$bucket" --query Policy --output text 2>/dev/null || true; }
methods() { aws s3api get-bucket-cors --bucket "$bucket" --query 'CORSRules[0].AllowedMethods[0]' --output text 2>/dev/null || true; }
# becomes TEXT COMMAND: what it prints has this in it in the end, and the editor's dialog is gone.
becomes() {
	wait_until 20 eval "[[ \$($2) == *'$1'* ]]" || die "$2 is '$($2)', not '$1': $(screen)"
	see_gone '┌ Edit'
}
versioning() { aws s3api get-bucket-versioning --bucket "$bucket" --query Status --output text; }

mkdir "$work/left"
new_bucket
locked=$bucket-locked
buckets+=("$locked")
aws s3api create-bucket --bucket "$locked" --object-lock-enabled-for-bucket >/dev/null
printf one | s3tui cp - "s3://$bucket/a"
printf two | s3tui cp - "s3://$bucket/below/b"
printf kept | s3tui cp - "s3://$locked/kept"

browse "s3://$bucket/"
press B
see 'versioning'
see 'acl'
see 'tagging'
press Left Left Left Left Enter
see 'Switch versioning on'
press wrong Enter
see "Type the bucket's name to switch on"
expect None "$(versioning)" 'a wrong name switches nothing'
press C-u
press -l "$bucket"
press Enter
see 'Versioning is on now.'
expect Enabled "$(versioning)" 'switched on'
press Enter
see 'Suspend versioning'
press -l "$bucket"
press Enter
see 'Versioning is suspended now.'
expect Suspended "$(versioning)" 'suspended'
press F10
see_gone 'Versioning is suspended'
aws s3api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
ok 'versioning'

# open_document LEFTS: the dialog's button that is so many to the left of Close
open_document() {
	press B
	see 'tagging'
	for ((i = 0; i < $1; i++)); do press Left; done
	press Enter
}
editor "sed -i 's/public/shown/' \"\$1\""
open_document 3
becomes "$bucket/shown/*" policy
editor "grep -q '^  \"Version\"' \"\$1\" && sed -i 's/\"Allow\"/\"Perhaps\"/' \"\$1\""
open_document 3
see 'neither "Allow" nor "Deny"'
[[ $(policy) == *Allow* ]] || die 'it was written'
editor "sed -i 's/\"Perhaps\"/\"Deny\"/; s/shown/hidden/' \"\$1\""
press Right Enter
becomes hidden policy
editor ": >\"\$1\""
open_document 3
see 'Is it to be removed?'
[[ $(policy) == *hidden* ]] || die 'it went without an answer'
press Right Enter
wait_until 20 eval '[[ -z $(policy) ]]' || die 'it is still there'
see_gone '┌ Edit'
ok 'policy'

editor "sed -i 's/GET/FETCH/' \"\$1\""
open_document 2
see "'FETCH' is none of the methods"
expect '' "$(methods)" 'refused'
editor "sed -i 's/FETCH/HEAD/' \"\$1\""
press Right Enter
becomes HEAD methods
editor "sed -i 's/HEAD/PUT/' \"\$1\"
printf '%s' '{\"CORSRules\":[{\"AllowedMethods\":[\"POST\"],\"AllowedOrigins\":[\"*\"]}]}' >'$work/cors'
AWS_ACCESS_KEY_ID=$S3TUI_TEST_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$S3TUI_TEST_SECRET_KEY AWS_DEFAULT_REGION=us-east-1 \\
	/usr/bin/aws --endpoint-url $S3TUI_TEST_ENDPOINT s3api put-bucket-cors --bucket $bucket --cors-configuration 'file://$work/cors'"
open_document 2
see 'changed by others meanwhile'
expect POST "$(methods)" "another's"
press Right Enter
becomes PUT methods
ok 'CORS'

printf three | s3tui cp - "s3://$bucket/below/b"
press Home Down
press F8
see 'The bucket keeps versions'
see 'by a delete marker'
press BTab Right
see 'nothing brings them back'
press Tab
press -l delete
press Enter
wait_until 20 eval '[[ $(aws s3api list-object-versions --bucket "$bucket" --prefix below/ --query "length(Versions || \`[]\`)" --output text) == 0 ]]' ||
	die "versions are left: $(screen)"
expect 'None' "$(aws s3api list-object-versions --bucket "$bucket" --prefix below/ --query DeleteMarkers --output text)" 'no marker'
expect 1 "$(aws s3api list-object-versions --bucket "$bucket" --prefix a --query 'length(Versions)' --output text)" 'others stay'
ok 'deleted for good'

rules() {
	aws s3api get-bucket-lifecycle-configuration --bucket "$bucket" --output text \
		--query 'Rules[].[ID,Filter.And.Tags[0].Key,Transitions[0].StorageClass,Expiration.Days]' 2>/dev/null || true
}
press M-l
see 'There are no rules.'
press Tab mine Tab old/ Tab 'a=1; b=2' Tab Tab Tab Left
see 'after days, or on a day'
press Left Tab 40 Tab Tab 30 Enter
see 'the move to GLACIER is too late'
expect '' "$(rules)" 'nothing was written'
press C-u 50 Enter
see 'mine: objects under old/ (tag a=1, tag b=2) move to GLACIER after 40'
see 'Written.'
expect 'mine a GLACIER 50' "$(rules | tr '\t' ' ')" 'the rule by aws'
press F10
see_gone 'Written.'
press M-l
see 'mine: objects'
press Right Tab Tab Tab Tab 1KiB Enter
see 'The server does not keep all of the rule'
expect 'mine a GLACIER 50' "$(rules | tr '\t' ' ')" 'and has the rules as they were'
press F10
see_gone 'mine: objects'
ok 'lifecycle'
leave

browse "s3://$locked/"
press End c
see 'Legal hold'
see_gone 'reading...'
press Up Up Right Up
press -l 'GOVERNANCE:30'
press Enter
wait_until 20 eval '[[ $(aws s3api get-object-legal-hold --bucket "$locked" --key kept --query LegalHold.Status --output text 2>/dev/null) == ON ]]' ||
	die "no legal hold: $(screen)"
expect GOVERNANCE "$(aws s3api get-object-retention --bucket "$locked" --key kept --query Retention.Mode --output text)" 'retention'
leave
aws s3api put-object-legal-hold --bucket "$locked" --key kept --legal-hold Status=OFF
aws s3api list-object-versions --bucket "$locked" --query 'Versions[].[Key,VersionId]' --output text |
	while read -r key id; do
		aws s3api delete-object --bucket "$locked" --key "$key" --version-id "$id" --bypass-governance-retention
	done >/dev/null
ok 'object lock'
