"""What the tests of libhopscope_ops.so and python/hopscope_ops.py share. HOPSCOPE_OPS names the library; they run where PyTorch
is (../torch_python.py), all by `python -m unittest discover -s tests/python/operators -p "*_test.py"`."""
import pathlib
import sys
import unittest

import torch

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests/docs")]
import hopscope_ops as hops

OPS = torch.ops.hopscope
COMPOSITIONS = ("sum", "grouped_silu", "grouped_gated", "cross_gated")
BANKS = {"mlp": ("down", "up"), "swiglu": ("gate", "down", "up"), "static": ("value",)}


def numbers(*shape, dtype=torch.float64, grad=True):
    return torch.randn(*shape, dtype=dtype).requires_grad_(grad)


def bank(kind, m=11, r=2, d=6, **how):
    shape = (m, d) if kind == "static" else (m, r, d)
    return {name: numbers(*shape, **how) for name in BANKS[kind]}


def gradients(loss, inputs, retain_graph=True):
    return torch.autograd.grad(loss, inputs, allow_unused=True, retain_graph=retain_graph)


class Case(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(7)

    def close(self, a, b, tolerance=1e-10, what=""):
        self.assertEqual(a.shape, b.shape, what)
        if a.numel():
            a, b = a.detach(), b.detach()
            self.assertLessEqual(float((a - b).abs().max()), tolerance * (1 + float(b.abs().max())), what)

    def same_gradients(self, ours, theirs, inputs, tolerance=1e-10):
        """Of two tensors that should be equal, in all inputs."""
        self.close(ours, theirs, tolerance)
        toward = torch.randn_like(theirs)
        for n, (a, b) in enumerate(zip(gradients((ours * toward).sum(), inputs), gradients((theirs * toward).sum(), inputs))):
            self.close(a, b, tolerance, f"gradient of input {n}")
