#!/usr/bin/env python3
"""Gives the program damaged files and arguments, a process each, and judges how it ends.

    tests/fuzz/fuzz_processes.py build/release/hopscope [--seed 1] [--cases 400 | --seconds 3600] [--target NAME]… [--keep DIR]

Every format of docs/formats.md is a target (tests/fuzz/targets.py). A case takes small valid files, changes one of them, and
makes a call that reads it. It must end with 0, 1, 2 or 130 within the time and memory given; a refusal is a sentence of under
400 bytes that names the file, without control bytes, and leaves every file as it was; with --json stdout is one document or
empty. Case N of a target depends on seed, target, N and the stage alone; a stage is made anew unless --stage names a folder for
it. --keep puts the first case of each fault into a folder of its own: its files as they were before the call, and call.sh.
Exit code 0: no fault.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time

import judge
import mutations
from stage import Stage
from targets import TARGETS

OTHER_KIND = 0.04  # share of cases in which no regular file stands in the file's place
SERVER = "tests/fuzz/libfuzz_fork_server.so"  # beside the program
SHOWN = 700  # bytes of a message


class Case:
    """One change and one call, drawn from seed, target and number."""

    def __init__(self, target, number, seed, stage):
        self.target, self.number, self.stage = target, number, stage
        self.random = random.Random(f"{seed}/{target.name}/{number}")
        self.changed = "arguments"
        call, _, stdin = (self.random.choice(target.calls) if number >= 0 else target.calls[number]).partition(" < ")
        self.refused = call.startswith("! ")
        self.arguments = [os.fsencode(word) for word in shlex.split(call.removeprefix("! "))]
        self.stdin = target.file[1:] if target.file.startswith("-") else stdin
        self.state = self.random.getstate()

    def prepare(self, folder):
        """Always the same in an empty folder."""
        self.random.setstate(self.state)
        (folder / "tmp").mkdir(parents=True)
        self.stage.put_into(folder, self.target.needs)
        self.call = self.arguments
        if self.number < 0:
            return
        if not self.target.file:
            self.call = mutations.mutate_arguments(self.random, self.arguments)
            return
        path = folder / self.target.file.lstrip("-")
        if self.random.random() < OTHER_KIND and not self.target.file.startswith("-"):
            self.changed = mutations.put_other_kind(self.random, path, huge=not self.target.grows)
        else:
            self.changed = "content"
            path.write_bytes(mutations.mutate(self.random, self.target.kind, path.read_bytes()))

    def shell(self, program):
        words = [str(program), *(os.fsdecode(word) for word in self.call)]
        return shlex.join(words) + (f" < {self.stdin}" if self.stdin else " < /dev/null")


def escaped(text):
    """Fit for a terminal and a log."""
    return os.fsencode(text).decode(errors="backslashreplace").encode("unicode_escape").decode()


class Sums:
    def __init__(self):
        self.cases, self.codes, self.faults, self.seconds, self.slowest, self.peak = 0, collections.Counter(), 0, 0.0, 0.0, 0


class Fuzzer:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.program = pathlib.Path(options.program).resolve()
        self.stage = Stage(self.program, pathlib.Path(options.stage).resolve() if options.stage else folder / "stage")
        server = self.program.parent / SERVER
        plain = options.plain or not server.exists()
        self.runner = judge.Plain(self.program, folder) if plain else judge.Forked(self.program, folder, server)
        self.sums = collections.defaultdict(Sums)
        self.found = {}

    def one(self, target, number):
        case = Case(target, number, self.options.seed, self.stage)
        place = self.folder / "case"
        shutil.rmtree(place, ignore_errors=True)
        case.prepare(place)
        before = judge.tree(place)
        stdin = place / case.stdin if case.stdin else "/dev/null"
        memory = max(self.options.memory, target.mib) << 20
        outcome = judge.run(self.runner, case.call, place, stdin, self.options.limit, memory)
        faults = list(dict.fromkeys(judge.problems(outcome, target, case.call, before, judge.tree(place), memory)))
        sums = self.sums[target.name]
        sums.cases += 1
        sums.codes[outcome.code] += 1
        sums.faults += bool(faults)
        sums.seconds += outcome.seconds
        sums.slowest, sums.peak = max(sums.slowest, outcome.seconds), max(sums.peak, outcome.peak)
        for fault in faults:
            self.tell(case, outcome, fault)
        if self.options.verbose:
            print(f"{target.name} {number}: exit {outcome.code}, {case.changed}: {self.excerpt(outcome)}", flush=True)
        return case, outcome

    def excerpt(self, outcome):
        text = judge.message(outcome.err) or outcome.err[-SHOWN:]
        return escaped(os.fsdecode(text[:SHOWN]))

    def tell(self, case, outcome, fault):
        """The first of each fault in full, the others are counted."""
        # Sentences of one kind differ in their numbers and quotations.
        sentence = re.sub(r"\d+|\"[^\"]*\"|'[^']*'", "", self.excerpt(outcome))[:60] if "message" in fault or "raw" in fault else ""
        key = (case.target.name, fault, sentence)
        self.found.setdefault(key, [0, case.number])[0] += 1
        if self.found[key][0] > 1:
            return
        place = f"--seed {self.options.seed} --target {case.target.name} --case {case.number}"
        print(f"FAULT {case.target.name}: {fault}\n  {place} ({case.changed})\n  {escaped(case.shell('hopscope')[:SHOWN])}\n"
              f"  exit {outcome.code}, {outcome.seconds:.1f} s, {outcome.peak >> 20} MiB: {self.excerpt(outcome)}", flush=True)
        if self.options.keep:
            kept = pathlib.Path(self.options.keep) / f"{case.target.name}-{self.options.seed}-{case.number}"
            shutil.rmtree(kept, ignore_errors=True)
            case.prepare(kept)
            (kept / "call.sh").write_text(f"# {fault}\n{case.shell(self.program)}\n", errors="surrogateescape")

    def unchanged(self, targets):
        """Every call on files that nobody changed: one that is refused tests nothing."""
        for target in targets:
            for number in range(-len(target.calls), 0):
                case, outcome = self.one(target, number)
                if bool(outcome.code) != case.refused:
                    self.tell(case, outcome, f"exit {outcome.code} with unchanged files")

    def all(self, targets):
        begin = time.monotonic()
        count = 0
        # Of a few cases other targets have their turn under another seed.
        targets = random.Random(self.options.seed).sample(targets, len(targets))
        for number in range(self.options.cases):
            for target in targets:
                enough = count >= self.options.cases if not self.options.seconds else time.monotonic() - begin > self.options.seconds
                if enough:
                    return
                self.one(target, number)
                count += 1

    def report(self):
        print(f"\n{'target':14} {'cases':>6} {'exit 0':>7} {'1':>5} {'2':>6} {'130':>4} {'other':>5} {'faulty':>6} {'mean s':>7} {'longest':>7}"
              f" {'MiB':>5}")
        rows = [(target.name, self.sums[target.name]) for target in TARGETS if target.name in self.sums]
        whole = Sums()
        for _, sums in rows:
            whole.cases += sums.cases
            whole.codes += sums.codes
            whole.faults += sums.faults
            whole.seconds += sums.seconds
            whole.slowest, whole.peak = max(whole.slowest, sums.slowest), max(whole.peak, sums.peak)
        for name, sums in rows + [("all", whole)]:
            codes = [sums.codes[code] for code in (0, 1, 2, 130)]
            print(f"{name:14} {sums.cases:6} {codes[0]:7} {codes[1]:5} {codes[2]:6} {codes[3]:4} {sums.cases - sum(codes):5} "
                  f"{sums.faults:6} {sums.seconds / max(1, sums.cases):7.2f} {sums.slowest:7.1f} {sums.peak >> 20:5}")
        if self.found:
            print("\nfaults by kind (times, first case):")
        for (name, fault, sentence), (times, number) in sorted(self.found.items(), key=lambda item: -item[1][0]):
            print(f"{times:6}  {name} {number}: {fault}{'  ' + sentence if sentence else ''}")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, help="over all targets; default 400")
    parser.add_argument("--seconds", type=float, default=0, help="as many cases as fit")
    parser.add_argument("--target", action="append", choices=[target.name for target in TARGETS], metavar="NAME",
                        help="one of " + ", ".join(target.name for target in TARGETS))
    parser.add_argument("--except", action="append", dest="without", default=[], metavar="NAME")
    parser.add_argument("--case", type=int, help="this one of each target alone")
    parser.add_argument("--unchanged", action="store_true", help="every call once on unchanged files, which must end with 0")
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("--stage", metavar="DIR", help="kept, and used again")
    parser.add_argument("--limit", type=float, default=20, help="seconds a process")
    parser.add_argument("--memory", type=int, default=400, help="MiB a process")
    parser.add_argument("--plain", action="store_true", help="a new process each, without the fork server: several times as long")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if options.cases is None:
        options.cases = 10**9 if options.seconds else 400
    return options


def main():
    options = read_options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    targets = [target for target in TARGETS if (not options.target or target.name in options.target) and
               target.name not in options.without]
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hopscope-fuzz-", dir=memory) as folder:
        fuzzer = Fuzzer(options, pathlib.Path(folder))
        try:
            if options.unchanged:
                fuzzer.unchanged(targets)
            elif options.case is not None:
                for target in targets:
                    fuzzer.one(target, options.case)
            else:
                fuzzer.all(targets)
        except KeyboardInterrupt:
            print("stopped")
        finally:
            fuzzer.runner.close()
            fuzzer.report()
        return 1 if fuzzer.found else 0


if __name__ == "__main__":
    sys.exit(main())
