#!/usr/bin/env python3
"""What a user of stock PyTorch would run in place of hopscope: the same model, its operators and its whole step.

    python bench/peers.py --what step --form dense_mask --mode compiled --precision bf16 --ours bf16=step.fused.safetensors

One process is one form. It does the work that `hopscope bench --keep` wrote down, on the same numbers, and says in one line of JSON
by how much its results differ; then each line "N" on standard input is answered by N times in ms. bench/compare starts these
processes in turn with hopscope's own and makes the table. Needs PyTorch and nothing else, not even NumPy.
"""
import argparse
import json
import math
import struct
import sys
import time
import tomllib

import torch
import torch.nn.functional as F

TYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32}


def load(path):
    """({name: tensor}, metadata) of a safetensors file that the program wrote; python/hopscope_io.py needs NumPy for it."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data, dtype=torch.uint8, offset=begin, count=end - begin) if end > begin else torch.empty(0)
        tensors[name] = flat.view(TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


# ---- experts of rank 1: h [T, d], idx and weight [T, k], down and up [M, d] → [T, d] -----------------------------------
def read_by_gather(h, idx, weight, down):
    return F.silu(torch.einsum("tkd,td->tk", F.embedding(idx, down), h)) * weight


def gather(h, idx, weight, down, up):
    return torch.einsum("tk,tkd->td", read_by_gather(h, idx, weight, down), F.embedding(idx, up))


def embedding_bag(h, idx, weight, down, up):
    return F.embedding_bag(idx, up, per_sample_weights=read_by_gather(h, idx, weight, down), mode="sum")


def dense_mask(h, idx, weight, down, up):
    """All experts for all tokens, those that were not chosen times 0."""
    mask = torch.zeros(h.shape[0], down.shape[0], dtype=h.dtype, device=h.device).scatter(1, idx, weight)
    return (F.silu(F.linear(h, down)) * mask) @ up


EXPERTS = {"gather": gather, "embedding_bag": embedding_bag, "dense_mask": dense_mask}


# ---- routing ---------------------------------------------------------------------------------------------------------
def route(h, proj, centroids, tau, k):
    """Cosine routing: choices and their weights [T, k], mean probability [M]."""
    pos = F.normalize(F.linear(h, proj), dim=-1, eps=1e-8)
    p = F.softmax(tau * F.linear(pos, F.normalize(centroids, dim=-1, eps=1e-8)), dim=-1)
    weight, idx = torch.topk(p, k, dim=-1)
    if k > 1:
        weight = weight / weight.sum(dim=-1, keepdim=True)
    return weight, p.mean(dim=0), idx


# ---- the model, of tensors with the names of model.safetensors ---------------------------------------------------------
class Model:
    """Weights as leaves, and the loss of a batch. `experts` is one of EXPERTS; narrow: the type of autocast."""

    def __init__(self, tensors, config, experts, narrow, device):
        self.config, self.experts, self.narrow, self.device = config, experts, narrow, device
        self.weights = {name: t.clone().to(device).requires_grad_() for name, t in tensors.items()}
        model = config["model"]
        half = model["d_model"] // model["n_heads"] // 2
        angle = torch.outer(torch.arange(config["train"]["seq_len"], dtype=torch.float64),
                            model["rope_theta"] ** (-torch.arange(half, dtype=torch.float64) / half))
        self.cos, self.sin = angle.cos().float().to(device), angle.sin().float().to(device)
        self.dropout = 0.0

    def drop(self, x, place):
        return F.dropout(x, self.dropout) if self.dropout and place in self.config["model"]["dropout_places"] else x

    def norm(self, x, name):
        w = self.weights
        return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], 1e-5)

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights.get(name + ".bias"))

    def rotate(self, x):
        a, b = x.chunk(2, dim=-1)
        cos, sin = self.cos.to(x.dtype), self.sin.to(x.dtype)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)

    def attention(self, x, p):
        batch, length, d = x.shape
        q, k, v = (self.linear(x, p + n).view(batch, length, self.config["model"]["n_heads"], -1).transpose(1, 2) for n in "qkv")
        places = self.config["model"]["dropout_places"]
        y = F.scaled_dot_product_attention(self.rotate(q), self.rotate(k), v, is_causal=True,
                                           dropout_p=self.dropout if "attention" in places else 0.0)
        return self.linear(y.transpose(1, 2).reshape(batch, length, d), p + "o")

    def mixture(self, x, p, hops):
        """What a layer's hops add to x [T, d], and the sum of their balance terms."""
        w, moe = self.weights, self.config["moe"]
        total, balance = 0, 0
        for _ in range(hops):
            h = x + total
            # Under bf16 scores near tau = 30 would be 0.125 apart, and other experts chosen.
            with torch.autocast(self.device, enabled=False):
                weight, mean_p, idx = route(h, w[p + "router.proj.weight"], w[p + "router.centroids"], moe["tau"], moe["top_k"])
                counts = torch.zeros_like(mean_p).scatter_add(0, idx.flatten(), torch.ones_like(weight).flatten())
                balance = balance + moe["experts"] * (counts / idx.numel() * mean_p).sum()
            down, up = (w[p + "experts." + n].squeeze(1).to(self.narrow) for n in ("down", "up"))
            total = total + self.experts(h.to(self.narrow), idx, weight.to(self.narrow), down, up)
        return total, balance / hops

    def loss(self, ids, targets):
        """Mean NLL of a batch and its balance term; ids and targets [B, T]."""
        w, config = self.weights, self.config
        layers = config["model"]["n_layers"]
        x = F.embedding(ids, w["embed.weight"])
        if config["model"]["embedding_norm"]:
            x = self.norm(x, "embed_norm")
        x = self.drop(x, "embedding")
        balance = torch.zeros((), device=x.device)
        for layer in range(layers):
            p = f"layers.{layer}."
            x = x + self.drop(self.attention(self.norm(x, p + "attn_norm"), p + "attn."), "residual")
            h = self.norm(x, p + "ffn_norm")
            if config["model"]["ffn"] == "dense":
                update = F.silu(F.linear(h, w[p + "ffn.down"])) @ w[p + "ffn.up"]
            else:
                hops = config["moe"]["hops"]
                update, term = self.mixture(h.flatten(0, 1), p, hops if isinstance(hops, int) else hops[layer])
                update, balance = update.view_as(x), balance + term / layers
            x = x + self.drop(update, "residual")
        logits = F.linear(self.norm(x, "final_norm"), w["embed.weight"])
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten()), balance


