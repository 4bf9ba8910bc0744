"""A small published model with random rows, as a hub serves one, and what a server recorded of it: for tests that need such a
folder and have no library to make it. Plain Python, the same bytes each time.
"""
import base64
import json
import random
import struct

CONFIG = {"architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "num_hidden_layers": 3, "first_k_dense_replace": 1,
          "hidden_size": 3, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 2, "topk_group": 2, "norm_topk_prob": True,
          "routed_scaling_factor": 2.5}
SHARDS = 2
TOKENS = (7, 3, 5, 9)
# [tokens − 1, hidden layers, k]; layer 0 is dense.
CHOICES = (0, 0, 1, 2, 3, 0, 0, 0, 0, 1, 2, 1, 0, 0, 3, 2, 0, 2)


def tensors():
    """{name: (shape, numbers)}"""
    numbers = random.Random(1)
    shapes = {"model.embed_tokens.weight": (10, 3), "lm_head.weight": (10, 3), "model.norm.weight": (3,)}
    for layer in range(3):
        prefix = f"model.layers.{layer}."
        shapes |= {prefix + "post_attention_layernorm.weight": (3,), prefix + "self_attn.o_proj.weight": (3, 3)}
        if layer == 0:
            shapes[prefix + "mlp.up_proj.weight"] = (4, 3)
            continue
        shapes |= {prefix + "mlp.gate.weight": (4, 3), prefix + "mlp.gate.e_score_correction_bias": (4,),
                   prefix + "mlp.shared_experts.up_proj.weight": (2, 3)}
        shapes |= {prefix + f"mlp.experts.{expert}.up_proj.weight": (2, 3) for expert in range(4)}
    out = {}
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        out[name] = shape, [round(numbers.uniform(-1, 1), 3) for _ in range(count)]
    # What the experts have besides came later, and leaves the numbers before it as they were.
    numbers = random.Random(2)
    for layer in (1, 2):
        for expert in range(4):
            for matrix, shape in (("gate", (2, 3)), ("down", (3, 2))):
                name = f"model.layers.{layer}.mlp.experts.{expert}.{matrix}_proj.weight"
                out[name] = shape, [round(numbers.uniform(-1, 1), 3) for _ in range(6)]
    return out


def safetensors(entries, metadata=None):
    """The bytes of a file of fp32. `entries`: {name: (shape, numbers)}"""
    header, data = {"__metadata__": metadata or {"format": "pt"}}, b""
    for name, (shape, numbers) in entries.items():
        raw = struct.pack(f"<{len(numbers)}f", *numbers)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


def reply():
    """What a server says with its routed experts asked for."""
    raw = base64.b64encode(struct.pack(f"<{len(CHOICES)}i", *CHOICES)).decode()
    return json.dumps({"prompt_token_ids": TOKENS, "choices": [{"index": 0, "text": "", "routed_experts": raw}]}) + "\n"


def inputs():
    """For `hopscope route`: two tokens."""
    return safetensors({"input": ((2, 3), [0.5, -1.0, 0.25, -0.75, 0.5, 1.0])})


def write(folder):
    """The folder of the model."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    all_tensors, places = tensors(), {}
    for shard in range(SHARDS):
        file = f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors"
        part = dict(list(all_tensors.items())[shard::SHARDS])
        places |= dict.fromkeys(part, file)
        (folder / file).write_bytes(safetensors(part))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}, indent=2) + "\n")
