#!/usr/bin/env python3
"""Runs every command that the documents print, on tiny runs in a temporary folder.

    tests/docs/commands_test.py build/release/hopscope [DOCUMENT…]

A fenced block marked `sh` is run as it stands, each document in a folder of its own and its blocks in order, so that a later
one finds what an earlier one made. Blocks marked `console` are not run as they stand: unrun.py has the reasons and what is
checked instead, in their place among the others. Exit code 0: every command ended with 0, every file it was told to write is there, docs/definitions.md has each definition
of the JSON documents among them, and docs/formats.md each field.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import citations_test
import fields
from markdown import ROOT, Document
from unrun import Unrun, check_line, check_prose

DOCUMENTS = ("README.md", "docs/guide.md", "docs/formats.md", "docs/development.md", "CONTRIBUTING.md")

# What is made smaller in what the documents print; everything else runs as printed.
SUBSTITUTIONS = (
    ("train.steps=500", "train.steps=20"),
    ("--controls 20", "--controls 2"),
    ("--out routing.safetensors", "--batches 2 --out routing.safetensors"),
    ("hopscope bench ", "hopscope bench --repeats 2 --config configs/first_look.toml "),
    ("HOPSCOPE_FUZZ_CASES=50000", "HOPSCOPE_FUZZ_CASES=20"),
    ("--seconds 3600", "--seconds 2"),
)
# The configurations that the documents name, at a size for a test, on a small book: the generated text is four megabytes.
TINY = {"d_model": 32, "n_layers": 2, "vocab_size": 400, "max_seq_len": 128, "experts": 24, "d_space": 8,
        "steps": 20, "batch": 2, "seq_len": 32, "warmup": 5, "eval_every": 10, "eval_batches": 4, "checkpoint_every": 10,
        "snapshot_every": 5, "source": '"text"', "train": '"book.txt"'}

STORY = """The river ran past the old mill and the children walked home in the evening. It was late in the year. Three birds sat on
the wall, and one of them sang. Nobody knew the song. After some time the light went out behind the hills.
"""


def tiny(path):
    """A configuration of the project with small numbers in place of its own; keys that it does not name stay away."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        key = line.partition("=")[0].strip()
        if line == "[data]":
            line += f"\ntrain = {TINY['train']}"
        elif line == "[train]":
            line += "\nthreads = 1"
        elif key == "train":
            continue
        elif "=" in line and key in TINY:
            line = f"{key} = {TINY[key]}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def prepare(folder, program):
    """What the documents take for granted: the checkout's files, what was built, the program on PATH, a book."""
    (folder / "bin").mkdir()
    (folder / "bin/hopscope").symlink_to(program)
    (folder / "build/release").mkdir(parents=True)
    (folder / "build/release/hopscope").symlink_to(program)
    (folder / "build/release/tests").symlink_to(program.parent / "tests")
    (folder / "tests").symlink_to(ROOT / "tests")
    shutil.copytree(ROOT / "assets/categories", folder / "assets/categories")
    shutil.copytree(ROOT / "assets/printed", folder / "assets/printed")
    shutil.copytree(ROOT / "configs", folder / "configs")
    for name in ("first_look.toml", "cpu_small.toml"):
        (folder / "configs" / name).write_text(tiny(ROOT / "configs" / name))
    (folder / "book.txt").write_text("".join(STORY.replace("evening", f"evening of day {n}") for n in range(600)))


def written(script):
    """Files and folders that the commands of a block were told to write."""
    script = script.replace("\\\n", " ")
    names = re.findall(r"--out[ =](\S+)", script)
    names += re.findall(r"(?m)^[^#\n]*?[^<]> ?([\w./-]+)", script)
    return names


def run_block(folder, place, text, seconds):
    for old, new in SUBSTITUTIONS:
        text = text.replace(old, new)
    environment = dict(os.environ, PATH=f"{folder / 'bin'}:{os.environ['PATH']}", OMP_NUM_THREADS="1", GOMP_SPINCOUNT="2000")
    begin = time.monotonic()
    done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", text], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300)
    seconds.append((time.monotonic() - begin, place))
    if done.returncode:
        return [f"{place}: exit {done.returncode}\n{text}{done.stderr[-1500:]}"]
    return [f"{place}: {name} was not written\n{text}" for name in written(text) if not (folder / name).exists()]


def check_not_run(unrun, place, block, folder):
    faults = []
    for line in re.sub(r"\\\n\s*", "", block.text).splitlines():
        if line.strip() and not line.startswith("#"):
            faults += check_line(unrun, place, line, folder)
    return faults


def check_documents(name, folder):
    """The definitions and the fields in JSON documents that the commands of a document wrote."""
    check = citations_test.Check()
    lists, analyses = fields.lists(), fields.results()
    ids, names = citations_test.entries_of(check, Document(ROOT / citations_test.DEFINITIONS))
    for path in sorted(folder.rglob("*.json")):
        place = f"{name}: {path.relative_to(folder)}"
        document = json.loads(path.read_text(encoding="utf-8"))
        citations_test.check_json(check, place, document, ids, names)
        for words in fields.faults(document, lists, analyses):
            check.fault(place, words)
    return check.faults, check.counts.get("definitions of JSON", 0)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    names = sys.argv[2:] or [n for n in DOCUMENTS if (ROOT / n).exists()]
    faults, seconds, kept, defined, told = [], [], 0, 0, 0
    unrun = Unrun(program)
    for name in names:
        found, count = check_prose(unrun, name)
        faults += found
        told += count
        with tempfile.TemporaryDirectory(prefix="hopscope-docs-") as temporary:
            folder = pathlib.Path(temporary)
            prepare(folder, program)
            broken = False
            for block in Document(ROOT / name).blocks:
                place = f"{name}:{block.first_line}"
                if block.language == "console":
                    kept += 1
                    faults += check_not_run(unrun, place, block, folder)
                elif block.language == "sh" and not broken:
                    found = run_block(folder, place, block.text, seconds)
                    broken = bool(found)  # what follows may need what is missing
                    faults += found
                elif block.language not in ("sh", "toml", "json", "python", "cpp", ""):
                    faults.append(f"{place}: blocks are sh, console, toml, json, python, cpp or plain, not {block.language}")
            found, count = check_documents(name, folder)
            faults += found
            defined += count
    for fault in faults:
        print(fault)
    for took, place in sorted(seconds, reverse=True)[:5]:
        print(f"{took:6.1f} s  {place}")
    print(f"{len(seconds)} blocks run in {sum(t for t, _ in seconds):.1f} s, {kept} not run, "
          f"{told} commands within the text, {defined} definitions of JSON, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