def learning_rate(train, update):
    if update < train["warmup"]:
        return train["lr"] * (update + 1) / train["warmup"]
    done = (update - train["warmup"]) / (train["steps"] - train["warmup"])
    low = train["lr_min_ratio"]
    return train["lr"] * (low + (1 - low) * (1 + math.cos(math.pi * done)) / 2)


class Step:
    """Whole updates: forward, backward, clipping, AdamW."""

    def __init__(self, given, config, form, wrap, narrow, device):
        self.tokens = given.pop("tokens").long().to(device)  # [updates, micro-batches, B, T + 1]
        self.config, self.narrow, self.device, self.update = config, narrow, device, 0
        train = config["train"]
        self.model = Model(given, config, EXPERTS.get(form), narrow, device)
        self.loss = wrap(self.model.loss)
        self.weights = list(self.model.weights.values())
        matrices = [w for w in self.weights if w.ndim >= 2 or train["decay"] == "all"]
        rest = [w for w in self.weights if w.ndim < 2 and train["decay"] != "all"]
        self.optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": train["weight_decay"]},
                                            {"params": rest, "weight_decay": 0.0}],
                                           lr=train["lr"], betas=(train["beta1"], train["beta2"]), eps=train["eps"], fused=True)

    def run(self):
        """One update; what it came to is read by first_updates alone, so that nothing waits for it here."""
        train = self.config["train"]
        parts = self.tokens[self.update % len(self.tokens)]
        told = []
        for part in parts:
            torch.compiler.cudagraph_mark_step_begin()
            with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.narrow == torch.bfloat16):
                nll, balance = self.loss(part[:, :-1], part[:, 1:])
                total = (nll + train["balance_alpha"] * balance) / len(parts)
            total.backward()
            told.append((nll.detach(), balance.detach()))
        norm = torch.nn.utils.clip_grad_norm_(self.weights, train["clip"], foreach=True)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(train, self.update)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.update += 1
        return told, norm

    def prepare(self):
        pass

    def results(self):
        """Of the updates whose tokens were kept."""
        out = {"loss": [], "balance_loss": [], "grad_norm": []}
        for _ in self.tokens:
            told, norm = self.run()
            nll, balance = (sum(float(x) for x in column) / len(told) for column in zip(*told))
            out["loss"].append(nll)
            out["balance_loss"].append(balance)
            out["grad_norm"].append(float(norm))
        return {name: torch.tensor(values) for name, values in out.items()}


