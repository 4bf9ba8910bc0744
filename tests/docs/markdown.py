"""The parts of Markdown that the tests of the documents need: headings with their anchors, links, fenced blocks."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(```+)\s*(\w*)\s*$")


class Block:
    """A fenced block: its language, its lines, and where it begins."""

    def __init__(self, language, first_line):
        self.language, self.first_line, self.lines = language, first_line, []

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


class Document:
    """A Markdown file of the project, by its path below the root."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.blocks, self.prose = [], []  # prose: (line number, text) outside of fences
        fence = None
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1):
            mark = FENCE.match(line)
            if fence is None and mark:
                fence = mark.group(1)
                self.blocks.append(Block(mark.group(2), number))
            elif fence is not None and line.rstrip() == fence:
                fence = None
            elif fence is not None:
                self.blocks[-1].lines.append(line)
            else:
                self.prose.append((number, line))
        if fence is not None:
            raise AssertionError(f"{self.name}:{self.blocks[-1].first_line}: a block that never ends")

    @property
    def name(self):
        return self.path.relative_to(ROOT).as_posix()

    def headings(self):
        """(line number, level, text) of each heading."""
        out = []
        for number, line in self.prose:
            if match := re.match(r"(#+) +(.*?) *$", line):
                out.append((number, len(match.group(1)), match.group(2)))
        return out

    def anchors(self):
        """What #anchor of a link can name, as the usual renderers make it from a heading."""
        seen, out = {}, set()
        for _, _, text in self.headings():
            slug = re.sub(r"[^\w\- ]", "", text.replace("`", "").lower()).replace(" ", "-")
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            out.add(f"{slug}-{count}" if count else slug)
        return out

    def links(self):
        """(line number, target) of each link and picture."""
        # Links may be parted over two lines, so the prose is looked at as a whole.
        text, starts = "", []
        for number, line in self.prose:
            starts.append((len(text), number))
            text += re.sub(r"`[^`]*`", "", line) + "\n"
        out = []
        for match in re.finditer(r"\]\(([^)\s]+)\)", text):
            line = max(n for at, n in starts if at <= match.start())
            out.append((line, match.group(1)))
        return out
