#!/usr/bin/env python3
"""What may happen to a run while it is written, made to happen: the process killed at any write, no room, a broken disk, folders
taken away, closed descriptors, limits, signals, two writers, readers while checkpoints rotate, a clock that jumps.

    tests/faults/faults.py build/release/hopscope build/release/tests/faults/libfault_preload.so [ROW…]
        [--share 0.02] [--seed 1] [--keep DIR]

After each fault: the exit code and one short sentence on stderr; then the run goes on without the fault and must come out bit for
bit as one that was left alone, with every file readable and nothing left over. --share is the share of the write calls at which
the rows kill, full and broken strike (1: all of them). Exit code 1 if a row fails; each failure is printed with how to repeat it.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
from kill_resume import differences, rows  # noqa: E402

STORY = """The river ran past the old mill and the children walked home in the evening of day {}. It was late in the year. Three birds
sat on the wall, and one of them sang.
"""
CONFIG = """[model]
d_model = 16
n_layers = 2
n_heads = 2
vocab_size = 300
max_seq_len = 32
[moe]
experts = 8
d_space = 4
top_k = 2
hops = 2
[data]
source = "text"
train = "book.txt"
[train]
steps = {steps}
batch = 2
seq_len = 16
warmup = 2
grad_accum = 1
eval_every = 4
eval_batches = 2
checkpoint_every = {checkpoint_every}
snapshot_every = 4
keep_checkpoints = 1
threads = 1
"""
SHORT, LONG = "short", "long"  # 12 updates; 600, to have time for something to happen
LONGEST_MESSAGE = 600          # bytes of stderr that a person has to read, progress apart


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def message(self):
        """stderr without lines of progress."""
        lines = [x for x in self.err.replace("\r", "\n").splitlines()
                 if not x.startswith(("step ", "training the tokenizer", "turning text", "building", "done: "))]
        return "\n".join(lines)


class Bench:
    """A program, a folder to work in, and runs that were left alone to compare with."""

    def __init__(self, program, preload, folder):
        self.program, self.preload, self.folder = program, preload, folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        (folder / "book.txt").write_text("".join(STORY.format(n) for n in range(200)))
        (folder / f"{SHORT}.toml").write_text(CONFIG.format(steps=12, checkpoint_every=4))
        (folder / f"{LONG}.toml").write_text(CONFIG.format(steps=600, checkpoint_every=2))
        self.faults = []
        self.checks = 0
        for config in (SHORT, LONG):
            run, count = f"whole_{config}", folder / "count"
            done = self.train(config, run, env=self.faulty(run, HOPSCOPE_FAULT_COUNT=str(count)))
            if done.code:
                raise SystemExit(f"the run left alone fails: {done.err}")
            if config == SHORT:
                self.calls = int(count.read_text())  # that change its files

    def environment(self, more=None):
        return dict(os.environ, TMPDIR=str(self.temporary), OMP_NUM_THREADS="1", GOMP_SPINCOUNT="2000", **(more or {}))

    def faulty(self, run, fault=None, **more):
        env = {"LD_PRELOAD": str(self.preload), "HOPSCOPE_FAULT_UNDER": str(self.folder / run), **more}
        return {**env, "HOPSCOPE_FAULT": fault} if fault else env

    def start(self, words, env=None, **how):
        return subprocess.Popen([str(self.program), *words], cwd=self.folder, env=self.environment(env), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)

    @staticmethod
    def finish(process, seconds=120):
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return Done("hang", out.decode(errors="replace"), err.decode(errors="replace"))
        return Done(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def call(self, *words, env=None, **how):
        return self.finish(self.start(words, env, **how))

    def words(self, config, run, resume=False):
        return ["train", "--config", f"{config}.toml", "--out", run] + (["--resume"] if resume else [])

    def train(self, config, run, resume=False, env=None, **how):
        return self.call(*self.words(config, run, resume), env=env, **how)

    def check(self, holds, place, what, done=None):
        self.checks += 1
        if not holds:
            self.faults.append(f"{place}: {what}" + (f" [exit {done.code}] {done.message()[-400:]}" if done else ""))
        return holds

    def ended(self, done, place, codes):
        """The exit code, and a sentence that a person can read where it is not 0."""
        self.check(done.code in codes, place, f"exit {done.code}, allowed {codes}", done)
        text = done.message()
        if done.code not in (0, -signal.SIGKILL):
            self.check(0 < len(text.encode()) <= LONGEST_MESSAGE, place, f"a message of {len(text.encode())} bytes", done)
            self.check(all(c == "\n" or c.isprintable() for c in text), place, "control bytes in the message", done)

    def leftovers(self, run):
        names = [str(p.relative_to(self.folder)) for p in (self.folder / run).rglob("*")
                 if (p.name.startswith(".") and p.name != ".lock") or ".tmp" in p.name or ".partial" in p.name]
        return names + [str(p) for p in self.temporary.rglob("*")]

    def state(self, run):
        return json.loads((self.folder / run / "run.json").read_text())["state"]

    def goes_on(self, config, run, place):
        """Without the fault the run comes out as the one that was left alone."""
        resume = (self.folder / run / "run.json").exists()
        done = self.train(config, run, resume)
        if not self.check(done.code == 0, place, "does not go on" if resume else "does not start anew", done):
            return
        found = differences(self.folder / f"whole_{config}", self.folder / run)
        self.check(not found, place, f"differs from the run left alone in {', '.join(found)}")
        self.check(not self.leftovers(run), place, f"left over: {', '.join(self.leftovers(run))}")
        self.check(self.state(run) == "done", place, f"run.json says {self.state(run)}")
        done = self.call("eval", run, "--json")
        self.check(done.code == 0 and done.out.startswith("{"), place, "cannot be evaluated", done)

    def clear(self, run):
        if not self.faults:
            shutil.rmtree(self.folder / run, ignore_errors=True)

    def wait_for(self, process, condition, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            if condition():
                return True
            time.sleep(0.01)
        return condition()

    def started(self, run, step=5):
        def there():
            try:
                return len(rows(self.folder / run)) >= step
            except (OSError, KeyError):
                return False
        return there


def at_writes(bench, options, kind, codes):
    """Strikes at a share of the calls that change files, drawn once; each of them then goes on."""
    calls = bench.calls
    draw = random.Random(options.seed)
    chosen = sorted(draw.sample(range(1, calls + 1), max(3, round(options.share * calls))))
    for n in chosen:
        place, run = f"{kind}:{n} of {calls}", f"{kind}_{n}"
        done = bench.train(SHORT, run, env=bench.faulty(run, f"{kind}:{n}"))
        bench.ended(done, place, codes)
        if kind == "kill":  # and once more, while it picks itself up
            again = draw.randint(1, 40)
            resume = (bench.folder / run / "run.json").exists()
            bench.train(SHORT, run, resume, env=bench.faulty(run, f"kill:{again}"))
            place += f", then {again}"
        bench.goes_on(SHORT, run, place)
        bench.clear(run)
    return f"{len(chosen)} of {calls} calls"


def kill(bench, options):
    return at_writes(bench, options, "kill", (-signal.SIGKILL,))


def full(bench, options):
    return at_writes(bench, options, "full", (1,))


def full_of_many(bench, options):
    """No room while a race or a batch is trained: its file says how it ended, and it goes on."""
    shutil.copy(bench.folder / f"{SHORT}.toml", bench.folder / "other.toml")
    (bench.folder / "two.toml").write_text(f'[[run]]\nconfig = "{SHORT}.toml"\nname = "one"\nseeds = [1, 2]\n')
    race = ["race", "--config", f"{SHORT}.toml", "--config", "other.toml", "--out"]
    struck = []
    for kind, words in (("race", race), ("batch", ["batch", "--file", "two.toml", "--out"])):
        count, whole = bench.folder / "count", f"{kind}_whole"
        done = bench.call(*words, whole, env=bench.faulty(whole, HOPSCOPE_FAULT_COUNT=str(count)))
        if not bench.check(done.code == 0, kind, "left alone it fails", done):
            continue
        calls = int(count.read_text())
        # What is refused before it is begun leaves nothing.
        chosen = random.Random(options.seed).sample(range(calls // 4, calls + 1), max(3, round(options.share * calls / 4)))
        for n in sorted([*chosen, calls - 1]):
            place, out = f"full_of_many: {kind} {n} of {calls}", f"{kind}_{n}"
            done = bench.call(*words, out, env=bench.faulty(out, f"full:{n}"))
            bench.ended(done, place, (0, 1))  # 0: nothing needed room any more
            file = bench.folder / out / f"{kind}.json"
            if file.exists():
                state = json.loads(file.read_text())["state"]
                bench.check(state != "running", place, f"{file.name} says {state}", done)
            go_on = ["--resume"] if kind == "race" and file.exists() else []
            done = bench.call(*words, out, *go_on)
            bench.check(done.code == 0, place, "does not go on", done)
            bench.check(json.loads(file.read_text())["state"] == "done", place, "is not done", done)
            bench.clear(out)
        struck.append(f"{len(chosen) + 1} of {calls}")
    return ", ".join(struck)


def broken(bench, options):
    # A call whose failure harms nothing (a temporary file that was not deleted) may pass.
    return at_writes(bench, options, "broken", (0, 1))


def read_only(bench, options):
    """A folder that may not be written: nothing of it changes, and reading it goes on."""
    run = "read_only"
    shutil.copytree(bench.folder / f"whole_{SHORT}", bench.folder / run)
    for path in [bench.folder / run, *(bench.folder / run).rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    without = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    if without and not shutil.which("setpriv"):
        return "skipped: root without setpriv"
    for words, codes in ((["eval", run, "--json"], (0,)), (["info", run], (0,)),
                         (["train", "--resume", "--out", run, "--set", "train.steps=16"], (1, 2))):
        process = subprocess.Popen([*without, str(bench.program), *words], cwd=bench.folder, env=bench.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        bench.ended(bench.finish(process), f"read_only: {words[0]}", codes)
    bench.check(not differences(bench.folder / f"whole_{SHORT}", bench.folder / run), "read_only", "the run has changed")
    for path in (bench.folder / run).rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    (bench.folder / run).chmod(0o755)
    return "3 commands"


def taken_away(bench, options):
    """The folder is deleted, or another stands in its place: the run stops, and writes nothing there."""
    for other in (None, "empty", "full"):
        place, run = f"taken_away: {other or 'deleted'}", f"taken_{other}"
        process = bench.start(bench.words(LONG, run))
        if not bench.check(bench.wait_for(process, bench.started(run)), place, "does not train"):
            bench.finish(process)
            continue
        (bench.folder / run).rename(bench.folder / f"{run}_was")
        if other:
            (bench.folder / run).mkdir()
        if other == "full":
            (bench.folder / run / "letter.txt").write_text("mine")
        done = bench.finish(process)
        bench.ended(done, place, (1,))
        bench.check(run in done.message(), place, "the message does not name the folder", done)
        there = sorted(p.name for p in (bench.folder / run).rglob("*")) if (bench.folder / run).exists() else None
        expected = {None: None, "empty": [], "full": ["letter.txt"]}[other]
        bench.check(there == expected, place, f"what stands there now: {there}, expected {expected}")
        (bench.folder / run).exists() and shutil.rmtree(bench.folder / run)
        (bench.folder / f"{run}_was").rename(bench.folder / run)
        bench.goes_on(LONG, run, place)
        bench.clear(run)
    return "3 ways"


def descriptors(bench, options):
    """Without input, output or messages the run's own files get none of them."""
    closed = [(0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2)]
    for which in closed:
        place, run = f"descriptors {which}", "closed_" + "_".join(map(str, which))
        redirect = " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in which)
        words = " ".join(["exec", str(bench.program), *bench.words(SHORT, run), redirect])
        process = subprocess.Popen(["bash", "-c", words], cwd=bench.folder, env=bench.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        done = bench.finish(process)
        bench.check(done.code == 0, place, "fails", done)
        found = differences(bench.folder / f"whole_{SHORT}", bench.folder / run) if done.code == 0 else []
        bench.check(not found, place, f"differs in {', '.join(found)}")
        lock = bench.folder / run / ".lock"
        held = lock.read_bytes() if lock.exists() else b""
        bench.check(b"step" not in held and b"tokenizer" not in held, place, f".lock holds {held[:60]}")
        bench.goes_on(SHORT, run, place)
        bench.clear(run)
    return f"{len(closed)} combinations"


def limited(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def limits(bench, options):
    """Limits that the system sets to a process end it with a sentence; the run goes on without them."""
    cases = [("size of files", resource.RLIMIT_FSIZE, 30_000), ("size of files", resource.RLIMIT_FSIZE, 3_000),
             ("open files", resource.RLIMIT_NOFILE, 24), ("open files", resource.RLIMIT_NOFILE, 12),
             ("memory", resource.RLIMIT_AS, 900_000_000)]
    for name, which, value in cases:
        place, run = f"limits: {name} {value}", f"limit_{which}_{value}"
        done = bench.train(SHORT, run, preexec_fn=limited(which, value))
        # So few files or so little memory that the program itself cannot be loaded is the loader's to say.
        loader = done.code == 127
        if not loader:
            bench.ended(done, place, (0, 1, 2))
        if (bench.folder / run / "run.json").exists() and done.code:
            bench.check(bench.state(run) != "running", place, "run.json says running", done)
        bench.goes_on(SHORT, run, place)
        bench.clear(run)
    return f"{len(cases)} limits"


def signals(bench, options):
    """Whoever asks a run to end gets a clean stop; the run goes on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU, signal.SIGUSR1):
        place, run = f"signals: {number.name}", f"signal_{number.name}"
        process = bench.start(bench.words(LONG, run))
        bench.check(bench.wait_for(process, bench.started(run)), place, "does not train")
        process.send_signal(number)
        done = bench.finish(process)
        bench.check(done.code == 130, place, "exit 130 expected", done)
        bench.check(bench.state(run) == "paused", place, f"run.json says {bench.state(run)}")
        bench.goes_on(LONG, run, place)
        bench.clear(run)
    return "5 signals"


def two_writers(bench, options):
    """A second writer is refused before it changes anything, and the first goes on."""
    run, place = "two", "two_writers"
    process = bench.start(bench.words(LONG, run))
    bench.check(bench.wait_for(process, bench.started(run)), place, "does not train")
    for words in (bench.words(LONG, run, True), bench.words(LONG, run)):
        bench.ended(bench.call(*words), place, (2,))
    done = bench.finish(process)
    bench.check(done.code == 0, place, "the first one fails", done)
    bench.check(not differences(bench.folder / f"whole_{LONG}", bench.folder / run), place, "the first one differs")
    bench.clear(run)
    (bench.folder / "batch.toml").write_text(f'[[run]]\nconfig = "{LONG}.toml"\nname = "one"\nseeds = [1, 2]\n')
    process = bench.start(["batch", "--file", "batch.toml", "--out", "both"])
    bench.wait_for(process, lambda: any((bench.folder / "both").glob("*/metrics.csv")))
    bench.ended(bench.call("batch", "--file", "batch.toml", "--out", "both"), f"{place}: batch", (2,))
    done = bench.finish(process)
    bench.check(done.code == 0, f"{place}: batch", "the first one fails", done)
    return "train, batch"


def readers(bench, options):
    """Whoever reads a run while its checkpoints rotate finds one."""
    run, calls = "read", 0
    process = bench.start(bench.words(LONG, run))
    bench.check(bench.wait_for(process, lambda: any((bench.folder / run / "checkpoints").glob("step_*"))), "readers", "no checkpoint")
    while process.poll() is None:
        for words in (["info", run, "--json"], ["eval", run, "--batches", "1", "--json"], ["trace", run, "--text", "the river", "--json"]):
            bench.ended(bench.call(*words), f"readers: {words[0]}", (0,))
            calls += 1
    done = bench.finish(process)
    bench.check(done.code == 0, "readers", "the run fails", done)
    bench.clear(run)
    return f"{calls} calls"


def clock(bench, options):
    """A time of day that jumps changes nothing but times, and none of these is below 0."""
    for jump in (86400, -86400 * 365):
        place, run = f"clock: {jump}", f"clock_{abs(jump)}"
        bench.check(bench.train(SHORT, run, env=bench.faulty(run, HOPSCOPE_CLOCK=str(jump))).code == 0, place, "fails")
        with open(bench.folder / run / "metrics.csv", encoding="utf-8") as file:
            lines = [line.split(",") for line in file if not line.startswith("#")]
        at = lines[0].index("seconds")
        bench.check(all(float(line[at]) >= 0 for line in lines[1:]), place, "seconds below 0")
        bench.goes_on(SHORT, run, place)
        bench.clear(run)
    return "2 jumps"


ROWS = (kill, full, full_of_many, broken, read_only, taken_away, descriptors, limits, signals, two_writers, readers, clock)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("preload", type=pathlib.Path)
    parser.add_argument("rows", nargs="*", choices=[[]] + [row.__name__ for row in ROWS])
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    chosen = [row for row in ROWS if not options.rows or row.__name__ in options.rows]
    faults = []
    with tempfile.TemporaryDirectory(prefix="hopscope-faults-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(options.program.resolve(), options.preload.resolve(), folder.resolve())
        for row in chosen:
            begin, before = time.monotonic(), len(bench.faults)
            what = row(bench, options)
            found = bench.faults[before:]
            print(f"{row.__name__:13} {what:22} {time.monotonic() - begin:6.1f} s  {'holds' if not found else str(len(found)) + ' FAULTS'}")
            for fault in found:
                print("    " + fault.replace("\n", "\n    "))
            sys.stdout.flush()
            faults += found
        print(f"{bench.checks} checks, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
