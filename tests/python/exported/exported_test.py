"""Models that `hopscope export --as transformers` writes, against what the program says of the runs they came from. Wrong if a folder
computes other losses or choices than `hopscope trace`, does not learn, or needs a file of the project.

Of transformers, which the set-up does not bring, a few classes are stood in for where it is missing (stand_ins below); where
HOPSCOPE_TORCH_PYTHON names a Python that has it, the folders are opened as a person would open them, texts are continued, and what
was saved is opened again.
"""
import importlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="hopscope_hub_")
unittest.addModuleCleanup(shutil.rmtree, os.environ["HF_HOME"], True)

import torch  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "bench")]
import check_variants  # noqa: E402
import hopscope_io as hio  # noqa: E402
from check_trace import NLL_TOLERANCE  # noqa: E402

PROGRAM = os.environ.get("HOPSCOPE_PROGRAM")
PROMPT = "Three sailors came home before the winter,\nand the town was glad."
TINY = [*check_variants.TINY, "train.steps=20", "train.eval_every=20", "train.checkpoint_every=10"]
# Each router, and each other part of the family at least once.
VARIANTS = {router: [f"moe.router={router}"] for router in check_variants.ROUTERS} | {
    "magnitude": ["moe.router=linear", "moe.score=sigmoid", "moe.balance=loss_free", "moe.expert=swiglu", "moe.expert_rank=2",
                  "moe.shared_expert=8", "moe.output_scale=per_layer", "model.attention_bias=false"],
    "hash_token": ["moe.router=hash", "moe.hash_key=token", "moe.expert=static", "moe.hops=[3, 1]", "moe.returns=state"],
    "two": ["moe.router=kmeans", "moe.kmeans=spherical_2", "moe.composition=cross_gated", "moe.top_k=1"],
    "identity": ["moe.projection=identity", "moe.d_space=32", "moe.reroute=kinematic", "moe.score=relu"],
    "hybrid": ["moe.projection=per_hop", "moe.reroute=hybrid", "moe.pools=unrolled", "moe.composition=grouped_gated",
               "moe.learn_tau=true"],
    "dense": ["model.ffn=dense", "model.d_ff=24", "model.embedding_norm=false"],
}


def stand_ins():
    """The classes that the folder takes from transformers, as far as it uses them."""
    class PretrainedConfig:
        def __init__(self, **more):
            self.__dict__.update(more)

    class PreTrainedModel(torch.nn.Module):
        def __init__(self, config):
            super().__init__()
            self.config = config

        def post_init(self):
            pass

    class ModelOutput:
        def to_tuple(self):
            return tuple(value for value in vars(self).values() if value is not None)

    module, utils = types.ModuleType("transformers"), types.ModuleType("transformers.utils")
    module.PretrainedConfig, module.PreTrainedModel, utils.ModelOutput = PretrainedConfig, PreTrainedModel, ModelOutput
    module.GenerationMixin, module.utils = type("GenerationMixin", (), {}), utils
    sys.modules |= {"transformers": module, "transformers.utils": utils}


try:
    import transformers
except ImportError:
    transformers = None
    stand_ins()


def hopscope(*args, code=0):
    done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True)
    if done.returncode != code:
        raise AssertionError(f"hopscope {args[0]}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def opened(folder):
    """The model of a folder, by nothing but what lies there and transformers."""
    if transformers:
        return transformers.AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)
    package = types.ModuleType(f"exported_{folder.name}")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    modeling = importlib.import_module(package.__name__ + ".modeling_hopscope")
    config = modeling.HopscopeConfig(**json.loads((folder / "config.json").read_text()))
    model = modeling.HopscopeForCausalLM(config)
    tensors, metadata = hio.load_safetensors(folder / "model.safetensors")
    if metadata != {"format": "pt"}:
        raise AssertionError(f"metadata {metadata}")
    model.load_state_dict({name: torch.tensor(array) for name, array in tensors.items()})
    return model


