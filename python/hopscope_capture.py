#!/usr/bin/env python3
"""Records what the routers of a transformers model do with texts, as `hopscope import MODEL --trace FILE` reads it.

    python/hopscope_capture.py MODEL --text book.txt --out trace.safetensors
    hopscope import MODEL --trace trace.safetensors --out runs/model

MODEL is a folder or a name that transformers knows; a text is a file, each line of it with --lines. The file is hopscope.routing/1
(docs/formats.md#of-an-imported-model): of each router `experts`, `weights` [texts, tokens, k], `logits` [texts, tokens, experts],
`entropy` (nats) and `max_prob` [texts, tokens]; with --positions also `position` [texts, tokens, r], what enters the router in an
orthonormal basis of the space that its rows span, and beside them `{router}.rows` [experts, r], the rows in that basis. A shorter
text is filled up with −1 and NaN; metadata `pieces` has what each id that occurs spells. Logits are formed in fp32 from what enters
the router, and experts and weights by the family's rule (docs/definitions.md#routing_rule), so that they are the same whatever the
model computes in. PyTorch and transformers are asked for only when it runs.
"""
import argparse
import json
import pathlib
import re
import struct
import sys

ROUTER = re.compile(r"(?:^|\.)layers\.(\d+)\.(mlp|block_sparse_moe|feed_forward|mixer|self_attention\.experts)\."
                    r"(?:gate|router)(?:\.layer|\.gate|\.wg)?$")
CORRECTIONS = ("e_score_correction_bias", "moe_statics.e_score_correction_bias", "expert_bias")
TOP_K = ("num_experts_per_tok", "moe_k", "experts_per_token", "moe_top_k", "moe_topk")
DTYPES = {"int32": "I32", "float32": "F32"}


def softmax_top_k(torch, s, z, k, correction):
    p = z.softmax(-1)
    chosen = p.topk(k).indices
    w = p.gather(-1, chosen)
    return chosen, w / w.sum(-1, keepdim=True) if s["normalise"] else w


def within_groups(torch, s, values, rating):
    """`values` with what stands outside of the best groups at −∞."""
    parts = values.unflatten(-1, (s["groups"], -1))
    best = rating(parts).topk(s["kept_groups"]).indices
    mask = torch.zeros(parts.shape[:-1], dtype=torch.bool).scatter(-1, best, True)
    return parts.masked_fill(~mask[..., None], -torch.inf).flatten(-2)


def grouped_softmax(torch, s, z, k, correction):
    p = z.softmax(-1)
    chosen = within_groups(torch, s, p, lambda parts: parts.amax(-1)).topk(k).indices
    return chosen, p.gather(-1, chosen) * s["scale"]


def grouped_sigmoid(torch, s, z, k, correction):
    scores = z.sigmoid()
    left = within_groups(torch, s, scores + correction, lambda parts: parts.topk(min(2, parts.shape[-1])).values.sum(-1))
    chosen = left.topk(k).indices
    w = scores.gather(-1, chosen)
    if s["normalise"]:
        w = w / (w.sum(-1, keepdim=True) + 1e-20)
    return chosen, w * s["scale"]


def top_k_softmax(torch, s, z, k, correction):
    values, chosen = z.topk(k)
    return chosen, values.softmax(-1)


def sparse_mixer(torch, s, z, k, correction):
    left, experts, weights = z, [], []
    for _ in range(2):
        m, best = left.max(-1, keepdim=True)
        far = (m - z) / torch.maximum(z.abs(), m) > 2 * s["jitter"]
        experts.append(best)
        weights.append(left.masked_fill(far, -torch.inf).softmax(-1).gather(-1, best))
        left = left.scatter(-1, best, -torch.inf)
    return torch.cat(experts, -1), torch.cat(weights, -1)


def corrected_sigmoid(torch, s, z, k, correction):
    scores = z.sigmoid()
    chosen = (scores + correction).topk(k).indices
    w = scores.gather(-1, chosen)
    return chosen, w / w.sum(-1, keepdim=True)


