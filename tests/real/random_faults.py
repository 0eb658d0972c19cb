#!/usr/bin/env python3
"""Random (operation, fault, place) runs of s3tui through the fault proxy against a real gateway.

After each run the invariants of the fault matrix are looked at on the server and on disk:
 1 a file under its real name is one version of the object, or what it was before
 2 an object is the old or the new bytes; what a move removed is where it was moved to
 3 exit 0 means that all is done
 4 no open multipart uploads but those that `s3tui jobs` holds, and none when these are dropped
 5 no temporary files, but resumable ones with mode 0600 after a failure
 6 the number of requests is bounded
 8 the secret key is in no output and no log
(7, the terminal, is for the tests on one.)

The environment is that of the other tests here: S3TUI_BIN, S3TUI_FAULTPROXY and what scripts/gateway
writes. A run is repeated with --seed and --run as a violation prints them.
"""
import argparse
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from gateway import Gateway, env

MIB = 1 << 20
HANG_S = 90
CONFIG = """[default]
endpoint = {endpoint}
timeout = 3s
access_key_id = {access}
secret_access_key = {secret}
[upload]
part_size = 5MiB
multipart_threshold = 8MiB
[download]
chunk_size = 1MiB
[retry]
max_attempts = 3
initial_delay = 1ms
max_delay = 10ms
[network]
connect_timeout = 500ms
low_speed_time = 1s
low_speed_limit = 20kB
give_up_after = 20s
"""


