"""Seeded mutations of files: bytes, texts, JSON, safetensors, xz, and arguments of a command line.

Every function takes a random.Random first and draws from nothing else, so that one seed gives one file. What is valid is
changed a little, once to three times: a file that is all noise is refused at its first byte and tests nothing behind it.
"""
import copy
import json
import lzma
import os
import re
import struct

# Numbers at which types, sizes and loops end.
NUMBERS = ("0", "-0", "1", "-1", "2", "3", "127", "255", "256", "32768", "65536", "2147483647", "2147483648", "4294967296",
           "-2147483649", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
           "18446744073709551615", "18446744073709551616", "1" + "0" * 400, "0.5", "-0.5", "1e-320", "1e30", "1e39", "-1e39",
           "1e300", "1e308", "1e309", "nan", "NaN", "inf", "-inf", "null", "010", "0x10", "1_000", "1e", ".5", "5.", "+1", "１")
# Texts that break what prints, splits, opens or compares them.
WORDS = (b"", b" ", b"\0", b"\x1b[31m", b"\x1b]0;title\a", b"\r\n", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
         b"\xef\xbb\xbf", "ü".encode(), "\u202e".encode(), "\ufffd".encode(), b"a" * 90, b"a" * 5000, b"\xe4\xb8\xad" * 40,
         b"%s%n", b"../..", b".", b"/dev/null/x", b"-1", b"--json", b"<|endoftext|>", b"NaN", b"null", b"true", b"[]", b"{}", b'"', b"\\",
         b"\x7f", b"\xc2\x9b31m", b"\t", b",", b"=", b"#", b"\n")
VALUES = (None, True, False, 0, 1, -1, 2, 7, 99, 255, 65536, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63),
          2**64 - 1, 2**64, 10**30, 0.5, -0.5, 1e-320, 1e30, 1e39, -1e39, 1e300, 1e308, "", "a", "-1", "1", "\0", "\x1b[31m", "ü",
          "a" * 5000, "../..", "NaN", [], {}, [[]], [None], [0, 1, 2], ["a"], {"a": 1}, [1e39], [-1], [2**63], [[0, 1]])


# Bytes ---------------------------------------------------------------------------------------------------------------------------

def span(random, data, longest=64):
    begin = random.randrange(len(data) + 1)
    return begin, min(len(data), begin + random.randint(1, longest))


def flip(random, data):
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        if out:
            out[random.randrange(len(out))] ^= 1 << random.randrange(8)
    return bytes(out)


def put_byte(random, data):
    at = random.randrange(len(data) + 1)
    byte = random.choice((b"\0", b"\xff", b"\x80", b"\n", b'"', b"{", b"}", b"[", b"]", b",", b"\x1b", b"\x7f", b"-", b"9", b"\r"))
    return data[:at] + byte + data[at + random.randint(0, 1):]


def put_word(random, data):
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(WORDS) + data[at:]


def put_noise(random, data):
    begin, end = span(random, data, 16)
    return data[:begin] + random.randbytes(random.randint(1, 40)) + data[end:]


def cut_end(random, data):
    return data[:random.randrange(len(data) + 1)]


def cut_out(random, data):
    begin, end = span(random, data, random.choice((1, 8, 64, 4096)))
    return data[:begin] + data[end:]


def double(random, data):
    begin, end = span(random, data, random.choice((8, 64, 4096)))
    times = random.choice((2, 2, 3, 50))
    return data[:end] + data[begin:end] * (times - 1) + data[end:]


def swap(random, data):
    (a, b), (c, d) = sorted((span(random, data), span(random, data)))
    if b > c:
        return data[::-1] if random.random() < 0.1 else data
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def put_integer(random, data):
    """A little-endian integer where one of the same width may be."""
    width, form = random.choice(((2, "<H"), (4, "<I"), (8, "<Q")))
    if len(data) < width:
        return data
    at = random.choice((0, 0, 8, random.randrange(len(data) - width + 1)))
    value = random.choice((0, 1, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1))
    return (data[:at] + struct.pack(form, value % 2**(8 * width)) + data[at + width:])[:len(data)]


def wipe(random, data):
    begin, end = span(random, data, 512)
    return data[:begin] + random.choice((b"\0", b"\xff", b"0", b" ")) * (end - begin) + data[end:]


def other(random, data):
    """Nothing of the file stays."""
    return random.choice((b"", b"\n", b"\0" * 64, b"{}", b"[]", b"null", b"\xef\xbb\xbf", random.randbytes(200), b"{" * 200,
                          b"\x7fELF\x02\x01\x01", b"\xfd7zXZ\0", b"\x1f\x8b\x08\0", b"PK\x03\x04", data[:1] * 300, data + data))


BYTES = (flip, flip, put_byte, put_byte, put_word, put_noise, cut_end, cut_out, double, swap, put_integer, wipe, other)


def mutate_bytes(random, data):
    return random.choice(BYTES)(random, data)


# Texts ---------------------------------------------------------------------------------------------------------------------------

