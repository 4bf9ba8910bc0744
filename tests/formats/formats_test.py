#!/usr/bin/env python3
"""Holds the files that are kept here against docs/formats.md and against the program.

    tests/formats/formats_test.py                            # what is kept: one of each format, each field in its list
    tests/formats/formats_test.py --program build/release/hopscope   # the newest folder made anew has all that the kept one has

Wrong if a format is written that no file is kept of, or a field of a document is renamed, lost, or told nowhere.
"""
import argparse
import csv
import json
import pathlib
import re
import struct
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests/docs"), str(HERE)]
import fields
import make

NEWEST = max(path.parent.name for path in HERE.glob("*/run"))
NAME = re.compile(r"\bhopscope\.[a-z_]+/\d+")
# Formats without a name of their own: what the files of the program's folders are called.
NAMELESS = ("config.toml", "metrics.csv", "events.jsonl", "tokenizer.model", "events.out.tfevents.*", "difference.csv",
            "batch.csv", "echo.csv", "settings.json", "script.jsonl", "prompts.jsonl", "items.jsonl")
# Why a field that a list of docs/formats.md has is in no file here.
NOT_KEPT = {
    "hopscope.routing/1": {"split": "only of the run's own text"},
    "hopscope.imported/1": {name: "only of families whose rule reads it" for field in ("jitter", "least_sum")
                            for name in (field, f"layers.routers.{field}")},
    "hopscope.info/1": {"jitter": "only of families whose rule reads it", "least_sum": "the same"},
    "hopscope.route/1": {"file": "with --out, in place of experts and weights"},
    "hopscope.zeroshot/1": {"not_saved": "only where the folder of the run cannot be written"},
    "hopscope.bench/1": {"skipped.name": "an operator that the device has not", "skipped.reason": "the same"},
    "hopscope.commands/1": {"commands.arguments.max_excluded": "the settings have such ranges, no argument has",
                            "commands.arguments.min_excluded": "the same"},
    "hopscope.analysis/2": {"against.live": "of analyses of two models", "skipped": "only of --what all"},
    "hopscope.race/1": {"lanes.reason": "only of a lane that failed"} | {
        f"crossings_by_seconds.{name}": "whether curves cross by time depends on the machine"
        for name in ("a", "b", "seconds", "step", "step.a", "step.b", "quantity", "ahead")},
    "hopscope.batch/1": {"runs.reason": "only of a run that failed"},
}
# Where a document depends on the machine or on how long something took.
CHANGING = re.compile(r"crossings_by_seconds\.|^(limits|skipped)\.")


def names_in(paths):
    """{name of a format: where it stands first}"""
    out = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for name in NAME.findall(line):
                out.setdefault(name, f"{path.relative_to(ROOT)}:{number}")
    return out


def header(path):
    """The header of a safetensors or tokens file: {"__metadata__": …, tensor: …}, or {} where it is neither."""
    with path.open("rb") as file:
        size = file.read(8)
        size = struct.unpack("<Q", size)[0] if len(size) == 8 else 0
        if not 0 < size < path.stat().st_size:
            return {}
        try:
            return json.loads(file.read(size))
        except ValueError:
            return {}


def document_of(path):
    """A JSON file, or the line that heads a file of lines; None where it has no document."""
    text = path.read_text(encoding="utf-8") if path.suffix in (".json", ".jsonl") else ""
    if path.suffix == ".jsonl":
        text = text.splitlines()[0] if text.startswith('{"format"') else ""
    return json.loads(text) if text else None


def formats_of(path):
    """Names of the formats that are in a file."""
    if (document := document_of(path)) is not None:
        return {one["format"] for one in fields.documents(document)}
    if path.suffix == ".safetensors":
        return {header(path)["__metadata__"]["format"]}
    return set(NAME.findall(path.read_bytes()[:4096].decode("latin-1"))) if path.suffix == ".tokens" else set()


