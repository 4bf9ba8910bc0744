#!/usr/bin/env python3
"""Holds python/hopscope_io.py against what the program writes: usage open_data_test.py PROGRAM [unittest arguments].

A few models are trained for some steps; their losses, traces and dumps are read back and computed anew.
"""
import contextlib
import io
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

try:
    import tomllib  # noqa: F401

    import numpy as np
except ImportError as error:
    print(f"skipped: {sys.executable}: {error}; scripts/setup fetches NumPy for Python 3.11 to 3.14")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests/python"), str(ROOT / "bench"), str(ROOT / "tests/imported")]
import check_trace
import check_variants
import drawing
import hopscope_forward
import hopscope_io as hio
import tiny_model

try:
    import torch
except ImportError:
    torch = None

PROGRAM = None
PROMPT = "Three sailors came home before the winter,\nand the town was glad."
TINY = ["model.d_model=32", "model.n_layers=2", "model.n_heads=2", "model.vocab_size=512", "moe.experts=18", "moe.hops=3",
        "moe.top_k=4", "moe.d_space=8", "train.steps=20", "train.seq_len=32", "train.warmup=5", "train.lr=1e-2",
        "train.eval_every=10", "train.eval_batches=2", "train.checkpoint_every=10", "train.snapshot_every=5",
        "train.threads=1"]
# Each router, and each other part of the family at least once; bench/check_variants.py has them one by one.
VARIANTS = {router: [f"moe.router={router}"] for router in check_variants.ROUTERS} | {
    "linear": ["moe.router=linear", "moe.score=sigmoid", "moe.balance=loss_free", "moe.expert=swiglu", "moe.expert_rank=2",
               "moe.shared_expert=8", "moe.output_scale=per_layer"],
    "hash": ["moe.router=hash", "moe.hash_key=token", "moe.expert=static", "moe.hops=[3, 1]", "moe.returns=state"],
    "kmeans": ["moe.router=kmeans", "moe.kmeans=spherical_2", "moe.composition=cross_gated", "moe.top_k=1"],
    "hybrid": ["moe.projection=per_hop", "moe.reroute=hybrid", "moe.pools=unrolled", "moe.composition=grouped_gated",
               "moe.learn_tau=true"],
    "dense": ["model.ffn=dense", "model.d_ff=24"],
}


