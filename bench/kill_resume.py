#!/usr/bin/env python3
"""Kills a run at random moments, resumes it each time, and compares it with one that was left alone.

usage: bench/kill_resume.py [--program P] [--config C] [--steps N] [--kills K] [--seed S] [--set k=v]... --out DIR

Compared bit for bit: every loss and norm of metrics.csv (times may differ), the per-batch losses of every
evaluation, and the tensors of the last checkpoint with the moments. Exit code 1 if anything differs.
"""
import argparse
import csv
import json
import pathlib
import random
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMES = ("seconds", "tokens_per_s", "data_ms", "forward_ms", "backward_ms", "optimizer_ms", "publish_ms")


def rows(run):
    with open(run / "metrics.csv") as file:
        lines = [line for line in file if not line.startswith("#")]
    return [{k: v for k, v in row.items() if k not in TIMES} for row in csv.DictReader(lines)]


def steps_done(run):
    try:
        return len(rows(run))
    except (OSError, csv.Error):
        return 0


def command(args, out, resume):
    call = [args.program, "train", "--config", args.config, "--out", str(out), "--set", f"train.steps={args.steps}"]
    for item in args.set:
        call += ["--set", item]
    return call + (["--resume"] if resume else [])


def differences(whole, other):
    """Files in which two runs of one configuration part; times may differ."""
    found = []
    if rows(whole) != rows(other):
        found.append("metrics.csv")
    for path in sorted((whole / "eval").glob("*.json")):
        a, b = (run / "eval" / path.name for run in (whole, other))
        if not b.exists() or json.loads(a.read_text())["batches"] != json.loads(b.read_text())["batches"]:
            found.append(f"eval/{path.name}")
    last = sorted((whole / "checkpoints").iterdir())[-1].name
    for name in ("model.safetensors", "optimizer.safetensors"):
        a, b = (run / "checkpoints" / last / name for run in (whole, other))
        if not b.exists() or a.read_bytes() != b.read_bytes():
            found.append(f"checkpoints/{last}/{name}")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(ROOT / "build/release/hopscope"))
    parser.add_argument("--config", default=str(ROOT / "configs/first_look.toml"))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    out = pathlib.Path(args.out)
    whole, killed = out / "whole", out / "killed"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command(args, whole, False), check=True, **quiet)

    draw = random.Random(args.seed)
    moments = sorted(draw.sample(range(10, args.steps - 10), args.kills))
    started = False
    for moment in moments:
        process = subprocess.Popen(command(args, killed, started), **quiet)
        # The step is drawn, the moment inside it is left to chance.
        while steps_done(killed) < moment and process.poll() is None:
            time.sleep(0.05 + 0.1 * draw.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
        started = started or (killed / "run.json").exists()
        print(f"killed at step {steps_done(killed)} (drawn: {moment})")
    subprocess.run(command(args, killed, True), check=True, **quiet)

    found = differences(whole, killed)
    print(f"{len(rows(whole))} updates, {args.kills} kills:", "bit-equal" if not found else "DIFFERENT: " + ", ".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
