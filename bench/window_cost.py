#!/usr/bin/env python3
"""Steps a second of one run without a window, with a hidden window, and with a visible one, interleaved.

    xvfb-run -a -s "-screen 0 1600x900x24 -noreset" bench/window_cost.py build/release/hopscope [--rounds 3]

The rate is taken from the clock between two rows of metrics.csv, so it holds everything that delays training. All three
use the same train.threads. Hidden = unmapped by xdotool, as a minimised window is. Prints every rate, medians and ratios.
"""
import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

KINDS = ("headless", "hidden", "visible")


def rows(run):
    try:
        with open(os.path.join(run, "metrics.csv"), "rb") as f:
            return max(0, f.read().count(b"\n") - 2)
    except FileNotFoundError:
        return 0


def newest_run(folder):
    base = os.path.join(folder, "runs")
    return os.path.join(base, sorted(os.listdir(base))[-1]) if os.path.isdir(base) and os.listdir(base) else ""


def measure(kind, binary, config, threads, first, last):
    folder = tempfile.mkdtemp(prefix="hopscope_cost_")
    sets = ["--set", f"train.steps={last + 2000}", "--set", f"train.threads={threads}"]
    if kind == "headless":
        command = [binary, "train", "--config", config, "--out", os.path.join(folder, "runs", "r")] + sets
    else:
        command = [binary, "explore", "--config", config, "--start"] + sets
    # Settings of the person who runs this stay out of it.
    environment = dict(os.environ, XDG_CONFIG_HOME=os.path.join(folder, "config"))
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begin, hidden, limit = None, kind != "hidden", time.monotonic() + 300
    try:
        while process.poll() is None and time.monotonic() < limit:
            done = rows(newest_run(folder)) if newest_run(folder) else 0
            if not hidden and done > 5:
                subprocess.run(["xdotool", "search", "--name", "hopscope", "windowunmap"], check=True, stdout=subprocess.DEVNULL)
                hidden = True
            if begin is None and done >= first:
                begin = (time.monotonic(), done)
            if begin is not None and done >= last:
                return (done - begin[1]) / (time.monotonic() - begin[0])
            time.sleep(0.02)
        sys.exit(f"{kind}: the run ended or took too long before step {last}")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--config", default="configs/first_look.toml")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", default=",".join(KINDS), help="which of them, headless first")
    parser.add_argument("--first", type=int, default=60, help="row of metrics.csv at which the clock starts")
    parser.add_argument("--last", type=int, default=360)
    a = parser.parse_args()
    kinds = a.kinds.split(",")
    rates = {kind: [] for kind in kinds}
    for _ in range(a.rounds):
        for kind in kinds:
            rates[kind].append(measure(kind, os.path.abspath(a.binary), os.path.abspath(a.config), a.threads, a.first, a.last))
            print(f"{kind:9s} {rates[kind][-1]:7.2f} steps/s", flush=True)
    base = statistics.median(rates["headless"])
    # The machine drifts: each round is also compared with its own headless run.
    for kind in kinds[1:]:
        ratios = sorted(100 * (x / y - 1) for x, y in zip(rates[kind], rates["headless"]))
        print(f"{kind:9s} by round: median {statistics.median(ratios):+.1f} %, from {ratios[0]:+.1f} to {ratios[-1]:+.1f} %")
    for kind in kinds:
        median = statistics.median(rates[kind])
        print(f"{kind:9s} median {median:7.2f} steps/s, {100 * (median / base - 1):+.1f} % against headless, n = {a.rounds}")


if __name__ == "__main__":
    main()
