"""The lists of fields in docs/formats.md, and whether a document has the fields of its list: used for what the program prints
now (commands_test.py) and for the files that are kept (tests/formats).

A list stands in a block without a language, `NAME  hopscope.FORMAT/N  fields`, as the page's conventions say.
"""
import re

from markdown import ROOT, Document

FORMATS = "docs/formats.md"
ROW = re.compile(r"^\S.*?\s(hopscope\.\w+/\d+)\s+(.*)")
COMMON = {name: {} for name in ("format", "run", "step", "config_hash")} | {"live": None}
CLOSING = {"{": "}", "[": "]"}
LIST_OF_ANALYSES = re.compile(r"`(\w+)`")


def _parts(text):
    """`text` cut at commas and semicolons that stand outside of brackets."""
    depth, part, out = 0, "", []
    for character in text:
        depth += (character in "{[") - (character in "}]")
        if character in ",;" and depth == 0:
            out.append(part)
            part = ""
        else:
            part += character
    return [p.strip() for p in out + [part] if p.strip()]


def _inside(text):
    """What stands in the bracket that `text` begins with."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "{[") - (character in "}]")
        if depth == 0:
            return text[1:at]
    raise AssertionError(f"a bracket of {FORMATS} is not closed: {text}")


def _tree(text):
    """{field: tree of what is in it}; None: whatever is in it, it is not listed here."""
    out = {}
    for part in _parts(text):
        head = re.match(r"(?:[^{\[]*: )?(\w+)", part)
        rest = part[head.end():]
        below = {}
        if opened := re.search(r"[{\[]", rest):
            inner = _inside(rest[opened.start():])
            if rest[opened.start()] == "[" and "{" in inner:
                inner = _inside(inner[inner.index("{"):])
                below = None if inner in ("", "…") else _tree(inner)
            elif rest[opened.start()] == "{" or inner == "documents":
                below = None if inner in ("", "…", "documents") else _tree(inner)
        known = out.get(head[1], {})
        out[head[1]] = None if below is None or known is None else {**known, **below}
    return out


def lists():
    """{format: tree of its fields}."""
    rows = {}
    for block in Document(ROOT / FORMATS).blocks:
        name = None
        for line in block.lines if not block.language else ():
            if row := ROW.match(line):
                name, line = row.groups()
            elif line[:1] != " ":
                name = None
            if name:
                rows[name] = rows.get(name, "") + " " + line.strip()
    return {name: _tree(text) for name, text in rows.items()}


def results():
    """{analysis: fields of its result}, from the table of analyses."""
    section = (ROOT / FORMATS).read_text(encoding="utf-8").partition("\n## Analyses\n")[2].partition("\n## ")[0]
    out = {}
    for cells in (line.split("|") for line in section.splitlines() if line.startswith("| `")):
        for name in LIST_OF_ANALYSES.findall(cells[1]):
            out[name] = set(re.findall(r"\w+", cells[2]))
    return out


def paths(document, tree, at=""):
    """Paths of the fields of a document as far as `tree` lists them; documents in it go by their own lists."""
    out = set()
    if isinstance(document, list):
        for part in document:
            out |= paths(part, tree, at)
    elif isinstance(document, dict) and tree is not None:
        for key, value in document.items():
            out.add(f"{at}.{key}" if at else key)
            below = COMMON.get(key, {}) if not at and key not in tree else tree.get(key, {})
            out |= paths(value, below, f"{at}.{key}" if at else key)
    return out


def listed(tree, at=""):
    """All paths of a list."""
    out = set()
    for key, below in (tree or {}).items():
        here = f"{at}.{key}" if at else key
        out |= {here} | listed(below, here)
    return out


def documents(document):
    """The document and those in it: each part that names its format."""
    if isinstance(document, dict):
        if str(document.get("format", "")).startswith("hopscope."):
            yield document
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from documents(part)


def faults(document, trees, analyses):
    """Fields of the document, and of documents in it, that no list has: `trees` of lists(), `analyses` of results()."""
    out = []
    for one in documents(document):
        name = one["format"]
        if name not in trees:
            out.append(f"{name} has no list of fields in {FORMATS}")
            continue
        for path in sorted(paths(one, trees[name]) - listed(trees[name]) - set(COMMON)):
            out.append(f"{name}: the field {path} is in no list of {FORMATS}")
        if name.startswith("hopscope.analysis/"):
            fields = {key.removesuffix("_interval") for key in one.get("result", {})}
            for key in sorted(fields - analyses.get(one["name"], set())):
                out.append(f"{name}: the result of {one['name']} has {key}, and its row of {FORMATS} has not")
    return out
