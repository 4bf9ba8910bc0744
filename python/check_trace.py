#!/usr/bin/env python3
"""Holds `hopscope trace` against an independent forward pass in NumPy fp64, written from science.md alone.

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

    def route(self, h, p, layer, hop, hops, traced):
        moe = self.c["moe"]
        proj = self.t.get(p + "router.proj.weight")
        if proj is not None and proj.ndim == 3:
            proj = proj[hop]
        pos = unit(h if proj is None else h @ proj.T)
        tau = float(self.t.get(p + "router.tau", moe["tau"]))
        scores = tau * pos @ unit(self.t[p + "router.centroids"]).T
        prob = softmax(scores)
        k = moe["top_k"]
        order = np.argsort(-scores, axis=-1, kind="stable")[:, :k]
        for token, chosen in enumerate(traced["experts"]):
            mine, theirs = set(order[token].tolist()), set(chosen)
            if mine != theirs:
                lost = min(scores[token, list(mine - theirs)])
                won = min(scores[token, list(theirs - mine)])
                gap = abs(lost - won)
                self.worst_gap = max(self.worst_gap, gap)
                if gap > GAP_TOLERANCE:
                    self.wrong.append((layer, hop, token, gap))
                self.exchanges += 1
            elif order[token].tolist() != chosen:
                ranked = scores[token, chosen]
                if np.any(ranked[1:] - ranked[:-1] > GAP_TOLERANCE):
                    self.wrong.append((layer, hop, token, float(np.max(ranked[1:] - ranked[:-1]))))
        order = np.array(traced["experts"])
        weight = np.take_along_axis(prob, order, -1)
        auto = moe["renormalise"]
        if auto is True or (auto == "auto" and k != 1):
            weight = weight / weight.sum(-1, keepdims=True)
        return order, weight, pos, prob

    def moe(self, x, layer, traced):
        p = f"layers.{layer}."
        hops = self.c["moe"]["hops"]
        hops = hops if isinstance(hops, int) else hops[layer]
        down, up = self.t[p + "experts.down"], self.t[p + "experts.up"]
        accumulated = np.zeros_like(x)
        worst = 0.0
        for hop in range(hops):
            h = x + accumulated
            hop_trace = traced["hops"][hop]
            order, weight, pos, prob = self.route(h, p, layer, hop, hops, hop_trace)
            act = silu(np.einsum("tkrd,td->tkr", down[order], h))
            delta = np.einsum("tkr,tkrd->td", act * weight[..., None], up[order])
            accumulated = accumulated + delta
            ratio = np.linalg.norm(delta, axis=-1) / (np.linalg.norm(x + accumulated, axis=-1) + 1e-6)
            entropy = -(prob * np.log(np.maximum(prob, 1e-300))).sum(-1)
            checks = [(weight, hop_trace["weights"]), (entropy, hop_trace["entropy"]), (prob.max(-1), hop_trace["max_prob"]),
                      (np.linalg.norm(delta, axis=-1), hop_trace["update_norm"]), (ratio, hop_trace["halt_ratio"])]
            if "position" in hop_trace:
                checks.append((pos, hop_trace["position"]))
            worst = max([worst] + [float(np.abs(a - np.array(b)).max()) for a, b in checks])
        for name in (p + "moe_scale", "moe_scale"):
            if name in self.t:
                accumulated = accumulated * self.t[name]
        worst = max(worst, float(np.abs(np.linalg.norm(accumulated, axis=-1) - traced["update_norm"]).max()))
        return (x + accumulated if self.c["moe"]["returns"] == "state" else accumulated), worst

    def forward(self, ids, layers):
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