def check_kept():
    """One file of each format, each field in its list, each list kept, no path of a machine."""
    faults, kept, seen = [], set(), {}
    lists, analyses = fields.lists(), fields.results()
    files = [path for path in sorted(HERE.rglob("*")) if path.is_file() and path.parent != HERE and "__pycache__" not in path.parts]
    for path in files:
        place = path.relative_to(ROOT)
        found = formats_of(path)
        kept |= found
        if re.search(rb"/(home|tmp|root|work|Users)/", path.read_bytes()):
            faults.append(f"{place}: holds a path of a machine")
        document = document_of(path)
        if document is None or not path.is_relative_to(HERE / NEWEST):
            continue
        faults += [f"{place}: {fault}" for fault in fields.faults(document, lists, analyses)]
        for one in fields.documents(document):
            seen.setdefault(one["format"], set()).update(fields.paths(one, lists.get(one["format"], {})))
    for name, tree in lists.items():
        for path in sorted(fields.listed(tree) - seen.get(name, set()) - NOT_KEPT.get(name, {}).keys()):
            faults.append(f"{name}: {fields.FORMATS} lists {path}, and no file of {NEWEST} has it")
    written = names_in(p for p in sorted((ROOT / "core").rglob("*")) if p.suffix in (".cpp", ".h"))
    told = names_in([ROOT / fields.FORMATS])
    for name, place in sorted({**told, **written}.items()):
        if name not in kept:
            faults.append(f"{place}: {name} is written, and no file is kept of it below tests/formats; make.py makes them")
        if name not in told:
            faults.append(f"{place}: {name} is not in {fields.FORMATS}")
    for pattern in NAMELESS:
        if not any(path.match(pattern) for path in files):
            faults.append(f"tests/formats: no {pattern} is kept")
    print(f"{len(files)} files, {len(kept)} formats: {', '.join(sorted(kept))}")
    return faults


def shape(path):
    """Names of what a file holds: fields, columns, tensors and their metadata."""
    if path.suffix == ".json":
        return {p for p in fields.paths(json.loads(path.read_text(encoding="utf-8")), {}) if not CHANGING.search(p)}
    if path.suffix == ".csv":
        rows = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
        return set(next(csv.reader(rows)))
    if path.suffix == ".safetensors":
        content = header(path)
        return set(content) | set(content["__metadata__"])
    if path.suffix == ".jsonl":
        return {key for line in path.read_text(encoding="utf-8").splitlines() for key in json.loads(line)}
    if path.suffix == ".toml":
        return set(re.findall(r"(?m)^(\w+) =", path.read_text(encoding="utf-8")))
    return formats_of(path)


def check_made(program):
    """What the program writes today has what it wrote then, and nothing that docs/formats.md does not tell of."""
    faults, count = [], 0
    lists, analyses = fields.lists(), fields.results()
    with tempfile.TemporaryDirectory(prefix="hopscope-formats-") as temporary:
        folder = pathlib.Path(temporary)
        make.make(program, folder)
        kept = {path.relative_to(HERE / NEWEST) for path in (HERE / NEWEST).rglob("*") if path.is_file()}
        kept = {path for path in kept if path.parts[0] != "window"}  # which settings_test.cpp writes anew
        for path in sorted(p for p in kept if "tfevents" not in p.name):  # which has the time in its name
            if not (folder / path).is_file():
                faults.append(f"{NEWEST}/{path} is no longer written")
                continue
            count += 1
            for name in sorted(shape(HERE / NEWEST / path) - shape(folder / path)):
                faults.append(f"{NEWEST}/{path} has {name}, and what the program writes now has not")
        for path in sorted(folder.rglob("*.json")):
            found = fields.faults(json.loads(path.read_text(encoding="utf-8")), lists, analyses)
            faults += [f"{path.relative_to(folder)}: {fault}" for fault in found]
    print(f"{count} files made anew")
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path)
    options = parser.parse_args()
    faults = check_made(options.program.resolve()) if options.program else check_kept()
    print("\n".join(faults + [f"{len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
