"""A model of the operators in stock PyTorch, as it is and compiled; what the documents say of it."""
import torch

from case import OPS, ROOT, Case, bank, gradients, hops, numbers
from model import Model, Ours, Plain, text


class Training(Case):
    def test_gradients_are_those_of_plain_torch(self):
        for dtype, tolerance in ((torch.float64, 1e-9), (torch.float32, 2e-4)):
            model = Model(dtype=dtype)
            ids, targets = text()
            ours, theirs = model(ids, targets, Ours), model(ids, targets, Plain)
            self.close(ours, theirs, tolerance)
            parameters = dict(model.named_parameters())
            for name, a, b in zip(parameters, gradients(ours, list(parameters.values())), gradients(theirs, list(parameters.values()))):
                self.assertGreater(float(b.abs().max()), 0, name)
                self.close(a / b.abs().max(), b / b.abs().max(), tolerance, f"{name}, {dtype}")

    def test_loss_falls(self):
        model = Model()
        moments = [(p, torch.zeros_like(p), torch.zeros_like(p)) for p in model.parameters()]
        losses = []
        for step in range(1, 151):
            loss = model(*text(batch=16, seed=step), Ours)
            model.zero_grad()
            loss.backward()
            for p, m, v in moments:
                hops.adamw_(p, p.grad, m, v, lr=1e-2, t=step)
            losses.append(loss.item())
        self.assertGreater(losses[0], 3.0)
        self.assertLess(sum(losses[-10:]) / 10, 0.6 * losses[0])

    def test_same_bits_again(self):
        model = Model()
        ids, targets = text()
        grads = [gradients(model(ids, targets, Ours), list(model.parameters())) for _ in range(2)]
        for a, b in zip(*grads):
            self.assertTrue(torch.equal(a, b))


class Compiled(Case):
    """torch.compile takes the operators whole. aot_eager traces as every backend does and compiles nothing."""

    def test_model(self):
        torch._dynamo.reset()
        model = Model(dtype=torch.float64)
        compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
        for batch, length in ((4, 16), (3, 9)):
            ids, targets = text(batch, length)
            parameters = list(model.parameters())
            ours, theirs = compiled(ids, targets, Ours), model(ids, targets, Ours)
            self.close(ours, theirs)
            for a, b in zip(gradients(ours, parameters, retain_graph=False), gradients(theirs, parameters)):
                self.close(a, b)
        with torch.no_grad():
            self.close(compiled(ids, targets, Ours), theirs)

    def test_optimizer(self):
        torch._dynamo.reset()
        p, m, v = torch.randn(5), torch.zeros(5), torch.zeros(5)
        plainly = [x.clone() for x in (p, m, v)]
        grad = torch.randn(5)
        torch.compile(hops.adamw_, backend="aot_eager", fullgraph=True)(p, grad, m, v, lr=1e-2, t=1)
        hops.adamw_(plainly[0], grad, *plainly[1:], lr=1e-2, t=1)
        for a, b in zip((p, m, v), plainly):
            self.assertTrue(torch.equal(a, b))

    def test_registration(self):
        """PyTorch's own check of an operator: schema, autograd, shapes without numbers, symbolic shapes."""
        h, c, idx, weight = numbers(9, 6), numbers(11, 6), torch.randint(11, (9, 4)), numbers(9, 4)
        tau, f = torch.tensor(4.0, dtype=torch.float64, requires_grad=True), torch.float32
        angle = torch.rand(7, 4, dtype=torch.float64)
        b, q = bank("swiglu"), numbers(1, 2, 7, 8)
        p, g, m, v = (torch.rand(5) for _ in range(4))
        for name, arguments in {
            "route": (h, numbers(6, 6), c, tau, 4), "choose": (numbers(9, 11), 4, "sigmoid"),
            "experts": (h, idx, weight, b["gate"], b["down"], b["up"], None, "cross_gated"),
            "rotate": (numbers(2, 7, 3, 8), angle.cos(), angle.sin()), "attention": (q, numbers(1, 2, 7, 8), numbers(1, 2, 7, 8), 0.3, 5),
            "classifier": (h, c, idx[:, 0]), "adamw_": (p, g, m, v, torch.zeros(5, dtype=torch.bfloat16), 1e-3, 2),
        }.items():
            with self.subTest(name):
                checks = ["test_schema", "test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic"]
                # The last one adds up what comes out, beginning with whole numbers, and cannot; test_model has both.
                torch.library.opcheck(getattr(OPS, name).default, arguments, test_utils=checks[:3] if name in ("route", "choose") else checks)

    def test_shapes_are_checked_without_numbers(self):
        h = torch.empty(9, 6, device="meta")
        self.assertEqual(hops.route(h, h[:5], torch.empty((), device="meta"), 2).idx.shape, (9, 2))
        with self.assertRaisesRegex(RuntimeError, r"centroids is \[5, 4\]"):
            hops.route(h, h[:5, :4], torch.empty((), device="meta"), 2)


class Documents(Case):
    def test_example_of_the_readme(self):
        from markdown import Document
        blocks = [b for b in Document(ROOT / "README.md").blocks if b.language == "python" and "hopscope_ops" in b.text]
        self.assertEqual(len(blocks), 1)
        names = {}
        exec(compile(blocks[0].text, "README.md", "exec"), names)
        self.assertLess(names["losses"][-1], 0.9 * names["losses"][0])

    def test_layers_of_the_trained_example(self):
        """Parameters of a run load by their names, and do what the independent pass does, in NumPy and fp64."""
        try:
            import hopscope_forward
            import hopscope_io as hio
            import numpy as np
        except ImportError as error:
            self.skipTest(str(error))
        tensors, config = hio.load_weights(ROOT / "assets/example")
        moe, d = config["moe"], config["model"]["d_model"]
        layer = hops.RoutedLayer(d, moe["experts"], moe["top_k"], moe["hops"], space=moe["d_space"], tau=moe["tau"], dtype=torch.float64)
        x = np.random.default_rng(5).standard_normal((1, 50, d))
        ops = hopscope_forward.NumpyOps()
        other = hopscope_forward.Forward({name: ops.number(array) for name, array in tensors.items()}, config, ops)
        other.shape = x.shape[:2]
        for number in range(config["model"]["n_layers"]):
            prefix = f"layers.{number}."
            layer.load_state_dict({name: torch.tensor(np.array(tensors[prefix + name])) for name in layer.state_dict()})
            update, routes = layer(torch.tensor(x), routing=True)
            expected, _, hops_done = other.mixture(x[0], number)
            self.close(update[0], torch.tensor(expected))
            for r, did in zip(routes, hops_done, strict=True):
                self.assertTrue(np.array_equal(r.idx.numpy(), did["experts"][0]))
                self.close(r.entropy, torch.tensor(did["entropy"][0]))
