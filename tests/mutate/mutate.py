#!/usr/bin/env python3
"""Small changes of the sources, each run against the tests: does one of them notice?

    tests/mutate/mutate.py --seed 1 --count 60          # all rooms of core/, kernels/, viz/
    tests/mutate/mutate.py --only core/train --count 20
    tests/mutate/mutate.py --list --only core/stats     # what could be changed

A copy of the checkout is written with all changes at once, each behind a switch of mutant.h, and built once. What does not
compile is left out. Every case of the lanes must pass with none switched on, and says meanwhile which changes it comes to; then
each change runs through the cases that come to it, its own room first, until one fails or takes too long. A failure counts when
the same case passes again without the change. All of it is kept in the work folder: called again with the same arguments it goes
on where it was.
"""
import argparse
import json
import math
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from places import KINDS, line_of, places  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SWITCH = "tests/mutate/mutant.h"
FOLDERS = ("core", "kernels", "viz")
# Many arguments that stand beside each other have types of their own, so a swap often does not compile.
WEIGHT = {kind: 3 if kind == "swapped argument" else 1 for kind in KINDS}


def say(text):
    print(text, file=sys.stderr, flush=True)


def room_of(file):
    """core/NAME, or the folder at the top."""
    parts = file.split("/")
    return "/".join(parts[:2]) if parts[0] == "core" else parts[0]


# ---- which changes ----------------------------------------------------------------------------------------------------------


def listed_files(root):
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, check=True,
                         capture_output=True).stdout
    return sorted(f for f in os.fsdecode(out).split("\0") if f and (root / f).is_file())


def below(file, path):
    return file == path or file.startswith(path.rstrip("/") + "/")


def users(texts):
    """How many .cpp files each header reaches, through others too."""
    by = {}
    for file, text in texts.items():
        for header in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
            by.setdefault(header, set()).add(file)
    out = {}
    for header in by:
        seen, left = set(), [header]
        while left:
            more = by.get(left.pop(), set()) - seen
            seen |= more
            left += more
        out[header] = sum(file.endswith(".cpp") for file in seen)
    return out


def sources(root, files, only):
    """What may be changed: .cpp files, and headers of few files (a change of any other builds the whole anew)."""
    texts = {f: (root / f).read_text() for f in files if f.endswith((".cpp", ".h"))}
    reach = users(texts)
    return {f: texts[f] for f in texts
            if any(below(f, w) for w in only or FOLDERS) and (f.endswith(".cpp") or reach.get(f, 0) <= 12)}


def shares(rooms, count):
    """How many changes each room gets: by the root of its length, at least one where there are enough."""
    weight = {room: math.sqrt(sum(rooms[room].values())) for room in rooms}
    total = sum(weight.values())
    exact = {room: count * w / total for room, w in weight.items()}
    out = {room: max(int(e), 1 if count >= len(rooms) else 0) for room, e in exact.items()}
    order = sorted(rooms, key=lambda room: (exact[room] - out[room], room), reverse=True)
    while sum(out.values()) < count:
        for room in order[:count - sum(out.values())]:
            out[room] += 1
    while sum(out.values()) > count:
        most = max(out, key=lambda room: (out[room] - exact[room], room))
        out[most] -= 1
    return out


def draw(texts, seed, count, also):
    """Mutants to try, more than asked for, since some do not compile: [{number, file, room, group, line, place}]; and how many
    each group may have: the rooms share `count`, `also` adds a number for a path."""
    found = {file: places(text, random.Random(f"{seed} {file}")) for file, text in texts.items()}
    length = {file: texts[file].count("\n") for file in sorted(found) if found[file]}
    rooms = {}
    for file in length:
        rooms.setdefault(room_of(file), {})[file] = length[file]
    groups = {room: (list(rooms[room]), share) for room, share in shares(rooms, count).items()}
    for path, share in also:
        groups[f"also {path}"] = ([file for file in length if below(file, path)], share)
    out, taken = [], {}
    for group, (files, share) in sorted(groups.items()):
        choose = random.Random(f"{seed} {group}")
        wanted = math.ceil(2.2 * share) if files else 0
        for _ in range(20 * wanted):
            if not wanted:
                break
            file = choose.choices(files, [length[f] for f in files])[0]
            by_kind = {kind: [p for p in found[file] if p.kind == kind] for kind in KINDS}
            kinds = [kind for kind in KINDS if by_kind[kind]]
            place = choose.choice(by_kind[choose.choices(kinds, [WEIGHT[k] for k in kinds])[0]])
            ranges = taken.setdefault(file, [])
            if any(place.start < end and begin < place.end for begin, end in ranges):
                continue
            ranges.append((place.start, place.end))
            out.append({"number": len(out), "file": file, "room": room_of(file), "group": group,
                        "line": line_of(texts[file], place.start), "place": place})
            wanted -= 1
    return out, {group: share for group, (_, share) in groups.items()}


