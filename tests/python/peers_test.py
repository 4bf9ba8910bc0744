"""bench/compare and bench/ratios.py. Run as: peers_test.py HOPSCOPE

Documents made here, a stand-in for the program and one for the stock forms; where this Python or $HOPSCOPE_TORCH_PYTHON has PyTorch,
operators and a step in earnest.
"""
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPARE = ROOT / "bench/compare"
sys.path.insert(0, str(ROOT / "bench"))
import ratios
from stand_ins import WithStandIns

PROGRAM = TORCH = ""


def form(side, name, ms, precision="fp32", **more):
    stock = {"mode": "eager", "differences": {"fp32": {"out.y": 1e-6}, "bf16": {"out.y": 1e-2}}} if side == "stock" else {}
    return {"side": side, "form": name, "precision": precision, "rounds_ms": ms, "peak_bytes": 1 << 20} | stock | more


def document(*forms, **more):
    measured = {"date": "2026-11-30", "commit": "abc", "rounds": 7}
    case = {"name": "experts.tiny", "what": "experts", "measured": measured, "forms": list(forms)}
    return {"format": ratios.FORMAT, "device": "cpu", "name": "A processor", "threads": 2, "cases": [case]} | more


class Ratios(unittest.TestCase):
    def row(self, text, name):
        (line,) = [line for line in text.splitlines() if line.startswith("  stock  " + name + " ")]
        return line.split("  ")

    def test_a_ratio_is_taken_round_by_round(self):
        """Wrong if a slow spell of the machine that met both sides changed the ratio, or the interval were not of the ratios."""
        ours = form("ours", "fused", [10, 10, 100, 10, 10, 10, 10])
        stock = form("stock", "gather", [20, 21, 200, 20, 30, 20, 20])
        self.assertEqual(ratios.ratio(stock, ours), {"value": 2.0, "ci95": [2.0, 3.0], "n": 7})
        short = ratios.ratio(form("stock", "gather", [20, 30]), form("ours", "fused", [10, 10]))
        self.assertEqual((short["value"], short["ci95"]), (2.5, None))
        self.assertIsNone(ratios.ratio(form("stock", "gather", [None, 30]), form("ours", "fused", [10, None])))
        text = ratios.table(document(ours, stock))
        self.assertIn("2.00 [2.00, 3.00]", text)
        self.assertFalse(ratios.disagrees(document(ours, stock)))

    def test_no_ratio_of_forms_that_disagree(self):
        """Wrong if a form that computes something else, or was never held against ours, were called faster or slower."""
        ours = form("ours", "fused", [10.0] * 7)
        good = form("stock", "embedding_bag", [30.0] * 7)
        for differences, word in [({"out.y": 1e-6, "grad.down": 0.3}, "grad.down differs by 0.3, allowed 2e-05"),
                                  ({"out.y": float("nan")}, "out.y differs by nan"), ({"out.y": None}, "out.y differs by None"),
                                  ({}, "was not held against ours")]:
            with self.subTest(word):
                bad = form("stock", "dense_mask", [5.0] * 7, differences={"fp32": differences})
                whole = document(ours, good, bad)
                text = ratios.table(whole)
                self.assertTrue(ratios.disagrees(whole))
                self.assertIn(word, text)
                self.assertIn("refused", text)
                self.assertNotIn("0.50", text)
                (row,) = ratios.summary(whole)
                self.assertEqual((row["against"], row["times_as_fast"]["value"]), ("embedding_bag fp32 eager", 3.0))

    def test_tolerances_are_those_of_the_coarser_precision(self):
        """Wrong if fp32 forms were allowed the roundings of bf16, or bf16 forms refused for their own."""
        ours = [form("ours", "fused", [10.0] * 7), form("ours", "fused", [5.0] * 7, "bf16")]
        stock = form("stock", "dense_mask", [20.0] * 7, differences={"fp32": {"out.y": 5e-3}, "bf16": {"out.y": 5e-3}})
        self.assertTrue(ratios.disagreement("cpu", ours[0], stock))
        self.assertFalse(ratios.disagreement("cpu", ours[1], stock))
        self.assertFalse(ratios.disagreement("cuda", ours[0], stock))
        by_precision = {row["ours"]: row for row in ratios.summary(document(*ours, stock))}
        self.assertIsNone(by_precision["fp32"]["times_as_fast"])
        self.assertEqual(by_precision["bf16"]["times_as_fast"]["value"], 4.0)
        self.assertIn("none that agrees", ratios.table(document(*ours, stock)))

    def test_the_best_of_each_side(self):
        """Wrong if the stock form named is not the fastest, or a failed one is taken; or twins were mixed up with our forms."""
        whole = document(form("ours", "fused", [12.0] * 7), form("ours", "dense_equal_flops", [10.0] * 7),
                         form("ours", "fused", [6.0] * 7, "bf16"), form("ours", "dense_equal_flops", [5.0] * 7, "bf16"),
                         form("stock", "gather", [30.0] * 7, peak_bytes=4 << 20), form("stock", "dense_mask", [24.0] * 7),
                         form("stock", "embedding_bag", [], failed="a compiler was not found"))
        rows = {row["ours"]: row for row in ratios.summary(whole)}
        self.assertEqual((rows["fp32"]["against"], rows["fp32"]["times_as_fast"]["value"]), ("dense_mask fp32 eager", 2.0))
        self.assertEqual(rows["fp32"]["memory"], 0.25)
        (twin,) = ratios.twins(whole)
        self.assertEqual((twin["ours"], twin["dense"], twin["ratio"]["value"]), ("bf16", "bf16", 1.2))
        self.assertIn("a compiler was not found", ratios.table(whole))
        self.assertIn("dense_mask fp32 eager (of 2, 3 tried)", ratios.table(whole))

    def test_documents_of_two_machines_are_not_mixed(self):
        """Wrong if a file of one device took up what another measured, or cases that were not repeated were lost."""
        old, new = document(form("ours", "fused", [1.0])), document(form("ours", "fused", [2.0]))
        other = json.loads(json.dumps(old["cases"][0])) | {"name": "step.wide"}
        both = ratios.merged(old | {"cases": old["cases"] + [other]}, new)
        self.assertEqual([(case["name"], case["forms"][0]["rounds_ms"]) for case in both["cases"]],
                         [("step.wide", [1.0]), ("experts.tiny", [2.0])])
        with self.assertRaisesRegex(ValueError, "name: found 'Another'"):
            ratios.merged(old | {"name": "Another"}, new)


