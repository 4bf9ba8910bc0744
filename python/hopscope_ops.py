"""hopscope's operators for PyTorch, without the rest of hopscope: cosine routing, experts, classifier, attention, AdamW.

    import torch, hopscope_ops as hops
    layer = hops.RoutedLayer(64, experts=256, k=4, hops=3)     # in place of a feed-forward network
    y = layer(torch.randn(8, 128, 64))                         # [..., d] -> [..., d]

Importing this loads libhopscope_ops.so (CMake target hopscope_ops) from the newest of the folders build/*, or from the path
in HOPSCOPE_OPS. The functions below are `torch.ops.hopscope.*` with names for what they return. They are differentiable once,
keep nothing of size T k d, and give the same bits each time. torch.compile takes them whole, without a graph break
(fullgraph=True); there their backward pass computes the forward one again. Autocast does not reach into them: they
compute in the type they are given. Arguments that do not fit are a RuntimeError, numbers out of range an IndexError, which
say what was found and what is allowed.

Shapes: T tokens, d width, s routing space, M experts of which k are chosen, r rank, B sequences, V vocabulary. Formulas:
docs/definitions.md, under the name in brackets.
"""
import math
import os
import pathlib
from typing import NamedTuple

import torch
from torch import Tensor


def _load():
    named = os.environ.get("HOPSCOPE_OPS")
    builds = pathlib.Path(__file__).resolve().parents[1] / "build"
    found = [pathlib.Path(named)] if named else sorted(builds.glob("*/libhopscope_ops.so"), key=lambda p: p.stat().st_mtime)
    if not found or not found[-1].is_file():
        raise ImportError(f"{'HOPSCOPE_OPS names ' + named if named else f'no libhopscope_ops.so in {builds}/*'}, which is not there; "
                          "cmake --build --preset release --target hopscope_ops makes one, and HOPSCOPE_OPS names one elsewhere")
    try:
        torch.ops.load_library(found[-1])
    except OSError as error:
        raise ImportError(f"{found[-1]} is built for PyTorch 2.11 and does not load into {torch.__version__}: {error}") from None


_load()
_ops = torch.ops.hopscope


class Route(NamedTuple):
    """Who was chosen, and how the choice looked. Gradients flow through weight and mean_p."""
    idx: Tensor      # [T, k] int64, by falling weight, ties by lowest index
    weight: Tensor   # [T, k]
    mean_p: Tensor   # [M] mean over tokens of the full softmax
    entropy: Tensor  # [T] nats, of the full softmax
    max_p: Tensor    # [T]
    pos: Tensor      # [T, s] position on the unit sphere


class Choice(NamedTuple):
    """The same of scores that something else has made; gradients flow through weight, mean_p, p and affinity."""
    idx: Tensor       # [T, k] int64
    weight: Tensor    # [T, k]
    mean_p: Tensor    # [M]
    entropy: Tensor   # [T]
    max_p: Tensor     # [T]
    p: Tensor         # [T, M] affinities over their sum
    affinity: Tensor  # [T, M]


class Loss(NamedTuple):
    nll_sum: Tensor  # [] nats, over all tokens; carries the gradient
    nll: Tensor      # [T] nats; carries none


def route(h, centroids, tau, k, proj=None, *, renormalise=True, score_bias=None, pos_delta=None) -> Route:
    """Cosine routing [cosine_routing]: the k of M centroids in whose direction a token lies.

    h [T, d], centroids [M, s] (brought to length 1 here), proj [s, d] (None: the identity, s = d), tau a number or a tensor of
    one element, score_bias [M] or [T, M] added to the scores, pos_delta [s] or [T, s] added to the position. fp32 or fp64.
    renormalise=False keeps the probabilities as weights, which k = 1 needs to be trained by its loss [renormalise].
    """
    if not isinstance(tau, Tensor):
        tau = h.new_tensor(tau)
    elif tau.numel() == 1:
        tau = tau.reshape(())
    return Route(*_ops.route(h, proj, centroids, tau, k, renormalise, score_bias, pos_delta))


