"""The forward pass of hopscope's model, written from the formulas of docs/definitions.md alone and not from its code.

One text serves NumPy and PyTorch: what both spell alike is used as it is, the rest stands in NumpyOps (here) and TorchOps
(hopscope_torch.py). check_trace.py holds `hopscope trace` against it. Shapes: B sequences of T tokens, N = B T rows, width d, k of M
experts chosen, routing space s.
"""
import dataclasses

import numpy as np

HASH_MASK = (1 << 64) - 1
ROUTERS = ("cosine", "linear", "hash", "random_fixed", "kmeans")


@dataclasses.dataclass
class Layer:
    """One layer of a trace. `...` is [T] for a prompt and [S, T] for a corpus of S sequences."""
    attention_norm: np.ndarray  #: [...] of what attention adds to the stream
    update_norm: np.ndarray     #: [...] of what the experts (or the dense FFN) add, after moe_scale
    #: one dict a hop, empty for a dense layer: experts [..., k] ids by falling weight, -1 where the token did not run the
    #: hop; weights [..., k] (NaN there); entropy [...] nats and max_prob [...] of the full softmax (hash routers have none:
    #: NaN in a prompt's trace, absent in a dump); update_norm [...]; halt_ratio [...]; executed [...] bool; position
    #: [..., s] where it was asked for and the router has one.
    hops: list


class NumpyOps:
    """What NumPy and PyTorch spell differently."""
    xp = np

    def __init__(self, dtype=np.float64):
        self.dtype = dtype

    def number(self, array):
        return np.asarray(array, self.dtype)

    def index(self, array):
        return np.asarray(array, np.int64)

    def mask(self, array):
        return np.asarray(array, bool)

    def rising(self, x):
        """Indices that sort the last axis, equal elements in their order."""
        return np.argsort(x, axis=-1, kind="stable")

    def take(self, x, index):
        return np.take_along_axis(x, index, -1)


