#!/usr/bin/env python3
"""Trains every variant for a few steps, traces a prompt, and holds the trace against python/check_trace.py.

usage: bench/check_variants.py [--program P] [--python PYTHON_WITH_NUMPY] --out DIR

Prints a line a variant; exit code 1 if any disagrees.
"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TINY = ["model.d_model=32", "model.n_layers=2", "model.n_heads=2", "model.vocab_size=512", "moe.experts=18", "moe.hops=3",
        "moe.top_k=4", "moe.d_space=8", "train.steps=30", "train.seq_len=32", "train.warmup=5", "train.lr=1e-2",
        "train.eval_every=30", "train.eval_batches=2", "train.checkpoint_every=30", "train.threads=1"]
ROUTERS = re.findall(r"^ +ROUTER\((\w+)", (ROOT / "core/api/routers.h").read_text(), re.M)
VARIANTS = {router: [f"moe.router={router}"] for router in ROUTERS} | {
    "hash_token": ["moe.router=hash", "moe.hash_key=token"],
    "kmeans_plain_identity": ["moe.router=kmeans", "moe.kmeans=plain", "moe.kmeans_gating=identity"],
    "kmeans_two_model": ["moe.router=kmeans", "moe.kmeans=spherical_2", "moe.kmeans_space=model"],
    "per_hop": ["moe.projection=per_hop"], "identity": ["moe.projection=identity", "moe.d_space=32"],
    "kinematic": ["moe.reroute=kinematic"], "hybrid": ["moe.reroute=hybrid"], "frozen": ["moe.reroute=frozen"],
    "unrolled": ["moe.pools=unrolled"], "unrolled_frozen": ["moe.pools=unrolled", "moe.reroute=frozen"],
    "static": ["moe.expert=static"], "swiglu_shared": ["moe.expert=swiglu", "moe.expert_rank=2", "moe.shared_expert=8"],
    "rank_4": ["moe.expert_rank=4"], "grouped_silu": ["moe.composition=grouped_silu"],
    "grouped_gated": ["moe.composition=grouped_gated"], "cross_gated": ["moe.composition=cross_gated"],
    "top_1": ["moe.top_k=1"], "learned_tau": ["moe.learn_tau=true"], "scale_global": ["moe.output_scale=global"],
    "scale_per_layer": ["moe.output_scale=per_layer"], "sigmoid_loss_free": ["moe.score=sigmoid", "moe.balance=loss_free"],
    "relu": ["moe.score=relu"], "sequence": ["moe.balance=sequence"], "z_loss": ["moe.z_loss=0.01"],
    "asymmetric": ["moe.hops=[3, 1]"], "state": ["moe.returns=state"], "dense": ["model.ffn=dense", "model.d_ff=24"],
}
PROMPT = "Three sailors came home before the winter, and the town was glad."


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(ROOT / "build/release/hopscope"))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    out, bad = pathlib.Path(args.out), []
    for name, overrides in VARIANTS.items():
        run = out / name
        call = [args.program, "train", "--config", str(ROOT / "configs/first_look.toml"), "--out", str(run)]
        for item in TINY + overrides:
            call += ["--set", item]
        done = subprocess.run(call, capture_output=True, text=True)
        if done.returncode:
            bad.append(name)
            print(f"{name:24} train failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        trace = subprocess.run([args.program, "trace", str(run), "--text", PROMPT, "--positions", "--json"],
                               capture_output=True, text=True)
        (run / "trace.json").write_text(trace.stdout)
        model = sorted((run / "checkpoints").iterdir())[-1] / "model.safetensors"
        check = subprocess.run([args.python, str(ROOT / "python/check_trace.py"), str(model), str(run / "trace.json")],
                               capture_output=True, text=True)
        print(f"{name:24} {(check.stdout or check.stderr).strip().splitlines()[-1]}", flush=True)
        if check.returncode:
            bad.append(name)
    print("all agree" if not bad else "DISAGREE: " + ", ".join(bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
