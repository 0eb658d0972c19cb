"""The parts of bench/proof that count: a child's cost, what an ETag may be, the table of a run."""

import hashlib
import os
import sys
import time
from statistics import median

MIB = 1 << 20
# What vector lanes may add, in percent of what MD5 on the way adds, by width.
LINES = {16: 30, 8: 45, 4: 65}


def measure(log, name, command):
    """Appends a line to log: name, user s, sys s, wall s, MiB at the most."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    # With all children that it waited for. A small program's memory counts at least as much as
    # this process had, some 10 MiB: it is inherited over exec.
    _, status, used = os.wait4(child, 0)
    wall = time.monotonic() - begun
    with open(log, "a", encoding="utf-8") as out:
        print(name, used.ru_utime, used.ru_stime, wall, used.ru_maxrss / 1024, file=out)
    return os.waitstatus_to_exitcode(status)


def etags(path):
    """The file's ETag as one piece, and in the parts that these clients make."""
    with open(path, "rb") as file:
        print(hashlib.md5(file.read()).hexdigest())
        for part in (5 * MIB, 8 * MIB, 16 * MIB):
            file.seek(0)
            sums = [hashlib.md5(piece).digest() for piece in iter(lambda: file.read(part), b"")]
            print(f"{hashlib.md5(b''.join(sums)).hexdigest()}-{len(sums)}")


def spread(values, digits):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def added(runs, name, base):
    return [a - b for a, b in zip(runs[name], runs[base])]


def table(log):
    rows = {}
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            name, *numbers = line.split()
            rows.setdefault(name, []).append([float(number) for number in numbers])
    cpu = {name: [run[0] + run[1] for run in runs] for name, runs in rows.items()}
    columns = "{:14} {:>24} {:>7} {:>7} {:>24} {:>20}"
    print(columns.format("", "CPU s", "user s", "sys s", "wall s", "most memory MiB"))
    for name, runs in rows.items():
        user, system, wall, memory = zip(*runs)
        print(columns.format(name, spread(cpu[name], 3), f"{median(user):.3f}",
                             f"{median(system):.3f}", spread(wall, 2), spread(memory, 0)))
    for way in ("up", "down"):
        none, plain = f"{way}-none", f"{way}-plain"
        if none not in cpu or plain not in cpu:
            continue
        whole = median(cpu[plain]) - median(cpu[none])
        print(f"\n{way}: plain MD5 adds {whole:.3f} CPU s to {median(cpu[none]):.3f}; of that, "
              "in brackets by round, add")
        for name in cpu:
            kind = name.removeprefix(f"{way}-")
            if kind == name or not (kind.startswith("lanes") or kind == "default"):
                continue
            share = 100 * (median(cpu[name]) - median(cpu[none])) / whole
            rounds = [100 * a / b for a, b in zip(added(cpu, name, none), added(cpu, plain, none))]
            line = LINES.get(int(kind.removeprefix("lanes"))) if kind != "default" else None
            verdict = ""
            if line and way == "up":
                verdict = f"  line {line} %: {'holds' if share <= line else 'missed'}"
            print(f"  {kind:8} {share:5.1f} % ({min(rounds):.1f}..{max(rounds):.1f}){verdict}")


if __name__ == "__main__":
    VERB, *ARGS = sys.argv[1:]
    if VERB == "measure":
        sys.exit(measure(ARGS[0], ARGS[1], ARGS[2:]))
    {"etags": etags, "table": table}[VERB](*ARGS)
