#!/usr/bin/env python3
"""Fails the nth allocation, file opening and thread start of s3tui on its main paths, for every n.

After each run: it ended by itself and by no signal; 0 means that the work is done and right,
anything else comes with a sentence on stderr and an old target that is untouched. Other objects,
files and uploads are as before. A death by "out of memory" may leave a temporary file (0600) and an
open upload, which are what a later start takes up; nothing is ever wrong under its real name.
"""
import argparse
import datetime
import errno
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time
import urllib.parse
import xml.etree.ElementTree as ET

BOUND_S = 20
OUT_OF_MEMORY = b"s3tui: out of memory"
MIB = 1 << 20

# What is a library's own, or not mended yet: (name, path, violation, stack of the failed call, stack of
# the deadly signal), all but the name as regular expressions.
KNOWN = [
    # xmlGetGlobalState(), once a thread and before anybody can tell it to be silent. (s3tui then dies
    # cleanly; the library itself would go on with NULL.)
    (
        "libxml2 says itself that a thread's state has no memory",
        ".*",
        r"something else than s3tui talks",
        r"libxml2\.so\.2\(xmlGetGlobalState\+",
        r"^$",
    ),
    # _nc_err_abort(): ncurses says so itself and exits, before it has touched the terminal.
    (
        "ncurses exits without memory while it starts",
        "browser",
        r"something else than s3tui talks",
        r"lib(tinfo|ncursesw)\.so\.6\((_nc_setupterm|newterm)\+",
        r"^$",
    ),
    # It passes on what strdup() and others did not give; the terminal is restored.
    (
        "ncurses dereferences NULL while it starts",
        "browser",
        r"it dies of SIGSEGV",
        r"lib(tinfo|ncursesw)\.so\.6\((_nc_setupterm|newterm|tigetstr_sp)\+",
        r"lib(tinfo|ncursesw)\.so\.6\((_nc_setupterm|newterm|tigetstr_sp)\+",
    ),
    # The table of colour pairs is used although it could not grow; the terminal is restored.
    (
        "ncurses dereferences a colour pair that it could not allocate",
        "browser",
        r"it dies of SIGSEGV",
        r"libncursesw\.so\.6\(doupdate_sp\+",
        r"libncursesw\.so\.6\(doupdate_sp\+",
    ),
]


class Violation(Exception):
    pass


