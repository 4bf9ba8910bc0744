#!/usr/bin/env python3
"""mutate.py on a planted project: one mutant is caught, one that changes nothing survives, one is not reached; what does not
compile is left out; a second call repeats nothing. If this fails, a table of survivors says nothing about the tests."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from places import places  # noqa: E402

PLANTED = {
    "core/planted/planted.cpp": """\
#include <array>
#include <string>
constexpr int kLeft = 1 + 2;  // known while compiling: not a place
int capped(int value, int cap) {
    return value > cap ? cap : value;
}
int total(int a, int b) {
    return a + b;
}
std::string told(int a) {
    return "not more than so many: " + std::to_string(a - kLeft);
}
int never_called() {
    return 7;
}
std::array<int, 5> never_compiles;
""",
    "core/planted/main.cpp": """\
#include <cstring>
int capped(int, int);
int total(int, int);
int main(int count, char** words) {
    const auto is = [&](const char* word) { return count == 2 && std::strcmp(words[1], word) == 0; };
    if (is("capped")) return !(capped(3, 2) == 2 && capped(2, 2) == 2 && capped(1, 2) == 1);
    if (is("total")) return total(2, 3) != 5;
    return 2;
}
""",
    "CMakeLists.txt": """\
cmake_minimum_required(VERSION 3.22)
project(planted LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
include_directories(${PROJECT_SOURCE_DIR})
add_executable(planted core/planted/planted.cpp core/planted/main.cpp)
enable_testing()
foreach(case capped total)
    add_test(NAME planted.${case} COMMAND planted ${case})
    set_tests_properties(planted.${case} PROPERTIES LABELS unit TIMEOUT 20)
endforeach()
""",
}


def expect(wanted, found, what):
    if wanted != found:
        sys.exit(f"{what}\n  expected: {wanted}\n  found:    {found}")


def kinds(text):
    return [(p.kind, p.described()) for p in places(f"void f() {{\n{text}\n}}\n")]


def tokens():
    """What is a place and what is none."""
    expect([("operator", "`a * b` → `a / b`"), ("dropped term", "`a * b` → `a`"), ("operator", "`a * b + c` → `a * b - c`"),
            ("dropped term", "`a * b + c` → `a * b`")], kinds("x = a * b + c;"), "operands")
    expect([("swapped argument", "`a, b` → `b, a`"), ("dropped term", "`g.h(a, b);` → nothing")], kinds("if (x) g.h(a, b);"), "a call")
    expect([("operator", "`!s` → `!!s`")], kinds("if (!s) return;"), "a negation")
    expect([("off-by-one", "`v.size()` → `v.size() + 1`")], kinds("n = v.size();"), "a count")
    expect([], kinds('std::vector<int>& x = *y; auto&& z = "1 + 2";'), "types and strings")
    expect([("off-by-one", "`a < b` → `a <= b`")], kinds('if (a < b) return "more than " + told(a + 1);'), "a message behind a test")
    expect([], kinds('static_assert([] { return a + 1 < b; }()); return fail("more than", a + 1);'), "what is fixed, and messages")


def run(root, work):
    command = "cmake -S . -B build/release -DCMAKE_BUILD_TYPE=Debug >/dev/null && cmake --build build/release"
    done = subprocess.run([sys.executable, "-B", str(HERE / "mutate.py"), "--root", str(root), "--work", str(work), "--count", "99",
                           "--only", "core/planted/planted.cpp", "--build-command", command, "--survivors", str(work / "survivors")],
                          capture_output=True, text=True)
    rows = dict(re.findall(r"→ `([^`]+)` \| (caught|SURVIVED|NOT REACHED)", done.stdout))
    return done, rows


def main():
    tokens()
    with tempfile.TemporaryDirectory(prefix="hopscope_mutate_") as folder:
        root, work = Path(folder) / "planted", Path(folder) / "work"
        for name, text in PLANTED.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        (root / "tests/mutate").mkdir(parents=True)
        (root / "tests/mutate/mutant.h").write_bytes((HERE / "mutant.h").read_bytes())
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        done, rows = run(root, work)
        wanted = {"a - b": "caught", "value >= cap": "SURVIVED", "8": "NOT REACHED"}
        if rows != wanted:
            sys.exit(f"expected {wanted}\nfound {rows}\n{done.stdout}\n{done.stderr}")
        expect(1, done.returncode, "a survivor is exit 1")
        expect(["SURVIVED", "NOT REACHED"], re.findall("^[A-Z ]+(?=  )", (work / "survivors").read_text(), re.M), "the file of survivors")
        kept = (work / "results.jsonl").read_text()
        expect([0, 1, 1], sorted(json.loads(line)["cases"] for line in kept.splitlines()), "only the case that comes to a mutant is run")
        again, rows = run(root, work)
        expect(wanted, rows, "a second call")
        expect(kept, (work / "results.jsonl").read_text(), "a second call runs nothing again")
        expect(False, "build 1" in again.stderr, "a second call builds nothing")
        expect((PLANTED["core/planted/planted.cpp"]), (root / "core/planted/planted.cpp").read_text(), "the checkout is left alone")
    print("ok")


if __name__ == "__main__":
    main()
