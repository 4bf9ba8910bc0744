"""Places of a C++ file that can be changed a little, found from its tokens alone.

No compiler is asked: the sources are formatted, so blanks tell a comparison from a template and a product from a pointer. What
is taken for an expression and is none does not compile, and mutate.py drops it. Left out: preprocessor lines, strings, comments,
constexpr, static_assert, case labels and whatever stands beside a sentence (messages).
"""
import random
import re
from dataclasses import dataclass

KINDS = ("operator", "constant", "off-by-one", "dropped term", "swapped argument")

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|(?P<directive>(?<![^\n])[ \t]*#(?:[^\n\\]|\\.|\\\n)*)'
    r'|(?P<string>(?:u8|u|U|L)?(?:R"(?P<mark>[^\s()\\]*)\(.*?\)(?P=mark)"|"(?:[^"\\\n]|\\.)*"))'
    r"|(?P<char>(?:u8|u|U|L)?'(?:[^'\\\n]|\\.)+')"
    r"|(?P<number>\.?\d(?:[eEpP][+-]|'?[\w.])*)"
    r'|(?P<name>[A-Za-z_]\w*)'
    r'|(?P<op><<=|>>=|<=>|->\*|\.\.\.|::|->|\+\+|--|&&|\|\||[-+*/%&|^=!<>]=|<<|>>|[^\s\w])', re.S)

RANK = {"*": 10, "/": 10, "%": 10, "+": 9, "-": 9, "<<": 8, ">>": 8, "<": 7, "<=": 7, ">": 7, ">=": 7, "==": 6, "!=": 6,
        "&": 5, "^": 4, "|": 3, "&&": 2, "||": 1}
ASSIGN = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}
ENDS = ASSIGN | {";", ",", "?", ":", "..."}
OPEN, CLOSE = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
HEADS = {"if", "while", "for", "switch", "constexpr", "catch"}
STARTS = {"return", "case", "else", "do", "throw", "co_return", "goto", "operator"}
WORDS = HEADS | STARTS | {"new", "delete", "const", "auto", "static", "using", "template", "typename", "struct", "class", "enum",
                          "namespace", "static_assert", "sizeof", "decltype", "noexcept", "alignas", "alignof", "default", "break",
                          "continue", "inline", "extern", "typedef", "friend", "public", "private", "protected", "try", "void",
                          "virtual", "static_cast", "const_cast", "reinterpret_cast", "dynamic_cast", "explicit", "mutable"}
FIXED_CALLS = {"static_assert", "sizeof", "decltype", "noexcept", "alignas", "alignof", "constexpr"}
FIXED = {"constexpr", "consteval", "constinit", "static_assert", "using", "typedef", "template", "enum", "namespace", "friend",
         "struct", "class"}
OTHER = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "&&": "||", "||": "&&", "==": "!=", "!=": "==", "&": "|", "|": "&",
         "<<": ">>", ">>": "<<", "min": "max", "max": "min", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="}
BESIDE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
COUNTS = {"size", "sum", "numel", "dim", "length", "count"}


@dataclass
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass
class Place:
    """A range of a file with what stands there and what a mutant puts there. `form`: value, arguments or statement."""
    kind: str
    start: int
    end: int
    was: str
    becomes: str
    form: str = "value"

    def written(self, number):
        """The range with both forms, chosen at run time."""
        if self.form == "statement":
            return f"{{ if (!hopscope_mutant({number})) {self.was} }}"
        if self.form == "arguments":
            # becomes: what stands between the two; was: both, apart.
            first, second = self.was
            pick = f"(hopscope_mutant({number}) ? ({{}}) : ({{}}))"
            return pick.format(second, first) + self.becomes + pick.format(first, second)
        return f"(hopscope_mutant({number}) ? ({self.becomes}) : ({self.was}))"

    def described(self):
        def line(text):
            return re.sub(r"\s+", " ", text).strip()
        if self.form == "statement":
            return f"`{line(self.was)}` → nothing"
        if self.form == "arguments":
            return f"`{line(self.was[0])}, {line(self.was[1])}` → `{line(self.was[1])}, {line(self.was[0])}`"
        return f"`{line(self.was)}` → `{line(self.becomes)}`"