def corrected_softmax(torch, s, z, k, correction):
    p = z.softmax(-1)
    chosen = (p + correction).topk(k).indices
    w = p.gather(-1, chosen)
    return chosen, w / w.sum(-1, keepdim=True).clamp_min(s["least_sum"])


def top_k_sigmoid(torch, s, z, k, correction):
    values, chosen = z.topk(k)
    return chosen, values.sigmoid()


# Of each family its rule, and the numbers of it that the configuration may leave out where they are others than OTHERWISE.
ALWAYS_DIVIDES = {"norm_topk_prob": True}  # whatever the configuration says
FAMILIES = {
    "mixtral": (softmax_top_k, ALWAYS_DIVIDES),
    "phimoe": (sparse_mixer, {"router_jitter_noise": 0.01}),
    "minimax_m2": (corrected_sigmoid, {}),
    "olmoe": (softmax_top_k, {}),
    "flex_olmo": (softmax_top_k, {}),
    "qwen2_moe": (softmax_top_k, {}),
    "qwen3_moe": (softmax_top_k, {}),
    "qwen3_next": (softmax_top_k, {"norm_topk_prob": True}),
    "deepseek_v2": (grouped_softmax, {}),
    "deepseek_v3": (grouped_sigmoid, {"norm_topk_prob": True, "n_group": 8, "topk_group": 4, "routed_scaling_factor": 2.5}),
    "kimi_k2": (grouped_sigmoid, {"norm_topk_prob": True}),
    "glm4_moe": (grouped_sigmoid, {"norm_topk_prob": True}),
    "dots1": (grouped_sigmoid, {}),
    "gpt_oss": (top_k_softmax, {}),
    "granitemoe": (top_k_softmax, {}),
    "jetmoe": (top_k_softmax, {}),
    "ernie4_5_moe": (corrected_softmax, {"moe_norm_min": 1e-12}),
    "minimax": (softmax_top_k, ALWAYS_DIVIDES),
    "qwen3_vl_moe": (softmax_top_k, ALWAYS_DIVIDES),
    "qwen3_5_moe": (softmax_top_k, ALWAYS_DIVIDES),
    "hunyuan_v1_moe": (softmax_top_k, ALWAYS_DIVIDES),
    "jamba": (softmax_top_k, {}),
    "glm4v_moe": (grouped_sigmoid, {"norm_topk_prob": True}),
    "glm_moe_dsa": (grouped_sigmoid, {"norm_topk_prob": True}),
    "exaone_moe": (grouped_sigmoid, {"norm_topk_prob": True}),
    "solar_open": (grouped_sigmoid, {"norm_topk_prob": True}),
    "afmoe": (grouped_sigmoid, ALWAYS_DIVIDES),
    "lfm2_moe": (grouped_sigmoid, {"norm_topk_prob": True}),
    "nemotron_h": (grouped_sigmoid, {"norm_topk_prob": True}),
    "granitemoeshared": (top_k_softmax, {}),
    "granitemoehybrid": (top_k_softmax, {}),
    "aria": (top_k_softmax, {}),
    "llama4": (top_k_sigmoid, {}),
}
OTHERWISE = {"norm_topk_prob": False, "n_group": 1, "topk_group": 1, "routed_scaling_factor": 1.0, "router_jitter_noise": 0.0,
             "moe_norm_min": 0.0}
# Which of its numbers a rule reads, by their names in the program's documents.
GROUPED = {"groups": "n_group", "kept_groups": "topk_group", "scale": "routed_scaling_factor"}
READS = {softmax_top_k: {"normalise": "norm_topk_prob"}, grouped_softmax: GROUPED,
         grouped_sigmoid: {"normalise": "norm_topk_prob", **GROUPED}, sparse_mixer: {"jitter": "router_jitter_noise"},
         corrected_softmax: {"least_sum": "moe_norm_min"}}
