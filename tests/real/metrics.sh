#!/usr/bin/env bash
# --metrics-file: what a command did, as Prometheus reads it, checked against what is known to have
# been done.
. "${BASH_SOURCE[0]%/*}/lib.bash"
new_bucket

mkdir "$work/d"
for i in 1 2 3; do random_file "$work/d/$i" 1000; done
random_file "$work/d/big" 20000000
file=$work/s3tui.prom
s3tui cp -r --metrics-file "$file" "$work/d" "s3://$bucket/d/" >/dev/null

# The exposition format, line by line, and its numbers.
python3 - "$file" <<'P'
import re, sys
kinds, values, seen = {}, {}, {}
for line in open(sys.argv[1]):
    line = line.rstrip("\n")
    if line.startswith("# TYPE "):
        name, kind = line.split()[2:]
        assert name not in kinds and kind in ("counter", "gauge", "histogram"), line
        kinds[name] = kind
    elif line.startswith("# HELP "):
        pass
    else:
        m = re.fullmatch(r'([a-z0-9_]+)((?:\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="(?:[^"\\]|\\.)*")*\})?) (\S+)', line)
        assert m, line
        base = re.sub(r"_(bucket|sum|count)$", "", m[1])
        assert m[1] in kinds or kinds.get(base) == "histogram", line
        if m[1].endswith("_bucket"):
            op = re.search(r'operation="(\w+)"', m[2])[1]
            assert float(m[3]) >= seen.get(op, 0), line
            seen[op] = float(m[3])
        values[m[1] + m[2]] = float(m[3])
assert values["s3tui_uploads_total"] == 4, values
assert values["s3tui_uploaded_bytes_total"] == 20003000
assert values["s3tui_failures_total"] == 0
assert 0 < values["s3tui_upload_seconds_total"] < 120
assert values['s3tui_request_duration_seconds_count{operation="put"}'] == 3
parts = values['s3tui_request_duration_seconds_count{operation="part"}']
assert 2 <= parts <= 4, parts
assert values['s3tui_request_duration_seconds_count{operation="multipart"}'] == 2
assert values['s3tui_request_duration_seconds_bucket{operation="put",le="+Inf"}'] == 3
assert 0 < values['s3tui_request_duration_seconds_sum{operation="put"}'] < 60
assert values["s3tui_exit_status"] == 0
P
ok 'an upload in numbers'

s3tui cp -r --metrics-file "$file" "s3://$bucket/d/" "$work/back" >/dev/null
grep -q '^s3tui_downloads_total 4$' "$file"
grep -q '^s3tui_downloaded_bytes_total 20003000$' "$file"
python3 - "$file" <<'P'
import sys
values = dict(line.rsplit(" ", 1) for line in open(sys.argv[1]) if not line.startswith("#"))
assert 0 < float(values["s3tui_download_seconds_total"]) < 120
assert float(values["s3tui_uploads_total"]) == 0
P
ok 'a download in numbers'

rc=0
s3tui cp --metrics-file "$file" "s3://$bucket/none" "$work/x" 2>/dev/null || rc=$?
expect 1 "$rc" 'what failed'
grep -q '^s3tui_exit_status 1$' "$file"
grep -Eq '^s3tui_errors_total\{code="(404|NoSuchKey|NotFound|not_found)"\} [1-9]' "$file" || die "no code: $(cat "$file")"
! compgen -G "$file.*" >/dev/null || die 'half a file is left'
fails_with 1 "cannot write $work/none/x" s3tui ls --metrics-file "$work/none/x" "s3://$bucket/d/"
ok 'failures'
