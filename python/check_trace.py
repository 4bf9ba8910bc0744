#!/usr/bin/env python3
"""Holds `hopscope trace` against an independent forward pass in NumPy fp64, written from science.md alone.

Every router, pool, re-routing, expert kind and composition; bench/check_variants.py runs it on all of them.

    hopscope trace RUN --text "…" --positions --json > trace.json
    python/check_trace.py RUN/checkpoints/step_N/model.safetensors trace.json

Every token's NLL must agree to 2e-4, and every expert choice whose score gap exceeds 5e-5; smaller exchanges are followed
(the traced choice is taken over) and counted. Needs Python 3.11 and NumPy. Exit code 0: agrees; 1: it does not.
"""
import argparse
import json
import struct
import sys
import tomllib

import numpy as np

NLL_TOLERANCE = 2e-4
GAP_TOLERANCE = 5e-5


def load_safetensors(path):
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        data = f.read()
    metadata = header.pop("__metadata__", {})
    kinds = {"F32": np.float32, "F64": np.float64, "F16": np.float16}
    tensors = {}
    for name, t in header.items():
        begin, end = t["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], kinds[t["dtype"]]).reshape(t["shape"]).astype(np.float64)
    return tensors, metadata


def layer_norm(x, weight, bias):
    mean = x.mean(-1, keepdims=True)
    var = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(var + 1e-5) * weight + bias


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-8)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


