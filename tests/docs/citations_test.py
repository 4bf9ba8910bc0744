#!/usr/bin/env python3
"""The documents hold together: every [def:NAME] has its entry in docs/definitions.md, links lead somewhere, nothing cites a
document that is not in the repository, and every file of it that a document or a comment names is there.

    tests/docs/citations_test.py
    tests/docs/citations_test.py --program build/release/hopscope

The second form holds the program against them, too: every definition that it prints has an entry, every command its row, and
README.md names every subcommand.
"""
import argparse
import json
import re
import subprocess
import sys

from markdown import ROOT, Document

DEFINITIONS = "docs/definitions.md"
CITED = re.compile(r"\[def:([^\]\s]*)\]")
PLACE = re.compile(r"\b(docs/\w+\.md)#([\w\-]+)")
# Names that look like documents of the project and are none: who reads the code could not look them up. What holds stands in
# docs/.
FOREIGN = re.compile(r"\b(product|science|architecture|performance|gui|window|window_state|house|setup|open_models)\.md\b"
                     r"|\bscience [A-F]\d")
# Subcommands whose --help ends with definitions.
DEFINING = ("analyze", "compare", "zeroshot", "bench", "trace", "generate")
# A file of the project in any text; NAME and the like stand for any of them.
SOURCE = (".h", ".def", ".cpp", ".cu", ".cuh", ".py", ".md", ".ipynb", ".sh")
# What names files of a tree that it makes itself.
OWN_TREE = ("tests/docs/", "tests/mutate/selftest.py")
TEXT = (".h", ".def", ".cpp", ".cu", ".cuh", ".py", ".md", ".toml", ".cmake", ".txt", ".ipynb", ".jsonl", ".sh", "")


