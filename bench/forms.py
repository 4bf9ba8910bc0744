"""Forms of a piece of work as processes that are timed in turn: hopscope's own, and those of bench/peers.py. Plain Python."""
import json
import os
import pathlib
import select
import signal
import statistics
import subprocess
import tempfile
import time

PEERS = pathlib.Path(__file__).resolve().parent / "peers.py"
TURN_MS = {"cpu": 400, "cuda": 150}  # a form's turn in a round takes about so long, but at least FEWEST_CALLS
FEWEST_CALLS, MOST_CALLS = 3, 51


class Failed(Exception):
    """A form cannot be timed; the text says why."""


class Form:
    """A form in a process of its own, which lives through all rounds: it says that it is ready, then answers each line "N" by N times
    in ms. So it is prepared and compiled once, its memory is its own, and what becomes of it costs nobody else."""
    stopping, running = False, set()  # of all forms: set by stop_all; their processes

    def __init__(self, o, case, name, precision):
        self.o, self.case, self.name, self.precision = o, case, name, precision
        self.told, self.calls, self.process, self.by = {}, FEWEST_CALLS, None, float("inf")

    def begin(self, call):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, start_new_session=True)
        Form.running.add(self.process)
        return self.answer(self.by)

    def answer(self, by=float("inf")):
        """The next line, within the limit and before `by`."""
        line, begin = b"", time.monotonic()
        end = min(begin + self.o.limit, by)
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                self.close()
                raise Failed(f"took more than {max(0, end - begin):.0f} s")
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                self.process.wait()
                self.errors.seek(0)
                raise Failed(last_line(self.errors.read()) or f"exit status {self.process.returncode}")
            line += part
        return json.loads(line)

    def turn(self):
        """Median ms of the calls of a turn."""
        try:
            self.process.stdin.write(b"%d\n" % self.calls)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # answer() says why
        median = statistics.median(self.answer())
        self.calls = calls_for(self.o, median)
        return median

    def close(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # a compiler's helpers too
            self.process.wait()
        Form.running.discard(self.process)

    @staticmethod
    def stop_all():
        """Ends all of them, and lets none begin: whoever waits for an answer learns it at once."""
        Form.stopping = True
        for process in list(Form.running):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    def __str__(self):
        return " ".join([self.side, self.name, self.precision] + ([self.mode] if self.side == "stock" else []))


class Ours(Form):
    """hopscope's own form, of the case or of one of its twins; `kept`: folder for what it is given and what comes of it."""
    side = "ours"

    def __init__(self, o, case, name, precision, settings=(), kept=""):
        super().__init__(o, case, name, precision)
        self.kept = kept
        self.call = [o.program, "bench", "--what", case.what, "--forms", "fused", "--device", o.device]
        for setting in [*case.settings, *settings, *o.set, f"train.precision={precision}", f"train.threads={o.threads}"]:
            self.call += ["--set", setting]

    def start(self):
        call, keep = self.call + ["--turns"], ["--keep", self.kept] if self.kept else []
        if self.case.dropout:
            if keep:
                self.begin(call + keep)  # results are compared without
                self.close()
            call, keep = call + ["--set", f"model.dropout={self.case.dropout}"], []
        row = self.begin(call + keep)
        self.calls = calls_for(self.o, row["median_ms"])
        self.told = {"shape": row["shape"], "peak_bytes": row["peak_bytes"]}


class Stock(Form):
    """A form of stock PyTorch (bench/peers.py); files: what ours kept, by precision."""
    side = "stock"

    def __init__(self, o, case, name, mode, precision, files):
        super().__init__(o, case, name, precision)
        self.mode = mode
        self.call = [o.python, "-B", str(PEERS), "--what", case.what, "--form", name, "--mode", mode, "--precision", precision,
                     "--device", o.device, "--threads", str(o.threads), "--dropout", str(case.dropout)]
        for key, path in files.items():
            self.call += ["--ours", f"{key}={path}"]

    def start(self):
        self.told = self.begin(self.call)
        self.first_ms = self.told.pop("first_ms")
        self.calls = calls_for(self.o, self.first_ms)


def calls_for(o, ms):
    return max(FEWEST_CALLS, min(MOST_CALLS, round(TURN_MS[o.device] / max(ms, 1e-3))))


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