class Forward:
    """A pass over tensors with the names of model.safetensors; `choices` may be overridden to look at each selection."""

    def __init__(self, tensors, config, ops):
        self.t, self.c, self.moe, self.ops, self.xp = tensors, config, config["moe"], ops, ops.xp
        # Another one would be computed as cosine routing, and nothing would say so.
        if config["model"]["ffn"] != "dense" and self.moe["router"] not in ROUTERS:
            raise ValueError(f"router \"{self.moe['router']}\" is not computed here; known are {', '.join(ROUTERS)}")

    def run(self, ids):
        """Logits [B, T, V] of ids [B, T], and a Layer for each layer, its arrays [B, T, …]."""
        self.shape = tuple(ids.shape)
        self.ids = ids.reshape(-1)
        x = self.t["embed.weight"][self.ids]
        if self.c["model"]["embedding_norm"]:
            x = self.norm(x, "embed_norm")
        layers = []
        for layer in range(self.c["model"]["n_layers"]):
            p = f"layers.{layer}."
            attention = self.attention(self.norm(x, p + "attn_norm"), p)
            x = x + attention
            normed = self.norm(x, p + "ffn_norm")
            if self.c["model"]["ffn"] == "dense":
                update, hops = self.silu(normed @ self.t[p + "ffn.down"].T) @ self.t[p + "ffn.up"], []
                norm = self.length(update)
            else:
                update, norm, hops = self.mixture(normed, layer)
            x = x + update
            layers.append(Layer(self.split(self.length(attention)), self.split(norm), hops))
        return self.split(self.norm(x, "final_norm") @ self.t["embed.weight"].T), layers

    # ---- small parts -------------------------------------------------------------------------------------------------
    def split(self, rows):
        """[N, …] → [B, T, …]."""
        return rows.reshape(self.shape + tuple(rows.shape[1:]))

    def length(self, x):
        return self.xp.sqrt((x * x).sum(axis=-1))

    def unit(self, x):
        return x / self.xp.clip(self.length(x), 1e-8, None)[..., None]

    def sigmoid(self, x):
        return 1 / (1 + self.xp.exp(-x))

    def silu(self, x):
        return x * self.sigmoid(x)

    def softmax(self, x):
        e = self.xp.exp(x - self.xp.amax(x, axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def norm(self, x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        return centred / self.xp.sqrt(variance + 1e-5) * self.t[name + ".weight"] + self.t[name + ".bias"]

    def linear(self, x, name):
        y = x @ self.t[name + ".weight"].T
        return y + self.t[name + ".bias"] if name + ".bias" in self.t else y

    def rotate(self, x):
        """RoPE on [B, heads, T, head dim]; the first half of a head turns with the second."""
        half = x.shape[-1] // 2
        inverse = self.c["model"]["rope_theta"] ** (-np.arange(half) / half)
        angle = np.outer(np.arange(x.shape[-2]), inverse)
        cos, sin = self.ops.number(np.cos(angle)), self.ops.number(np.sin(angle))
        a, b = x[..., :half], x[..., half:]
        return self.xp.concatenate([a * cos - b * sin, b * cos + a * sin], -1)

    def attention(self, x, p):
        (batch, length), heads, d = self.shape, self.c["model"]["n_heads"], x.shape[-1]
        q, k, v = (self.linear(x, p + "attn." + n).reshape(batch, length, heads, d // heads).swapaxes(1, 2) for n in "qkv")
        scores = self.rotate(q) @ self.rotate(k).swapaxes(-1, -2) / (d // heads) ** 0.5
        past = self.ops.mask(np.tril(np.ones((length, length), bool)))
        mixed = self.softmax(self.xp.where(past, scores, self.ops.number(-np.inf))) @ v
        return self.linear(mixed.swapaxes(1, 2).reshape(-1, d), p + "attn.o")

    # ---- routing -----------------------------------------------------------------------------------------------------
    def hops(self, layer):
        hops = self.moe["hops"]
        return hops if isinstance(hops, int) else hops[layer]

    def pool(self, layer, hop):
        """First expert and size of a hop's pool [def:unrolled_pools]; larger ones first."""
        hops, experts = self.hops(layer), self.moe["experts"]
        if self.moe["pools"] != "unrolled":
            return 0, experts
        sizes = [experts // hops + (i < experts % hops) for i in range(hops)]
        return sum(sizes[:hop]), sizes[hop]

    def hash_choices(self, layer, size):
        """[N, k] by the hash of the position or of the token [def:hash_router]."""
        def splitmix(x):
            x = (x + 0x9E3779B97F4A7C15) & HASH_MASK
            x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & HASH_MASK
            x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & HASH_MASK
            return x ^ (x >> 31)

        rows = {}
        keys = [int(i) for i in self.ids] if self.moe["hash_key"] == "token" else list(range(self.shape[1])) * self.shape[0]
        for key in set(keys):
            chosen, attempt = set(), 0
            while len(chosen) < self.moe["top_k"]:
                chosen.add(splitmix(((key * 64 + layer) * 64 + attempt) & HASH_MASK) % size)
                attempt += 1
            rows[key] = sorted(chosen)
        return self.ops.index(np.array([rows[key] for key in keys]))

    def nearness(self, h, p, hop, offset, size, state):
        """[N, pool] what the router compares: cosines, dot products (plain K-Means) or logits; and the position [N, s]."""
        moe = self.moe
        if moe["router"] == "linear":
            return h @ self.t[p + "router.linear"][offset:offset + size].T, None
        proj = self.t.get(p + "router.proj.weight")
        if proj is not None and proj.ndim == 3:
            proj = proj[hop]
        spherical = not (moe["router"] == "kmeans" and moe["kmeans"] == "plain")
        if hop > 0 and moe["reroute"] == "kinematic":
            pos = state["pos"] + state["moved"]
        else:
            pos = h if proj is None else h @ proj.T
            if hop > 0 and moe["reroute"] == "hybrid":
                pos = pos + state["moved"]
        pos = self.unit(pos) if spherical else pos
        state["pos"] = pos
        centroids = self.t[p + "router.centroids"][offset:offset + size]
        centroids = self.unit(centroids) if spherical else centroids
        if centroids.ndim == 3:  # two a expert: the nearer one counts
            return self.xp.amax(self.xp.einsum("ts,mcs->tmc", pos, centroids), axis=-1), pos
        return pos @ centroids.T, pos

    def choices(self, keys, gains, layer, hop, offset):
        """[N, k] experts within the pool: the k largest keys, listed by falling gain; ties go to the lowest index."""
        best = self.ops.rising(-keys)[:, :self.moe["top_k"]]
        best = self.ops.take(best, self.ops.rising(best))
        return self.ops.take(best, self.ops.rising(-self.ops.take(gains, best)))

    def route(self, h, layer, hop, state):
        """Choices within the pool, weights [N, k], position or None, probabilities [N, pool] (None for hash), first expert."""
        moe, p, k = self.moe, f"layers.{layer}.", self.moe["top_k"]
        offset, size = self.pool(layer, hop)
        if moe["router"] == "hash":
            chosen = self.hash_choices(layer, size)
            return chosen, self.ops.number(np.full(tuple(chosen.shape), 1 / k)), None, None, offset
        near, pos = self.nearness(h, p, hop, offset, size, state)
        kmeans = moe["router"] == "kmeans"
        raw = kmeans and moe["kmeans_gating"] == "identity"
        scaled = pos is not None and not raw and not (kmeans and moe["kmeans"] == "plain")
        tau = self.t.get(p + "router.tau", moe["tau"]) if scaled else 1.0
        scores = tau * near
        if moe["score"] == "softmax":
            affinity = self.softmax(scores)
        elif moe["score"] == "sigmoid":
            affinity = self.sigmoid(scores) + 1e-7
        else:
            affinity = self.xp.clip(scores, 0, None)
        prob = affinity / self.xp.clip(affinity.sum(axis=-1, keepdims=True), 1e-8, None)
        keys, gains = scores, scores if raw else affinity
        if p + "router.bias" in self.t:
            bias = self.t[p + "router.bias"][offset:offset + size]
            keys = scores + tau * bias if kmeans else affinity + bias
        chosen = self.choices(keys, gains, layer, hop, offset)
        weight = self.ops.take(gains, chosen)
        if not raw and (moe["renormalise"] is True or (moe["renormalise"] == "auto" and k != 1)):
            weight = weight / self.xp.clip(weight.sum(axis=-1, keepdims=True), 1e-30, None)
        return chosen, weight, pos, prob, offset

    # ---- experts -----------------------------------------------------------------------------------------------------
    def expert_outputs(self, h, p, experts):
        """[n, k, d] what each chosen expert writes, before its weight."""
        if p + "experts.value" in self.t:
            return self.t[p + "experts.value"][experts]
        act = self.xp.einsum("tkrd,td->tkr", self.t[p + "experts.down"][experts], h)
        if p + "experts.gate" in self.t:
            act = self.silu(self.xp.einsum("tkrd,td->tkr", self.t[p + "experts.gate"][experts], h)) * act
        else:
            act = self.silu(act)
        return self.xp.einsum("tkr,tkrd->tkd", act, self.t[p + "experts.up"][experts])

    def compose(self, u):
        """[n, k, d], already weighted → [n, d] [def:composition]."""
        kind = self.moe["composition"]
        if kind == "sum":
            return u.sum(axis=1)
        if kind == "cross_gated":
            return (u * self.sigmoid(u.sum(axis=1, keepdims=True) - u)).sum(axis=1)
        n, k, d = u.shape
        g = u.reshape(n, 4, k // 4, d).sum(axis=2)
        if kind == "grouped_silu":
            return self.silu(g).sum(axis=1)
        return g[:, 0] * self.sigmoid(g[:, 1]) + g[:, 2] * self.sigmoid(g[:, 3])

    def experts(self, h, p, experts, weight):
        """[N, d] update of the chosen experts; in parts, since their gathered rows are k r times as large."""
        rank = 1 if p + "experts.value" in self.t else self.t[p + "experts.down"].shape[1]
        step = max(1, (1 << 24) // (experts.shape[1] * rank * h.shape[1]))
        parts = [slice(i, i + step) for i in range(0, h.shape[0], step)]
        return self.xp.concatenate([self.compose(self.expert_outputs(h[s], p, experts[s]) * weight[s][..., None])
                                    for s in parts], 0)

    def mixture(self, x, layer):
        """Update [N, d] of a layer's hops on x (normalised input), its norm without x [N], and what each hop did."""
        p, moe = f"layers.{layer}.", self.moe
        total, state, first, record = self.xp.zeros_like(x), {}, None, []
        for hop in range(self.hops(layer)):
            h = x + total
            # Frozen: choices, weights and pool of hop 0 [def:frozen_routing].
            frozen = hop > 0 and moe["reroute"] == "frozen"
            chosen, weight, pos, prob, offset = first if frozen else self.route(h, layer, hop, state)
            first = first or (chosen, weight, pos, prob, offset)
            delta = self.experts(h, p, chosen + offset, weight)
            if hop == 0 and p + "shared.up" in self.t:
                gate, down, up = (self.t[p + "shared." + n] for n in ("gate", "down", "up"))
                delta = delta + (self.silu(h @ gate.T) * (h @ down.T)) @ up
            if moe["reroute"] in ("kinematic", "hybrid") and p + "router.kinematic" in self.t:
                state["moved"] = self.xp.einsum("tks,tk->ts", self.t[p + "router.kinematic"][chosen + offset], weight)
            total = total + delta
            size = self.length(delta)
            did = {"experts": chosen + offset, "weights": weight, "update_norm": size,
                   "halt_ratio": size / (self.length(x + total) + 1e-6)}
            if prob is not None:
                did["entropy"] = -(prob * self.xp.log(self.xp.clip(prob, 1e-38, None))).sum(axis=-1)
                did["max_prob"] = self.xp.amax(prob, axis=-1)
            if pos is not None:
                did["position"] = pos
            did["executed"] = self.ops.mask(np.ones(x.shape[0], bool))
            record.append({name: self.split(rows) for name, rows in did.items()})
        for name in (p + "moe_scale", "moe_scale"):
            if name in self.t:
                total = total * self.t[name]
        return x + total if moe["returns"] == "state" else total, self.length(total), record


class NumpyModel:
    """The pass on NumPy arrays; see hopscope_io.load_model."""

    def __init__(self, tensors, config, dtype=np.float64):
        self.config, self.ops = config, NumpyOps(dtype)
        self.tensors = {name: self.ops.number(array) for name, array in tensors.items()}

    def __call__(self, ids, routing=False):
        ids = self.ops.index(ids)
        with np.errstate(over="ignore"):  # exp(−x) of a closed gate
            logits, layers = Forward(self.tensors, self.config, self.ops).run(np.atleast_2d(ids))
        if ids.ndim == 1:
            logits, layers = logits[0], only_sequence(layers)
        return (logits, layers) if routing else logits


def only_sequence(layers):
    """Layers of a pass over one sequence without the dimension B."""
    return [Layer(l.attention_norm[0], l.update_norm[0], [{n: a[0] for n, a in hop.items()} for hop in l.hops])
            for l in layers]