def hopscope(*args):
    done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"hopscope {args[0]}: exit {done.returncode}: {done.stderr}")
    return done.stdout


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="hopscope_python_"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, True)
        for name, overrides in VARIANTS.items():
            sets = [word for item in TINY + overrides for word in ("--set", item)]
            hopscope("train", "--config", ROOT / "configs/first_look.toml", "--out", cls.dir / name, *sets)

    def trace(self, name, *more):
        return json.loads(hopscope("trace", self.dir / name, "--text", PROMPT, "--json", *more))

    def dump(self, name, *more):
        file = self.dir / f"{name}.safetensors"
        hopscope("trace", self.dir / name, "--out", file, "--batches", 3, *more)
        return hio.load_routing(file)

    def test_reads_a_run(self):
        """Wrong if a curve, a loss or a snapshot differs from what the run's own files and commands say."""
        run = hio.Run(self.dir / "cosine")
        metrics = run.metrics
        self.assertEqual(metrics["step"].tolist(), list(range(1, 21)))
        self.assertEqual(metrics["tokens"].dtype, np.int64)
        self.assertEqual((run.units["loss"], run.units["step"]), ("nats", "updates"))
        self.assertEqual(np.flatnonzero(~np.isnan(metrics["valid_loss"])).tolist(), [9, 19])
        self.assertEqual(list(run.eval_losses), [10, 20])
        self.assertAlmostEqual(run.eval_losses[20].mean(), metrics["valid_loss"][-1], places=5)
        self.assertEqual((run.info["state"], run.config["moe"]["hops"], run.checkpoints), ("done", 3, [10, 20]))
        snapshot = run.geometry(run.geometry_steps[-1])
        layer = snapshot["layers"][1]
        self.assertEqual((snapshot["step"], layer["centroids"].shape, layer["choices"].shape[::2]), (20, (18, 8), (3, 4)))
        self.assertAlmostEqual(float(layer["load"].sum()), 1, places=5)
        np.testing.assert_allclose(np.linalg.norm(layer["positions"], axis=-1), 1, atol=2e-3)
        hopscope("analyze", run.path, "--what", "load,echo,displacement", "--out", run.path / "analysis")
        self.assertEqual(run.analyses["load"]["name"], "load")
        echo = run.analyses["echo"]["result"]
        value, low, high, n = hio.estimate(echo, "mean")
        self.assertEqual((value, n), (echo["mean"], run.analyses["echo"]["batches"]))
        self.assertTrue(low <= value <= high)
        self.assertEqual(hio.estimate(run.analyses["displacement"]["result"], "mean")[3], n)

    def test_numbers_with_intervals_of_both_formats(self):
        """Wrong if a stored document of format 1 could no longer be read, or another interval were taken for its own."""
        half = (0.5, 0.25, 0.75, 8)
        for fields in ({"x": {"value": 0.5, "ci95": [0.25, 0.75], "n": 8, "over": "batches"}},
                       {"x": 0.5, "x_interval": {"value": 0.5, "ci95": [0.25, 0.75], "n": 8, "over": "batches"}},
                       {"x": {"mean": 0.5, "ci95": [0.25, 0.75], "batches": 8}},
                       {"x": {"share": 0.5, "ci95": [0.25, 0.75], "count": 4, "n": 8}},
                       {"x": 0.5, "x_interval": {"mean": 0.5, "ci95": [0.25, 0.75], "batches": 8}}):
            self.assertEqual(hio.estimate(fields, "x"), half)
        self.assertEqual(hio.estimate({"x": 0.5, "x_ci95": [0.25, 0.75], "ci95": [0, 1]}, "x"), (0.5, 0.25, 0.75, None))
        self.assertEqual(hio.estimate({"x": 0.5, "ci95": [0, 1]}, "x"), (0.5, None, None, None))

    def test_reads_what_was_stored(self):
        """Wrong if a file of an earlier version could no longer be read, or said another number."""
        folders = sorted(path.parent for path in (ROOT / "tests/formats").glob("*/run"))
        self.assertEqual(folders[0].name, "0.1")
        for folder in folders:
            run = hio.Run(folder / "run")
            steps = run.config["train"]["steps"]
            self.assertEqual((run.metrics["step"].tolist(), run.checkpoints), (list(range(1, steps + 1)), [steps]))
            self.assertEqual(run.info["state"], "done")
            self.assertEqual(len(run.geometry(steps)["layers"]), 2)
            self.assertAlmostEqual(run.eval_losses[steps].mean(), run.metrics["valid_loss"][-1], places=5)
            self.assertEqual(run.events[0]["key"], "lr")
            trace = hio.load_trace(folder / "trace.json")
            found = hio.token_nll(hio.load_model(folder / "run", backend="numpy")(trace.tokens), trace.tokens)
            np.testing.assert_allclose(found[1:], trace.nll[1:], atol=1e-4)
            dump = hio.load_routing(folder / "routing.safetensors")
            self.assertEqual(dump.layers[1].hops[1]["experts"].shape, dump.tokens.shape + (2,))
            value, low, high, _ = hio.estimate(json.loads((folder / "analysis.json").read_text())["result"], "mean")
            self.assertTrue(low <= value <= high)

    def test_reads_beside_a_writer(self):
        """Wrong if a line that is half on disk breaks the reading, or a whole wrong one passes."""
        copy = self.dir / "torn"
        shutil.copytree(self.dir / "cosine", copy)
        run, whole = hio.Run(copy), hio.Run(self.dir / "cosine").metrics
        with open(copy / "metrics.csv", "a") as f:
            f.write("21,5376,0.1,4.")
        with open(copy / "events.jsonl", "a") as f:
            f.write('{"command": "set", "step": 3}\n{"comm')
        np.testing.assert_array_equal(run.metrics["loss"], whole["loss"])
        self.assertEqual([e["command"] for e in run.events], ["set"])
        with open(copy / "metrics.csv", "a") as f:
            f.write("5\n")
        with self.assertRaisesRegex(hio.FormatError, r"metrics.csv:23: 4 values found"):
            run.metrics
        with self.assertRaisesRegex(hio.FormatError, "no run folder"):
            hio.Run(self.dir)

    def test_the_model_computes_what_the_program_does(self):
        """Wrong if routing or losses of a model computed here differ from the trace of the program."""
        for name in VARIANTS:
            with self.subTest(name):
                document = self.trace(name, "--positions")
                checked, _ = check_trace.check(hio.Run(self.dir / name).checkpoint(20) / "model.safetensors", document)
                self.assertEqual((checked.wrong, checked.exchanges), ([], 0))
                trace = hio.load_trace(document)
                for model in self.models(name):
                    nll = hio.token_nll(model(trace.tokens), trace.tokens)
                    self.agree(nll, trace.nll)

    def models(self, name, **more):
        yield hio.load_model(self.dir / name, backend="numpy", **more)
        if torch:
            yield hio.load_model(self.dir / name, **more)

    def test_a_dump_holds_a_corpus(self):
        """Wrong if a dump is another text, another routing or another loss than eval and the model computed here have."""
        for name in VARIANTS:
            with self.subTest(name):
                dump = self.dump(name, "--positions")
                self.assertEqual((dump.tokens.shape, dump.info["step"], len(dump.pieces)), ((24, 32), 20, 512))
                eval_ = json.loads(hopscope("eval", self.dir / name, "--batches", 3, "--json"))
                self.assertAlmostEqual(dump.loss, eval_["loss"], places=6)
                self.assertEqual(dump.info["data_hash"], eval_["data"]["hash"])
                for model in self.models(name):
                    logits, layers = model(dump.tokens, routing=True)
                    self.agree(hio.token_nll(logits, dump.tokens), dump.nll)
                    for mine, theirs in zip(layers, dump.layers, strict=True):
                        self.compare(mine, theirs)

    def agree(self, mine, theirs):
        # Rounding of fp32: up to 1.4e-5 for one token in a thousand (n = 768), some 2e-7 on average.
        error = np.abs(mine - theirs)
        self.assertLess(np.nanmax(error), 3e-5)
        self.assertLess(np.nanmean(error), 1e-6)

    def compare(self, mine, theirs):
        for a, b in zip(mine.hops, theirs.hops, strict=True):
            self.assertEqual(set(a), set(b))
            same = (np.asarray(a["experts"]) == b["experts"]).all(-1)
            self.assertGreater(same.mean(), 0.999)  # fp32 may exchange experts of equal score
            self.assertTrue(b["executed"].all())
            for what in set(a) - {"experts"}:
                got = a[what].detach().numpy() if hasattr(a[what], "detach") else a[what]
                np.testing.assert_allclose(got[same], b[what][same], atol=2e-5, rtol=2e-5, err_msg=what)

    def test_a_dump_under_interventions(self):
        """Wrong if what was changed, halted or rounded cannot be told from the file."""
        script = self.dir / "halt.jsonl"
        script.write_text('{"command": "halt", "max_hops": [1, 3]}\n')
        dump = self.dump("cosine", "--script", script, "--half")
        first, second = dump.layers[0].hops[1], dump.layers[1].hops[1]
        self.assertFalse(first["executed"].any())
        self.assertTrue((first["experts"] == -1).all() and np.isnan(first["weights"]).all())
        self.assertTrue(second["executed"].all())
        self.assertEqual((second["weights"].dtype, second["entropy"].dtype), (np.float16, np.float32))
        self.assertNotIn("position", second)
        self.assertEqual(dump.info["script"][0]["max_hops"], [1, 3])

    def test_older_checkpoints(self):
        """Wrong if a step is not the one asked for."""
        weights = [hio.load_weights(self.dir / "cosine", step)[0]["embed.weight"] for step in (10, 20, None)]
        self.assertFalse(np.array_equal(weights[0], weights[1]))
        np.testing.assert_array_equal(weights[1], weights[2])
        with self.assertRaisesRegex(hio.FormatError, r"of step 7, found \[10, 20\]"):
            hio.load_model(self.dir / "cosine", 7, backend="numpy")

    def test_the_notebook_runs(self):
        """Wrong if a cell of the notebook fails, or a panel of it stays empty."""
        self.dump("cosine", "--positions")
        notebook = json.loads((ROOT / "python/redraw_panel.ipynb").read_text(encoding="utf-8"))
        self.assertEqual(notebook["nbformat"], 4)
        names, said = {}, io.StringIO()
        real = drawing.install()
        for number, cell in enumerate(c for c in notebook["cells"] if c["cell_type"] == "code"):
            self.assertEqual((cell["outputs"], cell["execution_count"]), ([], None))
            with contextlib.redirect_stdout(said):
                exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
            if "parameters" in cell["metadata"].get("tags", []):
                names |= {"RUN": self.dir / "cosine", "DUMP": self.dir / "cosine.safetensors"}
        self.assertRegex(said.getvalue(), r"cosine: step 20, 768 tokens, loss \d")
        self.assertEqual(names["loads"].shape[0], 18)
        np.testing.assert_allclose(names["loads"].mean(0), 1, atol=1e-4)
        np.testing.assert_allclose(np.diag(names["jaccard"]), 1)
        if not real:
            drawn = [name for name, _ in drawing.Drawn.calls]
            self.assertEqual([drawn.count(n) for n in ("pcolormesh", "scatter", "imshow", "text")], [1, 2, 1, 9])


