#!/usr/bin/env python3
"""Draws anew each picture that the documents show, and holds it against the one that they show.

    tests/docs/pictures_test.py build/release/hopscope [--write]

Behind each picture a comment says how it is made: <!-- hopscope export assets/example … --png NAME.png … -->. NAME.png lies in
assets/pictures/example, and no picture lies in assets/pictures that no comment makes. What has to be trained or made up for it
first stands before that, each call, of hopscope or python3, on lines of its own, in folders $T/…, which go with the test. --write puts the new pictures there. Exit code 0: each is as
it was, up to what another driver of OpenGL draws and another processor computes otherwise.
"""
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import zlib

from markdown import ROOT

DOCUMENTS = ("README.md", "docs/guide.md")
PICTURES = ROOT / "assets/pictures/example"
COMMENT = re.compile(r"<!--\s*((?:hopscope|python3)\s[^>]*?)\s*-->")
CALL = re.compile(r"(?m)^\s*(?=(?:hopscope|python3)\s)")
SHOWN = re.compile(r"\]\((?:\.\./)?assets/pictures/([^)]+)\)")

FAR = 48  # of 255, in one of the three colours: what was smoothed otherwise stays below
MOST_FAR = 0.005  # share of the pixels that may be so far off
MOST_FAR_TRAINED = 0.015  # where it is trained first: without AVX, 0.34 % were so
MOST_BYTES = 250_000  # of a picture, so that a page opens at once


def pixels(path):
    """Width, height and rows of bytes of a PNG file with three bytes a pixel, as the program writes them."""
    data = path.read_bytes()
    at, packed, width, height = 8, b"", 0, 0
    while at < len(data):
        length, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            if body[8:10] != b"\x08\x02":
                sys.exit(f"{path}: {body[8]} bits of kind {body[9]} found, 8 of kind 2 (RGB) expected")
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    raw, stride, rows, above = zlib.decompress(packed), 3 * width, [], bytes(3 * width)
    for y in range(height):
        begin = y * (stride + 1)
        row = bytearray(raw[begin + 1:begin + 1 + stride])
        unfilter(raw[begin], row, above)
        rows.append(bytes(row))
        above = rows[-1]
    return width, height, rows


def unfilter(kind, row, above):
    """Undoes the filter of a row (PNG 1.2, section 6) in place."""
    if kind == 0:
        return
    for i in range(len(row)):
        left, up, corner = (row[i - 3] if i > 2 else 0), above[i], (above[i - 3] if i > 2 else 0)
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            near = left + up - corner
            guess = min((left, up, corner), key=lambda value: abs(near - value))
        row[i] = (row[i] + guess) & 255


def png_of(width, height, rows):
    """The same pixels as a PNG file: pictures that are flat for the most part take less room without filters."""
    out = b"\x89PNG\r\n\x1a\n"
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    for kind, body in ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9)), (b"IEND", b"")):
        out += len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
    return out


def share_far_off(a, b):
    """The share of pixels that differ by more than FAR in one of their colours."""
    far = 0
    for one, other in zip(a[2], b[2]):
        if one == other:
            continue
        off = [abs(x - y) > FAR for x, y in zip(one, other)]
        far += sum(any(off[i:i + 3]) for i in range(0, len(off), 3))
    return far / (a[0] * a[1])


def problem(name, new, most_far):
    """Why the picture that is there is not the one just drawn; "" where it is."""
    old = PICTURES / name
    if not old.exists():
        return "is not there"
    a, b = pixels(old), pixels(new)
    if old.stat().st_size > MOST_BYTES:
        return f"takes {old.stat().st_size} bytes, of {MOST_BYTES} at most"
    if a[:2] != b[:2]:
        return f"has {a[0]} x {a[1]} pixels, what is drawn now {b[0]} x {b[1]}"
    share = share_far_off(a, b)
    return f"differs from what is drawn now in {100 * share:.2f} % of its pixels" if share > most_far else ""


def draw(program, comment, folder):
    """Name of the picture that a comment makes, and why it was not made; "" where `folder` has it."""
    name = ""
    for call in filter(None, CALL.split(comment)):
        what, *words = shlex.split(call.replace("$T/", f"{folder}/"))
        if words[0] == "export":
            where = words.index("--png") + 1
            name = words[where]
            words[where] = str(folder / name)
        ended = subprocess.run([program if what == "hopscope" else sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=120)
        if ended.returncode:
            return name, f"{what} {shlex.join(words)} ended with {ended.returncode}: {ended.stderr.strip()}"
    return name, "" if name else f"no picture comes of: {comment}"


def main():
    program, write = pathlib.Path(sys.argv[1]).resolve(), "--write" in sys.argv[2:]
    texts = [(ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS]
    shown = {name.removeprefix("example/") for text in texts for name in SHOWN.findall(text)}
    made, wrong = set(), []
    with tempfile.TemporaryDirectory() as folder:
        for comment in (comment for text in texts for comment in COMMENT.findall(text)):
            name, failed = draw(program, comment, pathlib.Path(folder))
            made.add(name)
            new = pathlib.Path(folder) / name
            if failed:
                wrong.append(f"{name}: {failed}")
            elif write:
                PICTURES.mkdir(parents=True, exist_ok=True)
                (PICTURES / name).write_bytes(png_of(*pixels(new)))
            elif why := problem(name, new, MOST_FAR_TRAINED if "$T/" in comment else MOST_FAR):
                wrong.append(f"assets/pictures/example/{name} {why}")
    there = {path.name for path in PICTURES.parent.rglob("*.png")}
    for names, why in ((shown - made, "is shown, but no comment says how it is made"),
                       (made - shown, "is made, but shown nowhere"), (there - made, "is there, but no comment makes it")):
        wrong += [f"assets/pictures/example/{name} {why}" for name in sorted(names)]
    if wrong:
        sys.exit("\n".join(wrong) + f"\nLook at them, then: tests/docs/pictures_test.py {sys.argv[1]} --write")
    print(f"pictures: {len(made)} {'written' if write else 'are as they were'}")


if __name__ == "__main__":
    main()