def choose(scores, k, score="softmax", *, renormalise=True, identity=False, select_bias=None, bias_on_scores=False) -> Choice:
    """The second half of routing, for scores [T, M] of a router of your own [affinity]. score: softmax, sigmoid or relu;
    identity: the weight is the score; select_bias [M] or [T, M] takes part in the choice alone [loss_free]. fp32 or fp64."""
    return Choice(*_ops.choose(scores, k, score, renormalise, identity, select_bias, bias_on_scores))


def experts(h, idx, weight, down=None, up=None, *, gate=None, value=None, composition="sum") -> Tensor:
    """[T, d], the updates of the chosen experts under a composition [composition]: sum, grouped_silu, grouped_gated, cross_gated.

    h [T, d], idx [T, k] int64, weight [T, k]; down and up [M, r, d] [experts_mlp], with gate [M, r, d] [experts_swiglu], or
    value [M, d] alone, whose h may be None [experts_static]. fp32, fp64, or bf16.
    """
    return _ops.experts(h, idx, weight, gate, down, up, value, composition)


def rotate(x, cos, sin) -> Tensor:
    """Rotary positions, halves of a head against each other [block]. x [B, T, heads, d], cos and sin [T, d / 2]; those in fp32
    where x is bf16."""
    return _ops.rotate(x, cos, sin)


def attention(q, k, v, dropout=0.0, seed=None) -> Tensor:
    """Causal attention [B, heads, T, d], its probabilities dropped with chance `dropout`. The seed decides which; None draws one
    from PyTorch's generator, which breaks the graph of torch.compile. With dropout on the CPU only."""
    if seed is None:
        seed = int(torch.randint(2**62, ())) if dropout else 0
    return _ops.attention(q, k, v, dropout, seed)


def classifier(x, embed, targets) -> Loss:
    """Cross-entropy of the logits x embedᵀ, which never exist at once. x [T, d], embed [V, d], targets [T] int64."""
    return Loss(*_ops.classifier(x, embed, targets))


@torch.no_grad()
def adamw_(param, grad, m, v, *, lr, t, beta1=0.9, beta2=0.95, eps=1e-8, weight_decay=0.0, grad_scale=1.0, shadow=None) -> None:
    """One update of decoupled AdamW, in place: param, m and v (both 0 at first) fp32 of one shape. t counts updates from 1,
    grad_scale is the factor of clipping, shadow (bf16) receives the rounded new value."""
    _ops.adamw_(param, grad, m, v, shadow, lr, t, beta1, beta2, eps, weight_decay, grad_scale)


def balance_loss(routes) -> Tensor:
    """Evenness of use, 1 where it is even, mean over the routes of M Σ f_i p_i [balance_loss]."""
    terms = []
    for r in routes:
        (tokens, k), m = r.idx.shape, r.mean_p.shape[0]
        counts = r.mean_p.new_zeros(m).scatter_add(0, r.idx.reshape(-1), r.mean_p.new_ones(tokens * k))
        terms.append(m * (counts / max(tokens * k, 1) * r.mean_p).sum())
    return torch.stack(terms).mean()