class Imported(unittest.TestCase):
    def test_reads_a_recorded_trace(self):
        """Wrong if choices stand at another layer than the model's own number, or in front of tokens that were left out."""
        with tempfile.TemporaryDirectory(prefix="hopscope_python_") as dir:
            dir = pathlib.Path(dir)
            tiny_model.write(dir / "model")
            told = json.loads(tiny_model.reply())
            chosen = told["choices"][0]["routed_experts"]
            shape = [len(tiny_model.TOKENS) - 1, 3, 2]
            told["choices"][0]["routed_experts"] = {"data": chosen, "shape": shape, "dtype": "int32", "start": 0}
            later = json.loads(json.dumps(told))
            later["choices"][0]["routed_experts"]["start"] = 5
            later["prompt_token_ids"] = [1] * 5 + list(tiny_model.TOKENS)
            (dir / "reply.json").write_text(json.dumps(told))
            (dir / "later.json").write_text(json.dumps(later))
            hopscope("import", dir / "model", "--trace", dir / "reply.json", "--trace", dir / "later.json", "--out", dir / "run")
            trace, behind = (hio.load_recorded(dir / f"run/traces/{name}.safetensors") for name in ("reply", "later"))
        self.assertEqual(sorted(trace.routers), [(1, "mlp"), (2, "mlp")])
        all_layers = np.array(tiny_model.CHOICES).reshape(shape)
        for (layer, _), router in trace.routers.items():
            self.assertEqual(np.sort(router.experts[0]).tolist(), np.sort(all_layers[:, layer]).tolist())
            self.assertIsNone(router.weights)
        self.assertEqual((trace.tokens.tolist(), trace.next_token.tolist(), trace.skipped), ([[7, 3, 5]], [9], None))
        self.assertEqual((behind.tokens.tolist(), behind.skipped.tolist()), ([[7, 3, 5]], [5]))
        self.assertEqual(trace.info["model_type"], "deepseek_v3")