class S3:
    """As little of the protocol as the judge needs, independent of what is judged."""

    def __init__(self, line):
        self.key, self.secret = line["access_key_id"], line["secret_access_key"]
        self.bucket, self.region = line["bucket"], line["region"]
        self.host = urllib.parse.urlsplit(line["endpoint"]).netloc
        self.conn = http.client.HTTPConnection(self.host, timeout=BOUND_S)

    def request(self, method, key="", query=(), body=b""):
        path = "/" + self.bucket + ("/" + urllib.parse.quote(key, safe="/~") if key else "")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        text = "&".join(
            "%s=%s" % (urllib.parse.quote(k, safe="~"), urllib.parse.quote(v, safe="~"))
            for k, v in sorted(query)
        )
        headers = {"host": self.host, "x-amz-content-sha256": digest, "x-amz-date": now}
        names = ";".join(sorted(headers))
        lines = "".join("%s:%s\n" % (k, headers[k]) for k in sorted(headers))
        canonical = "\n".join([method, path, text, lines, names, digest])
        scope = "%s/%s/s3/aws4_request" % (now[:8], self.region)
        to_sign = "\n".join(
            ["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        signing = ("AWS4" + self.secret).encode()
        for word in (now[:8], self.region, "s3", "aws4_request"):
            signing = hmac.new(signing, word.encode(), "sha256").digest()
        signature = hmac.new(signing, to_sign.encode(), "sha256").hexdigest()
        headers["authorization"] = (
            "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"
            % (self.key, scope, names, signature)
        )
        self.conn.request(method, path + ("?" + text if text else ""), body, headers)
        answer = self.conn.getresponse()
        data = answer.read()
        if answer.status >= 300 and answer.status != 404:
            raise RuntimeError("%s %s: %d %s" % (method, path, answer.status, data))
        return None if answer.status == 404 else data

    def get(self, key):
        return self.request("GET", key)

    def put(self, key, data):
        self.request("PUT", key, body=data)

    def keys(self):
        root = ET.fromstring(self.request("GET", query=[("list-type", "2")]))
        return {e.text for e in root.iter() if e.tag.endswith("}Key") or e.tag == "Key"}

    def uploads(self):
        root = ET.fromstring(self.request("GET", query=[("uploads", "")]))
        found = [e for e in root if e.tag.split("}")[-1] == "Upload"]
        return [{c.tag.split("}")[-1]: c.text for c in e} for e in found]

    def abort(self, upload):
        self.request("DELETE", upload["Key"], [("uploadId", upload["UploadId"])])


class Result:
    def __init__(self, status, out, err, report):
        self.status, self.out, self.err, self.report = status, out, err, report
        self.terminal = None  # what is wrong with it
        self.died_of_memory = OUT_OF_MEMORY in err
        first = re.match(r"seen (\d+) failed (\d+)", report)
        self.seen, self.failed = (int(first[1]), int(first[2])) if first else (0, 0)
        parts = re.split(r"^signal \d+$", report, maxsplit=1, flags=re.M)
        self.failure_stack = parts[0]
        self.signal_stack = parts[1] if len(parts) > 1 else ""


class World:
    """Server, files and configuration; as they were again after reset()."""

    def __init__(self, options):
        self.options = options
        self.dir = tempfile.mkdtemp(prefix="s3tui-torture.")
        self.log = open(os.path.join(self.dir, "sandbox.log"), "wb")
        self.server = subprocess.Popen(
            [options.sandbox, "--dir", self.path("store")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        line = json.loads(self.server.stdout.readline())
        self.s3 = S3(line)
        rng = random.Random(7)
        self.old, self.small = rng.randbytes(1000), rng.randbytes(64 << 10)
        self.big, self.ranged = rng.randbytes(11 * MIB), rng.randbytes(3 * MIB + 17)
        os.mkdir(self.path("work"))
        for name, data in (("small", self.small), ("big", self.big)):
            self.write(self.path(name), data)
        self.ini = self.path("s3tui.ini")
        self.write(
            self.ini,
            (
                "[default]\nendpoint = %s\naccess_key_id = %s\nsecret_access_key = %s\n"
                "[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n"
                "[download]\nchunk_size = 1MiB\n"
                "[retry]\ninitial_delay = 1ms\nmax_delay = 5ms\n"
                "[network]\ngive_up_after = 5s\n[ui]\nascii = false\n[keys]\ncopy = F5\n"
                "[profile work]\nregion = eu-central-1\n[profile work.upload]\npart_size = 64MiB\n"
                % (line["endpoint"], self.s3.key, self.s3.secret)
            ).encode(),
        )
        self.objects = {"small": self.small, "ranged": self.ranged, "target": self.old}
        for key in self.s3.keys():
            self.s3.request("DELETE", key)
        for key, data in self.objects.items():
            self.s3.put(key, data)
        self.environment = {
            "HOME": self.path("home"),
            "XDG_STATE_HOME": self.path("state"),
            "XDG_CONFIG_HOME": self.path("home"),
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
        }

    def path(self, *names):
        return os.path.join(self.dir, *names)

    @staticmethod
    def write(path, data):
        with open(path, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(data)

    def close(self):
        self.server.terminate()
        self.server.wait()
        self.log.close()
        shutil.rmtree(self.dir)

    def environment_for(self, rule):
        report = self.path("report")
        if os.path.exists(report):
            os.unlink(report)
        return dict(
            self.environment,
            LD_PRELOAD=self.options.faultlib,
            S3TUI_FAULT=rule,
            S3TUI_FAULT_REPORT=report,
        )

    def report(self):
        try:
            with open(self.path("report")) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def run(self, arguments, rule):
        child = subprocess.Popen(
            [self.options.bin, "--config", self.ini] + arguments,
            env=self.environment_for(rule),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, err = child.communicate(timeout=BOUND_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise Violation("it hangs") from None
        return Result(child.returncode, out, err, self.report())

    def run_on_terminal(self, arguments, rule, wanted, keys):
        """Types the keys when all of `wanted` was drawn, or nothing comes for a second: again and
        again, since there may be a dialog that takes them."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        modes = termios.tcgetattr(slave)
        modes[3] &= ~termios.ECHO  # of what is typed after its death
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        before, output, typed = termios.tcgetattr(slave), b"", 0
        child = subprocess.Popen(
            [self.options.bin, "--config", self.ini] + arguments,
            env=self.environment_for(rule),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        try:
            end = time.monotonic() + BOUND_S
            while child.poll() is None:
                if time.monotonic() > end:
                    child.kill()
                    child.wait()
                    raise Violation("it hangs")
                due = 1.0 - (time.monotonic() - typed)
                ready = select.select([master], [], [], 0.02 if due > 0 and typed else 1.0)[0]
                if ready:
                    output += os.read(master, 65536)
                if due <= 0 and (not ready or all(w in output for w in wanted)):
                    os.write(master, keys)
                    typed = time.monotonic()
            while select.select([master], [], [], 0)[0]:
                output += os.read(master, 65536)
            wrong = "the terminal's modes are not restored"
            wrong = wrong if termios.tcgetattr(slave) != before else None
        finally:
            os.close(master)
            os.close(slave)
        if output.rfind(b"\x1b[?1049h") > output.rfind(b"\x1b[?1049l"):
            wrong = "the alternate screen is not left"
        err = output[output.rfind(b"\x1b[?1049l") + 8 :] if b"\x1b[?1049l" in output else output
        err = re.sub(rb"\x1b(\[[0-9;?]*[a-zA-Z]|[=>]|\(.)|\r", b"", err)
        result = Result(child.returncode, output, err, self.report())
        result.terminal = wrong
        return result

    def check_surroundings(self, names, result):
        """Whatever is not the target: the same as before, but for what an unfinished job may keep."""
        for upload in self.s3.uploads():
            self.s3.abort(upload)
            if not result.died_of_memory:
                raise Violation("it leaves an upload open")
        for name in sorted(set(os.listdir(self.path("work"))) - names):
            path = self.path("work", name)
            mode = stat.S_IMODE(os.lstat(path).st_mode)
            os.unlink(path)
            if not re.fullmatch(r"\.[a-z]+\.s3tui-[A-Za-z0-9]{8}", name) or mode != 0o600:
                raise Violation("it leaves %s (%o)" % (name, mode))
            if not result.died_of_memory:
                raise Violation("it leaves its temporary file")
        extra = self.s3.keys() - set(self.objects)
        if extra:
            for key in extra:
                self.s3.request("DELETE", key)
            raise Violation("it makes other objects: %s" % sorted(extra))
        if os.path.isdir(self.path("state")):
            shutil.rmtree(self.path("state"))


class Path:
    """One thing that s3tui does; judge() says whether the target is "old", "new" or neither."""

    says_it_on_stdout = False
    cost = 1  # of a run, compared with others
    files = frozenset()  # in the directory work, afterwards

    def __init__(self, world):
        self.world = world
        for name in os.listdir(world.path("work")):
            os.unlink(world.path("work", name))
        self.reset()

    def reset(self):
        pass

    def start(self, rule, jobs):
        return self.world.run(self.arguments() + jobs, rule)


class Upload(Path):
    def arguments(self):
        return ["cp", self.world.path(self.source), "s3://%s/target" % self.world.s3.bucket]

    def reset(self):
        self.world.s3.put("target", self.world.old)

    def judge(self, result):
        data = self.world.s3.get("target")
        if data == self.world.old:
            return "old"
        return "new" if data == getattr(self.world, self.source) else "wrong bytes"


class UploadSingle(Upload):
    name, source = "upload single", "small"


class UploadMultipart(Upload):
    name, source = "upload multipart", "big"


class Download(Path):
    files = frozenset({"target"})
    is_local = True

    def arguments(self):
        url = "s3://%s/%s" % (self.world.s3.bucket, self.source)
        return ["cp", url, self.world.path("work", "target")]

    def reset(self):
        target = self.world.path("work", "target")
        if os.path.lexists(target):
            os.unlink(target)
        self.world.write(target, self.world.old)

    def judge(self, result):
        try:
            with open(self.world.path("work", "target"), "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return "nothing"
        if data == self.world.old:
            return "old"
        return "new" if data == getattr(self.world, self.source) else "wrong bytes"


class DownloadSingle(Download):
    name, source = "download single", "small"


class DownloadRanged(Download):
    name, source = "download ranged", "ranged"


class CopyLocal(Download):
    name, source = "copy of a file", "big"

    def arguments(self):
        return ["cp", self.world.path("big"), self.world.path("work", "target")]


class CopyRemote(Upload):
    name, source = "copy of an object", "small"

    def arguments(self):
        bucket = self.world.s3.bucket
        return ["cp", "s3://%s/small" % bucket, "s3://%s/target" % bucket]


class Remove(Path):
    name = "rm"

    def arguments(self):
        return ["rm", "s3://%s/target" % self.world.s3.bucket]

    def reset(self):
        self.world.s3.put("target", self.world.old)

    def judge(self, result):
        data = self.world.s3.get("target")
        return "new" if data is None else "old" if data == self.world.old else "wrong bytes"


class Answer(Path):
    """Changes nothing; what it prints is either what it prints without a fault, or not claimed."""

    def reset(self):
        if not hasattr(self, "golden"):
            result = self.world.run(self.arguments(), "call=alloc,nth=0")
            if result.status != 0 or not result.out:
                raise RuntimeError("%s: %r" % (self.name, result.err))
            self.golden = self.normal(result.out)

    def normal(self, out):
        return out

    def judge(self, result):
        if result.status != 0:
            return "old"
        return "new" if self.normal(result.out) == self.golden else "another answer"


class List(Answer):
    name = "ls"

    def arguments(self):
        return ["ls", "--json", "s3://%s" % self.world.s3.bucket]

    def normal(self, out):
        return [json.loads(line) for line in out.splitlines()]


class Stat(Answer):
    name = "stat"

    def arguments(self):
        return ["stat", "--json", "s3://%s/ranged" % self.world.s3.bucket]


class StartUp(Answer):
    name = "start-up"

    def arguments(self):
        return ["--profile", "work", "ls", self.world.path("work")]

    def reset(self):
        self.world.write(self.world.path("work", "file"), b"x")
        os.utime(self.world.path("work", "file"), (1600000000, 1600000000))
        super().reset()

    files = frozenset({"file"})


class Check(Answer):
    name = "check"
    says_it_on_stdout = True  # its findings are its output

    def arguments(self):
        return ["check"]

    def normal(self, out):
        return re.sub(rb"[0-9.]+ ms", b"- ms", out)


class Presign(Answer):
    name = "presign"

    def arguments(self):
        return ["presign", "s3://%s/small" % self.world.s3.bucket]

    def normal(self, out):
        """What the address serves: only a right signature serves anything."""
        url = urllib.parse.urlsplit(out.decode().strip())
        conn = http.client.HTTPConnection(url.netloc, timeout=BOUND_S)
        try:
            conn.request("GET", url.path + "?" + url.query)
            answer = conn.getresponse()
            return (answer.status, answer.read())
        finally:
            conn.close()


class Browser(Path):
    name = "browser"
    cost = 6
    files = frozenset({"file"})

    def reset(self):
        self.world.write(self.world.path("work", "file"), b"x")

    def start(self, rule, jobs):
        arguments = [self.world.path("work"), "s3://%s/" % self.world.s3.bucket]
        return self.world.run_on_terminal(jobs + arguments, rule, (b"file", b"ranged"), b"\x03")

    def judge(self, result):
        return "new" if result.status == 0 else "old"


PATHS = (
    StartUp, UploadSingle, UploadMultipart, DownloadSingle, DownloadRanged, CopyRemote, CopyLocal,
    List, Remove, Stat, Presign, Check, Browser,
)  # fmt: skip
ENGINE = (Upload, Download, Remove, Browser)


def judge(path, result):
    if result.terminal:
        raise Violation(result.terminal)
    if result.status < 0:
        raise Violation("it dies of %s" % signal.Signals(-result.status).name)
    if result.status not in (0, 1, 2):
        raise Violation("it ends with %d" % result.status)
    state = path.judge(result)
    if state not in ("old", "new"):
        raise Violation("the target: %s" % state)
    if result.status == 0:
        if state == "old":
            raise Violation("it claims to have done what it has not")
    said = result.err.decode(errors="replace")
    if not all(line.startswith("s3tui: ") for line in said.splitlines()):
        raise Violation("something else than s3tui talks")
    if path.world.s3.secret in said:
        raise Violation("it tells the secret")
    if result.status != 0:
        if not said and not path.says_it_on_stdout:
            raise Violation("it fails without a word")
        if state == "new" and getattr(path, "is_local", False) and not result.died_of_memory:
            raise Violation("it reports a failure and has replaced the target")
    path.world.check_surroundings(path.files, result)
    return state


def known(path, violation, result):
    for name, where, what, failure, crash in KNOWN:
        if (
            re.fullmatch(where, path.name)
            and re.fullmatch(what, str(violation))
            and re.search(failure, result.failure_stack)
            and re.search(crash, result.signal_stack)
        ):
            return name
    return None


class Count:
    def __init__(self):
        self.tried = self.unharmed = self.failed = self.late = self.dead = 0
        self.known = {}


def torture(path, rule, jobs, n, count, violations):
    """False: fewer than n calls were made."""
    what = "%s, %s" % (path.name, rule)
    result = None
    try:
        try:
            result = path.start(rule, jobs)
            if not result.failed and result.status == 0 and n:
                return False
            count.tried += 1
            state = judge(path, result)
        finally:
            path.reset()
    except Violation as violation:
        name = known(path, violation, result) if result else None
        try:  # for the next one, whatever was left
            path.world.check_surroundings(path.files, Result(1, b"", OUT_OF_MEMORY, ""))
        except Violation:
            pass
        if name:
            count.known[name] = count.known.get(name, 0) + 1
            return True
        violations.append(what)
        print("VIOLATION %s: %s" % (what, violation))
        if result:
            print("  status %d, stderr: %s" % (result.status, result.err.decode(errors="replace")))
            print("  " + (result.report or path.world.report()).replace("\n", "\n  "))
        sys.stdout.flush()
        return True
    count.dead += result.died_of_memory
    count.unharmed += result.status == 0
    count.failed += result.status != 0
    count.late += result.status != 0 and state == "new"
    return True


def numbers(total, stride, rng):
    n = rng.randint(1, stride)
    while n <= total + 2 * stride:  # threads move the count a little
        yield n
        n += stride


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "sandbox", "faultlib"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--long", action="store_true", help="every n")
    parser.add_argument("--runs", type=int, default=600, help="how many allocations in the short run, about")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--path", help="only the path of this name")
    parser.add_argument("--call", help="only this kind of call")
    parser.add_argument("--nth", type=int, help="only this one")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print("seed %d%s" % (seed, ", every n" if options.long else ""))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends, too
    violations, world, rng = [], World(options), random.Random(seed)
    try:
        paths = [p for p in PATHS if not options.path or p.name == options.path]
        calls = [c for c in ("opens", "pthread_create", "alloc") if options.call in (None, c)]
        for path in paths:
            path = path(world)
            for call in calls:
                # more workers do the same again: they are for the threads' test
                few = call != "pthread_create" and isinstance(path, ENGINE)
                jobs = ["--jobs", "2"] if few else []
                path.reset()
                total = path.start("call=%s,nth=0" % call, jobs).seen
                path.reset()
                stride = 1
                if call == "alloc" and not options.long:
                    stride = max(1, total * len(PATHS) * path.cost // options.runs)
                count, missed, began = Count(), 0, time.monotonic()
                chosen = [options.nth] if options.nth else numbers(total, stride, rng)
                for n in chosen:
                    rule = "call=%s,nth=%d" % (call, n)
                    missed = 0 if torture(path, rule, jobs, n, count, violations) else missed + 1
                    if missed == 3:
                        break
                print(
                    "%-18s %-14s %5d calls, %5d tried: %d unharmed, %d failed, of these %d out of "
                    "memory, %d after the deed%s (%.1f s)"
                    % (path.name, call, total, count.tried, count.unharmed, count.failed,
                       count.dead, count.late,
                       "".join("; %d known: %s" % (v, k) for k, v in count.known.items()),
                       time.monotonic() - began)
                )  # fmt: skip
                sys.stdout.flush()
                if total == 0 or (count.tried == 0 and not options.nth):
                    violations.append("%s: no %s was tried" % (path.name, call))
    finally:
        world.close()
    print("%d violations, seed %d" % (len(violations), seed))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
