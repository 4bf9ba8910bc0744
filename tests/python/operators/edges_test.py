"""Shapes, strides, types and modes at the edge."""
import torch
from torch.nn import functional

import plain
from case import Case, gradients, hops, numbers
from model import Plain


class Edges(Case):
    def layer(self, **how):
        return hops.RoutedLayer(6, experts=5, k=how.pop("k", 2), hops=2, space=4, **how)

    def test_shapes_of_inputs(self):
        layer = self.layer()
        for shape in ((0, 6), (1, 6), (6,), (2, 3, 6), (2, 0, 6)):
            x = torch.randn(shape, requires_grad=True)
            y = layer(x)
            self.assertEqual(y.shape, x.shape)
            y.sum().backward()
            self.assertEqual(x.grad.shape, x.shape)
        self.assertEqual(float(layer.experts.up.grad.isnan().sum()), 0)

    def test_every_expert_chosen(self):
        layer = self.layer(k=5).double()
        x = numbers(7, 6)
        self.same_gradients(layer(x), plain.layer(layer, x)[0], [x, *layer.parameters()])

    def test_one_expert_a_token(self):
        layer = self.layer(k=1).double()
        x = numbers(7, 6)
        self.assertGreater(float(gradients(layer(x).sum(), [layer.router.centroids])[0].abs().max()), 0)  # the loss reaches the router
        self.same_gradients(layer(x), plain.layer(layer, x)[0], [x, *layer.parameters()])

    def test_strided_inputs(self):
        x = numbers(6, 14).T[::2]
        self.assertFalse(x.is_contiguous())
        b = {name: numbers(6, 2, 11).permute(2, 1, 0) for name in ("down", "up")}
        weight, idx = numbers(4, 7).T, torch.randint(11, (4, 7)).T
        centroids = numbers(6, 11).T
        self.same_gradients(hops.experts(x, idx, weight, **b), plain.experts(x, idx, weight, **b), [x, weight, *b.values()])
        self.same_gradients(hops.route(x, centroids, 4.0, 3).weight, plain.route(x, centroids, 4.0, 3)[1], [x, centroids])
        q = numbers(2, 8, 3, 40).permute(0, 2, 3, 1)
        self.same_gradients(hops.attention(q, q, q), Plain.attention(q, q, q), [q])
        self.same_gradients(hops.classifier(x, centroids, idx[:, 0].contiguous()).nll_sum,
                            functional.cross_entropy(x @ centroids.T, idx[:, 0], reduction="sum"), [x, centroids])

    def test_expanded_gradient(self):
        x = numbers(7, 6)
        layer = self.layer().double()
        self.close(gradients(layer(x).sum(), [x])[0], gradients(plain.layer(layer, x)[0].sum(), [x])[0])

    def test_bf16(self):
        """Parameters and inputs in bf16, and bf16 inputs alone: near the fp32 result."""
        layer = self.layer()
        x = torch.randn(40, 6)
        exact = layer(x)
        for y in (layer(x.bfloat16()), self.as_bf16(layer)(x.bfloat16()), self.as_bf16(layer)(x)):
            self.assertIn(y.dtype, (torch.bfloat16, torch.float32))
            self.close(y.float(), exact, 0.05)
            y.sum().backward()

    def as_bf16(self, layer):
        copy = self.layer()
        copy.load_state_dict(layer.state_dict())
        return copy.bfloat16()

    def test_autocast_stays_outside(self):
        layer, x = self.layer(), torch.randn(8, 6)
        with torch.autocast("cpu", torch.bfloat16):
            inside = layer(x)
            self.assertEqual(hops.route(x, torch.randn(5, 6), 4.0, 2).weight.dtype, torch.float32)
        self.assertTrue(torch.equal(inside, layer(x)))

    def test_without_gradients(self):
        layer, x = self.layer(), torch.randn(8, 6)
        with torch.no_grad():
            self.assertFalse(layer(x).requires_grad)
        with torch.inference_mode():
            y = layer(x)
        self.assertTrue(torch.equal(y, layer(x)))

    def test_frozen_parameters(self):
        layer, x = self.layer(), torch.randn(8, 6, requires_grad=True)
        layer.requires_grad_(False)
        layer(x).sum().backward()
        self.assertIsNotNone(x.grad)
        self.assertIsNone(layer.experts.up.grad)

    def test_parameters_are_named_as_in_a_run(self):
        names = set(hops.RoutedLayer(6, 5, 2, learn_tau=True, kind="swiglu").state_dict())
        self.assertEqual(names, {"router.proj.weight", "router.centroids", "router.tau", "experts.gate", "experts.down", "experts.up"})

    def test_one_libtorch_in_the_process(self):
        with open("/proc/self/maps", encoding="utf-8") as maps:
            files = {line.split()[-1] for line in maps if "/" in line}
        for name in ("libtorch_cpu.so", "libc10.so", "libgomp", "libhopscope_ops.so"):
            self.assertEqual(len([f for f in files if name in f]), 1, f"{name} in {sorted(f for f in files if name in f)}")