class Proxy:
    def __init__(self, program, upstream):
        self.process = subprocess.Popen([program, "--upstream", upstream], text=True,
                                        stdout=subprocess.PIPE)
        self.endpoint = json.loads(self.process.stdout.readline())["endpoint"]
        self.host = self.endpoint.removeprefix("http://")

    def control(self, method, what, body=""):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request(method, "/-/" + what, body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{what}: {text}")
        return text


class Violation(Exception):
    pass


# What can be struck in an operation: a filter, and whether the response's body is the object's data.
HEAD, LIST = "method=HEAD", "method=GET,query=list-type"
DATA, PUT, COPY = "method=GET,path=/o", "method=PUT", "method=PUT,header=x-amz-copy-source"
PART, CREATE = "method=PUT,query=partNumber", "method=POST,query=uploads"
COMPLETE, BATCH = "method=POST,query=uploadId", "method=POST,query=delete"
DELETE = "method=DELETE"

REQUEST_KINDS = ["reset-request", "fin-request", "refuse", "answer", "answer", "error-200",
                 "error-after", "lose-response"]
RESPONSE_KINDS = ["reset-response", "fin-response", "cut-body", "short-length"]
DATA_KINDS = ["flip-response", "ignore-range", "wrong-range", "drop-etag", "change-etag"]
SLOW_KINDS = ["stall-request", "stall-response", "delay-response", "slow"]
ANSWERS = ["500,code=InternalError", "503,code=SlowDown", "429,code=TooManyRequests",
           "400,code=ExpiredToken", "503,code=SlowDown,early=yes"]


class Run:
    """One run: its random numbers, what is there before, what has to be there after."""

    def __init__(self, suite, number):
        self.suite, self.number = suite, number
        self.random = random.Random(f"{suite.seed}:{number}")
        self.prefix = f"r{number}/"
        self.base = os.path.join(suite.work, f"r{number}")
        self.local = os.path.join(self.base, "files")
        os.makedirs(self.local)
        # name -> bytes or None: before, and when all is done
        self.remote, self.remote_after = {}, {}
        self.files, self.files_after = {}, {}
        self.moves = []   # (kind, name, kind, name): the second holds what the first no longer does
        self.due = 4      # requests without a fault
        self.bytes = 0
        self.listing = None

    # --- what is there ---

    def blob(self, low, high):
        size = self.random.randint(low, high)
        at = self.random.randrange(len(self.suite.pool) - size)
        self.bytes += size
        return self.suite.pool[at:at + size]

    def s3(self, name=""):
        return f"s3://{self.suite.bucket}/{self.prefix}{name}"

    def path(self, name=""):
        return os.path.join(self.local, name)

    def has_remote(self, name, data, after="same"):
        self.remote[name] = data
        self.remote_after[name] = data if after == "same" else after

    def has_file(self, name, data, after="same"):
        self.files[name] = data
        self.files_after[name] = data if after == "same" else after

    def maybe_old(self):
        return self.blob(1, 300000) if self.random.random() < 0.6 else None

    # --- operations: the command, and what may be struck ---

    def put(self, low=0, high=3 * MIB):
        new = self.blob(low, high)
        self.has_file("f", new)
        self.has_remote("o", self.maybe_old(), new)
        return ["cp", self.path("f"), self.s3("o")], [PUT, PUT, LIST]

    def multipart(self):
        command, _ = self.put(8 * MIB, 13 * MIB)
        self.due = 8
        return command, [PART, PART, CREATE, COMPLETE, COMPLETE, HEAD]

    def get(self, low=1, high=900000):
        new = self.blob(low, high)
        self.has_remote("o", new)
        self.has_file("f", self.maybe_old(), new)
        self.due = 3 + high // MIB
        return ["cp", self.s3("o"), self.path("f")], [DATA, DATA, DATA, HEAD]

    def ranged(self):
        return self.get(2 * MIB, 5 * MIB)

    def copy(self, verb="cp"):
        new = self.blob(0, 700000)
        self.has_remote("o", new, None if verb == "mv" else new)
        self.has_remote("o2", self.maybe_old(), new)
        self.due = 5
        if verb == "mv":
            self.moves.append(("remote", "o", "remote", "o2"))
        return [verb, self.s3("o"), self.s3("o2")], [COPY, COPY, HEAD, LIST]

    def move(self):
        where = self.random.choice(["copy", "up", "down"])
        if where == "copy":
            command, points = self.copy("mv")
            return command, points + [DELETE, BATCH]
        if where == "up":
            command, points = self.put()
            self.files_after["f"] = None
            self.moves.append(("file", "f", "remote", "o"))
        else:
            command, points = self.get()
            self.remote_after["o"] = None
            self.moves.append(("remote", "o", "file", "f"))
            points += [DELETE, BATCH]
        return ["mv", *command[1:]], points

    def names(self):
        return [f"t/d{i % 3}/o{i}" for i in range(self.random.randint(4, 9))]

    def tree_up(self):
        for name in self.names():
            new = self.blob(0, 200000)
            self.has_file(name, new)
            self.has_remote(name, None, new)
            self.due += 3
        return ["cp", "-r", self.path("t"), self.s3("t")], [PUT, PUT, LIST, HEAD]

    def tree_down(self):
        for name in self.names():
            new = self.blob(0, 200000)
            self.has_remote(name, new)
            self.has_file(name, None, new)
            self.due += 3
        return ["cp", "-r", self.s3("t"), self.path("t")], [DATA, DATA, LIST]

    def list(self):
        self.listing = self.names()
        for name in self.listing:
            self.has_remote(name, self.blob(0, 10))
        return ["ls", "-r", "--json", self.s3("t/")], [LIST]

    def remove(self):
        for name in self.names():
            self.has_remote(name, self.blob(0, 10), None)
            self.due += 1
        self.has_remote("to", self.blob(0, 10))
        return ["rm", "-r", self.s3("t")], [BATCH, BATCH, LIST]

    OPERATIONS = [put, multipart, get, ranged, copy, move, tree_up, tree_down, list, remove]

    # --- the fault ---

    def fault(self, points):
        rnd = self.random
        point = rnd.choice(points)
        kinds = REQUEST_KINDS + RESPONSE_KINDS
        if point == DATA:
            kinds = kinds + DATA_KINDS
        if point in (PUT, PART, COMPLETE, BATCH):
            kinds = kinds + ["flip-request"] * 4
        kind = rnd.choice(SLOW_KINDS if rnd.random() < 0.01 else kinds)
        nth = rnd.choice([1, 1, 1, 2, 3])
        times = rnd.choice(["1", "1", "1", "2", "3", "forever"])
        at = rnd.choice(["0", f"{rnd.randint(0, 99)}%", f"{rnd.randint(0, 99)}%",
                         str(rnd.randint(1, 400)), str(rnd.randint(50000, 1000000))])
        if kind in ("reset-response", "fin-response") and times != "1":
            # a byte for each try would be progress for days
            at = str(rnd.randint(50000, 1000000))
        if kind in SLOW_KINDS:
            times = "1"
        rule = f"{point},nth={nth},times={times},do={kind},at={at}"
        if kind == "answer":
            rule += ",status=" + rnd.choice(ANSWERS)
        if kind == "lose-response" and rnd.random() < 0.5:
            rule += ",how=reset"
        if kind == "slow":
            rule += ",rate=1000"
        self.kind, self.is_for_good = kind, times == "forever"
        return rule

    # --- doing it ---

    def set_up(self):
        for name, data in self.remote.items():
            if data is not None:
                self.suite.gateway.put(f"{self.suite.bucket}/{self.prefix}{name}", data)
        for name, data in self.files.items():
            path = self.path(name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if data is not None:
                with open(path, "wb") as f:
                    f.write(data)

    def run(self):
        operation = self.random.choice(self.OPERATIONS)
        self.command, points = operation(self)
        self.rule = self.fault(points)
        self.triple = (operation.__name__, *self.rule.split(",do=")[::-1])
        self.set_up()
        self.suite.proxy.control("PUT", "faults", self.rule)
        state = os.path.join(self.base, "state")
        self.environment = environment = {"PATH": "/usr/bin:/bin", "HOME": self.base, "LC_ALL": "C.UTF-8",
                       "XDG_STATE_HOME": state,
                       **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}
        try:
            done = subprocess.run([self.suite.program, "--config", self.suite.config, "--debug",
                                   *self.command], env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=HANG_S)
        except subprocess.TimeoutExpired:
            raise Violation("it hangs")
        self.status = done.returncode
        self.stdout = done.stdout.decode(errors="replace")
        self.stderr = done.stderr.decode(errors="replace")
        self.log = self.suite.proxy.control("GET", "log").splitlines()
        self.struck = int(self.suite.proxy.control("GET", "struck"))
        self.check(state)

    def found(self, kind, name):
        if kind == "remote":
            return self.suite.gateway.get(f"{self.suite.bucket}/{self.prefix}{name}")
        try:
            with open(self.path(name), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def check(self, state):
        if self.status not in (0, 1):
            raise Violation(f"it ended with {self.status}")
        if "Sanitizer" in self.stderr or "runtime error:" in self.stderr:
            raise Violation("a sanitizer speaks")
        if self.status and not self.stderr.strip():
            raise Violation("it fails without a word")
        self.is_done = True
        self.check_bytes("remote", self.remote, self.remote_after, "2")
        self.check_bytes("file", self.files, self.files_after, "1")
        self.check_moves()
        self.check_names()
        if self.listing is not None:
            self.check_listing()
        if self.status == 0 and not self.is_done:
            raise Violation("3: exit 0, but not all is done")
        self.check_modes()
        self.check_uploads()
        self.check_temporary_files()
        self.check_requests()
        self.check_secret(state)

    def check_bytes(self, kind, before, after, number):
        for name, old in before.items():
            new, data = after[name], self.found(kind, name)
            if data != old and data != new:
                raise Violation(f"{number}: {kind} {name} is neither old nor new")
            self.is_done = self.is_done and data == new

    def check_moves(self):
        for kind, name, to_kind, to_name in self.moves:
            before = (self.remote if kind == "remote" else self.files)[name]
            if self.found(kind, name) is None and self.found(to_kind, to_name) != before:
                raise Violation(f"2: {name} is lost on the way")

    def check_names(self):
        strange = self.suite.gateway.keys(self.suite.bucket, self.prefix) - {
            self.prefix + n for n in self.remote}
        if strange:
            raise Violation(f"2: objects from nowhere: {strange}")

    def check_listing(self):
        told = [json.loads(line)["key"] for line in self.stdout.splitlines()]
        wanted = sorted(self.prefix + n for n in self.listing)
        if self.status == 0 and sorted(told) != wanted:
            raise Violation(f"3: listed {told}")
        if not set(told) <= set(wanted):
            raise Violation(f"names from nowhere: {told}")

    def jobs(self, *words):
        done = subprocess.run([self.suite.program, "--config", self.suite.config, "jobs", *words],
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=HANG_S)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def check_uploads(self):
        """What is open is what the journal holds, and goes when that is dropped."""
        self.suite.proxy.control("DELETE", "faults")
        left = {upload for _, upload in self.suite.gateway.uploads(self.suite.bucket)}
        held = {i for line in self.jobs("--json")[1].splitlines()
                for i in json.loads(line)["uploads"].split()}
        # an intent may have come to something that was not heard of, or to nothing; and what is
        # held may have been completed without our hearing of it
        unheard = "?" in held
        if self.status == 0 and held:
            raise Violation(f"4: exit 0, and the journal holds {held}")
        if left - held and not unheard:
            raise Violation(f"4: open are {left}, the journal holds {held}")
        status, _, told = self.jobs("drop", "--all")
        left = self.suite.gateway.uploads(self.suite.bucket)
        journals = os.listdir(os.path.join(self.base, "state", "s3tui", "jobs"))
        if status or left or journals:
            raise Violation(f"4: after drop ({status}, {told}) there are {left} and {journals}")

    def check_modes(self):
        for directory, _, names in os.walk(self.local):
            for name in names:
                mode = os.stat(os.path.join(directory, name)).st_mode & 0o777
                if re.match(r"\..*\.s3tui-", name) and mode != 0o600:
                    raise Violation(f"5: {name} has mode {mode:o}")

    def check_temporary_files(self):
        for directory, _, names in os.walk(self.local):
            for name in names:
                path = os.path.join(directory, name)
                if os.path.relpath(path, self.local) in self.files:
                    continue
                raise Violation(f"5: {name} is left after its job was dropped")

    def check_requests(self):
        # three tries and one at once for a kept connection; each try with progress is another
        most = 4 * self.due + 12 + self.bytes // 50000 + 1
        if len(self.log) > most:
            raise Violation(f"6: {len(self.log)} requests where {most} are due at most")

    def check_secret(self, state):
        texts = [self.stdout, self.stderr]
        logs = 0
        for directory, _, names in os.walk(state):
            for name in names:
                logs += name.startswith("debug-")
                with open(os.path.join(directory, name), errors="replace") as f:
                    texts.append(f.read())
        if not logs:
            raise Violation("8: there is no log to look into")
        if any(self.suite.gateway.secret in text for text in texts):
            raise Violation("8: the secret key is in the output or in a log")

    def clean_up(self):
        for name in self.suite.gateway.keys(self.suite.bucket, self.prefix):
            self.suite.gateway.request("DELETE", f"{self.suite.bucket}/{name}")
        shutil.rmtree(self.base)


class Suite:
    def __init__(self, seed):
        self.seed = seed
        self.program = env("S3TUI_BIN")
        self.gateway = Gateway(env("S3TUI_TEST_ENDPOINT"), env("S3TUI_TEST_ACCESS_KEY"),
                               env("S3TUI_TEST_SECRET_KEY"))
        self.proxy = Proxy(env("S3TUI_FAULTPROXY"), env("S3TUI_TEST_ENDPOINT"))
        self.pool = random.Random(seed).randbytes(16 * MIB)
        self.work = tempfile.mkdtemp(prefix="s3tui-random.")
        self.config = os.path.join(self.work, "s3tui.ini")
        with open(self.config, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(CONFIG.format(endpoint=self.proxy.endpoint, access=self.gateway.access,
                                  secret=self.gateway.secret))
        self.bucket = f"t-random-{os.getpid()}-{random.SystemRandom().randrange(1 << 30)}"
        self.gateway.request("PUT", self.bucket)
        self.triples, self.runs, self.struck, self.violations = set(), 0, 0, 0
        self.failed, self.unsure = 0, 0

    def run(self, number):
        run = Run(self, number)
        self.runs += 1
        try:
            run.run()
            self.triples.add(run.triple)
            self.struck += run.struck > 0
            self.failed += run.status != 0
            self.unsure += run.status != 0 and run.is_done
        except Violation as why:
            self.violations += 1
            print(f"violation: {why}\n  s3tui {' '.join(run.command)}\n  fault: {run.rule}")
            for what in ("stdout", "stderr"):
                print(f"  {what}: {getattr(run, what, '').strip()[:1000]}")
            for line in getattr(run, "log", [])[:40]:
                print(f"  {line}")
            print(f"  again: {sys.argv[0]} --seed {self.seed} --run {number}", flush=True)
        finally:
            for key, upload in self.gateway.uploads(self.bucket):
                self.gateway.request("DELETE", f"{self.bucket}/{key}", {"uploadId": upload},
                                     ok=(204, 404))
            run.clean_up()

    def close(self):
        self.gateway.request("DELETE", self.bucket)
        self.proxy.process.terminate()
        self.proxy.process.wait()
        shutil.rmtree(self.work)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
        epilog="Without --runs and --seconds: 300 runs, or an hour where S3TUI_TEST_LONG is set.")
    parser.add_argument("--runs", type=int, help="so many at the most")
    parser.add_argument("--seconds", type=float, help="so long at the most")
    parser.add_argument("--seed", help="of all random numbers; default: a new one")
    parser.add_argument("--run", type=int, help="only this one, to repeat it")
    args = parser.parse_args()
    if args.runs is None and args.seconds is None:
        if os.environ.get("S3TUI_TEST_LONG"):
            args.seconds = 3600
        else:
            args.runs, args.seconds = 300, 400
    seed = args.seed or str(random.SystemRandom().randrange(1 << 32))
    print(f"seed {seed}", flush=True)
    suite = Suite(seed)
    start = time.monotonic()
    try:
        if args.run is not None:
            suite.run(args.run)
        else:
            number = 0
            while (args.runs is None or number < args.runs) and (
                    args.seconds is None or time.monotonic() - start < args.seconds):
                suite.run(number)
                number += 1
    finally:
        suite.close()
    print(f"{suite.runs} runs in {time.monotonic() - start:.0f} s, {len(suite.triples)} distinct "
          f"(operation, fault, place), {suite.struck} faults struck, {suite.failed} ended in an "
          f"error ({suite.unsure} of them done all the same), {suite.violations} violations")
    return 1 if suite.violations else 0


if __name__ == "__main__":
    sys.exit(main())
