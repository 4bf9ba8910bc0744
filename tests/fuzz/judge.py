"""Runs one call under watch and says what was wrong with it."""
import dataclasses
import json
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import time

from stage import environment

LONGEST_MESSAGE = 400  # bytes
LONGEST_STDERR = 20_000
MOST_THREADS = 2200  # train.threads may be 1024, and the thread that prepares and the one that trains have a team each
PATIENCE = 10  # seconds for a clean stop after a signal
SANITIZERS = re.compile(rb"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error:")
# What a library says of itself when nobody caught it.
RAW = re.compile(rb"unexpected fault|terminate called|json\.exception|filesystem error|basic_string|c10::|\[enforce|what\(\):|std::|"
                 rb"Exception raised|vector::|Assertion|Traceback|libgomp")
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


@dataclasses.dataclass
class Outcome:
    code: int = 0         # as the shell has it; −N: ended by signal N
    seconds: float = 0
    peak: int = 0         # bytes
    stopped: bool = False  # asked to stop after the time limit
    hung: bool = False    # did not stop, and was killed
    grew: bool = False    # killed for its memory or its threads
    out: bytes = b""
    err: bytes = b""


def is_too_large(pid, memory):
    """Whether a process holds far more than it may: it is ended before the machine feels it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        threads, pages = int(fields[17]), int(fields[21])
        return threads > MOST_THREADS or pages * resource.getpagesize() > 2 * memory
    except (OSError, IndexError):
        return False


class Plain:
    """A process as a shell starts it."""

    def __init__(self, program, folder):
        self.program, self.scratch, self.environment = program, folder, environment(folder)

    def start(self, arguments, folder, stdin):
        with open(self.scratch / "stdout", "wb") as out, open(self.scratch / "stderr", "wb") as err, open(stdin, "rb") as given:
            self.process = subprocess.Popen([self.program, *arguments], cwd=folder, stdin=given, stdout=out, stderr=err,
                                            env=dict(self.environment, TMPDIR=str(folder / "tmp")), start_new_session=True)
        self.ended = os.pidfd_open(self.process.pid)
        return self.process.pid

    def finish(self):
        """Exit code and largest memory of a process that has ended."""
        os.close(self.ended)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return self.process.returncode, usage.ru_maxrss * 1024

    def close(self):
        pass


class Forked:
    """A fork of the program made just before its main (fork_server.c)."""

    ANSWER = struct.Struct("=qqq")

    def __init__(self, program, folder, server):
        self.program, self.scratch = program, folder
        self.control, theirs = socket.socketpair()
        self.ended = self.control.fileno()
        self.server = subprocess.Popen([program], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       env=dict(environment(folder), LD_PRELOAD=str(server),
                                                HOPSCOPE_FORK_SERVER=str(theirs.fileno())))
        theirs.close()

    def answer(self):
        data = self.control.recv(self.ANSWER.size, socket.MSG_WAITALL)
        if len(data) < self.ANSWER.size:
            raise SystemExit("the fork server is gone")
        return self.ANSWER.unpack(data)

    def start(self, arguments, folder, stdin):
        texts = [folder, stdin, self.scratch / "stdout", self.scratch / "stderr", folder / "tmp", self.program, *arguments]
        request = b"".join(os.fsencode(text) + b"\0" for text in texts)
        self.control.sendall(struct.pack("=I", len(request)) + request)
        return self.answer()[0]

    def finish(self):
        _, status, peak = self.answer()
        return os.waitstatus_to_exitcode(status), peak * 1024

    def close(self):
        self.control.close()
        self.server.wait()


def run(runner, arguments, folder, stdin, limit, memory):
    """Stops the process after `limit` seconds; kills it beyond twice its memory, or when it does not stop."""
    outcome = Outcome()
    begin = time.monotonic()
    pid = runner.start(arguments, folder, stdin)
    poll = select.poll()
    poll.register(runner.ended, select.POLLIN)
    while not poll.poll(50):
        waited = time.monotonic() - begin
        if is_too_large(pid, memory):
            outcome.grew = True
        elif waited > limit + PATIENCE:
            outcome.hung = True
        elif waited > limit and not outcome.stopped:
            outcome.stopped = True
            os.kill(pid, signal.SIGTERM)
        if outcome.grew or outcome.hung:
            os.killpg(pid, signal.SIGKILL)
            poll.poll()
            break
    outcome.code, outcome.peak = runner.finish()
    outcome.seconds = time.monotonic() - begin
    outcome.out, outcome.err = (head_of(runner.scratch / name, 1 << 24) for name in ("stdout", "stderr"))
    return outcome


def head_of(path, most):
    with open(path, "rb") as file:
        return file.read(most)


def tree(folder):
    """What stands in a folder: of each file what changes when it is written or replaced."""
    out = {}
    for path, folders, files in os.walk(folder):
        for name in files + folders:
            full = os.path.join(path, name)
            info = os.lstat(full)
            is_folder = name in folders and not os.path.islink(full)
            out[os.path.relpath(full, folder)] = "folder" if is_folder else (info.st_mode, info.st_size, info.st_mtime_ns, info.st_ino)
    return out


def message(err):
    """The sentence the program ends with (a batch: of its last run that failed); progress stands before it."""
    found = list(re.finditer(rb"^(hopscope\b|failed: )", err, re.MULTILINE))
    return err[found[-1].start():].strip() if found else b""


def is_strict_json(text):
    def refuse(word):
        raise ValueError(word)
    try:
        json.loads(text, parse_constant=refuse)
        return True
    except (ValueError, RecursionError):
        return False


def readable(text):
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return not CONTROL.search(text)


def problems(outcome, target, arguments, before, after, memory):
    """Each a short text; the same fault gives the same text."""
    words = message(outcome.err)
    if outcome.peak > memory:
        yield f"memory: more than {memory >> 20} MiB"
    elif outcome.grew:
        yield f"more than {MOST_THREADS} threads"
    if outcome.hung:
        yield "hang: a signal does not end it"
    elif outcome.grew:
        return
    elif outcome.code < 0:
        yield f"ended by {signal.Signals(-outcome.code).name}"
    elif outcome.code not in (0, 1, 2, 130):
        yield f"exit {outcome.code}"
    elif outcome.code == 130 and not outcome.stopped:
        yield "exit 130 without a signal"
    if outcome.stopped and not outcome.hung and not target.long:
        yield "takes longer than the limit"
    if SANITIZERS.search(outcome.err):
        yield "sanitizer"
    if RAW.search(outcome.err):
        yield "raw text of a library: " + RAW.search(outcome.err).group().decode()
    if not readable(outcome.err):
        yield "control bytes or bytes that are no UTF-8 on stderr"
    if len(outcome.err) > LONGEST_STDERR and not outcome.stopped and not (target.long and outcome.code == 0):  # lines of progress
        yield "stderr of more than 20,000 bytes"
    if outcome.code in (1, 2):
        if not words:
            yield f"exit {outcome.code} without a message"
        elif len(words) >= LONGEST_MESSAGE:
            yield f"message of {LONGEST_MESSAGE} bytes or more"
        names = os.path.basename(target.file.lstrip("-"))
        if words and target.file and names.encode() not in words and not (target.may_name and
                                                                         re.search(target.may_name.encode(), words)):
            yield "the message does not name the file"
    if b"--json" in arguments and b"--version" not in arguments and outcome.out and not is_strict_json(outcome.out):
        yield "stdout is no JSON document"
    if not outcome.hung:
        yield from changes(outcome, target, before, after)


def changes(outcome, target, before, after):
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    left = [path for path in changed if path.startswith("tmp/")]
    # Who opens a run for writing leaves its number in the lock.
    written = [path for path in changed if path not in left and os.path.basename(path) != ".lock"]
    foreign = [path for path in written if not path.startswith(target.may_write or ("\0",))]
    if left:
        yield "left in TMPDIR: " + kinds_of(left)
    if foreign:
        yield "touched: " + kinds_of(foreign)
    elif written and outcome.code == 2 and not target.late:
        yield "refused, and yet changed: " + kinds_of(written)


def kinds_of(paths):
    return ", ".join(dict.fromkeys(re.sub(r"\d+", "N", ascii(path[:60])) for path in paths[:4])) + (", …" if len(paths) > 4 else "")