@unittest.skipUnless(PROGRAM, "HOPSCOPE_PROGRAM names no program")
class Exported(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="hopscope_exported_"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, True)
        cls.models, cls.traces = {}, {}
        for name, overrides in VARIANTS.items():
            sets = [word for item in TINY + overrides for word in ("--set", item)]
            hopscope("train", "--config", ROOT / "configs/first_look.toml", "--out", cls.dir / name, *sets)
            hopscope("export", cls.dir / name, "--as", "transformers", cls.dir / f"{name}_open")
            cls.models[name] = opened(cls.dir / f"{name}_open")
            cls.traces[name] = hio.load_trace(json.loads(hopscope("trace", cls.dir / name, "--text", PROMPT, "--positions", "--json")))

    def each(self, check):
        """Calls `check` with name, model, trace and ids [1, T] of each variant."""
        for name, model in self.models.items():
            with self.subTest(name):
                check(name, model, self.traces[name], torch.tensor(self.traces[name].tokens)[None])

    def test_losses_are_those_of_the_program(self):
        """Wrong if a part of the family is computed otherwise; the tolerance is that of check_trace.py."""
        def check(name, model, trace, ids):
            out = model(ids, labels=ids)
            nll = hio.token_nll(out.logits, ids)[0]
            self.assertLess(abs(nll[1:] - trace.nll[1:]).max(), NLL_TOLERANCE)
            self.assertLess(abs(float(out.loss.detach()) - trace.loss), NLL_TOLERANCE)
            self.assertIsNone(out.routing)

        self.each(check)

    def test_routing_is_that_of_the_program(self):
        """Wrong if what a layer is said to choose is not what it chose. Experts of equal score may be exchanged."""
        def check(name, model, trace, ids):
            routing = model(ids, output_routing=True).routing
            self.assertEqual([len(layer) for layer in routing], [len(layer.hops) for layer in trace.layers])
            self.assertEqual(sum(map(len, routing)) == 0, name == "dense")
            for mine, theirs in zip(routing, trace.layers):
                for a, b in zip(mine, theirs.hops):
                    same = (a["experts"][0].numpy() == b["experts"]).all(-1)
                    self.assertGreater(same.mean(), 0.95)
                    for what in ("weights", "update_norm"):
                        self.assertLess(abs(a[what][0].detach().numpy() - b[what])[same].max(), 1e-4, what)

        self.each(check)

    def test_it_learns(self):
        """Wrong if a gradient is lost, or moves what counting or nothing moves."""
        def check(name, model, trace, ids):
            model = opened(self.dir / f"{name}_open")
            weights, _ = hio.load_weights(self.dir / name)
            self.assertEqual(set(model.state_dict()), set(weights))
            kept = {n for n in weights if n.endswith("router.bias")}
            if name in ("random_fixed", "kmeans", "two"):
                kept |= {n for n in weights if n.endswith("router.centroids")}
            if name == "random_fixed":
                kept |= {n for n in weights if n.endswith("router.proj.weight")}
            self.assertEqual({n for n, _ in model.named_buffers()}, kept)
            descent, losses = torch.optim.SGD(model.parameters(), lr=0.05), []
            for _ in range(4):
                loss = model(ids, labels=ids).loss
                losses.append(float(loss.detach()))
                descent.zero_grad()
                loss.backward()
                # Routers that no gradient of this loss reaches: k = 1 with weights divided by their sum, for one.
                blind = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0}
                self.assertTrue(all(".router." in n for n in blind), blind)
                descent.step()
            self.assertLess(losses[-1], losses[0] - 1e-3)

        self.each(check)

    def test_labels_and_padding(self):
        """Wrong if padding behind a text counts, or padding before one is read as text."""
        model, ids = self.models["cosine"], torch.tensor(self.traces["cosine"].tokens)[None]
        alone = model(ids, labels=ids)
        padded = torch.cat([ids, torch.full_like(ids[:, :3], 2)], 1)
        mask = torch.cat([torch.ones_like(ids), torch.zeros_like(ids[:, :3])], 1)
        labels = torch.where(mask == 1, padded, -100)
        both = model(padded, attention_mask=mask, labels=labels)
        torch.testing.assert_close(both.loss, alone.loss, atol=1e-5, rtol=0)
        torch.testing.assert_close(both.logits[:, :ids.shape[1]], alone.logits, atol=1e-5, rtol=0)
        shares = [model(ids[:, :part], labels=ids[:, :part], num_items_in_batch=30).loss * 30 / (part - 1) for part in (5, 9)]
        for share, part in zip(shares, (5, 9)):
            torch.testing.assert_close(share, model(ids[:, :part], labels=ids[:, :part]).loss, atol=1e-5, rtol=0)
        with self.assertRaisesRegex(ValueError, "pad on the right"):
            model(padded, attention_mask=mask.flip(1))
        with self.assertRaisesRegex(ValueError, "input_ids"):
            model(ids, inputs_embeds=torch.zeros(1, 2, 32))

    def test_routes_in_fp32(self):
        """Wrong if weights that are kept in bf16 are routed by in bf16: choices would change by rounding alone."""
        def check(name, model, trace, ids):
            kept = {name: tensor.bfloat16() for name, tensor in model.state_dict().items()}
            exact = {name: tensor.float() for name, tensor in kept.items()}
            wide = model(ids).logits
            self.assertEqual(wide.dtype, torch.float32)
            before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            try:
                model.load_state_dict(exact)
                expected = model(ids).logits
                self.assertTrue(torch.equal(model.bfloat16()(ids).logits, expected))
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    self.assertTrue(torch.equal(model(ids).logits, expected))
            finally:
                model.float().load_state_dict(before)

        self.each(check)

    def test_nothing_of_the_project_is_needed(self):
        """Wrong if the files of a folder are others than those of python/, or one of them looks outside of it."""
        folder = self.dir / "cosine_open"
        for path in folder.glob("*.py"):
            source = next(ROOT.glob(f"python/**/{path.name}")).read_text()
            self.assertEqual(path.read_text(), source.replace("\nfrom hopscope_", "\nfrom .hopscope_"), path.name)
        lone = ("import sys, types; "
                f"package = types.ModuleType('lone'); package.__path__ = [{str(folder)!r}]; sys.modules['lone'] = package; "
                "from lone.hopscope_torch import Forward; print(Forward.__module__)")
        done = subprocess.run([sys.executable, "-B", "-c", lone], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual((done.stdout.strip(), done.returncode), ("lone.hopscope_forward", 0), done.stderr)

    def test_an_older_step(self):
        """Wrong if --step gives another checkpoint than the one it names."""
        told = json.loads(hopscope("export", self.dir / "cosine", "--as", "transformers", self.dir / "older", "--step", 10, "--json"))
        weights, _ = hio.load_weights(self.dir / "cosine", 10)
        found = opened(self.dir / "older").state_dict()
        self.assertEqual(told["step"], 10)
        self.assertTrue(all(torch.equal(found[name], torch.tensor(array)) for name, array in weights.items()))
        self.assertFalse(torch.equal(found["embed.weight"], self.models["cosine"].state_dict()["embed.weight"]))
        hopscope("export", self.dir / "cosine", "--as", "transformers", self.dir / "never", "--step", 7, code=2)
        self.assertFalse((self.dir / "never").exists())

    @unittest.skipUnless(transformers, "there is no transformers in this Python")
    def test_continues_a_text(self):
        """Wrong if generate() writes another text than the program does by taking the likeliest token."""
        def check(name, model, trace, ids):
            told = json.loads(hopscope("generate", self.dir / name, "--text", PROMPT, "--tokens", 8, "--temperature", 0, "--json"))
            for more in ({}, {"use_cache": True}):
                got = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, return_dict_in_generate=True,
                                     output_logits=True, **more)
                drawn = got.sequences[0, ids.shape[1]:].tolist()
                self.assertEqual(drawn, [token["id"] for token in told["tokens"]])
                # So small a model says the same word again and again, how surely depends on what was before.
                for logits, token in zip(got.logits, told["tokens"], strict=True):
                    self.assertAlmostEqual(float(logits[0].softmax(-1)[token["id"]]), token["p"], delta=1e-4 * token["p"])

        self.each(check)

    @unittest.skipUnless(transformers, "there is no transformers in this Python")
    def test_what_is_saved_opens_again(self):
        """Wrong if save_pretrained leaves a file or a number behind."""
        def check(name, model, trace, ids):
            model.save_pretrained(self.dir / f"{name}_again")
            again = transformers.AutoModelForCausalLM.from_pretrained(self.dir / f"{name}_again", trust_remote_code=True)
            self.assertTrue(torch.equal(again(ids).logits, model(ids).logits))
            config = transformers.AutoConfig.from_pretrained(self.dir / f"{name}_again", trust_remote_code=True)
            self.assertEqual(config.hopscope, model.config.hopscope)

        self.each(check)


if __name__ == "__main__":
    unittest.main(verbosity=2)
