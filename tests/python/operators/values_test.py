"""Each operator against plain PyTorch."""
import torch
from torch.nn import functional

import plain
from case import BANKS, COMPOSITIONS, OPS, Case, bank, hops, numbers
from model import Plain


class Operators(Case):
    """In values and gradients, fp64."""

    def test_route(self):
        for proj, space in ((numbers(5, 6), 5), (None, 6)):
            for renormalise in (True, False):
                inputs = [numbers(9, 6), numbers(11, space), torch.tensor(4.0, dtype=torch.float64, requires_grad=True)]
                inputs += [] if proj is None else [proj]
                ours = hops.route(*inputs[:3], 4, proj, renormalise=renormalise)
                idx, weight, mean_p = plain.route(*inputs[:3], 4, proj, renormalise)
                self.assertTrue(torch.equal(ours.idx, idx))
                self.same_gradients(ours.weight, weight, inputs)
                self.same_gradients(ours.mean_p, mean_p, inputs)
                self.assertFalse(ours.entropy.requires_grad or ours.max_p.requires_grad or ours.pos.requires_grad)

    def test_tau_alone_learns(self):
        h, centroids = numbers(9, 6, grad=False), numbers(11, 6, grad=False)
        tau = torch.tensor(4.0, dtype=torch.float64, requires_grad=True)
        self.same_gradients(hops.route(h, centroids, tau, 4).weight, plain.route(h, centroids, tau, 4)[1], [tau])

    def test_choose(self):
        scores = numbers(9, 11)
        ours = hops.choose(scores, 4)
        p = torch.softmax(scores, -1)
        self.same_gradients(ours.weight, (w := p.topk(4).values) / w.sum(-1, keepdim=True), [scores])
        self.same_gradients(ours.p, p, [scores])
        by_bias = hops.choose(scores, 1, select_bias=torch.eye(11, dtype=torch.float64)[3] * 9)
        self.assertTrue(bool((by_bias.idx == 3).all()))

    def test_experts(self):
        for kind in BANKS:
            for composition in COMPOSITIONS:
                with self.subTest(kind=kind, composition=composition):
                    b, h, weight = bank(kind), numbers(9, 6), numbers(9, 4)
                    idx = torch.randint(11, (9, 4))
                    inputs = [weight, *b.values()] + ([] if kind == "static" else [h])
                    self.same_gradients(hops.experts(h if kind != "static" else None, idx, weight, composition=composition, **b),
                                        plain.experts(h, idx, weight, composition=composition, **b), inputs)

    def test_rotate_attention_classifier(self):
        x, angle = numbers(2, 7, 3, 8), torch.rand(7, 4, dtype=torch.float64)
        self.same_gradients(hops.rotate(x, angle.cos(), angle.sin()), Plain.rotate(x, angle.cos(), angle.sin()), [x])
        q, k, v = (numbers(2, 3, 40, 8) for _ in range(3))
        self.same_gradients(hops.attention(q, k, v), Plain.attention(q, k, v), [q, k, v])
        x, embed, targets = numbers(9, 6), numbers(13, 6), torch.randint(13, (9,))
        ours = hops.classifier(x, embed, targets)
        self.same_gradients(ours.nll_sum, functional.cross_entropy(x @ embed.T, targets, reduction="sum"), [x, embed])
        self.close(ours.nll, functional.cross_entropy(x @ embed.T, targets, reduction="none"))

    def test_dropout_of_attention(self):
        q, k = numbers(1, 1, 60, 8), numbers(1, 1, 60, 8)
        v = torch.ones(1, 1, 60, 8, dtype=torch.float64)
        a, b = hops.attention(q, k, v, 0.5, seed=3), hops.attention(q, k, v, 0.5, seed=3)
        self.assertTrue(torch.equal(a, b))
        self.assertFalse(torch.equal(a, hops.attention(q, k, v, 0.5, seed=4)))
        self.assertFalse(torch.equal(hops.attention(q, k, v, 0.5), hops.attention(q, k, v, 0.5)))  # drawn
        torch.manual_seed(1)
        first = hops.attention(q, k, v, 0.5)
        torch.manual_seed(1)
        self.assertTrue(torch.equal(first, hops.attention(q, k, v, 0.5)))

    def test_adamw(self):
        ours = torch.nn.Parameter(torch.randn(50))
        theirs = torch.nn.Parameter(ours.detach().clone())
        m, v, shadow = torch.zeros(50), torch.zeros(50), torch.zeros(50, dtype=torch.bfloat16)
        stock = torch.optim.AdamW([theirs], lr=1e-2, betas=(0.9, 0.95), weight_decay=0.1)
        for t in range(1, 6):
            theirs.grad = torch.randn(50)
            hops.adamw_(ours, theirs.grad * t, m, v, lr=1e-2, t=t, weight_decay=0.1, grad_scale=1 / t, shadow=shadow)
            stock.step()
        self.close(ours, theirs, 1e-5)
        self.assertTrue(torch.equal(shadow, ours.detach().bfloat16()))

    def test_reference_form(self):
        b, h, idx, weight = bank("mlp"), numbers(9, 6), torch.randint(11, (9, 4)), numbers(9, 4)
        self.close(OPS.experts(h, idx, weight, None, b["down"], b["up"], reference=True), hops.experts(h, idx, weight, **b))
