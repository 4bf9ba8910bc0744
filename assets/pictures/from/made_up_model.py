#!/usr/bin/env python3
"""A folder as a hub serves a model, and what a server would have recorded of it, of made-up numbers: for the picture of an
imported model. Plain Python, the same bytes each time.

    made_up_model.py FOLDER      # FOLDER/model and FOLDER/reply.json

Rows of a router lie around a few directions, hidden states of an id around one of its own, and a token goes to the experts
whose rows suit it best, so that there is something to see; nothing was trained.
"""
import base64
import json
import pathlib
import random
import struct
import sys

LAYERS, DENSE, EXPERTS, WIDTH, K, IDS, TOKENS, GROUPS = 16, 1, 64, 48, 6, 160, 600, 5


def bf16(values):
    """Rounded down, which is near enough for made-up numbers."""
    return b"".join(struct.pack("<f", value)[2:] for value in values)


def rows_of(numbers):
    centres = [[numbers.gauss(0, 1) for _ in range(WIDTH)] for _ in range(GROUPS)]
    out = []
    for _ in range(EXPERTS):
        centre = numbers.choice(centres)
        out.append([0.1 * (0.9 * c + numbers.gauss(0, 1)) for c in centre])
    return out


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "model").mkdir(parents=True)
    numbers = random.Random(5)
    config = {"model_type": "olmoe", "num_hidden_layers": LAYERS, "num_experts": EXPERTS, "num_experts_per_tok": K,
              "hidden_size": WIDTH, "norm_topk_prob": False}
    (folder / "model/config.json").write_text(json.dumps(config))
    ids = [min(int(numbers.paretovariate(0.9)), IDS) - 1 for _ in range(TOKENS)]
    header, blobs, at, chosen = {}, [], 0, []
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        if layer < DENSE:
            tensors = {prefix + "mlp.gate_proj.weight": ([2, WIDTH], [0.0] * (2 * WIDTH))}
            of_id = [[0] * K] * IDS
        else:
            rows = rows_of(numbers)
            tensors = {prefix + "mlp.gate.weight": ([EXPERTS, WIDTH], [v for row in rows for v in row]),
                       prefix + "post_attention_layernorm.weight": ([WIDTH], [1 + 0.2 * numbers.gauss(0, 1) for _ in range(WIDTH)])}
            of_id = []
            for _ in range(IDS):
                state = [numbers.gauss(0, 1) for _ in range(WIDTH)]
                scores = [sum(a * b for a, b in zip(row, state)) for row in rows]
                of_id.append(sorted(range(EXPERTS), key=lambda expert: -scores[expert])[:K])
        chosen.append(of_id)
        for name, (shape, values) in tensors.items():
            blob = bf16(values)
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + len(blob)]}
            at += len(blob)
            blobs.append(blob)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    (folder / "model/model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + b"".join(blobs))
    experts = b"".join(struct.pack(f"<{K}i", *chosen[layer][one]) for one in ids[:-1] for layer in range(LAYERS))
    reply = {"text": "", "meta_info": {"routed_experts": base64.b64encode(experts).decode()}, "prompt_token_ids": ids[:-1]}
    (folder / "reply.json").write_text(json.dumps(reply))


if __name__ == "__main__":
    main()