def project_files():
    """Files of the repository, as paths; without git every file below the folders of the sources."""
    try:
        names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                               capture_output=True, check=True).stdout.decode().split("\0")
        paths = [ROOT / name for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        folders = ("app", "assets", "bench", "configs", "core", "docs", "kernels", "python", "scripts", "tests", "viz")
        paths = [p for folder in folders for p in (ROOT / folder).rglob("*")] + list(ROOT.glob("*.md"))
    return [p for p in paths if p.is_file() and p.suffix in TEXT]


def defined_terms(help_text):
    """Terms under "Definitions:" of a --help: two blanks before, a colon behind."""
    part = help_text.partition("Definitions:\n")[2].partition("\nExample")[0]
    return [m.group(1) for m in re.finditer(r"^  (\S[^\n]*?): ", part, re.M)]


class Check:
    def __init__(self):
        self.faults, self.counts = [], {}

    def fault(self, place, words):
        self.faults.append(f"{place}: {words}")

    def count(self, what, n=1):
        self.counts[what] = self.counts.get(what, 0) + n


def entries_of(check, definitions):
    """Ids of the definitions and the names that their lines "In:" cover."""
    ids, names = set(), {}
    for number, level, text in definitions.headings():
        if level != 3:
            continue
        place = f"{DEFINITIONS}:{number}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
            check.fault(place, f"the id \"{text}\" is not of small letters, digits and _")
        if text in ids:
            check.fault(place, f"the id {text} stands twice")
        ids.add(text)
    current = None
    for number, line in definitions.prose:
        if match := re.match(r"### +(.*)", line):
            current = match.group(1).strip()
        if line.startswith("In: "):
            for name in re.findall(r"`([^`]+)`", line):
                if name in names:
                    check.fault(f"{DEFINITIONS}:{number}", f"`{name}` is defined by {names[name]}, too")
                names[name] = current
    check.count("definitions", len(ids))
    return ids, names


def check_citations(check, ids, documents):
    cited = set()
    for path in project_files():
        name = path.relative_to(ROOT).as_posix()
        own = name.startswith("tests/docs/")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for match in CITED.finditer(line):
                if own or match.group(1) == "NAME":  # the word for any of them
                    continue
                check.count("citations")
                cited.add(match.group(1))
                if match.group(1) not in ids:
                    check.fault(f"{name}:{number}", f"cites [def:{match.group(1)}], which {DEFINITIONS} has not")
            for document, anchor in PLACE.findall(line):
                if own or anchor == "NAME":
                    continue
                check.count("places of documents")
                if document not in documents:
                    check.fault(f"{name}:{number}", f"cites {document}, which is not there")
                elif anchor not in documents[document].anchors():
                    check.fault(f"{name}:{number}", f"cites {document}#{anchor}, which has no such heading")
            if not own and (match := FOREIGN.search(line)):
                check.fault(f"{name}:{number}", f"cites \"{match.group(0)}\", which is not in the repository")
    return cited


def check_links(check, documents):
    for document in documents.values():
        for number, target in document.links():
            if re.match(r"[a-z]+:", target):
                continue
            check.count("links")
            path, _, anchor = target.partition("#")
            to = (document.path.parent / path).resolve() if path else document.path
            place = f"{document.name}:{number}"
            if not to.exists():
                check.fault(place, f"links to {target}, which is not there")
            elif anchor and to.suffix == ".md":
                if anchor not in Document(to).anchors():
                    check.fault(place, f"links to {target}, which has no such heading")


def check_paths(check, documents):
    """Files and folders of the project that a document names in code, and files that any text names, are there."""
    files = {path.relative_to(ROOT) for path in project_files()}
    there = {path.as_posix() for file in files for path in (file, *file.parents)}
    names = {file.name for file in files}
    tops = {file.parts[0] for file in files if len(file.parts) > 1}
    top, end = ("|".join(map(re.escape, parts)) for parts in (tops, SOURCE))
    path_of = re.compile(rf"(?<![\w/.$}}])((?:{top})/[\w./-]*\w(?:{end}))\b")

    def look(place, path, known):
        check.count("paths")
        if path.rstrip("/") not in known and not re.search(r"NAME|ROOM|CMakeFiles", path):
            check.fault(place, f"names {path}, which is not there")

    for document in documents.values():
        for number, line in document.prose:
            for code in re.findall(r"`([\w./-]+)`", line):
                if code.partition("/")[0] in tops and "/" in code:
                    look(f"{document.name}:{number}", code, there)
                elif "/" not in code and re.fullmatch(r"\w+\.(h|def|cpp|py)", code):
                    look(f"{document.name}:{number}", code, names)
    for file in sorted(files):
        if file.as_posix().startswith(OWN_TREE):
            continue
        for number, line in enumerate((ROOT / file).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            for path in path_of.findall(line):
                look(f"{file.as_posix()}:{number}", path, there)


def check_messages(check, guide):
    """Messages that the guide explains are words of the program or of its scripts; "…" stands for what they name."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in project_files()
                        if path.relative_to(ROOT).parts[0] in ("app", "core", "kernels", "scripts", "cmake"))
    sources = re.sub(r'"\s*\n\s*"', "", sources)  # literals that go on in the next line
    for number, line in guide.prose:
        if not (message := re.match(r"\| `([^`]+)` \| ", line)) or message[1].startswith(("scripts/", "FATAL: ThreadSanitizer")):
            continue
        check.count("messages")
        missing = [part for part in message[1].split("…") if part.strip() not in sources]
        if missing:
            check.fault(f"{guide.name}:{number}", f"explains a message that nobody prints: \"{missing[0]}\"")


def check_json(check, place, document, ids, names):
    """Every definition of a JSON document is there: a "definition" cites an entry, the terms of "definitions" stand in "In:"."""
    if isinstance(document, list):
        for part in document:
            check_json(check, place, part, ids, names)
    if not isinstance(document, dict):
        return
    for part in document.values():
        check_json(check, place, part, ids, names)
    if isinstance(text := document.get("definition"), str):
        check.count("definitions of JSON")
        cited = CITED.findall(text)
        if not cited:
            check.fault(place, f"the definition \"{text}\" cites no entry")
        for name in cited:
            if name not in ids:
                check.fault(place, f"a definition cites [def:{name}], which {DEFINITIONS} has not")
    if isinstance(terms := document.get("definitions"), dict):
        command = re.fullmatch(r"hopscope\.(\w+)/\d+", document["format"]).group(1)
        for term in terms:
            check.count("definitions of JSON")
            if f"{command} {term}" not in names:
                check.fault(place, f"defines \"{term}\", which no line \"In:\" of {DEFINITIONS} names")


def check_analyses(check, program, formats):
    """Each analysis has its row in docs/formats.md."""
    named = {name for line in formats.path.read_text().splitlines() if line.startswith("| `")
             for name in re.findall(r"`([^`]+)`", line.split("|")[1])}
    text = subprocess.run([program, "analyze", "--help"], capture_output=True, check=True, text=True).stdout
    for name in defined_terms(text):
        if name not in named:
            check.fault(formats.name, f"has no row of the analysis {name}")


def check_subcommands(check, program, readme):
    """Each subcommand is in the list of README.md."""
    text = subprocess.run([program, "--help"], capture_output=True, check=True, text=True).stdout
    listed = re.findall(r"(?m)^  (\w+) ", text.partition("\nSubcommands:\n")[2].partition("\n\n")[0])
    known = re.search(r"Every subcommand has `--help`.*?\.", readme.path.read_text(), re.S)[0]
    for name in listed:
        check.count("subcommands")
        if f"`{name}`" not in known:
            check.fault(readme.name, f"does not list the subcommand {name}")


def check_program(check, program, ids, names):
    for command in DEFINING:
        text = subprocess.run([program, command, "--help"], capture_output=True, check=True, text=True).stdout
        terms = defined_terms(text)
        if not terms:
            check.fault(f"{command} --help", "prints no definitions")
        for term in terms:
            check.count("terms of --help")
            if f"{command} {term}" not in names:
                check.fault(f"{command} --help", f"defines \"{term}\", which no line \"In:\" of {DEFINITIONS} names")
            if command == "analyze" and term not in ids:
                check.fault(f"{command} --help", f"the analysis {term} has no entry of its name in {DEFINITIONS}")
        for name in re.findall(r"def:([^\]\s]+)\]", re.sub(r"\n +", " ", text)):
            if name not in ids:
                check.fault(f"{command} --help", f"cites [def:{name}], which {DEFINITIONS} has not")
        known = {f"{command} {term}" for term in terms}
        for name in names:
            # Fields of JSON are not printed by --help; terms of the commands above are.
            if name.startswith("analyze ") and command == "analyze" and name not in known:
                check.fault(DEFINITIONS, f"`{name}`: there is no such analysis")


def check_commands(check, program, formats):
    """Each command has its row in the table of docs/formats.md, with its arguments and the words it must choose from."""
    text = subprocess.run([program, "commands", "--json"], capture_output=True, check=True, text=True).stdout
    section = formats.path.read_text().partition("\n## Commands and scripts\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    for command in json.loads(text)["commands"]:
        check.count("commands")
        name = command["name"]
        row = next((row for row in rows if f"`{name}`" in row.split("|")[1]), "")
        if not row:
            check.fault(formats.name, f"the table of commands has no row of {name}")
        for argument in command["arguments"]:
            must_choose = argument["required"] and argument["type"] == "text"
            for word in [argument["name"]] + (argument.get("choices", []) if must_choose else []):
                if row and not re.search(rf"\b{word}\b", row):
                    check.fault(formats.name, f"the row of {name} does not tell of {word}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program")
    options = parser.parse_args()
    check = Check()
    documents = {d.name: d for d in (Document(p) for p in project_files() if p.suffix == ".md")}
    ids, names = entries_of(check, documents[DEFINITIONS])
    check_links(check, documents)
    check_citations(check, ids, documents)
    check_paths(check, documents)
    check_messages(check, documents["docs/guide.md"])
    if options.program:
        check_program(check, options.program, ids, names)
        check_commands(check, options.program, documents["docs/formats.md"])
        check_subcommands(check, options.program, documents["README.md"])
        check_analyses(check, options.program, documents["docs/formats.md"])
    for fault in check.faults:
        print(fault)
    print(", ".join(f"{n} {what}" for what, n in check.counts.items()) + f", {len(check.faults)} faults")
    return 1 if check.faults else 0


if __name__ == "__main__":
    sys.exit(main())