def pick(mutants, quota):
    """Of those that compile as many as the shares, the kinds as even as they come."""
    kinds, out = Counter(), []
    for group, share in sorted(quota.items()):
        left = [m for m in mutants if m["group"] == group]
        for _ in range(min(share, len(left))):
            best = min(left, key=lambda m: (kinds[m["place"].kind], m["number"]))
            left.remove(best)
            kinds[best["place"].kind] += 1
            out.append(best)
    return out


def mutated(text, mutants):
    """The text with all its mutants in, and the lines each takes there: {number: (first, last)}."""
    parts, at, lines = [f'#include "{SWITCH}"\n'], 0, {}
    line = 2
    for m in sorted(mutants, key=lambda m: m["place"].start):
        before, written = text[at:m["place"].start], m["place"].written(m["number"])
        line += before.count("\n")
        lines[m["number"]] = (line, line + written.count("\n"))
        line += written.count("\n")
        parts += [before, written]
        at = m["place"].end
    return "".join(parts) + text[at:], lines


# ---- the copy and its build -------------------------------------------------------------------------------------------------


def copy_tree(root, files, tree):
    """Copies what is new or another, so that a build in the copy stays."""
    for file in files:
        to = tree / file
        to.parent.mkdir(parents=True, exist_ok=True)
        if not to.exists() or to.read_bytes() != (root / file).read_bytes():
            shutil.copy2(root / file, to)


def write_mutants(texts, tree, mutants):
    lines = {}
    for file, text in texts.items():
        here = [m for m in mutants if m["file"] == file]
        new, lines[file] = mutated(text, here) if here else (text, {})
        if (tree / file).read_text() != new:
            (tree / file).write_text(new)
    return lines


def to_blame(log, tree, lines):
    """Numbers of the mutants whose lines the compiler complains about (or that it says it comes from)."""
    out = set()
    for path, line in re.findall(r"([\w./+-]+\.(?:cpp|h)):(\d+)(?=[:,])", log):
        path = path.removeprefix(str(tree) + "/")
        for file in lines:
            if path == file or path.endswith("/" + file):
                out |= {n for n, (first, last) in lines[file].items() if first <= int(line) <= last}
    return out


