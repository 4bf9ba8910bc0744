"""python/hopscope_capture.py on small models of published families, against what the library that runs them computes; the files it
writes, through the program. Wrong if a hook misses a router, or a family is recorded by another rule.

The models (HOPSCOPE_DATA/foreign) have random weights. Their routers alone are built here, under the names of their modules, and
get what entered them in the library; so no transformers is needed.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import types
import unittest

import torch

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))
import hopscope_capture as capture  # noqa: E402

PROGRAM = os.environ.get("HOPSCOPE_PROGRAM")
DATA = pathlib.Path(os.environ.get("HOPSCOPE_DATA", "/nowhere")) / "foreign"
TYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "I32": torch.int32, "I16": torch.int16}


def tensors_of(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    out = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            raw = bytearray(data[8 + size + begin:8 + size + end])
            out[name] = torch.frombuffer(raw, dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
    return out


class Router(torch.nn.Module):
    def __init__(self, tensors, name):
        super().__init__()
        self.weight = torch.nn.Parameter(tensors[f"{name}.weight"].float())
        bias = tensors.get(f"{name}.bias")
        self.bias = None if bias is None else torch.nn.Parameter(bias.float())
        if f"{name}.e_score_correction_bias" in tensors:
            self.register_buffer("e_score_correction_bias", tensors[f"{name}.e_score_correction_bias"])

    def forward(self, x):
        return x @ self.weight.T


class Routers(torch.nn.Module):
    """The routers of a model at their places; a pass gives each what entered it in the library, of as many tokens as asked."""

    def __init__(self, folder):
        super().__init__()
        self.config = types.SimpleNamespace(**json.loads((folder / "config.json").read_text()))
        index = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
        tensors = {}
        for file in sorted(set(index.values())):
            tensors.update(tensors_of(folder / file))
        self.expected = tensors_of(folder / "expected_routing.safetensors")
        self.places = []
        for router, entry in json.loads((folder / "expected.json").read_text())["routers"].items():
            module, name = self, entry["module"]
            name += ".layer" if f"{name}.layer.weight" in tensors else ""
            # Where the files have the older name of the module.
            stored = name if f"{name}.weight" in tensors else name.replace("mlp.gate", "block_sparse_moe.gate")
            *parents, last = name.split(".")
            for part in parents:
                if not hasattr(module, part):
                    module.add_module(part, torch.nn.Module())
                module = getattr(module, part)
            module.add_module(last, Router(tensors, stored))
            self.places.append((router, getattr(module, last)))

    def forward(self, ids):
        for router, module in self.places:
            module(self.expected[f"{router}.input"][None, :ids.shape[1]])


def sets(experts, weights):
    return [dict(zip(e, w)) for e, w in zip(experts.tolist(), weights.tolist())]


@unittest.skipUnless(DATA.is_dir(), "skipped: HOPSCOPE_DATA not set")
class DataCapture(unittest.TestCase):
    def compare(self, family, router, experts, weights, expected, tokens=40):
        ours = sets(experts, weights)
        theirs = sets(expected[f"{router}.experts"][:tokens], expected[f"{router}.weights"][:tokens])
        self.assertEqual(len(ours), tokens)
        for token, (a, b) in enumerate(zip(ours, theirs)):
            self.assertEqual(set(a), set(b), f"{family} {router} token {token}")
            for expert in a:
                self.assertAlmostEqual(a[expert], b[expert], delta=1e-5, msg=f"{family} {router} token {token}")

    def test_each_family_is_recorded_as_its_library_has_it(self):
        folders = sorted(path for path in DATA.iterdir())
        self.assertGreaterEqual(len(folders), 6)
        for folder in folders:
            model = Routers(folder)
            found = capture.capture(model, [list(range(40)), list(range(7))], positions=True)
            self.assertEqual(found["tokens"].shape, (2, 40))
            for router, _ in model.places:
                prefix = f"{router}.hops.0."
                for text, tokens in ((0, 40), (1, 7)):
                    self.compare(folder.name, router, found[prefix + "experts"][text, :tokens],
                                 found[prefix + "weights"][text, :tokens], model.expected, tokens)
                self.assertTrue((found[prefix + "experts"][1, 7:] == -1).all())
                self.assertTrue(found[prefix + "weights"][1, 7:].isnan().all())
                logits = model.expected[f"{router}.logits"]
                torch.testing.assert_close(found[prefix + "logits"][0], logits, atol=1e-4, rtol=1e-4)
                p = logits.double().softmax(-1)
                torch.testing.assert_close(found[prefix + "entropy"][0].double(), -(p * p.log()).sum(-1), atol=1e-4, rtol=1e-4)
                # The router cannot tell a position from what entered it.
                again = found[prefix + "position"][0] @ found[f"{router}.rows"].T
                bias = dict(model.places)[router].bias
                torch.testing.assert_close(again + (0 if bias is None else bias.detach()), logits, atol=1e-4, rtol=1e-4)
            self.assertEqual(sum(name.endswith(".logits") for name in found), len(model.places), folder.name)

    @unittest.skipUnless(PROGRAM, "needs the program")
    def test_the_program_reads_what_is_written(self):
        for folder in sorted(path for path in DATA.iterdir()):
            model = Routers(folder)
            with tempfile.TemporaryDirectory() as temporary:
                work = pathlib.Path(temporary)
                found = capture.capture(model, [list(range(40))], positions=True)
                pieces = json.dumps({id: f" {id}" for id in range(40)})
                capture.write(work / "trace.safetensors", found, {"format": "hopscope.routing/1", "pieces": pieces})
                subprocess.run([PROGRAM, "import", folder, "--trace", work / "trace.safetensors", "--out", work / "run", "--json"],
                               check=True, capture_output=True)
                kept = tensors_of(work / "run/traces/trace.safetensors")
                for router, _ in model.places:
                    prefix = f"{router}.hops.0."
                    self.compare(folder.name, router, kept[prefix + "experts"][0], kept[prefix + "weights"][0], model.expected)
                    torch.testing.assert_close(kept[prefix + "entropy"], found[prefix + "entropy"])
                    torch.testing.assert_close(kept[prefix + "position"], found[prefix + "position"], rtol=0, atol=0)
                    torch.testing.assert_close(kept[f"{router}.rows"], found[f"{router}.rows"], rtol=0, atol=0)
                told = subprocess.run([PROGRAM, "analyze", work / "run", "--what", "gate_against_use,contexts,density", "--json"],
                                      check=True, capture_output=True)
                for document in json.loads(told.stdout)["analyses"]:
                    self.assertEqual(len(document["result"]["layers"]), len(model.places), document["name"])
                    if document["name"] == "gate_against_use":
                        # Whatever the rows are, a token goes where its product with them is large.
                        for layer in document["result"]["layers"]:
                            self.assertGreater(layer["centred"]["value"], layer["centred_other_rows"]["value"], folder.name)


class Pieces(unittest.TestCase):
    class Tokenizer:
        """Drops the blank of whatever stands first, as those of SentencePiece do."""
        words = {1: " a", 2: " b", 3: "c"}

        def __call__(self, text, add_special_tokens):
            return {"input_ids": [1]}

        def decode(self, ids):
            return "".join(self.words[id] for id in ids).lstrip()

    def test_blanks_stay(self):
        self.assertEqual(capture.pieces_of(self.Tokenizer(), [[2, 3], [3, 1]]), {1: " a", 2: " b", 3: "c"})


class Rules(unittest.TestCase):
    """The rules of families without a small model here, by cases worked out by hand (as tests/imported/routing_rule_test.cpp)."""

    def chosen(self, logits, correction=None, **config):
        experts, weights = capture.choose(types.SimpleNamespace(num_experts_per_tok=2, **config), torch.tensor([logits]),
                                          None if correction is None else torch.tensor(correction))
        return experts[0].tolist(), weights[0].tolist()

    def expect(self, found, experts, weights):
        self.assertEqual(found[0], experts)
        for ours, theirs in zip(found[1], weights):
            self.assertAlmostEqual(ours, theirs, delta=1e-6)

    def test_by_hand(self):
        log = torch.log(torch.tensor([0.05, 0.35, 0.3, 0.3])).tolist()
        groups = {"n_group": 2, "topk_group": 1, "routed_scaling_factor": 16.0}
        self.expect(self.chosen(log, model_type="deepseek_v2", topk_method="group_limited_greedy", **groups), [1, 0], [5.6, 0.8])
        logit = torch.tensor([0.9, 0.6, 0.2]).logit().tolist()
        self.expect(self.chosen(logit, [-0.5, 0, 0.45], model_type="minimax_m2"), [1, 2], [0.75, 0.25])
        quarter = torch.log(torch.tensor([0.1, 0.4, 0.3, 0.2])).tolist()
        self.expect(self.chosen(quarter, [1.0, 0, 0, 1], model_type="ernie4_5_moe", moe_norm_min=0.6), [3, 0], [1 / 3, 1 / 6])
        mixed = self.chosen([9.2, 10.0, 8.0, 9.5], model_type="phimoe", router_jitter_noise=0.05)
        e = torch.exp(torch.tensor([-0.3, -0.5, -0.8])).tolist()
        self.expect(mixed, [3, 1], [1 / (1 + e[0]), 1 / (1 + e[1] + e[2])])
        self.expect(self.chosen(logit, model_type="llama4"), [0, 1], [0.9, 0.6])
        with self.assertRaisesRegex(SystemExit, "other_moe"):
            self.chosen(log, model_type="other_moe")


if __name__ == "__main__":
    unittest.main()
