#!/usr/bin/env bash
# Every allocation, file opening and thread start of s3tui fails once; some 60 seconds of them unless
# S3TUI_TEST_LONG is set. What it is told goes to torture.py: --seed N, --path NAME, --nth N ...
set -euo pipefail

die() {
	printf 'torture: %s\n' "$*" >&2
	exit 1
}

for variable in S3TUI_PLAIN_BIN S3TUI_PLAIN_SANDBOX S3TUI_FAULTLIB; do
	[[ ${!variable:-} ]] || die "$variable is not set: ctest sets it"
	[[ -e ${!variable} ]] || die "there is no ${!variable}: cmake --preset release && cmake --build build/release"
done
! ldd "$S3TUI_PLAIN_BIN" | grep -E 'lib(a|t|ub)san' || die "$S3TUI_PLAIN_BIN has a sanitizer's malloc"
command -v python3 >/dev/null || die 'python3 is missing'

long=()
[[ ! ${S3TUI_TEST_LONG:-} ]] || long=(--long)
exec python3 "${BASH_SOURCE[0]%/*}/torture.py" --bin "$S3TUI_PLAIN_BIN" \
	--sandbox "$S3TUI_PLAIN_SANDBOX" --faultlib "$S3TUI_FAULTLIB" "${long[@]}" "$@"