class Forward(unittest.TestCase):
    def test_an_unknown_router_is_refused(self):
        """Wrong if a new router is computed as cosine routing, or one of the program's is not computed."""
        self.assertIn("cosine", check_variants.ROUTERS)
        self.assertEqual(sorted(check_variants.ROUTERS), sorted(hopscope_forward.ROUTERS))
        config = {"model": {"ffn": "st_moe"}, "moe": {"router": "new"}}
        with self.assertRaisesRegex(ValueError, "new.*known are cosine"):
            hopscope_forward.Forward({}, config, hopscope_forward.NumpyOps())


class Safetensors(unittest.TestCase):
    def setUp(self):
        self.file = pathlib.Path(tempfile.mkdtemp(prefix="hopscope_python_")) / "t.safetensors"
        self.addCleanup(shutil.rmtree, self.file.parent, True)

    def write(self, header, data=b"", length=None):
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        self.file.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)

    def test_every_type(self):
        """Wrong if a type is read as another, or bytes at another place."""
        values = {"F64": [1.5, -2], "F32": [1.5, -2], "F16": [1.5, -2], "I64": [-7, 1 << 40], "I32": [-7, 9], "I16": [-7, 9],
                  "I8": [-7, 9], "U8": [7, 200], "U16": [7, 60000], "U32": [7, 1 << 31], "U64": [7, 1 << 63], "BOOL": [1, 0]}
        header, data = {"__metadata__": {"a": "ü"}}, b""
        for kind, pair in values.items():
            part = np.array(pair, hio.KINDS[kind]).tobytes()
            header[kind] = {"dtype": kind, "shape": [1, 2], "data_offsets": [len(data), len(data) + len(part)]}
            data += part
        header["BF16"] = {"dtype": "BF16", "shape": [2], "data_offsets": [len(data), len(data) + 4]}
        header["none"] = {"dtype": "F32", "shape": [0, 3], "data_offsets": [len(data) + 4] * 2}
        self.write(header, data + struct.pack("<HH", 0x3FC0, 0xC000))
        tensors, metadata = hio.load_safetensors(self.file)
        for kind, pair in values.items():
            self.assertEqual(tensors[kind].tolist(), [pair], kind)
        self.assertEqual((tensors["BF16"].tolist(), tensors["none"].shape, metadata), ([1.5, -2.0], (0, 3), {"a": "ü"}))

    def test_refuses_what_is_wrong(self):
        """Wrong if a truncated, foreign or hostile file is taken, or fails otherwise than by FormatError."""
        one = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
        cases = [
            ({"a": one}, bytes(7), "inside 0 to 7"), ({"a": one}, bytes(9), "9 bytes of data found"),
            ({"a": one | {"dtype": "F7"}}, bytes(8), "'F7' found"), ({"a": one | {"shape": [3]}}, bytes(8), "need 12"),
            ({"a": one | {"shape": [1 << 62, 1 << 62]}}, bytes(8), "need"), ({"a": one | {"shape": [-2]}}, bytes(8), "from 0"),
            ({"a": one | {"shape": [2.0]}}, bytes(8), "from 0"), ({"a": one | {"data_offsets": [8, 0]}}, bytes(8), "inside"),
            ({"a": one, "b": one}, bytes(8), "begins at 0"), ({"a": {}}, bytes(8), "dtype, shape and data_offsets"),
            ({"__metadata__": {"a": 1}}, b"", "object of texts"), (b"[]", b"", "no object"), (b"{", b"", "not valid JSON"),
            (b'{"a": 1, "a": 2}', b"", "stands there twice"), (b"[" * 100_000, b"", "not valid JSON"), (b"\xff", b"", "JSON")]
        for header, data, word in cases:
            with self.subTest(word), self.assertRaisesRegex(hio.FormatError, word):
                self.write(header, data)
                hio.load_safetensors(self.file)
        for length in (1 << 63, 3):
            with self.assertRaises(hio.FormatError):
                self.write({}, b"", length)
                hio.load_safetensors(self.file)
        self.file.write_bytes(b"1234")
        with self.assertRaisesRegex(hio.FormatError, "at least the 8"):
            hio.load_safetensors(self.file)
        self.write({})
        self.assertEqual(hio.load_safetensors(self.file), ({}, {}))
        with self.assertRaisesRegex(hio.FormatError, "hopscope.routing/1"):
            hio.load_routing(self.file)
        with self.assertRaisesRegex(hio.FormatError, "hopscope.trace/1"):
            hio.load_trace({"format": "other"})
        with self.assertRaisesRegex(hio.FormatError, "no model"):
            hio.load_weights(self.file)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    if torch is None:
        print("no PyTorch in this Python: the models are computed by NumPy alone")
    unittest.main(verbosity=2)