# What the configuration may call a way to choose that a rule is.
SOFTMAX, SIGMOID = {"scoring_func": ("softmax",)}, {"scoring_func": ("sigmoid",)}
WORDS = {softmax_top_k: SOFTMAX, top_k_softmax: SOFTMAX, corrected_softmax: SOFTMAX, corrected_sigmoid: SIGMOID, top_k_sigmoid: SIGMOID,
         grouped_softmax: {"topk_method": ("greedy", "group_limited_greedy"), **SOFTMAX},
         grouped_sigmoid: {"topk_method": ("noaux_tc",), "scoring_func": ("sigmoid", "noaux_tc")}}


def settings(config):
    """The family's rule and the numbers that it reads, as `hopscope info` has them; `rule` is a function here."""
    family = config.model_type.removesuffix("_text")
    if family not in FAMILIES:
        raise SystemExit(f"the family {config.model_type!r} is not known; known are {', '.join(FAMILIES)}")
    rule, own = FAMILIES[family]
    for key, known in WORDS.get(rule, {}).items():
        if (found := getattr(config, key, None)) and found not in known:
            raise SystemExit(f"the configuration says {key} {found!r}; known for {family} is {', '.join(known)}")

    def number(key):
        found = getattr(config, key, None)
        return {**OTHERWISE, **own}[key] if found is None else found

    out = {"rule": rule, **{name: number(key) for name, key in READS.get(rule, {}).items()}}
    if own is ALWAYS_DIVIDES:
        out["normalise"] = True
    if "scale" in out and getattr(config, "routed_scaling_factor", None) is None:
        out["scale"] = getattr(config, "route_scale", None) or out["scale"]
    if rule is grouped_softmax and getattr(config, "topk_method", None) != "group_limited_greedy":
        out["groups"] = out["kept_groups"] = 1
    return out


def choose(config, logits, correction=None):
    """Experts [T, k] by falling weight, and weights [T, k], of logits [T, E] in fp32, by the family's rule."""
    import torch

    numbers = settings(config)
    k = next((getattr(config, name) for name in TOP_K if getattr(config, name, None)), 0)
    if isinstance(k, (list, tuple)):  # a number a layer
        k = k[0] if len(set(k)) == 1 else 0
    if not k:
        raise SystemExit(f"the configuration says no number of experts a token ({', '.join(TOP_K)})")
    experts, weights = numbers["rule"](torch, numbers, logits, k, 0 if correction is None else correction)
    order = weights.sort(dim=-1, descending=True, stable=True).indices
    return experts.gather(-1, order).int(), weights.gather(-1, order)


class Capture:
    """Hooks on the routers of a model; each pass adds to `rows`, {router: [what entered it]}."""

    def __init__(self, model):
        self.routers, self.rows, self.hooks = {}, {}, []
        modules = dict(model.named_modules())
        for name, module in modules.items():
            found, weight = ROUTER.search(name), getattr(module, "weight", None)
            if not found or weight is None or weight.dim() != 2 or weight.shape[0] < 2:
                continue
            router = f"layers.{found[1]}" + (".attention" if found[2].startswith("self_attention") else "")
            self.routers[router] = (module, self._correction(modules, name))
            self.rows[router] = []
            self.hooks.append(module.register_forward_pre_hook(self._hook(router)))
        if not self.routers:
            raise SystemExit("no router is found among the modules of the model; a mixture of a known family is expected")

    def close(self):
        for hook in self.hooks:
            hook.remove()

    @staticmethod
    def _correction(modules, name):
        parent = name.rpartition(".")[0]
        for owner in (modules[name], modules[parent], modules[parent.rpartition(".")[0]]):
            for path in CORRECTIONS:
                part = owner
                for attribute in path.split("."):
                    part = getattr(part, attribute, None)
                if part is not None:
                    return part.detach().float().cpu().flatten()
        return None

    def _hook(self, router):
        def note(module, inputs):
            self.rows[router].append(inputs[0].detach().float().cpu().flatten(0, -2))
        return note

    def take(self, router):
        """What entered the router since the last call, [T, d]; its rows [E, d] and bias, its correction."""
        import torch

        (module, correction), x = self.routers[router], torch.cat(self.rows[router])
        self.rows[router] = []
        bias = getattr(module, "bias", None)
        return x, module.weight.detach().float().cpu(), bias.detach().float().cpu() if bias is not None else 0, correction