# Stand-ins: they answer as `hopscope bench --turns` and bench/peers.py do.
STAND_IN_PROGRAM = """
    #!/usr/bin/env python3
    import json, sys
    if "train.precision=bf16" in sys.argv and FAILS:
        sys.exit("error: no bf16 here")
    print(json.dumps({"median_ms": 2.0, "shape": {}, "peak_bytes": 100}), flush=True)
    for line in sys.stdin:
        print(json.dumps([2.0] * int(line)), flush=True)
"""
STAND_IN_PYTHON = """
    #!/usr/bin/env python3
    import json, sys, time
    if "-c" in sys.argv:
        sys.exit(0)
    form = sys.argv[sys.argv.index("--form") + 1]
    mode = sys.argv[sys.argv.index("--mode") + 1]
    if form == "gather" and mode == "compiled":
        print("Traceback\\nRuntimeError: no compiler", file=sys.stderr)
        sys.exit(1)
    if form == "dense_mask" and mode == "compiled":
        time.sleep(60)
    off = 0.5 if form == "embedding_bag" else 1e-7
    print(json.dumps({"differences": {"fp32": {"out.y": off}}, "first_ms": 400.0, "first_seconds": 1.0, "torch": "2", "peak_bytes": 400}),
          flush=True)
    for line in sys.stdin:
        print(json.dumps([8.0] * int(line)), flush=True)
"""