class Source:
    def __init__(self, text):
        self.text = text
        self.tokens = [Token(m.lastgroup if m.lastgroup != "mark" else "string", m.group(), m.start(), m.end())
                       for m in TOKEN.finditer(text) if m.lastgroup != "comment"]
        self.match, self.parent, stack = {}, [], []
        for i, t in enumerate(self.tokens):
            if t.text in CLOSE and t.kind == "op" and stack:
                j = stack.pop()
                self.match[i], self.match[j] = j, i
            self.parent.append(stack[-1] if stack else None)
            if t.text in OPEN and t.kind == "op":
                stack.append(i)
        self.whole = not stack
        self.block = {i: self._is_block(i) for i, t in enumerate(self.tokens) if t.text == "{" and t.kind == "op"}

    def blank_before(self, i):
        return i > 0 and self.tokens[i].start > self.tokens[i - 1].end

    def blank_after(self, i):
        return i + 1 < len(self.tokens) and self.tokens[i + 1].start > self.tokens[i].end

    def _is_block(self, i):
        before = self.tokens[i - 1] if i else None
        if before is None or before.kind == "directive":
            return True
        if not self.blank_before(i):
            return not (before.kind == "name" or before.text in (">", "{", "(", "]", "}"))
        return before.text not in ASSIGN | {"return", ",", "(", "?"}

    def is_value_end(self, i):
        t = self.tokens[i]
        return t.kind in ("number", "string", "char") or t.kind == "name" and t.text not in WORDS or t.text in (")", "]") or \
            t.text == "}" and i in self.match and not self.block.get(self.match[i], True)

    def is_binary(self, i):
        t = self.tokens[i]
        return t.kind == "op" and t.text in RANK and i > 0 and self.is_value_end(i - 1) and self.blank_before(i) and \
            self.blank_after(i)

    def first(self, i, rank):
        """The first token of the expression in which the operator of `rank` at i is the last one."""
        j = i - 1
        while j >= 0:
            t = self.tokens[j]
            if t.kind == "directive":
                return j + 1
            if t.kind == "op" and t.text in CLOSE:
                if j not in self.match or t.text == "}" and self.block[self.match[j]]:
                    return j + 1
                opener = self.match[j]
                if t.text == ")" and opener > 0 and self.tokens[opener - 1].text in HEADS:
                    return j + 1
                j = opener - 1
                continue
            if t.kind == "op" and (t.text in OPEN or t.text in ENDS) or t.text in STARTS or \
                    self.is_binary(j) and RANK[t.text] < rank:
                return j + 1
            j -= 1
        return 0

    def last(self, i, rank):
        """The last token of the right operand of the operator at i."""
        j = i + 1
        while j < len(self.tokens):
            t = self.tokens[j]
            if t.kind == "directive":
                return j - 1
            if t.kind == "op" and t.text in OPEN:
                if j not in self.match or t.text == "{" and self.block[j]:
                    return j - 1
                j = self.match[j] + 1
                continue
            if t.kind == "op" and (t.text in CLOSE or t.text in ENDS) or self.is_binary(j) and RANK[t.text] <= rank:
                return j - 1
            j += 1
        return j - 1

    def outer(self, i):
        """Openers around token i up to the block it stands in."""
        out, p = [], self.parent[i]
        while p is not None and not (self.tokens[p].text == "{" and self.block[p]):
            out.append(p)
            p = self.parent[p]
        return out

    def statement(self, i):
        """First token of the statement around token i."""
        groups = self.outer(i)
        j = groups[-1] if groups else i
        while j > 0:
            t = self.tokens[j - 1]
            if t.kind == "directive" or t.text in (";", "{") or t.text == "}" and self.block.get(self.match.get(j - 1), True):
                break
            j = self.match[j - 1] if t.text in CLOSE and j - 1 in self.match else j - 1
        return j

    def is_fixed(self, i):
        """Whether what stands at i must be known while compiling, or belongs to a message."""
        p = self.parent[i]
        while p is not None:
            before = self.tokens[p - 1].text if p else ""
            if before in FIXED_CALLS or self.tokens[p].text == "[" and before == "[":
                return True
            p = self.parent[p]
        groups = self.outer(i)
        for g in groups:
            if self._has_sentence(g, self.match.get(g, g)):
                return True
        begin = self.statement(i)
        if any(self.tokens[j].text in FIXED | {"case"} for j in range(begin, i)):
            return True
        if groups and self.tokens[groups[-1] - 1].text in HEADS:
            return False
        # The statement's own level: a sentence that is put together with `+`.
        j = begin
        while j < len(self.tokens) and self.tokens[j].text not in (";", "{", "}"):
            if self._has_sentence(j, j + 1):
                return True
            j = self.match.get(j, j) + 1 if self.tokens[j].text in OPEN else j + 1
        return False

    def _has_sentence(self, begin, end):
        return any(t.kind == "string" and re.search(r"\w.* |: | \w", t.text) for t in self.tokens[begin:end])

    def cut(self, first, last):
        return self.text[self.tokens[first].start:self.tokens[last].end]

    def value(self, kind, first, last, becomes):
        return Place(kind, self.tokens[first].start, self.tokens[last].end, self.cut(first, last), becomes)