def numbers_of(config, x, rows, bias, correction, positions):
    """The tensors of one text and router, each with a row a token."""
    import torch

    logits = x @ rows.T + bias
    experts, weights = choose(config, logits, correction)
    log_p = logits.log_softmax(-1)
    out = {"experts": experts, "weights": weights, "logits": logits, "entropy": -(log_p.exp() * log_p).nan_to_num().sum(-1),
           "max_prob": log_p.amax(-1).exp()}
    if positions:
        out["position"] = x @ torch.linalg.qr(rows.T).Q
    return out


def stacked(parts):
    """[texts, tokens, …] of texts of different lengths, filled up with −1 or NaN."""
    import torch

    length = max(part.shape[0] for part in parts)
    fill = float("nan") if parts[0].is_floating_point() else -1
    return torch.stack([torch.cat([p, p.new_full((length - p.shape[0], *p.shape[1:]), fill)]) for p in parts])


def capture(model, texts, positions=False, progress=None):
    """The tensors of a file, {name: tensor}. `texts`: lists of token ids; `progress` is called with how many are done."""
    import torch

    hooks = Capture(model)
    config = getattr(model.config, "text_config", model.config)
    found, out = {}, {}
    try:
        for done, ids in enumerate(texts):
            if progress:
                progress(done)
            with torch.no_grad():
                model(torch.tensor([ids], device=next(model.parameters()).device))
            for router in hooks.routers:
                for name, rows in numbers_of(config, *hooks.take(router), positions).items():
                    found.setdefault(f"{router}.hops.0.{name}", []).append(rows)
        if positions:
            for router, (module, _) in hooks.routers.items():
                rows = module.weight.detach().float().cpu()
                out[f"{router}.rows"] = rows @ torch.linalg.qr(rows.T).Q
    finally:
        hooks.close()
    out["tokens"] = stacked([torch.tensor(ids, dtype=torch.int32) for ids in texts])
    return {**out, **{name: stacked(parts) for name, parts in found.items()}}


def pieces_of(tokenizer, texts):
    """What each id that occurs spells behind another token, {id: text}: alone, some tokenizers drop its blank."""
    before = tokenizer("a", add_special_tokens=False)["input_ids"][:1]
    start = len(tokenizer.decode(before))
    return {id: tokenizer.decode(before + [id])[start:] for id in sorted({id for ids in texts for id in ids})}


def write(path, tensors, metadata):
    """A safetensors file."""
    header, at = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": DTYPES[str(tensor.dtype).rpartition(".")[2]], "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for tensor in tensors.values():
            file.write(tensor.contiguous().numpy().tobytes())


def bar(done, of, width=40):
    full = width * done // max(of, 1)
    print(f"\r[{'=' * full}{' ' * (width - full)}] {done} of {of} texts", end="" if done < of else "\n", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--text", type=pathlib.Path, nargs="+", required=True, help="UTF-8 files")
    parser.add_argument("--lines", action="store_true", help="each line is a text")
    parser.add_argument("--length", type=int, default=1024, help="longest text in tokens; the rest of it is left out (default 1024)")
    parser.add_argument("--positions", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="auto", help="float32, bfloat16, …; default: as the model is stored")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    texts = [path.read_text(encoding="utf-8") for path in options.text]
    if options.lines:
        texts = [line for text in texts for line in text.splitlines() if line.strip()]

    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=options.dtype).to(options.device).eval()
    ids = [tokenizer(text)["input_ids"][:options.length] for text in texts]
    ids = [one for one in ids if one]
    if not ids:
        raise SystemExit("the texts have no tokens")
    tensors = capture(model, ids, options.positions, lambda done: bar(done, len(ids)))
    bar(len(ids), len(ids))
    write(options.out, tensors, {"format": "hopscope.routing/1", "model_type": model.config.model_type, "source": str(options.model),
                                 "pieces": json.dumps(pieces_of(tokenizer, ids)), "made_with": f"transformers {transformers.__version__}"})


if __name__ == "__main__":
    main()