def replace_match(random, data, pattern, make):
    found = list(re.finditer(pattern, data))
    if not found:
        return put_word(random, data)
    match = random.choice(found)
    return data[:match.start()] + make(match.group()) + data[match.end():]


def other_number(random, data):
    def make(old):
        if random.random() < 0.3:
            return random.choice((b"-" + old, old + b"0" * random.choice((1, 3, 30)), old + b"e" + str(random.randint(-400, 400)).encode(),
                                  old + b".5", old[:-1]))
        return random.choice(NUMBERS).encode()
    return replace_match(random, data, rb"-?\d+(\.\d+)?([eE][-+]?\d+)?", make)


def other_word(random, data):
    return replace_match(random, data, rb'(?<=")[^"\n]*(?=")', lambda old: random.choice(WORDS))


def other_name(random, data):
    return replace_match(random, data, rb"[A-Za-z_]{2,}", lambda old: random.choice((old[:-1], old + b"x", old.upper(), b"", old[::-1])))


def swap_fields(random, data):
    found = list(re.finditer(random.choice((rb'"[^"\n]*"', rb"[^,\s\[\]{}]+", rb"-?\d+(\.\d+)?")), data))
    if len(found) < 2:
        return data
    a, b = sorted(random.sample(found, 2), key=lambda match: match.start())
    return data[:a.start()] + b.group() + data[a.end():b.start()] + a.group() + data[b.end():]


def lines_changed(random, data):
    lines = data.split(b"\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    what = random.randrange(5)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(to, lines[at])
    elif what == 2:
        lines[at], lines[to] = lines[to], lines[at]
    elif what == 3:
        lines = [line + b"\r" for line in lines]
    else:
        lines[at] = lines[at] + b" " + lines[to]
    return b"\n".join(lines)


def nest(random, data):
    depth = random.choice((10, 40, 1000, 300_000))
    opened, closed = random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"[[a]]\n", b""), (b"a.", b"a=1"), (b"((", b"))")))
    return replace_match(random, data, rb'-?\d+|"[^"\n]*"', lambda old: opened * depth + old + closed * random.choice((depth, 0)))


TEXTS = (other_number,) * 6 + (other_word,) * 4 + (other_name, swap_fields, swap_fields, lines_changed, lines_changed, nest)


def mutate_text(random, data):
    return random.choice(TEXTS if random.random() < 0.7 else BYTES)(random, data)


# JSON ----------------------------------------------------------------------------------------------------------------------------

