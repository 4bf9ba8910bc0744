"""A small language model with every operator in it, computed by the library or by plain PyTorch, and a text it can learn."""
import torch
from torch.nn import functional

import plain
from case import hops


class Model(torch.nn.Module):
    """A decoder of two layers with every operator of the library in it. `made_of` computes them."""

    def __init__(self, vocabulary=31, d=24, heads=2, **how):
        super().__init__()
        self.heads = heads
        self.embed = torch.nn.Parameter(0.3 * torch.randn(vocabulary, d, **how))
        self.qkv = torch.nn.ModuleList(torch.nn.Linear(d, 3 * d, bias=False, **how) for _ in range(2))
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(d, **how) for _ in range(5))
        self.routed = torch.nn.ModuleList([
            hops.RoutedLayer(d, experts=40, k=4, hops=3, space=8, learn_tau=True, layers=2, **how),
            hops.RoutedLayer(d, experts=16, k=4, hops=2, kind="swiglu", rank=2, space=None, composition="grouped_gated", **how)])

    def forward(self, ids, targets, made_of):
        x = functional.embedding(ids, self.embed)
        batch, length, d = x.shape
        balance = 0
        angle = torch.outer(torch.arange(length), 100.0 ** (-torch.arange(d // self.heads // 2) / 4)).to(x.dtype)
        for i, routed in enumerate(self.routed):
            q, k, v = self.qkv[i](self.norms[2 * i](x)).view(batch, length, 3, self.heads, -1).unbind(2)
            q, k = (made_of.rotate(t, angle.cos(), angle.sin()).transpose(1, 2) for t in (q, k))
            x = x + made_of.attention(q, k, v.transpose(1, 2)).transpose(1, 2).reshape(x.shape)
            update, even = made_of.layer(routed, self.norms[2 * i + 1](x))
            x, balance = x + update, balance + even
        return made_of.loss(self.norms[4](x).reshape(-1, d), self.embed, targets.reshape(-1)) + 0.05 * balance


class Ours:
    rotate, attention = staticmethod(hops.rotate), staticmethod(hops.attention)

    @staticmethod
    def layer(routed, x):
        update, routes = routed(x, routing=True)
        return update, hops.balance_loss(routes)

    @staticmethod
    def loss(x, embed, targets):
        return hops.classifier(x, embed, targets).nll_sum / len(targets)


class Plain:
    layer = staticmethod(plain.layer)

    @staticmethod
    def rotate(x, cos, sin):
        a, b = x.chunk(2, -1)
        c, s = cos[:, None], sin[:, None]
        return torch.cat([a * c - b * s, b * c + a * s], -1)

    @staticmethod
    def attention(q, k, v):
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)

    @staticmethod
    def loss(x, embed, targets):
        return functional.cross_entropy(x @ embed.T, targets)


def text(batch=4, length=16, seed=0):
    """Tokens of which each follows from the one before and its place: something to learn."""
    draw = torch.Generator().manual_seed(seed)
    rows = [torch.randint(31, (batch,), generator=draw)]
    for t in range(length):
        rows.append((3 * rows[-1] + t % 3) % 31)
    ids = torch.stack(rows, 1)
    return ids[:, :-1].contiguous(), ids[:, 1:].contiguous()
