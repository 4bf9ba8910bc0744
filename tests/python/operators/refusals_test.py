"""What cannot be is refused in words, before anything is read from a wrong place."""
import torch

from case import OPS, Case, bank, hops, numbers


class Refusals(Case):
    def refused(self, pattern, call, error=RuntimeError):
        with self.assertRaisesRegex(error, pattern):
            call()

    def test_arguments(self):
        h, c, b, f = torch.randn(9, 6), torch.randn(11, 6), bank("mlp", dtype=torch.float32, grad=False), torch.float64
        idx, weight = torch.randint(11, (9, 4)), torch.randn(9, 4)
        q, x = torch.randn(1, 2, 5, 8), torch.randn(1, 5, 2, 8)
        for pattern, call in {
            r"route: h is \[6\]; it has to be \[T, d\]": lambda: hops.route(h[0], c, 4.0, 2),
            r"route: centroids is \[11, 5\]; it has to be \[M, d\] with d = 6 \(as in h\)": lambda: hops.route(h, c[:, :5], 4.0, 2),
            r"route: k is 12; 1 to M = 11 is allowed": lambda: hops.route(h, c, 4.0, 12),
            r"route: k is 0": lambda: hops.route(h, c, 4.0, 0),
            r"route: centroids is Double, h is Float": lambda: hops.route(h, c.double(), 4.0, 2),
            r"route: h is BFloat16; Float \(fp32\) and Double": lambda: hops.route(h.bfloat16(), c, 4.0, 2),
            r"route: centroids is on meta, h on cpu": lambda: hops.route(h, c.to("meta"), 4.0, 2),
            r"route: score_bias is \[9\]; it has to be \[M\] or \[T, M\]": lambda: hops.route(h, c, 4.0, 2, score_bias=h[:, 0]),
            r"route: tau is \[2\]; it has to be \[\]": lambda: hops.route(h, c, c[0, :2], 2),
            r"choose: score is \"tanh\"; allowed are softmax, sigmoid, relu": lambda: hops.choose(h, 2, "tanh"),
            r"experts: give h, down and up": lambda: hops.experts(h, idx, weight, b["down"]),
            r"experts: up is \[10, 2, 6\]; it has to be \[M, r, d\]": lambda: hops.experts(h, idx, weight, b["down"], b["up"][1:]),
            r"experts: idx is Int; it has to be Long": lambda: hops.experts(h, idx.int(), weight, **b),
            r"experts: weight is \[8, 4\]; .* T = 9 \(as in h\)": lambda: hops.experts(h, idx, weight[1:], **b),
            r"experts: k is 3; a grouped": lambda: hops.experts(h, idx[:, 1:], weight[:, 1:], composition="grouped_silu", **b),
            r"experts: composition is \"max\"; allowed are sum": lambda: hops.experts(h, idx, weight, composition="max", **b),
            r"attention: k is \[1, 2, 4, 8\]": lambda: hops.attention(q, q[:, :, 1:], q),
            r"attention: dropout is 1": lambda: hops.attention(q, q, q, 1.0),
            r"rotate: cos is \[5, 3\]": lambda: hops.rotate(x, torch.randn(5, 3), torch.randn(5, 3)),
            r"classifier: targets is Float": lambda: hops.classifier(h, c, h[:, 0]),
            r"adamw_: m is \[10, 6\]": lambda: hops.adamw_(c, c, c[1:], c, lr=1e-3, t=1),
            r"adamw_: t is 0": lambda: hops.adamw_(c, c, c, c, lr=1e-3, t=0),
            r"adamw_: v is written in place and has to be contiguous": lambda: hops.adamw_(h[:6], h[:6], h[:6], h[:6].T, lr=1e-3, t=1),
            r"adamw_: param is Double": lambda: hops.adamw_(c.to(f), c.to(f), c, c, lr=1e-3, t=1),
        }.items():
            with self.subTest(pattern):
                self.refused(pattern, call)
        self.refused("idx has 11; 0 to 10 is allowed", lambda: hops.experts(h, idx * 0 + 11, weight, **b), IndexError)
        self.refused("idx has -1", lambda: hops.experts(h, idx * 0 - 1, weight, **b), IndexError)
        self.refused("targets has 11", lambda: hops.classifier(h, c, idx[:, 0] * 0 + 11), IndexError)

    def test_module(self):
        self.refused("k is 9; 1 to 8", lambda: hops.RoutedLayer(6, 8, 9), ValueError)
        self.refused("kind is 'dense'; allowed are mlp", lambda: hops.RoutedLayer(6, 8, 2, kind="dense"), ValueError)
        self.refused("grouped_silu needs", lambda: hops.RoutedLayer(6, 8, 2, composition="grouped_silu"), ValueError)
        self.refused(r"x is \[3, 5\]; it has to be \[\.\.\., 6\]", lambda: hops.RoutedLayer(6, 8, 2)(torch.randn(3, 5)), ValueError)

    def test_in_place_under_gradients(self):
        p = torch.randn(5, requires_grad=True)
        self.refused("no_grad", lambda: OPS.adamw_(p, p.detach(), torch.zeros(5), torch.zeros(5), None, 1e-3, 1))

    def test_saved_values_that_have_changed(self):
        p, m, v = torch.nn.Parameter(torch.randn(5)), torch.zeros(5), torch.zeros(5)
        y = (p * p).sum()
        hops.adamw_(p, torch.ones(5), m, v, lr=1e-3, t=1)
        self.refused("modified by an inplace operation", y.backward)

    def test_second_derivative(self):
        q = numbers(1, 2, 5, 8)
        h, c = numbers(9, 6), numbers(11, 6)
        b, idx, weight = bank("mlp"), torch.randint(11, (9, 4)), numbers(9, 4)
        for name, result, at in (("attention", hops.attention(q, q, q), q), ("route", hops.route(h, c, 4.0, 2).weight, c),
                                 ("experts", hops.experts(h, idx, weight, **b), h),
                                 ("classifier", hops.classifier(h, c, idx[:, 0]).nll_sum, h)):
            with self.subTest(name):
                first, = torch.autograd.grad(result.square().sum(), at, create_graph=True)  # allowed …
                self.refused(f"{name} has no second derivative", (first * at).sum().backward)  # … to be looked at

    def test_forward_mode(self):
        with torch.autograd.forward_ad.dual_level():
            h = torch.autograd.forward_ad.make_dual(torch.randn(9, 6), torch.randn(9, 6))
            self.refused("no forward-mode derivative", lambda: hops.route(h, torch.randn(11, 6), 4.0, 2), NotImplementedError)
