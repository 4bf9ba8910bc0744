"""Turns the OpenWebText archive into packed text files: one document after another, each followed by a separator line.

The archive is a tar of tars: each inner one, packed with xz, holds some hundred pages as single files. Reading it as a
stream needs neither the disk space nor the eight million files of unpacking it.
"""

import lzma
import os
import sys
import tarfile

SEPARATOR = b"<|endoftext|>\n"
DOCUMENTS_PER_FILE = 200_000


def documents(path):
    """Yields the bytes of every document that is valid UTF-8, and counts the others on stderr."""
    damaged = 0
    with tarfile.open(path, "r|xz") as outer:
        for part in outer:
            if not part.isfile() or not part.name.endswith(".xz"):
                continue
            with tarfile.open(fileobj=outer.extractfile(part), mode="r|xz") as inner:
                for page in inner:
                    if not page.isfile():
                        continue
                    text = inner.extractfile(page).read()
                    try:
                        text.decode("utf-8")
                    except UnicodeDecodeError:
                        damaged += 1
                        continue
                    if text.strip() and b"\0" not in text:
                        yield text
    if damaged:
        print(f"note: {damaged} documents that are not UTF-8 were left out", file=sys.stderr)


def main(path, target):
    count = 0
    output = None
    for text in documents(path):
        if count % DOCUMENTS_PER_FILE == 0:
            if output:
                output.close()
            name = os.path.join(target, f"part_{count // DOCUMENTS_PER_FILE:03d}.txt.xz")
            output = lzma.open(name, "wb", preset=1)
            print(f"writing {name}", file=sys.stderr)
        output.write(text if text.endswith(b"\n") else text + b"\n")
        output.write(SEPARATOR)
        count += 1
    if not output:
        sys.exit(f"error: no documents found in {path}; is it openwebtext.tar.xz?")
    output.close()
    print(f"{count} documents", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