def _number(text, choose):
    """Another number of the same type, or None."""
    body, suffix = re.match(r"(0[xX][\da-fA-F']+|0[bB][01']+|[\d.']+(?:[eE][+-]?\d+)?)(.*)$", text, re.S).groups()
    plain = body.replace("'", "")
    if re.fullmatch(r"[1-9]\d*|0", plain) and suffix.lower().strip("ulz") == "":
        value = int(plain)
        return f"{value - 1 if value > 1 and choose.random() < 0.5 else value + 1}{suffix}"
    if plain.lower().startswith(("0x", "0b")):
        return f"{int(plain, 0) ^ 1:#x}{suffix}"
    try:
        value = float(plain)
    except ValueError:
        return None
    # Twice a guard against division by zero changes nothing that could be tested.
    changed = 1.0 if value == 0 else value * (1000 if value < 1e-6 else 2)
    text = repr(changed)
    return (text if re.search(r"[.e]", text) else text + ".0") + suffix


def _arguments(source, opener):
    """[first, last] token pairs of the arguments behind an opening bracket."""
    close, out, first, j = source.match[opener], [], opener + 1, opener + 1
    while j < close:
        t = source.tokens[j]
        if t.kind == "op" and t.text in OPEN:
            j = source.match[j]
        elif t.text == ",":
            out.append((first, j - 1))
            first = j + 1
        j += 1
    if close > opener + 1:
        out.append((first, close - 1))
    return out


def _calls(source, i, out):
    """Token i opens the arguments of a call: neighbours change places; a call that is a statement goes."""
    tokens = source.tokens
    name = tokens[i - 1]
    if i == 0 or name.kind != "name" or name.text in WORDS or i not in source.match:
        return
    arguments = _arguments(source, i)
    simple = []
    for first, last in arguments:
        part = tokens[first:last + 1]
        declared = any(a.kind == "name" and b.kind == "name" for a, b in zip(part, part[1:]))
        simple.append(not declared and part and not any(t.text in ("{", "[", "&", "&&") and t is part[0] for t in part) and
                      part[0].kind != "string")
    close = source.match[i]
    follows = tokens[close + 1].text if close + 1 < len(tokens) else ""
    if follows not in ("{", "const", "override", "noexcept"):
        for a in range(len(arguments) - 1):
            (f1, l1), (f2, l2) = arguments[a], arguments[a + 1]
            one, two = source.cut(f1, l1), source.cut(f2, l2)
            if simple[a] and simple[a + 1] and one != two:
                between = source.text[tokens[l1].end:tokens[f2].start]
                out.append(Place("swapped argument", tokens[f1].start, tokens[l2].end, (one, two), between, "arguments"))
    begin = source.statement(i)
    # Behind `if (…)` or `else` a statement of its own begins.
    j = i - 1
    while j > begin and (tokens[j - 1].text in (".", "->", "::") or tokens[j].text in (".", "->", "::")) or \
            j > begin and tokens[j].text in (")", "]") and j in source.match:
        j = source.match[j] - 1 if tokens[j].text in (")", "]") else j - 1
    behind_head = j > begin and (tokens[j - 1].text == "else" or tokens[j - 1].text == ")" and j - 1 in source.match and
                                 tokens[source.match[j - 1] - 1].text in HEADS)
    # What stands in a function: the block around it hangs on a `)` or on a word behind one.
    block = source.parent[i]
    inside = block is not None and tokens[block].text == "{" and source.block[block] and \
        tokens[block - 1].text in (")", "else", "do", "const", "try", "]", ":")
    if follows == ";" and inside and tokens[j].kind == "name" and (j == begin or behind_head):
        out.append(Place("dropped term", tokens[j].start, tokens[close + 1].end, source.cut(j, close + 1), "", "statement"))