def places(value):
    """Every (container, key) below a JSON value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


def change_json(random, document):
    document = copy.deepcopy(document)
    found = list(places(document))
    if not found:
        return random.choice(VALUES)
    holder, key = random.choice(found)
    what = random.randrange(8)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, dict):
        holder[random.choice((key + "x", "", key.upper(), "a" * 300, "\0"))] = holder.pop(key)
    elif what == 2:
        other_holder, other_key = random.choice(found)
        holder[key] = copy.deepcopy(other_holder[other_key])
    elif what == 3 and isinstance(holder[key], (int, float)):
        holder[key] = random.choice((-holder[key] - 1, holder[key] + 1, holder[key] * 1000, float(holder[key]), str(holder[key])))
    elif what == 4 and isinstance(holder[key], list):
        holder[key] = holder[key] * random.choice((0, 2, 40)) + random.choice(([], [random.choice(VALUES)]))
    elif what == 5:
        holder[key] = [holder[key]]
    else:
        holder[key] = copy.deepcopy(random.choice(VALUES))
    return document


def dump(document):
    return json.dumps(document).encode()


def mutate_json(random, data):
    chance = random.random()
    if chance < 0.04:
        return nest(random, data)
    if chance < 0.3:
        return mutate_text(random, data)
    try:
        return dump(change_json(random, json.loads(data))) + b"\n"
    except ValueError:
        return mutate_text(random, data)


def mutate_lines(random, data):
    """JSON lines."""
    if random.random() < 0.3:
        return mutate_text(random, data)
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    lines[at] = mutate_json(random, lines[at]).strip(b"\n")
    return b"\n".join(lines)


# Safetensors ---------------------------------------------------------------------------------------------------------------------

DTYPES = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8, "I64": 8, "I32": 4, "I16": 2, "U8": 1, "I8": 1, "BOOL": 1, "U64": 8, "Q4": 1}


def reshape(random, tensor):
    """The same bytes under another shape or dtype."""
    shape, bits = tensor["shape"], tensor["data_offsets"]
    what = random.randrange(5)
    if what == 0:
        tensor["shape"] = shape[::-1]
    elif what == 1:
        tensor["shape"] = [1] * random.choice((1, 6, 70)) + shape
    elif what == 2:
        total = 1
        for size in shape:
            total *= size
        tensor["shape"] = [total]
    else:
        dtype = random.choice(list(DTYPES))
        tensor["dtype"], tensor["shape"] = dtype, [(bits[1] - bits[0]) // DTYPES[dtype]]


def change_data(random, tensor, body):
    begin, end = tensor["data_offsets"]
    count = (end - begin) // 4
    if not count:
        return body
    new = bytearray(body)
    for at in range(count) if random.random() < 0.3 else (random.randrange(count),):
        value = random.choice((float("nan"), float("inf"), -float("inf"), 3e38, -3e38, 1e-45, 0.0, 1e20))
        new[begin + 4 * at:begin + 4 * at + 4] = struct.pack("<f", value)
    return bytes(new)


def mutate_tensors(random, data):
    if random.random() < 0.25:
        return mutate_bytes(random, data)
    try:
        length, = struct.unpack_from("<Q", data)
        header, body = json.loads(data[8:8 + length]), data[8 + length:]
        names = [name for name in header if name != "__metadata__"]
        name = random.choice(names)
        header[name]["data_offsets"]
    except (ValueError, struct.error, IndexError, KeyError, TypeError):
        return mutate_bytes(random, data)
    what = random.randrange(9)
    if what == 0:
        raw = mutate_text(random, data[8:8 + length])
        return struct.pack("<Q", len(raw)) + raw + body
    if what == 1:
        header = change_json(random, header)
    elif what == 2:
        reshape(random, header[name])
    elif what == 3:
        header[random.choice((name + "x", "", "layers.99.router.proj.weight", "ü" * 200))] = header.pop(name)
    elif what == 4:
        partner = random.choice(names)
        header[name], header[partner] = header[partner], header[name]
    elif what == 5:
        header["extra"] = {"dtype": "F32", "shape": [2], "data_offsets": [len(body), len(body) + 8]}
        body += b"\0" * 8
    elif what == 6 and header.get("__metadata__"):
        key = random.choice(list(header["__metadata__"]))
        header["__metadata__"][key] = mutate_text(random, header["__metadata__"][key].encode()).decode(errors="replace")
    elif what == 7:
        begin, end = header.pop(name)["data_offsets"]  # gone, and the bytes behind it move up
        body = body[:begin] + body[end:]
        for tensor in header.values():
            if "data_offsets" in tensor:
                tensor["data_offsets"] = [o - (end - begin) if o >= end else o for o in tensor["data_offsets"]]
    else:
        body = change_data(random, header[name], body)
    raw = dump(header)
    return struct.pack("<Q", len(raw)) + raw + body


def mutate_xz(random, data):
    """Packed text: damaged outside, or packed again after a change inside."""
    if random.random() < 0.5:
        return mutate_bytes(random, data)
    text = mutate_text(random, lzma.decompress(lzma.compress(b"the river\n" * 40)))
    return lzma.compress(text) + random.choice((b"", b"", b"\0\0\0\0", b"x", lzma.compress(b"more\n")))


KINDS = {"bytes": mutate_bytes, "text": mutate_text, "json": mutate_json, "lines": mutate_lines, "tensors": mutate_tensors,
         "xz": mutate_xz}


def mutate(random, kind, data):
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        try:
            data = KINDS[kind](random, data)
        except (RecursionError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
            # An earlier change left nothing of that structure, or nested it too deep for Python's own reader.
            data = mutate_bytes(random, data)
    return data


# What stands in a file's place ---------------------------------------------------------------------------------------------------

def put_other_kind(random, path, huge):
    """Replaces a file by something that is none, or is too large. Returns a word for the report."""
    size = path.stat().st_size if path.exists() else 0
    if path.is_dir():
        return "as it is"
    data = path.read_bytes() if path.exists() else b""
    path.unlink(missing_ok=True)
    kind = random.choice(("folder", "fifo", "loop", "dangling", "missing", "link", "huge" if huge else "empty", "empty", "socket") +
                         (("unreadable",) if os.geteuid() else ()))
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "link":  # a good file under another name
        hidden = path.with_name(path.name + ".real")
        hidden.write_bytes(data)
        path.symlink_to(hidden.name)
    elif kind == "huge":  # without taking the disk
        with open(path, "wb") as file:
            file.write(data)
            file.truncate(max(size, 1) + (3 << 30))
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "unreadable":
        path.write_bytes(data)
        path.chmod(0)
    elif kind == "socket":
        os.mknod(path, 0o140600)
    return kind


# Arguments -----------------------------------------------------------------------------------------------------------------------

def mutate_arguments(random, arguments):
    out = list(arguments)
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(out) + 1)
        word = random.choice(WORDS).replace(b"\0", b"?") if random.random() < 0.6 else random.choice(NUMBERS).encode()
        what = random.randrange(7)
        if at == len(out) or what == 0:
            out.insert(at, word)
        elif what == 1:
            del out[at]
        elif what == 2:
            out.insert(at, out[at])
        elif what == 3:
            to = random.randrange(len(out))
            out[at], out[to] = out[to], out[at]
        elif what == 4 and out[at].startswith(b"--"):
            out[at] = random.choice((out[at] + b"=", out[at] + b"=" + word, out[at][:-1], out[at][1:], b"--"))
        elif what == 5 and len(out[at]) > 1:
            out[at] = mutate_text(random, out[at]).replace(b"\0", b"?")[:20_000]
        else:
            out[at] = word
    return out
