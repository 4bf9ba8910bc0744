"""The table of families of python/hopscope_capture.py against that of the program: which families there are, their rules, and the
numbers of a rule where config.json says them and where it does not. Wrong if a recording is made by other numbers than the program
reads it by. Argument: the program.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests/imported")]
import hopscope_capture as capture  # noqa: E402
import tiny_model  # noqa: E402

PROGRAM = sys.argv.pop(1)
# Under one of these each family has its router.
ROUTERS = ("mlp.gate", "mlp.router", "mlp.router.layer", "block_sparse_moe.gate", "block_sparse_moe.router.layer", "feed_forward.router",
           "mlp.gate.wg", "mlp.router.gate", "feed_forward.gate", "mixer.gate")
SAID = {"norm_topk_prob": None, "n_group": 2, "topk_group": 1, "routed_scaling_factor": 16.0, "router_jitter_noise": 0.25,
        "moe_norm_min": 0.5}
BASE = {"num_hidden_layers": 1, "num_experts_per_tok": 2}


def program_says(config):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "m"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
        tensors = {f"model.layers.0.{name}.weight": ((8, 3), [0.5] * 24) for name in ROUTERS}
        (folder / "model.safetensors").write_bytes(tiny_model.safetensors(tensors))
        run = subprocess.run([PROGRAM, "info", folder, "--json"], capture_output=True, text=True, check=True)
        return json.loads(run.stdout)


def capture_says(config):
    out = capture.settings(types.SimpleNamespace(**config))
    return {**out, "rule": out["rule"].__name__}


class Families(unittest.TestCase):
    def compare(self, config):
        found = program_says(config)
        self.assertEqual(found["family"], config["model_type"].removesuffix("_text"))
        ours = capture_says(config)
        names = {"rule", "normalise", "groups", "kept_groups", "scale", "jitter", "least_sum"}
        self.assertEqual(ours.keys(), names & found.keys(), config)
        self.assertEqual(ours["rule"], found["rule"], config)
        for name in ours.keys() - {"rule"}:
            self.assertAlmostEqual(ours[name], found[name], delta=1e-7 * abs(found[name]), msg=f"{config} {name}")

    def test_both_know_the_same_families(self):
        table = (ROOT / "core/imported/families.cpp").read_text()
        self.assertEqual(set(re.findall(r'\.model_type = "(\w+)"', table)), set(capture.FAMILIES))

    def test_numbers_are_the_same_said_or_not(self):
        for family in [*capture.FAMILIES, "llama4_text"]:
            self.compare({"model_type": family, **BASE})
            for divides in (True, False):
                self.compare({"model_type": family, **BASE, **SAID, "norm_topk_prob": divides})
        self.compare({"model_type": "deepseek_v2", **BASE, **SAID, "topk_method": "group_limited_greedy"})

    def test_neither_takes_an_unknown_way_for_another(self):
        for rule, keys in capture.WORDS.items():
            family = next(name for name, (its, _) in capture.FAMILIES.items() if its is rule)
            for key, known in keys.items():
                for word in known:
                    self.compare({"model_type": family, **BASE, key: word})
                config = {"model_type": family, **BASE, key: "another"}
                self.assertEqual(program_says(config)["rule"], "unknown")
                with self.assertRaisesRegex(SystemExit, f"{key} 'another'"):
                    capture_says(config)


if __name__ == "__main__":
    unittest.main()
