#!/usr/bin/env python3
"""The program as a process: closed descriptors, pipes, full devices, limits, signals, temporary folders, weights that are NaN.

    tests/app/cli/process_test.py build/release/hopscope

Each case starts the real program on a tiny run in a temporary folder. Exit code 0: all hold.
"""
import csv
import json
import os
import pathlib
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = pathlib.Path()
FOLDER = pathlib.Path()

CONFIG = """[model]
d_model = 16
n_layers = 2
n_heads = 2
vocab_size = 300
max_seq_len = 64
[moe]
experts = 8
top_k = 2
hops = 2
d_space = 4
[train]
steps = 12
batch = 2
seq_len = 16
warmup = 2
eval_every = 6
eval_batches = 3
checkpoint_every = 4
threads = 1
[data]
source = "text"
train = "book.txt"
"""


def call(*args, **options):
    """The finished process; text in and out."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([PROGRAM, *map(str, args)], cwd=FOLDER, text=True, errors="replace", timeout=100, **options)


def begun(*args, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen([PROGRAM, *map(str, args)], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def state_of(run):
    return json.loads((FOLDER / run / "run.json").read_text())["state"]


def losses_of(run):
    lines = [line for line in (FOLDER / run / "metrics.csv").read_text().splitlines() if not line.startswith("#")]
    return [(row["step"], row["loss"], row["valid_loss"]) for row in csv.DictReader(lines)]


def wait_until(holds, process, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"not reached; exit {process.poll()}")
        time.sleep(0.02)


def trained():
    """A finished run that cases read only."""
    run = FOLDER / "run"
    if not run.exists():
        done = call("train", "--config", "tiny.toml", "--out", "run")
        assert done.returncode == 0, done.stderr
    return "run"


class Descriptors(unittest.TestCase):
    def test_closed_ones_are_given_to_no_file(self):
        """Wrong if progress goes into files of the run."""
        run = trained()
        for closed in ((2,), (1, 2), (0, 2), (0, 1, 2)):
            out = "closed" + "".join(map(str, closed))

            def close():
                for descriptor in closed:
                    os.close(descriptor)

            more = [] if 0 not in closed else ["--set", f"data.tokenizer={FOLDER / run / 'tokenizer.model'}"]
            code = subprocess.run([PROGRAM, "train", "--config", "tiny.toml", "--out", out, "--set", "train.steps=8", *more],
                                  cwd=FOLDER, preexec_fn=close, timeout=100).returncode
            self.assertEqual(code, 0, closed)
            code = subprocess.run([PROGRAM, "train", "--resume", "--out", out, "--set", "train.steps=12"], cwd=FOLDER,
                                  preexec_fn=close, timeout=100).returncode
            self.assertEqual(code, 0, closed)
            self.assertEqual([step for step, _, _ in losses_of(out)], [step for step, _, _ in losses_of(run)])
            self.assertEqual((FOLDER / out / "data/train.tokens").read_bytes(), (FOLDER / run / "data/train.tokens").read_bytes())
            for path in (FOLDER / out).rglob("*"):
                if path.is_file() and path.suffix != ".safetensors":
                    self.assertNotIn(b"tok/s", path.read_bytes(), path)

    def test_output_that_was_closed_is_not_lost_silently(self):
        code = subprocess.run([PROGRAM, "info", trained(), "--json"], cwd=FOLDER, preexec_fn=lambda: os.close(1),
                              stderr=subprocess.PIPE, text=True, timeout=100)
        self.assertEqual(code.returncode, 1)
        self.assertIn("could not be written", code.stderr)

    def test_a_reader_that_has_gone_ends_the_output_quietly(self):
        run = trained()
        for args in (["--help"], ["commands"], ["trace", run, "--text", "a b", "--json"], ["info", run], ["generate", run, "--text", "a"]):
            ends = os.pipe()
            os.close(ends[0])
            done = call(*args, stdout=ends[1])
            os.close(ends[1])
            self.assertEqual((done.returncode, done.stderr), (0, ""), args)

    def test_a_full_device_is_a_failure(self):
        run = trained()
        for args in (["--help"], ["eval", "--help"], ["--version"], ["commands", "--json"], ["info", run, "--json"],
                     ["generate", run, "--text", "a", "--tokens", "2"]):
            with open("/dev/full", "w") as full:
                done = call(*args, stdout=full)
            self.assertEqual(done.returncode, 1, args)
            self.assertIn("No space left on device", done.stderr, args)


    def test_a_folder_is_no_input(self):
        """Wrong if the end of what could not be read is taken for its end."""
        run = trained()
        for args in (["tokenizer", "encode", "--model", f"{run}/tokenizer.model"], ["trace", run, "--text-file", "-", "--json"]):
            with_folder = os.open(FOLDER, os.O_RDONLY)
            done = call(*args, stdin=with_folder)
            os.close(with_folder)
            self.assertEqual((done.returncode, done.stdout), (2, ""), args)
            self.assertIn("stdin: is a folder", done.stderr, args)


class Words(unittest.TestCase):
    def test_an_empty_word_ends(self):
        for args in (["trace", trained(), "", "--json"], ["info", trained(), "", "--json"], [""], ["", "--json"]):
            done = call(*args)
            self.assertEqual((done.returncode, done.stdout), (2, ""), args)


class Limits(unittest.TestCase):
    def test_files_that_may_grow_no_further(self):
        """Wrong if a signal ends the program where a sentence exists, or the run says that it still runs."""
        done = call("train", "--config", "tiny.toml", "--out", "short", "--set", f"data.tokenizer={FOLDER / trained() / 'tokenizer.model'}",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40 << 10, 40 << 10)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("File too large", done.stderr)
        if (FOLDER / "short/run.json").exists():
            self.assertTrue(state_of("short").startswith("failed: "), state_of("short"))

    def test_a_run_that_a_file_limit_stops_says_failed(self):
        run = FOLDER / "limited"
        shutil.copytree(FOLDER / trained(), run)
        largest = max(path.stat().st_size for path in run.glob("checkpoints/*/*"))
        done = call("train", "--resume", "--out", "limited", "--set", "train.steps=20",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 4096, largest - 4096)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertTrue(state_of("limited").startswith("failed: "), state_of("limited"))

    def test_memory_that_ends_is_said_in_a_sentence(self):
        done = call("train", "--config", "tiny.toml", "--out", "huge", "--set", "model.d_model=4096", "--set", "model.n_layers=4",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("out of memory", done.stderr)
        self.assertIn("train.batch", done.stderr)
        for raw in ("alloc_cpu", "DefaultCPUAllocator", "bad_alloc", "Exception raised"):
            self.assertNotIn(raw, done.stderr)

    def test_a_model_beyond_the_machine_is_refused(self):
        """Wrong if the system, which kills without a word, is the first to notice."""
        done = call("train", "--config", "tiny.toml", "--out", "beyond", "--set", "model.d_model=32768", "--set", "model.n_layers=64")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("weights, moments and gradients of this model need", done.stderr)
        self.assertFalse((FOLDER / "beyond").exists())

    def test_a_temporary_folder_that_is_none(self):
        for named in ("/nonexistent", str(FOLDER / "book.txt")):
            for args in (["eval", trained(), "--corpus", "book.txt"], ["halting", trained()], ["bench", "--what", "step"]):
                done = call(*args, env=dict(os.environ, TMPDIR=named))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("TMPDIR", done.stderr)
                self.assertNotIn("filesystem error", done.stderr)


class Signals(unittest.TestCase):
    def start(self, out, **options):
        process = begun("train", "--config", "tiny.toml", "--out", out, "--set", "train.steps=100000", "--set", "train.eval_every=100000",
                        "--set", "train.checkpoint_every=100000", **options)
        wait_until(lambda: (FOLDER / out / "metrics.csv").exists() and len(losses_of(out)) > 3, process)
        return process

    def test_each_that_asks_to_end_stops_cleanly(self):
        for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU, signal.SIGUSR1, signal.SIGALRM, signal.SIGPWR):
            out = f"stopped{int(asked)}"
            process = self.start(out)
            process.send_signal(asked)
            _, messages = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130, messages)
            self.assertNotEqual(state_of(out), "running")
            self.assertTrue(list((FOLDER / out / "checkpoints").glob("step_*")))

    def test_nohup_keeps_a_closed_terminal_away(self):
        process = self.start("nohup", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        before = len(losses_of("nohup"))
        wait_until(lambda: len(losses_of("nohup")) > before + 2, process)
        process.terminate()
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)

    def test_one_ends_the_wait_for_input(self):
        """Wrong if a pipe that nobody writes to keeps the program."""
        run = trained()
        for args in (["trace", run, "--text-file", "-"], ["tokenizer", "encode", "--model", f"{run}/tokenizer.model"]):
            process = begun(*args, stdin=subprocess.PIPE)
            catches = pathlib.Path(f"/proc/{process.pid}/status")
            wait_until(lambda: int(catches.read_text().split("SigCgt:")[1].split()[0], 16) >> (signal.SIGTERM - 1) & 1, process)
            time.sleep(0.2)  # into the read behind it; before it, the flag is seen as well
            process.terminate()
            process.wait(timeout=20)
            process.communicate()
            self.assertEqual(process.returncode, 130, args)


class Weights(unittest.TestCase):
    def damage(self, name, change):
        run = FOLDER / name
        shutil.copytree(FOLDER / trained(), run)
        path = sorted(run.glob("checkpoints/step_*"))[-1] / "model.safetensors"
        data = bytearray(path.read_bytes())
        length = struct.unpack_from("<Q", data)[0]
        header = json.loads(data[8:8 + length])
        change(data, 8 + length, header)
        path.write_bytes(data)
        # As older versions wrote it: another content than what was written is found by its hash.
        state = json.loads((path.parent / "state.json").read_text())
        del state["hashes"]
        (path.parent / "state.json").write_text(json.dumps(state))
        return name

    def commands(self, run):
        (FOLDER / "s.jsonl").write_text('{"command": "steer", "layer": 0, "expert": 1, "lambda": 1}\n')
        (FOLDER / "arc.jsonl").write_text(json.dumps({"id": "1", "question": {"stem": "What?", "choices": [
            {"text": "ice", "label": "A"}, {"text": "stone", "label": "B"}]}, "answerKey": "A"}) + "\n")
        return (["generate", run, "--text", "a"], ["eval", run, "--json"], ["trace", run, "--text", "a b", "--json"],
                ["trace", run, "--out", "routing.safetensors"], ["intervene", run, "--script", "s.jsonl", "--json"],
                ["halting", run, "--json"], ["analyze", run, "--what", "load", "--json"],
                ["zeroshot", run, "--task", "arc_easy", "--file", "arc.jsonl", "--json"])

    def refused(self, run, sentence):
        for args in self.commands(run):
            done = call(*args)
            self.assertEqual((done.returncode, done.stdout), (1, ""), args)
            self.assertIn(sentence, done.stderr, args)

    def test_that_are_nan_are_said(self):
        """Wrong if a run that diverged is read outside a buffer, or comes out as nulls."""
        def one(data, begin, header):
            struct.pack_into("<f", data, begin + header["layers.0.attn.q.weight"]["data_offsets"][0] + 8, float("nan"))
        self.refused(self.damage("nan", one), "the weights hold NaN (layers.0.attn.q.weight)")

    def test_that_overflow_are_said(self):
        def all_of_it(data, begin, header):
            for name, tensor in header.items():
                if name != "__metadata__":
                    for at in range(begin + tensor["data_offsets"][0], begin + tensor["data_offsets"][1], 4):
                        struct.pack_into("<f", data, at, 3e38)
        self.refused(self.damage("large", all_of_it), "the run diverged")


def main():
    global PROGRAM, FOLDER
    PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    os.environ["GOMP_SPINCOUNT"] = "2000"
    with tempfile.TemporaryDirectory(prefix="hopscope-process-") as folder:
        FOLDER = pathlib.Path(folder)
        (FOLDER / "tiny.toml").write_text(CONFIG)
        words = [f"{a}{b}" for a in ("ka", "lo", "mi", "nu", "re") for b in ("t", "nd", "s", "lk", "ra", "")]
        lines = (" ".join(words[(7 * i + j * j) % len(words)] for j in range(9)) for i in range(3000))
        (FOLDER / "book.txt").write_text("\n".join(lines) + "\n")
        unittest.main(argv=sys.argv, verbosity=1)


if __name__ == "__main__":
    main()