class Operator:
    """An operator forward and backward, for gradients of its outputs that are given."""

    def __init__(self, what, given, config, form, wrap, device):
        self.given = {name: t.to(device) for name, t in given.items()}
        self.leaves = {n: t.requires_grad_() for n, t in self.given.items() if t.is_floating_point() and not n.startswith("grad_of_")
                       and n != "tau"}
        g = self.given
        if what == "experts":
            call, self.names = wrap(EXPERTS[form]), ["y"]
            rows = lambda name: g[name].squeeze(1)
            self.call = lambda: [call(g["h"], g["idx"], g["weight"], rows("down"), rows("up"))]
        elif what == "route":
            k, tau = config["moe"]["top_k"], float(g["tau"])
            call, self.names = wrap(lambda h, proj, centroids: route(h, proj, centroids, tau, k)), ["weight", "mean_p", "idx"]
            self.call = lambda: call(g["h"], g["proj"], g["centroids"])
        else:
            call, self.names = wrap(lambda x, embed, targets: F.cross_entropy(F.linear(x, embed).float(), targets, reduction="sum")), \
                ["nll_sum"]
            self.call = lambda: [call(g["x"], g["embed"], g["targets"])]
        self.gradients = [g["grad_of_" + n] for n in self.names if "grad_of_" + n in g]

    def prepare(self):
        for leaf in self.leaves.values():
            leaf.grad = None

    def run(self):
        torch.compiler.cudagraph_mark_step_begin()
        out = self.call()
        torch.autograd.backward(out[:len(self.gradients)], self.gradients)
        return out

    def results(self):
        self.prepare()
        out = {"out." + name: t.detach() for name, t in zip(self.names, self.run())}
        return out | {"grad." + name: leaf.grad for name, leaf in self.leaves.items()}


# ---- how far results differ --------------------------------------------------------------------------------------------
def differences(what, mine, theirs):
    """{what differs: by how much}: lengths of differences over lengths; of a step nats, and of the first gradient; of choices the
    share of tokens whose list is another, which are then left out of the weights."""
    if what == "step":
        gap = {name: (mine[name] - theirs["out." + name]).abs() for name in mine}
        return {"loss": float(gap["loss"].max()), "balance_loss": float(gap["balance_loss"].max()),
                "grad_norm": float(gap["grad_norm"][0] / theirs["out.grad_norm"][0])}
    out, rows = {}, slice(None)
    if "out.idx" in mine:
        same = (mine.pop("out.idx").cpu() == theirs["out.idx"]).all(dim=-1)
        out["choices"], rows = 1 - float(same.double().mean()), same
    for name, tensor in mine.items():
        a, b = tensor.cpu().double(), theirs[name].double().view_as(tensor)
        if name == "out.weight":
            a, b = a[rows], b[rows]
        out[name] = float((a - b).norm() / b.norm().clamp_min(1e-30))
    return out


# ---- memory and time ---------------------------------------------------------------------------------------------------
def peak_bytes(work, device):
    """Most tensor memory that a call holds beyond what was held before; None where it cannot be had."""
    work.prepare()
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work.run()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        work.run()
    held = highest = 0
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        highest = max(highest, held)
    return highest if events else None


def timed_ms(work, device):
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    work.prepare()
    wait()
    begin = time.perf_counter()
    work.run()
    wait()
    return (time.perf_counter() - begin) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", required=True, choices=["step", "experts", "route", "classifier"])
    parser.add_argument("--form", required=True, help="gather, embedding_bag, dense_mask; of anything else a name only")
    parser.add_argument("--mode", default="eager", choices=["eager", "compiled", "graphs"], help="graphs: compiled, with CUDA graphs")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--ours", required=True, action="append", metavar="PRECISION=FILE", help="what hopscope bench --keep wrote")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--dropout", type=float, default=0.0, help="of the timed steps; results are compared without")
    o = parser.parse_args()
    if o.threads:
        torch.set_num_threads(o.threads)
    torch.set_float32_matmul_precision("high")
    torch.manual_seed(0)
    ours = {key: load(path) for key, path in (item.split("=", 1) for item in o.ours)}
    tensors, metadata = ours[o.precision]
    config = tomllib.loads(metadata["config"])
    given = {name.removeprefix("given."): t for name, t in tensors.items() if name.startswith("given.")}
    wrap = {"eager": lambda f: f, "compiled": torch.compile, "graphs": lambda f: torch.compile(f, mode="reduce-overhead")}[o.mode]
    narrow = torch.bfloat16 if o.precision == "bf16" else torch.float32
    begin = time.perf_counter()
    if o.what == "step":
        work = Step(given, config, o.form, wrap, narrow, o.device)
    else:
        work = Operator(o.what, given, config, o.form, wrap, o.device)
    mine = work.results()
    ready = {"differences": {key: differences(o.what, dict(mine), theirs) for key, (theirs, _) in ours.items()},
             "first_seconds": time.perf_counter() - begin, "torch": torch.__version__}
    del mine
    if o.what == "step":
        work.model.dropout = o.dropout
    first = [timed_ms(work, o.device) for _ in range(2)]
    ready |= {"peak_bytes": peak_bytes(work, o.device), "first_ms": first[-1]}
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        print(json.dumps([timed_ms(work, o.device) for _ in range(int(line))]), flush=True)


if __name__ == "__main__":
    main()
