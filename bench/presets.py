#!/usr/bin/env python3
"""Prints the table of configs/README.md: parameters of every preset beside the paper's figure.

usage: bench/presets.py [PROGRAM]        (default: build/release/hopscope)

The paper's totals are those of arXiv 2604.14419 (Table 1, Section 5, Appendix) or follow from its
printed routing counts by the arithmetic it states; a dash: the paper prints none for that row.
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# name: (total, routing) as printed, in words where the paper rounds.
PAPER = {
    "wide_1x12": ("84,742,144", "1.57M"), "deep_3x4": ("84,742,144", "1.57M"),
    "dense_iso_param": ("84,742,144", "-"), "decoupled": ("-", "2.10M"), "magnitude": ("-", "1.57M"),
    "asymmetric": ("-", "1.57M"), "linear": ("-", "8.39M"), "cosine_d341": ("-", "8.38M"),
    "bigger_experts": ("+19.8% of Wide", "1.57M"), "hash": ("-", "0"), "random_fixed": ("-", "1.05M"),
    "top1": ("-", "1.05M"), "rank16_wide": ("-", "0.33M"), "rank16_deep": ("-", "0.33M"),
    "active_compute_m4096": ("138M", "-"), "large_static_wide_1x12": ("76M", "-"),
    "large_static_deep_3x4": ("76M", "-"), "small_deep_3x4": ("37.6M", "-"),
    "small_wide_1x12": ("37.6M", "-"), "small_static_deep_3x4": ("36M", "-"),
    "small_static_wide_1x12": ("36M", "-"), "large_wide_1x12": ("76-84M", "-"),
    "large_deep_3x4": ("76-84M", "-"), "small_curriculum": ("37.6M", "-"), "small_unrolled": ("37.6M", "-"),
}


def millions(n):
    return f"{n / 1e6:.2f}M" if n else "0"


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/release/hopscope")
    print("| preset | parameters | paper | routing counted | routing live | paper | expert FLOPs | routing FLOPs "
          "| attention | head |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for folder in ("paper", "balancing"):
        for path in sorted((ROOT / "configs" / folder).glob("*.toml")):
            info = json.loads(subprocess.run([program, "info", "--config", str(path), "--json"], check=True,
                                             capture_output=True, text=True).stdout)
            p, f = info["parameters"], info["flops_per_token"]
            total, routing = PAPER.get(path.stem, ("-", "-"))
            print(f"| {path.stem} | {p['total']:,} | {total} | {p['routing']:,} | {p['routing_live']:,} | {routing} "
                  f"| {millions(f['experts'] + f['dense'])} | {millions(f['routing'])} | {millions(f['attention'])} "
                  f"| {millions(f['head'])} |")


if __name__ == "__main__":
    main()