class Compare(WithStandIns):
    def setUp(self):
        super().setUp()
        self.out = self.dir / "out.json"

    def compare(self, *arguments, **environment):
        done = subprocess.run([sys.executable, "-B", str(COMPARE), *arguments], capture_output=True, text=True,
                              env=os.environ | environment)
        return done.returncode, done.stdout, done.stderr

    def test_without_torch_it_says_so(self):
        """Wrong if a user without PyTorch sees a traceback, or a table without stock forms."""
        bare = self.script("python", "#!/bin/sh\nexit 1\n")
        program = self.script("hopscope", STAND_IN_PROGRAM, FAILS=False)
        code, out, errors = self.compare("--program", program, "--python", bare, "--out", str(self.out))
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(errors, r"^error: .*has no PyTorch, which the stock forms are made of. Install it .*--python PATH\n$")
        self.assertFalse(self.out.exists())

    def test_slips_are_named(self):
        """Wrong if a wrong call measures something else than was asked for, or a stored file of another kind is printed."""
        code, _, errors = self.compare("--cases", "experts.tinny")
        self.assertEqual(code, 2)
        self.assertRegex(errors, "found experts.tinny, allowed experts.tiny, ")
        code, _, errors = self.compare("--program", str(self.dir / "none"))
        self.assertEqual(code, 2)
        self.assertIn("no program at", errors)
        self.out.write_text('{"format": "hopscope.bench/1"}')
        code, _, errors = self.compare("--read", str(self.out))
        self.assertEqual(code, 2)
        self.assertIn("'hopscope.peers/1' expected", errors)

    def test_a_form_that_fails_or_hangs_costs_only_itself(self):
        """Wrong if a compiler that fails or never ends costs the other forms' times, or a wrong form gets a ratio."""
        code, out, errors = self.compare(
            "--program", self.script("hopscope", STAND_IN_PROGRAM, FAILS=False), "--python", self.script("python", STAND_IN_PYTHON),
            "--cases", "experts.tiny", "--precisions", "fp32", "--rounds", "6", "--limit", "2", "--threads", "2", "--out", str(self.out))
        self.assertEqual(code, 1, errors)  # embedding_bag disagrees
        document = json.loads(self.out.read_text())
        (case,) = document["cases"]
        forms = {ratios.name_of(f): f for f in case["forms"]}
        self.assertEqual(forms["gather fp32 compiled"]["failed"], "RuntimeError: no compiler")
        self.assertEqual(forms["dense_mask fp32 compiled"]["failed"], "took more than 2 s")
        self.assertEqual(forms["gather fp32 eager"]["rounds_ms"], [8.0] * 6)
        self.assertIn("4.00 [4.00, 4.00]", out)
        self.assertIn("embedding_bag fp32 eager against ours fp32: out.y differs by 0.5, allowed 2e-05", out)
        self.assertEqual(self.compare("--read", str(self.out))[:2], (1, out))

    def test_a_slow_compiler_leaves_time_for_the_rounds(self):
        """Wrong if with a given time the forms that begin first use it up, so that none is timed."""
        _, _, errors = self.compare(
            "--program", self.script("hopscope", STAND_IN_PROGRAM, FAILS=False), "--python", self.script("python", STAND_IN_PYTHON),
            "--cases", "experts.tiny", "--precisions", "fp32", "--rounds", "6", "--seconds", "8", "--threads", "2", "--out", str(self.out))
        (case,) = json.loads(self.out.read_text())["cases"]
        forms = {ratios.name_of(f): f for f in case["forms"]}
        self.assertRegex(forms["dense_mask fp32 compiled"]["failed"], "took more than [0-5] s")
        self.assertEqual(forms["fused fp32"]["rounds_ms"], [2.0] * 6, errors)

    def test_when_it_is_ended_its_forms_end_and_cases_stay(self):
        """Wrong if a time limit from outside costs the cases that were measured, or leaves compilers at work."""
        call = [sys.executable, "-B", str(COMPARE), "--program", self.script("hopscope", STAND_IN_PROGRAM, FAILS=False),
                "--python", self.script("python", STAND_IN_PYTHON), "--cases", "route.tiny,experts.tiny", "--precisions", "fp32",
                "--rounds", "1", "--threads", "2", "--out", str(self.out)]
        process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if "dense_mask fp32 compiled begins" in line:
                break
        time.sleep(0.5)
        begin = time.monotonic()
        process.terminate()
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 143)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual([case["name"] for case in json.loads(self.out.read_text())["cases"]], ["route.tiny"])
        mine = [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if str(self.dir) in self.words(p)]
        self.assertEqual(mine, [])

    def words(self, path):
        try:
            return path.read_text().replace("\0", " ")
        except OSError:
            return ""

    def test_our_own_failure_is_no_success(self):
        """Wrong if a precision of ours that cannot run were passed over in silence."""
        code, out, _ = self.compare(
            "--program", self.script("hopscope", STAND_IN_PROGRAM, FAILS=True), "--python", self.script("python", STAND_IN_PYTHON),
            "--cases", "route.tiny", "--modes", "none", "--rounds", "1", "--threads", "2", "--out", str(self.out))
        self.assertEqual(code, 1)
        self.assertIn("fused bf16: error: no bf16 here", out)

    def test_a_step_and_an_operator_in_earnest(self):
        """Wrong if the stock model computes another loss, gradient or update than the program, or the program's file is not understood."""
        if not TORCH:
            self.skipTest("no Python with PyTorch")
        small = ["model.d_model=32", "model.n_layers=2", "model.n_heads=2", "model.vocab_size=512", "moe.experts=18", "moe.d_space=8",
                 "train.batch=2", "train.seq_len=32"]
        more = [x for key in small for x in ("--set", key)]
        cases = "experts.tiny_k4,route.tiny,classifier.tiny,step.deep,step.dense_equal_flops"
        code, out, errors = self.compare("--program", PROGRAM, "--python", TORCH, "--cases", cases, "--modes", "none", "--rounds", "1",
                                         "--precisions", "fp32", "--threads", "1", "--out", str(self.out), *more)
        self.assertEqual(code, 0, errors + out)
        for case in json.loads(self.out.read_text())["cases"]:
            for one in case["forms"]:
                self.assertEqual(len(one["rounds_ms"]), 1, (case["name"], one))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    candidates = [p for p in (os.environ.get("HOPSCOPE_TORCH_PYTHON"), sys.executable) if p]
    TORCH = next((p for p in candidates if subprocess.run([p, "-c", "import torch"], capture_output=True).returncode == 0), "")
    if not TORCH:
        print("no PyTorch in this Python: the stock forms are not run")
    unittest.main(verbosity=2)