def build(options, tree, texts, mutants, work):
    """Builds the copy; leaves out what does not compile and builds again. What is left of the mutants."""
    for attempt in range(8):
        lines = write_mutants(texts, tree, mutants)
        say(f"build {attempt + 1}: {len(mutants)} mutants in {len({m['file'] for m in mutants})} files …")
        begin = time.monotonic()
        done = subprocess.run(["bash", "-c", options.build_command], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace")
        (work / "build.log").write_text(done.stdout)
        say(f"build {attempt + 1}: {time.monotonic() - begin:.0f} s, exit {done.returncode}")
        if done.returncode == 0:
            return mutants
        # Warnings are no reason to leave anything out.
        errors = "\n".join(line for line in done.stdout.splitlines() if "warning:" not in line)
        blamed = to_blame(errors, tree, lines)
        if not blamed:
            # The compiler named places inside templates only: the files of its failed units go as a whole.
            failed = set(re.findall(r"FAILED: \S*?([\w/]+\.cpp)\.o", done.stdout))
            units = {f for f in texts if Path(f).name in {Path(x).name for x in failed}}
            for x in failed:
                for unit in tree.glob(f"build/unity/{Path(x).name}"):
                    units |= set(re.findall(r'#include "([^"]+)"', unit.read_text()))
            blamed = {m["number"] for m in mutants if m["file"] in units}
        if not blamed:
            sys.exit(f"The copy in {tree} does not build, and no mutant is to blame; see {work / 'build.log'}.")
        say(f"left out, since they do not compile: {len(blamed)}")
        mutants = [m for m in mutants if m["number"] not in blamed]
    sys.exit(f"The copy does not build after eight tries; see {work / 'build.log'}.")


# ---- tests ------------------------------------------------------------------------------------------------------------------


class Case:
    """One entry of ctest."""

    def __init__(self, entry):
        properties = {p["name"]: p["value"] for p in entry.get("properties", [])}
        self.command = entry.get("command", [])
        self.labels = properties.get("LABELS", [])
        self.folder = properties.get("WORKING_DIRECTORY", ".")
        self.environment = dict(e.split("=", 1) for e in properties.get("ENVIRONMENT", []))
        self.limit = float(properties.get("TIMEOUT", 1500))
        self.skipped = properties.get("SKIP_RETURN_CODE")
        filters = [a for a in self.command if a.startswith("--gtest_filter=")]
        self.filter = filters[0].removeprefix("--gtest_filter=") if filters else None
        # ctest shows a parameter's bytes in the name of a case; GoogleTest's own is short and the same everywhere.
        self.name = self.filter or entry["name"]
        self.program = self.command[0] if self.filter else self.name
        self.room = Path(self.program).parent.name if self.filter else self.name.split(".")[0]


def cases_of(tree, preset, lanes):
    out = subprocess.run(["ctest", "--test-dir", str(tree / "build" / preset), "--show-only=json-v1"], check=True,
                         capture_output=True, text=True).stdout
    cases = [Case(e) for e in json.loads(out)["tests"]]
    return [c for c in cases if set(c.labels) & set(lanes) and "data" not in c.labels and c.command]


def limits():
    # A change can make a loop endless, and what it fills with it.
    resource.setrlimit(resource.RLIMIT_DATA, (8 << 30, 8 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_cases(cases, work, limit, mutant=None, reached=None):
    """Runs cases of one program: (ok, name of the failed case, how)."""
    first = cases[0]
    command = list(first.command)
    if first.filter:
        joined = ":".join(c.filter for c in cases)
        command = [f"--gtest_filter={joined}" if a.startswith("--gtest_filter=") else a for a in command] + ["--gtest_fail_fast"]
    scratch = work / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("HOPSCOPE_DATA", "HOPSCOPE_MUTANT", "HOPSCOPE_MUTANT_REACHED")}
    environment |= first.environment | {"TMPDIR": str(scratch)}
    if mutant is not None:
        environment["HOPSCOPE_MUTANT"] = str(mutant)
    if reached is not None:
        environment["HOPSCOPE_MUTANT_REACHED"] = str(reached)
    log = work / "test.log"
    with open(log, "wb") as out:
        child = subprocess.Popen(command, cwd=first.folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=limits)
        try:
            code = child.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
    if code == 0 or code is not None and first.skipped is not None and code == int(first.skipped):
        return True, None, "passed"
    how = "time-out" if code is None else f"signal {-code}" if code < 0 else "failed"
    name = first.name
    if first.filter:
        text = log.read_text(errors="replace")
        seen = re.findall(r"^\[ +(?:RUN|FAILED) +\] ([\w./]+)", text, re.M)
        failed = re.findall(r"^\[  FAILED  \] ([\w./]+)", text, re.M)
        name = (failed or seen or [cases[0].filter])[0 if failed else -1]
    return False, name, how


def baseline(cases, work, mutants):
    """Each case once with nothing switched on: {name: {"seconds", "reached"}}. Kept case by case."""
    kept = work / "baseline.jsonl"
    done = {}
    if kept.exists():
        for line in kept.read_text().splitlines():
            entry = json.loads(line)
            done[entry["case"]] = entry
    known = {m["number"] for m in mutants}
    failed = []
    with open(kept, "a") as out:
        for i, case in enumerate(cases):
            if case.name in done:
                continue
            reached = work / "reached"
            reached.unlink(missing_ok=True)
            begin = time.monotonic()
            ok, _, how = run_cases([case], work, case.limit * 3, reached=reached)
            seconds = time.monotonic() - begin
            if not ok:
                failed.append(case.name)
                say(f"{case.name}: {how} with no mutant; left out")
            numbers = sorted({int(n) for n in reached.read_text().split()} & known) if reached.exists() else []
            done[case.name] = {"case": case.name, "ok": ok, "seconds": round(seconds, 3), "reached": numbers}
            out.write(json.dumps(done[case.name]) + "\n")
            out.flush()
            if i % 100 == 99:
                say(f"baseline: {i + 1} of {len(cases)} cases")
    return done, [name for name, entry in done.items() if not entry["ok"]]


def order(cases, room, seconds):
    """Programs one after the other: the room's own first, then the quickest."""
    programs = {}
    for case in cases:
        programs.setdefault(case.program, []).append(case)
    near = room.split("/")[-1]
    return sorted(programs.values(), key=lambda group: (group[0].room != near, sum(seconds[c.name] for c in group)))


def verdict(mutant, cases, base, work):
    """What became of one mutant."""
    reaching = [c for c in cases if mutant["number"] in base[c.name]["reached"]]
    if not reaching:
        return {"verdict": "NOT REACHED", "by": "", "cases": 0}
    seconds = {c.name: base[c.name]["seconds"] for c in reaching}
    unsteady = []
    for group in order(reaching, mutant["room"], seconds):
        while group:
            # A guard against endless loops, not a measurement: other work may go on beside this.
            limit = 30 + 6 * sum(seconds[c.name] for c in group)
            ok, name, how = run_cases(group, work, limit, mutant=mutant["number"])
            if ok:
                break
            culprit = next((c for c in group if name == c.name), group[0])
            again, _, _ = run_cases([culprit], work, culprit.limit * 3)
            if again:
                return {"verdict": "caught", "by": culprit.name, "how": how, "cases": len(reaching)}
            unsteady.append(culprit.name)
            group = [c for c in group if c is not culprit]
    return {"verdict": "SURVIVED", "by": "", "cases": len(reaching), "unsteady": unsteady}


# ---- the whole --------------------------------------------------------------------------------------------------------------


def row(m):
    return f"{m['file']}:{m['line']}  {m['place'].kind}  {m['place'].described()}"


def table(mutants, results):
    lines = ["| mutant | place | kind | change | verdict |", "|---|---|---|---|---|"]
    for m in mutants:
        r = results[m["number"]]
        by = f"{r['verdict']} by {r['by']} ({r['how']})" if r["verdict"] == "caught" else f"{r['verdict']} ({r['cases']} cases)"
        lines.append(f"| {m['number']} | {m['file']}:{m['line']} | {m['place'].kind} | {m['place'].described()} | {by} |"
                     .replace("||", "\\|\\|"))
    lines.append("")
    for title, key in (("kind", lambda m: m["place"].kind), ("room", lambda m: m["room"])):
        lines += [f"| {title} | mutants | caught |", "|---|---|---|"]
        for name in sorted({key(m) for m in mutants}):
            of = [results[m["number"]]["verdict"] for m in mutants if key(m) == name]
            lines.append(f"| {name} | {len(of)} | {of.count('caught')} |")
        lines.append("")
    caught = sum(r["verdict"] == "caught" for r in results.values())
    lines.append(f"caught {caught} of {len(mutants)} ({100 * caught / max(len(mutants), 1):.1f} %)")
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60, help="mutants over all files together (default 60)")
    parser.add_argument("--only", action="append", metavar="PATH", help="a file or folder in place of core, kernels and viz; again for more")
    parser.add_argument("--also", action="append", default=[], metavar="PATH:N", help="N more from a file or folder; again for more")
    parser.add_argument("--list", action="store_true", help="print what could be changed, and stop")
    parser.add_argument("--survivors", type=Path, metavar="FILE", help="write those that no test caught to a file too")
    parser.add_argument("--lanes", default="unit,train", help="ctest labels (default unit,train)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to copy (default: this one)")
    parser.add_argument("--work", type=Path, help="where the copy is built and results are kept (default: build/mutate)")
    parser.add_argument("--preset", default="release")
    parser.add_argument("--build-command", help="run in the copy in place of cmake")
    parser.add_argument("--build-only", action="store_true", help="stop before the tests")
    options = parser.parse_args()
    options.also = [(path, int(number)) for path, _, number in (a.rpartition(":") for a in options.also)]
    options.root = options.root.resolve()
    options.work = (options.work or options.root / "build" / "mutate").resolve()
    if not options.build_command:
        targets = " ".join(f"lane_{lane}" for lane in options.lanes.split(","))
        options.build_command = ("set -e; source scripts/lib/common.sh; trap - EXIT; use_deps \"$(deps_folder)\"; "
                                 f"cmake --preset {options.preset} -DHOPSCOPE_DEPS=\"$HOPSCOPE_DEPS\" >/dev/null; "
                                 f"cmake --build --preset {options.preset} -j \"$(build_jobs)\" --target {targets} -- -k 0")
    return options


def main():
    options = arguments()
    files = listed_files(options.root)
    texts = sources(options.root, files, options.only)
    if not texts:
        sys.exit(f"No source to change below {', '.join(options.only or FOLDERS)}.")
    if options.list:
        for file, text in texts.items():
            for place in places(text, random.Random(f"{options.seed} {file}")):
                print(f"{file}:{line_of(text, place.start)}  {place.kind}  {place.described()}")
        return 0

    work, tree = options.work, options.work / "tree"
    mutants, quota = draw(texts, options.seed, options.count, options.also)
    asked = {"seed": options.seed, "count": options.count, "only": options.only, "also": [list(a) for a in options.also], "lanes": options.lanes, "rows": [row(m) for m in mutants]}
    plan = work / "plan.json"
    if plan.exists() and json.loads(plan.read_text()) != asked:
        sys.exit(f"{work} holds another series of mutants (other arguments, or the sources changed since). Remove it or give another --work.")
    work.mkdir(parents=True, exist_ok=True)
    plan.write_text(json.dumps(asked))
    built = work / "built.json"
    if built.exists():
        left = set(json.loads(built.read_text()))
        mutants = [m for m in mutants if m["number"] in left]
    else:
        copy_tree(options.root, [f for f in files if f not in texts or not (tree / f).exists()], tree)
        mutants = build(options, tree, texts, mutants, work)
        built.write_text(json.dumps([m["number"] for m in mutants]))
    mutants = pick(mutants, quota)
    say(f"{len(mutants)} mutants: " + ", ".join(f"{n} {kind}" for kind, n in Counter(m["place"].kind for m in mutants).items()))
    if options.build_only:
        return 0

    cases = cases_of(tree, options.preset, options.lanes.split(","))
    if not cases:
        sys.exit(f"No test case in the lanes {options.lanes}.")
    base, broken = baseline(cases, work, mutants)
    if len(broken) > len(cases) // 50:
        sys.exit(f"{len(broken)} of {len(cases)} cases fail with no mutant switched on: " + ", ".join(broken[:20]))
    cases = [c for c in cases if c.name not in broken]
    kept, results = work / "results.jsonl", {}
    if kept.exists():
        results = {r["number"]: r for r in map(json.loads, kept.read_text().splitlines())}
    with open(kept, "a") as out:
        for m in mutants:
            if m["number"] in results:
                continue
            begin = time.monotonic()
            result = {"number": m["number"], **verdict(m, cases, base, work)}
            results[m["number"]] = result
            out.write(json.dumps(result) + "\n")
            out.flush()
            say(f"{result['verdict']:<11} {row(m)}  {result['by']}  {time.monotonic() - begin:.0f} s")
    shutil.rmtree(work / "scratch", ignore_errors=True)
    results = {m["number"]: results[m["number"]] for m in mutants}
    print(table(mutants, results))
    if broken:
        print("left out, since they fail with no mutant: " + ", ".join(broken))
    survivors = [m for m in mutants if results[m["number"]]["verdict"] != "caught"]
    if options.survivors:
        options.survivors.write_text("".join(f"{results[m['number']]['verdict']}  {row(m)}\n" for m in survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
