"""bench/parts.py: what runs the parts of bench/gpu, without any GPU."""
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import parts
from parts import Part


def shell(name, text, seconds=20, needs=()):
    return Part(name, text, seconds, lambda: ["sh", "-c", text], needs)


class Parts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hopscope_parts_")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        parts.GRACE = 1

    def run_all(self, *list_of_parts, seconds=60, **more):
        results = parts.run_all(list_of_parts, self.dir, seconds, say=lambda text: None, **more)
        return {r.name: r for r in results}

    def test_a_part_that_fails_costs_itself_and_those_that_need_it(self):
        """Wrong if a failed part ends the others, or one that needs it were run, or it were called done."""
        def broken():
            raise OSError("no such tool")

        r = self.run_all(shell("a", "echo fine"), shell("b", "echo 'cause of it' >&2; exit 3"), Part("c", "", 9, broken),
                         shell("d", "echo d", needs=("a", "b")), shell("e", "echo e", needs=("a",)), Part("f", "", 9, lambda: []),
                         Part("g", "", 9, lambda: ["echo", "1 test SKIPPED"], check=lambda text: "no GPU" * ("SKIPPED" in text)))
        self.assertEqual({n: x.state for n, x in r.items()},
                         {"a": "done", "b": "failed", "c": "failed", "d": "skipped", "e": "done", "f": "skipped", "g": "failed"})
        self.assertEqual(r["b"].reason, "exit status 3: cause of it")
        self.assertEqual(r["c"].reason, "OSError: no such tool")
        self.assertEqual(r["d"].reason, "needs b")
        self.assertEqual((r["f"].reason, r["g"].reason), (parts.NOTHING, "no GPU"))
        self.assertEqual(pathlib.Path(r["e"].log).read_text(), "e\n")

    def test_a_part_that_hangs_is_ended_with_all_it_started(self):
        """Wrong if a hanging part, one that will not be asked, or a helper that it left behind outlives its time."""
        begin = time.monotonic()
        r = self.run_all(shell("helper", f"sleep 61 & echo $! > {self.dir}/helper; echo last words; wait", seconds=0.5),
                         shell("deaf", f"trap '' TERM; sleep 62 & echo $! > {self.dir}/deaf; while :; do sleep 0.1; done", seconds=0.5),
                         shell("left", f"sleep 63 & echo $! > {self.dir}/left"), shell("next", "echo next"))
        self.assertLess(time.monotonic() - begin, 15)
        self.assertEqual({n: x.state for n, x in r.items()}, {"helper": "stopped", "deaf": "stopped", "left": "done", "next": "done"})
        self.assertRegex(r["helper"].reason, r"took more than 0 s; its last words: last words|took more than .* last words")
        for name in ("helper", "deaf", "left"):
            pid = int((self.dir / name).read_text())
            self.assertFalse(self.runs(pid), name)

    def runs(self, pid):
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state != "Z"

    def test_no_part_outlives_the_whole(self):
        """Wrong if the parts together take longer than they may, or those that no time is left for are not named."""
        begin = time.monotonic()
        r = self.run_all(shell("long", "sleep 30"), shell("late", "echo late"), seconds=1)
        self.assertLess(time.monotonic() - begin, 6)
        self.assertEqual({n: x.state for n, x in r.items()}, {"long": "stopped", "late": "skipped"})
        self.assertEqual(r["late"].reason, "no time left")

    def test_what_was_found_is_told_behind_each_part(self):
        """Wrong if results were lost where the whole is ended from outside."""
        seen = []
        self.run_all(shell("a", "true"), shell("b", "false"), after=lambda results: seen.append([r.state for r in results]))
        self.assertEqual(seen, [["done"], ["done", "failed"]])


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    unittest.main(verbosity=2)
