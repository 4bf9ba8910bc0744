#!/usr/bin/env python3
"""Steps a second of one run by what its windows are, interleaved:

    headless   no window was ever opened
    hidden     its window is unmapped by xdotool, as a minimised one is
    visible    its window can be seen
    watched    hopscope train, and a visible window of another process that follows the run
    closed     hopscope train, after such a window was opened and closed again

    xvfb-run -a -s "-screen 0 1600x900x24 -noreset" bench/window_cost.py build/release/hopscope [--rounds 3]

The rate is taken from the clock between two rows of metrics.csv, so it holds everything that delays training. All
use the same train.threads. Prints every rate, medians and ratios; with --at-least 0.6 the exit code is 1 if the median of a kind
is less than that share of headless.
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

KINDS = ("headless", "hidden", "visible", "watched", "closed")


def rows(run):
    try:
        with open(os.path.join(run, "metrics.csv"), "rb") as f:
            return max(0, f.read().count(b"\n") - 2)
    except FileNotFoundError:
        return 0


def newest_run(folder):
    base = os.path.join(folder, "runs")
    return os.path.join(base, sorted(os.listdir(base))[-1]) if os.path.isdir(base) and os.listdir(base) else ""


def shown(process):
    """The X windows of a process's own that can be seen, by xdotool."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(process.pid), "--name", "hopscope"],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return found.stdout.split()


def wait_until(true, what, limit=120):
    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {limit} s")
        time.sleep(0.05)


def end(process):
    if process and process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(60)


class Measured:
    """A run and the windows that look at it, in a folder of their own."""

    def __init__(self, kind, binary, config, threads, last):
        self.kind, self.binary = kind, binary
        self.folder = tempfile.mkdtemp(prefix="hopscope_cost_")
        sets = ["--set", f"train.steps={last + 2000}", "--set", f"train.threads={threads}"]
        if kind in ("hidden", "visible"):
            self.trainer = self.start("explore", "--config", config, "--start", *sets)
        else:
            self.trainer = self.start("train", "--config", config, "--out", os.path.join(self.folder, "runs", "r"), *sets)
        self.follower = None

    def start(self, *words):
        # Settings of the person who runs this stay out of it.
        environment = dict(os.environ, XDG_CONFIG_HOME=os.path.join(self.folder, "config"))
        return subprocess.Popen([self.binary, *words], cwd=self.folder, env=environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def rows(self):
        run = newest_run(self.folder)
        return rows(run) if run else 0

    def arrange(self):
        """Brings the windows into the state that is measured, once the run has begun."""
        wait_until(lambda: self.rows() > 5, f"{self.kind}: the first updates")
        if self.kind == "hidden":
            subprocess.run(["xdotool", "windowunmap", shown(self.trainer)[0]], check=True, stdout=subprocess.DEVNULL)
        if self.kind in ("watched", "closed"):
            self.follower = self.start("explore", newest_run(self.folder))
            wait_until(lambda: shown(self.follower), f"{self.kind}: the window that follows")
        if self.kind == "closed":
            time.sleep(3)  # it is looked at for a while
            end(self.follower)

    def rate(self, first, last):
        self.arrange()
        wait_until(lambda: self.rows() >= first, f"{self.kind}: step {first}")
        begin, begun = time.monotonic(), self.rows()
        while self.trainer.poll() is None and time.monotonic() < begin + 300:
            if (done := self.rows()) >= last:
                return (done - begun) / (time.monotonic() - begin)
            time.sleep(0.02)
        sys.exit(f"{self.kind}: the run ended or took too long before step {last}")

    def close(self):
        end(self.follower)
        end(self.trainer)
        shutil.rmtree(self.folder, ignore_errors=True)


def measure(kind, binary, config, threads, first, last):
    measured = Measured(kind, binary, config, threads, last)
    try:
        return measured.rate(first, last)
    finally:
        measured.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--config", default="configs/first_look.toml")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", default=",".join(KINDS), help="which of them, headless first")
    parser.add_argument("--first", type=int, default=60, help="row of metrics.csv at which the clock starts")
    parser.add_argument("--last", type=int, default=360)
    parser.add_argument("--at-least", type=float, default=0, metavar="SHARE")
    a = parser.parse_args()
    kinds = a.kinds.split(",")
    rates = {kind: [] for kind in kinds}
    for turn in range(a.rounds):
        # Each begins a round as often as the others: what comes first after a pause runs faster.
        first = turn % len(kinds)
        for kind in kinds[first:] + kinds[:first]:
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
    slow = [kind for kind in kinds if statistics.median(rates[kind]) < a.at_least * base]
    if slow:
        sys.exit(f"slower than {a.at_least} of headless: {', '.join(slow)}")


if __name__ == "__main__":
    main()