class RoutedLayer(torch.nn.Module):
    """A multi-hop layer of routed experts [multi_hop], in place of a feed-forward network: x [..., d] -> update [..., d], to be
    added to the stream; x is the normalised input of the block.

    d        width; experts M; k chosen in each of `hops` hops
    kind     mlp, swiglu (both of `rank`) or static
    space    width s of the routing space; None routes in x itself, without a projection
    tau      sharpness, learned where learn_tau
    layers   of the model; more of them begin with smaller updates [initialisation]
    renormalise  None: for k > 1 [renormalise]

    Parameters are named and shaped as in a run's model.safetensors below `layers.N.`. Routing is computed in fp32 (of fp64
    parameters fp64), experts in the type of their parameters, the result has x's type.
    """

    def __init__(self, d, experts, k, hops=1, *, kind="mlp", rank=1, space=64, tau=30.0, learn_tau=False, composition="sum",
                 renormalise=None, layers=1, device=None, dtype=None):
        super().__init__()
        shapes = {"mlp": ("down", "up"), "swiglu": ("gate", "down", "up"), "static": ("value",)}
        if kind not in shapes:
            raise ValueError(f"kind is {kind!r}; allowed are {', '.join(shapes)}")
        if not 1 <= k <= experts:
            raise ValueError(f"k is {k}; 1 to {experts}, the number of experts, is allowed")
        if hops < 1:
            raise ValueError(f"hops is {hops}; 1 or more is allowed")
        if composition.startswith("grouped_") and k % 4:
            raise ValueError(f"k is {k}; {composition} needs one that 4 divides")
        self.k, self.hops, self.composition = k, hops, composition
        self.renormalise = k > 1 if renormalise is None else renormalise
        self.layers, self.start = layers, tau
        factory = {"device": device, "dtype": dtype}
        self.router, self.experts = torch.nn.Module(), torch.nn.Module()
        if space is not None:
            self.router.proj = torch.nn.Linear(d, space, bias=False, **factory)
        self.router.centroids = torch.nn.Parameter(torch.empty(experts, space or d, **factory))
        number = torch.empty((), **factory)
        if learn_tau:
            self.router.tau = torch.nn.Parameter(number)
        else:
            self.router.register_buffer("tau", number, persistent=False)
        for name in shapes[kind]:
            shape = (experts, d) if kind == "static" else (experts, rank, d)
            self.experts.register_parameter(name, torch.nn.Parameter(torch.empty(shape, **factory)))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        """Values before the first update [initialisation]."""
        std = 0.02
        for name, x in self.experts.named_parameters():
            torch.nn.init.normal_(x, std=std / math.sqrt(2 * self.layers) if name == "up" else std)
        if hasattr(self.router, "proj"):
            torch.nn.init.normal_(self.router.proj.weight, std=std)
        centroids = self.router.centroids
        directions = torch.randn(centroids.shape, device=centroids.device)
        if len(directions) <= directions.shape[1]:
            torch.nn.init.orthogonal_(directions)
        centroids.copy_(torch.nn.functional.normalize(directions, dim=-1))
        self.router.tau.fill_(self.start)

    def extra_repr(self):
        tau = "learned" if isinstance(self.router.tau, torch.nn.Parameter) else self.start
        return (f"experts={self.router.centroids.shape[0]}, k={self.k}, hops={self.hops}, composition={self.composition}, "
                f"renormalise={self.renormalise}, tau={tau}")

    def forward(self, x, routing=False):
        """The update [..., d]; with routing=True also the Route of each hop, for balance_loss and to look at."""
        d = next(self.experts.parameters()).shape[-1]
        if x.shape[-1] != d:
            raise ValueError(f"x is {list(x.shape)}; it has to be [..., {d}]")
        wide = torch.float64 if self.router.centroids.dtype == torch.float64 else torch.float32
        proj = self.router.proj.weight.to(wide) if hasattr(self.router, "proj") else None
        centroids, tau = self.router.centroids.to(wide), self.router.tau.to(wide)
        rows = x.reshape(-1, d).to(wide)
        total, routes = None, []
        for _ in range(self.hops):
            h = rows if total is None else rows + total
            routes.append(route(h, centroids, tau, self.k, proj, renormalise=self.renormalise))
            delta = self._updates(h, routes[-1]).to(wide)
            total = delta if total is None else total + delta
        total = total.reshape(x.shape).to(x.dtype)
        return (total, routes) if routing else total

    def _updates(self, h, r):
        """[T, d] of one hop, in the type of the experts."""
        bank = dict(self.experts.named_parameters())
        narrow = next(iter(bank.values())).dtype
        h = None if "value" in bank else h.to(narrow)
        return experts(h, r.idx, r.weight.to(narrow), composition=self.composition, **bank)