def places(text, choose=None):
    """All places of a file, in order."""
    choose = choose or random.Random(0)
    source = Source(text)
    out = []
    if not source.whole:
        return out
    tokens = source.tokens
    for i, t in enumerate(tokens):
        before = tokens[i - 1] if i else None
        if t.kind == "directive" or source.is_fixed(i):
            continue
        if source.is_binary(i):
            rank = RANK[t.text]
            first, last = source.first(i, rank), source.last(i, rank)
            if first >= i or last <= i or any(x.kind == "directive" for x in tokens[first:last]):
                continue
            left, right = text[tokens[first].start:t.start], text[t.end:tokens[last].end]
            if tokens[i - 1].kind == "string" or tokens[i + 1].kind == "string" and t.text == "+":
                continue
            if t.text in BESIDE:
                out.append(source.value("off-by-one", first, last, left + BESIDE[t.text] + right))
            else:
                out.append(source.value("operator", first, last, left + OTHER.get(t.text, t.text) + right))
            if t.text in ("+", "-", "*", "/", "&&", "||"):
                out.append(source.value("dropped term", first, last, left.rstrip()))
            if t.text in ("&&", "||"):
                out.append(source.value("dropped term", first, last, right.lstrip()))
        elif t.kind == "op" and t.text in OTHER and t.text in ASSIGN:
            first, end = source.first(i, 0), i
            while end < len(tokens) and tokens[end].text != ";" and tokens[end].text not in CLOSE:
                end = source.match.get(end, end) + 1 if tokens[end].text in OPEN else end + 1
            if end < len(tokens) and tokens[end].text == ";" and first < i < end - 1:
                left, right = text[tokens[first].start:t.start], text[t.end:tokens[end - 1].end]
                out.append(source.value("operator", first, end - 1, left + OTHER[t.text] + right))
                if not source.outer(i):
                    out.append(Place("dropped term", tokens[first].start, tokens[end].end, source.cut(first, end), "", "statement"))
        elif t.text in ("!", "-") and t.kind == "op" and before and not source.is_value_end(i - 1) and not source.blank_after(i):
            last = source.last(i, 10)
            if last > i and before.text not in ("operator", ")", "]", ">"):
                # Twice `!`: what has a meaning as a condition only stays one.
                becomes = "!" + text[t.start:tokens[last].end] if t.text == "!" else text[t.end:tokens[last].end]
                out.append(source.value("operator", i, last, becomes))
        elif t.kind == "number":
            changed = _number(t.text, choose)
            if changed and before.text != "'":
                out.append(source.value("constant", i, i, changed))
        elif t.text in ("true", "false"):
            out.append(source.value("constant", i, i, "false" if t.text == "true" else "true"))
        elif t.kind == "name" and t.text in ("min", "max") and before.text == "::" and tokens[i - 2].text == "std":
            opener = next((j for j in range(i + 1, min(i + 8, len(tokens))) if tokens[j].text == "("), None)
            if opener in source.match:
                last = source.match[opener]
                becomes = text[tokens[i - 2].start:t.start] + OTHER[t.text] + text[t.end:tokens[last].end]
                out.append(source.value("operator", i - 2, last, becomes))
        elif t.text == "(" and before and tokens[i - 1].text in COUNTS and i >= 2 and tokens[i - 2].text in (".", "->") and \
                source.match.get(i) == i + 1:
            first = i - 3
            while first > 0 and (tokens[first].text in (")", "]") and first in source.match or
                                 tokens[first - 1].text in (".", "->", "::") or tokens[first].text in (".", "->", "::")):
                first = source.match[first] - 1 if tokens[first].text in (")", "]") else first - 1
            if tokens[first].kind == "name" and tokens[first].text not in WORDS:
                was = source.cut(first, i + 1)
                out.append(source.value("off-by-one", first, i + 1, was + " + 1"))
        if t.text == "(" and t.kind == "op":
            _calls(source, i, out)
    return out


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