class Model:
    def __init__(self, tensors, config):
        self.t, self.c = tensors, config
        self.worst_gap, self.exchanges, self.wrong = 0.0, 0, []

    def linear(self, x, name):
        y = x @ self.t[name + ".weight"].T
        return y + self.t[name + ".bias"] if name + ".bias" in self.t else y

    def norm(self, x, name):
        return layer_norm(x, self.t[name + ".weight"], self.t[name + ".bias"])

    def rotate(self, x):
        length, half = x.shape[-2], x.shape[-1] // 2
        inverse = self.c["model"]["rope_theta"] ** (-np.arange(half) * 2 / (2 * half))
        angle = np.outer(np.arange(length), inverse)
        a, b = x[..., :half], x[..., half:]
        return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], -1)

    def attention(self, x, p):
        heads = self.c["model"]["n_heads"]
        length, d = x.shape
        split = lambda y: y.reshape(length, heads, d // heads).transpose(1, 0, 2)
        q, k, v = (split(self.linear(x, p + "attn." + n)) for n in "qkv")
        scores = self.rotate(q) @ self.rotate(k).transpose(0, 2, 1) / np.sqrt(d // heads)
        scores = np.where(np.tril(np.ones((length, length), bool)), scores, -np.inf)
        return self.linear((softmax(scores) @ v).transpose(1, 0, 2).reshape(length, d), p + "attn.o")

    def pool(self, layer, hop):
        """First expert and size of a hop's pool (E17)."""
        moe = self.c["moe"]
        hops = moe["hops"] if isinstance(moe["hops"], int) else moe["hops"][layer]
        if moe["pools"] != "unrolled":
            return 0, moe["experts"]
        sizes = [moe["experts"] // hops + (i < moe["experts"] % hops) for i in range(hops)]
        return sum(sizes[:hop]), sizes[hop]

    def hash_choices(self, layer, size, tokens):
        moe, mask = self.c["moe"], (1 << 64) - 1

        def splitmix(x):
            x = (x + 0x9E3779B97F4A7C15) & mask
            x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
            x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
            return x ^ (x >> 31)

        rows = []
        for t in range(tokens):
            key, chosen, attempt = (self.ids[t] if moe["hash_key"] == "token" else t), [], 0
            while len(chosen) < moe["top_k"]:
                e = splitmix(((key * 64 + layer) * 64 + attempt) & mask) % size
                attempt += 1
                if e not in chosen:
                    chosen.append(e)
            rows.append(sorted(chosen))
        return np.array(rows)

    def nearness(self, h, p, hop, offset, size, state):
        """What the router compares: cosines, dot products (plain K-Means) or logits; and the position."""
        moe = self.c["moe"]
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
        pos = unit(pos) if spherical else pos
        state["pos"] = pos
        centroids = self.t[p + "router.centroids"][offset:offset + size]
        centroids = unit(centroids) if spherical else centroids
        if centroids.ndim == 3:
            return np.einsum("ts,mcs->tmc", pos, centroids).max(-1), pos
        return pos @ centroids.T, pos

    def compare_choices(self, keys, layer, hop, offset, traced):
        """The traced choice is taken over; exchanges with a gap beyond the tolerance are wrong."""
        k = self.c["moe"]["top_k"]
        order = np.argsort(-keys, axis=-1, kind="stable")[:, :k]
        theirs_all = np.array(traced["experts"]) - offset
        for token, chosen in enumerate(theirs_all):
            mine, theirs = set(order[token].tolist()), set(chosen.tolist())
            if mine != theirs:
                gap = abs(min(keys[token, list(mine - theirs)]) - min(keys[token, list(theirs - mine)]))
                self.worst_gap = max(self.worst_gap, gap)
                self.exchanges += 1
                if gap > GAP_TOLERANCE:
                    self.wrong.append((layer, hop, token, gap))
        return theirs_all

    def route(self, h, p, layer, hop, state, traced):
        """Choices within the pool, weights, position, probabilities (None where the router has none)."""
        moe = self.c["moe"]
        offset, size = self.pool(layer, hop)
        k = moe["top_k"]
        if moe["router"] == "hash":
            order = self.hash_choices(layer, size, len(h))
            if (order + offset).tolist() != traced["experts"]:
                self.wrong.append((layer, hop, -1, 0.0))
            return order, np.full(order.shape, 1 / k), None, None
        near, pos = self.nearness(h, p, hop, offset, size, state)
        kmeans = moe["router"] == "kmeans"
        scaled = pos is not None and not (kmeans and moe["kmeans"] == "plain")
        raw = kmeans and moe["kmeans_gating"] == "identity"
        tau = float(self.t.get(p + "router.tau", moe["tau"])) if scaled and not raw else 1.0
        scores = tau * near
        if moe["score"] == "softmax":
            affinity = softmax(scores)
        elif moe["score"] == "sigmoid":
            affinity = 1 / (1 + np.exp(-scores)) + 1e-7
        else:
            affinity = np.maximum(scores, 0)
        prob = affinity / np.maximum(affinity.sum(-1, keepdims=True), 1e-8)
        keys = scores
        if p + "router.bias" in self.t:
            bias = self.t[p + "router.bias"][offset:offset + size]
            keys = scores + tau * bias if kmeans else affinity + bias
        order = self.compare_choices(keys, layer, hop, offset, traced)
        weight = np.take_along_axis(scores if raw else affinity, order, -1)
        auto = moe["renormalise"]
        if not raw and (auto is True or (auto == "auto" and k != 1)):
            weight = weight / np.maximum(weight.sum(-1, keepdims=True), 1e-300)
        return order, weight, pos, prob

    def expert_outputs(self, h, p, order, offset):
        """[tokens, k, d] what each chosen expert writes, before its weight."""
        chosen = order + offset
        if p + "experts.value" in self.t:
            return self.t[p + "experts.value"][chosen]
        act = np.einsum("tkrd,td->tkr", self.t[p + "experts.down"][chosen], h)
        if p + "experts.gate" in self.t:
            act = silu(np.einsum("tkrd,td->tkr", self.t[p + "experts.gate"][chosen], h)) * act
        else:
            act = silu(act)
        return np.einsum("tkr,tkrd->tkd", act, self.t[p + "experts.up"][chosen])

    def compose(self, u):
        """u [tokens, k, d], already weighted (E20)."""
        kind = self.c["moe"]["composition"]
        sigmoid = lambda x: 1 / (1 + np.exp(-x))
        if kind == "sum":
            return u.sum(1)
        if kind == "cross_gated":
            return (u * sigmoid(u.sum(1, keepdims=True) - u)).sum(1)
        tokens, k, d = u.shape
        g = u.reshape(tokens, 4, k // 4, d).sum(2)
        if kind == "grouped_silu":
            return silu(g).sum(1)
        return g[:, 0] * sigmoid(g[:, 1]) + g[:, 2] * sigmoid(g[:, 3])

    def moe(self, x, layer, traced):
        p = f"layers.{layer}."
        moe = self.c["moe"]
        hops = moe["hops"] if isinstance(moe["hops"], int) else moe["hops"][layer]
        accumulated = np.zeros_like(x)
        worst, state, first = 0.0, {}, None
        for hop in range(hops):
            h = x + accumulated
            hop_trace = traced["hops"][hop]
            offset, size = self.pool(layer, hop)
            if hop > 0 and moe["reroute"] == "frozen":
                order, weight, pos, prob, offset = first
            else:
                order, weight, pos, prob = self.route(h, p, layer, hop, state, hop_trace)
            first = first or (order, weight, pos, prob, offset)
            delta = self.compose(self.expert_outputs(h, p, order, offset) * weight[..., None])
            if hop == 0 and p + "shared.up" in self.t:
                gate, down, up = (self.t[p + "shared." + n] for n in ("gate", "down", "up"))
                delta = delta + (silu(h @ gate.T) * (h @ down.T)) @ up
            if p + "router.kinematic" in self.t:
                v = self.t[p + "router.kinematic"][offset:offset + size]
                state["moved"] = np.einsum("tks,tk->ts", v[order], weight)
            accumulated = accumulated + delta
            ratio = np.linalg.norm(delta, axis=-1) / (np.linalg.norm(x + accumulated, axis=-1) + 1e-6)
            checks = [(weight, hop_trace["weights"]), (np.linalg.norm(delta, axis=-1), hop_trace["update_norm"]),
                      (ratio, hop_trace["halt_ratio"])]
            if prob is not None:
                entropy = -(prob * np.log(np.maximum(prob, 1e-300))).sum(-1)
                checks += [(entropy, hop_trace["entropy"]), (prob.max(-1), hop_trace["max_prob"])]
            elif hop_trace["entropy"] != [None] * len(x):
                self.wrong.append((layer, hop, -1, 0.0))
            if pos is not None and "position" in hop_trace:
                checks.append((pos, hop_trace["position"]))
            worst = max([worst] + [float(np.abs(a - np.array(b)).max()) for a, b in checks])
        for name in (p + "moe_scale", "moe_scale"):
            if name in self.t:
                accumulated = accumulated * self.t[name]
        worst = max(worst, float(np.abs(np.linalg.norm(accumulated, axis=-1) - traced["update_norm"]).max()))
        return (x + accumulated if moe["returns"] == "state" else accumulated), worst

    def forward(self, ids, layers):
        self.ids = ids
        x = self.t["embed.weight"][ids]
        if self.c["model"]["embedding_norm"]:
            x = self.norm(x, "embed_norm")
        worst = 0.0
        for layer in range(self.c["model"]["n_layers"]):
            p = f"layers.{layer}."
            x = x + self.attention(self.norm(x, p + "attn_norm"), p)
            normed = self.norm(x, p + "ffn_norm")
            if self.c["model"]["ffn"] == "dense":
                x = x + silu(normed @ self.t[p + "ffn.down"].T) @ self.t[p + "ffn.up"]
            else:
                update, error = self.moe(normed, layer, layers[layer])
                worst = max(worst, error)
                x = x + update
        return self.norm(x, "final_norm") @ self.t["embed.weight"].T, worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("trace")
    args = parser.parse_args()
    tensors, metadata = load_safetensors(args.model)
    with open(args.trace, encoding="utf-8") as f:
        trace = json.load(f)
    model = Model(tensors, tomllib.loads(metadata["config"]))
    ids = [t["id"] for t in trace["tokens"]]
    logits, worst = model.forward(ids, trace["layers"])
    log_p = logits - logits.max(-1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(-1, keepdims=True))
    mine = [-log_p[i - 1, ids[i]] for i in range(1, len(ids))]
    theirs = [t["nll"] for t in trace["tokens"][1:]]
    nll = max((abs(a - b) for a, b in zip(mine, theirs)), default=0.0)
    top = max(abs(np.exp(log_p[i, n["id"]]) - n["p"]) for i, t in enumerate(trace["tokens"]) for n in t["next"])
    print(f"{len(ids)} tokens; largest differences: NLL {nll:.2e}, next-token P {top:.2e}, hop numbers {worst:.2e}; "
          f"exchanged choices {model.exchanges} (largest gap {model.worst_gap:.1e}), wrong choices {len(model.wrong)}")
    sys.exit(0 if nll <= NLL_TOLERANCE and not model.wrong else 1)


if __name__ == "__main__":
    main()
