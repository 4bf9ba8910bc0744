"""bench/gpu and bench/carried.py, without any GPU: what a machine lacks is named, a dry run reports all parts, and what is carried
is enough to configure a build. Stand-ins take the place of the program and of PyTorch.
"""
import json
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GPU = ROOT / "bench/gpu"
sys.path.insert(0, str(ROOT / "bench"))
import carried
from stand_ins import WithStandIns

PROGRAM = """
    #!/usr/bin/env python3
    import json, pathlib, sys
    if sys.argv[1] == "train":
        if FAILS:
            sys.exit("error: the training failed")
        run = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
        run.mkdir()
        lines = ["# units", "step,tokens,seconds,loss"] + [f"{i},{64 * i},{0.5 * i},{7 - i}" for i in (1, 2, 3)]
        (run / "metrics.csv").write_text("\\n".join(lines) + "\\n")
        sys.exit(0)
    print(json.dumps({"median_ms": 2.0, "shape": {}, "peak_bytes": 100}), flush=True)
    for line in sys.stdin:
        print(json.dumps([2.0] * int(line)), flush=True)
"""
PYTHON = """
    #!/usr/bin/env python3
    import json, sys
    if "-c" in sys.argv:
        print("/nowhere/torch 2.11.0 None")
        sys.exit(0)
    print(json.dumps({"differences": {"fp32": {"loss": 0.0}}, "first_ms": 400.0, "torch": "2", "peak_bytes": 400}), flush=True)
    for line in sys.stdin:
        print(json.dumps([8.0] * int(line)), flush=True)
"""


class Gpu(WithStandIns):
    def gpu(self, *arguments, **environment):
        done = subprocess.run([sys.executable, "-B", str(GPU), *arguments], capture_output=True, text=True, env=os.environ | environment)
        return done.returncode, done.stdout, done.stderr

    def dry_run(self, fails):
        return self.gpu("--dry-run", "--program", self.script("hopscope", PROGRAM, FAILS=fails), "--python", self.script("python", PYTHON),
                        "--out", str(self.dir / "out"), "--work", str(self.dir / "work"))

    def test_a_dry_run_reports_every_part(self):
        """Wrong if a part were forgotten, the figures of a dry run could be taken for real ones, or its report were not written."""
        code, out, errors = self.dry_run(False)
        self.assertEqual(code, 0, errors)
        (report,) = (self.dir / "out").glob("*-gpu.json")
        document = json.loads(report.read_text())
        self.assertTrue(document["dry_run"])
        states = {p["name"]: p["state"] for p in document["parts"]}
        self.assertEqual(states, {"build": "skipped", "tests": "skipped", "tokenizer": "skipped", "operators": "done", "steps": "done", "train": "done", "memcheck": "skipped", "racecheck": "skipped", "synccheck": "skipped"})
        training = document["training"]
        self.assertEqual((training["updates"], training["tokens_per_s"], training["losses"]), (3, None, [6.0, 5.0, 4.0]))
        self.assertIn("no figure of it means anything", out)
        self.assertIn("| train | 3 updates of marathon shape | done |", out)
        self.assertIn("text: synthetic text.", out)
        self.assertIn("step.paper_wide", out)
        self.assertEqual(len(list((self.dir / "out").glob("*.md"))), 1)

    def test_a_part_that_failed_is_told(self):
        """Wrong if the exit status said that all went well, or the other parts' results were lost."""
        code, out, _ = self.dry_run(True)
        self.assertEqual(code, 1)
        self.assertIn("failed: exit status 1: error: the training failed", out)
        self.assertIn("step.paper_deep", out)

    def test_what_is_missing_is_named_at_once(self):
        """Wrong if somebody with a rented GPU is told of one missing tool after the other."""
        empty = self.dir / "bin"
        empty.mkdir()
        code, _, errors = self.gpu("--dry-run", "--python", self.script("python", "#!/bin/sh\nexit 1\n"), PATH=str(empty))
        self.assertEqual(code, 2)
        for word in ("error: missing: cmake", "ninja", "c++", "PyTorch for "):
            self.assertIn(word, errors)
        code, _, errors = self.gpu("--dry-run", "--only", "biuld", "--program", "/bin/true", "--python", self.script("python", PYTHON),
                                   "--work", str(self.dir / "work"))
        self.assertEqual(code, 2)
        self.assertIn("found biuld, allowed build, tests, tokenizer, operators", errors)

    def test_what_is_carried_is_whole(self):
        """Wrong if the archive lacks a library that a build asks for, or unpacks to links that lead out of it."""
        archive = self.dir / "carried.tar.xz"
        unpacked = pathlib.Path(os.environ.get("HOPSCOPE_DEPS", "")) / "debian/usr/include/nlohmann"
        if not (unpacked.exists() or pathlib.Path("/usr/include/nlohmann").exists()):
            self.skipTest("the packages are not here")
        code, out, errors = self.gpu("--pack", str(archive))
        self.assertEqual(code, 0, errors)
        self.assertLess(archive.stat().st_size, 10e6)
        folder = carried.unpack(archive, self.dir / "deps")
        for path in folder.rglob("*"):
            self.assertTrue(path.resolve().is_relative_to(self.dir.resolve()), path)
            self.assertTrue(path.exists(), path)
        source = self.dir / "c.cpp"
        source.write_text("".join(f"#include <{name}>\n" for name in (
            "CLI/CLI.hpp", "nlohmann/json.hpp", "toml++/toml.h", "Eigen/Core", "gtest/gtest.h", "lzma.h", "sentencepiece_trainer.h",
            "boost/math/distributions/students_t.hpp")))
        found = subprocess.run(["c++", "-std=c++20", "-M", "-I", folder / "debian/usr/include", "-I", folder / "debian/usr/include/eigen3",
                                source], check=True, capture_output=True, text=True).stdout
        outside = [word for word in found.split() if any(f"/{part}/" in word for part in ("CLI", "nlohmann", "toml++", "Eigen", "gtest", "boost"))
                   and not word.startswith(str(folder))]
        self.assertEqual(outside, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
