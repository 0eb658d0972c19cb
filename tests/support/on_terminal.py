#!/usr/bin/env python3
"""on_terminal.py COMMAND...: runs it on a pseudo-terminal of its own with nothing to read, and
prints what came out of it. Ends as the command did.

Unlike script(1) it types no end of file at a command that may already have gone."""
import os
import pty
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        output = os.read(terminal, 65536)
    except OSError:  # EIO: the last one to have the terminal open has gone
        break
    if not output:
        break
    sys.stdout.buffer.write(output)
sys.stdout.flush()
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
