#!/usr/bin/env bash
# The fault matrix, column "get": an object in one piece.
. "${BASH_SOURCE[0]%/*}/lib.bash"
. "${BASH_SOURCE[0]%/*}/proxy.bash"
. "${BASH_SOURCE[0]%/*}/faults_get.bash"

of small
in_any_size
arrives S 'stall' 1 "$get,do=stall-response,at=50%"

prepare
late_start cp "s3://$bucket/small" "$file"
cmp "$file" "$work/small"
ok 'refused, then back / get small: R'
