#!/usr/bin/env python3
"""Holds the scores of `hopscope zeroshot` against an independent forward pass in NumPy fp64 and the published task files.

Prompts are built here from the file; only their tokens come from `hopscope trace`, whose experts are checked on the way
(check_trace.py). Items that the model cannot read whole are left out.

    hopscope zeroshot RUN --task arc_easy --file F --json > zero.json
    python/check_zeroshot.py --hopscope build/release/hopscope RUN zero.json F --items 0,17,99

Every score must agree to 1e-3 nats. Needs Python 3.11 and NumPy. Exit code 0: agrees; 1: it does not.
"""
import argparse
import json
import lzma
import pathlib
import re
import subprocess
import sys

import numpy as np

from check_trace import check

TOLERANCE = 1e-3


def clean(text):
    text = re.sub(r"\[.*?\]", "", text.replace(" [title]", ". "))
    return re.sub(" +", " ", text).strip(" ")


def questions(task, line):
    """[(context, continuation, bytes of the choice)] of one line, and the index of the right one."""
    if task == "hellaswag":
        context, endings = line.get("ctx"), line["endings"]
        if "ctx_a" in line:
            context = clean(f"{line['activity_label']}: {line['ctx_a']} {line['ctx_b'].capitalize()}")
            endings = [clean(e) for e in endings]
        return [(context, " " + e, e) for e in endings], int(line["label"])
    if task == "arc_easy":
        q, choices = line["question"]["stem"], line["question"]["choices"]
        labels = [c["label"] for c in choices]
        key = line["answerKey"] if line["answerKey"] in labels else "ABCDE"[int(line["answerKey"]) - 1]
        return [(f"Question: {q}\nAnswer:", " " + c["text"], c["text"]) for c in choices], labels.index(key)
    before, after = line["sentence"].split("_")
    return [(before + o, after, o) for o in (line["option1"], line["option2"])], int(line["answer"]) - 1


def log_likelihood(program, run, model_file, context, continuation):
    """Summed ln P of the tokens that end behind the context, or None where the text is too long."""
    call = subprocess.run([program, "trace", run, "--json", "--positions", "--text", context + continuation],
                          capture_output=True, text=True)
    if call.returncode == 2 and "max_seq_len" in call.stderr:
        return None
    call.check_returncode()
    trace = json.loads(call.stdout)
    model, log_p = check(model_file, trace)
    ids = model.trace.tokens
    if model.wrong:
        raise SystemExit(f"wrong experts in the trace of {context + continuation!r}: {model.wrong}")
    border = len(context.encode())
    return sum(log_p[i - 1, ids[i]] for i, t in enumerate(trace["tokens"]) if i and t["end"] > border)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("scores", help="hopscope.zeroshot/1")
    parser.add_argument("file", help="the task's file")
    parser.add_argument("--items", default="0", help="numbers from 0, separated by commas")
    parser.add_argument("--hopscope", default="hopscope")
    args = parser.parse_args()
    with open(args.scores, encoding="utf-8") as f:
        document = json.load(f)
    opened = lzma.open if args.file.endswith(".xz") else open
    with opened(args.file, "rt", encoding="utf-8") as f:
        lines = [json.loads(line) for line in f if line.strip()]
    model_file = pathlib.Path(args.run) / f"checkpoints/step_{document['step']:08d}/model.safetensors"
    worst, scores, skipped = 0.0, 0, 0
    for number in map(int, args.items.split(",")):
        item = document["per_item"][number]
        choices, gold = questions(document["task"], lines[number])
        sums = [log_likelihood(args.hopscope, args.run, model_file, c, t) for c, t, _ in choices]
        if None in sums:
            skipped += 1
            continue
        norm = [s / len(choice.encode()) for s, (_, _, choice) in zip(sums, choices)]
        worst = max([worst] + [abs(a - b) for a, b in zip(sums + norm, item["scores"] + item["scores_norm"])])
        scores += len(sums)
        if gold != item["gold"] or len(sums) != len(item["scores"]):
            raise SystemExit(f"item {number}: gold {item['gold']}, {gold} in the file")
        if item["pred"] != int(np.argmax(item["scores"])) or item["pred_norm"] != int(np.argmax(item["scores_norm"])):
            raise SystemExit(f"item {number}: pred is not the highest score")
    print(f"{document['task']}: {scores} scores, largest difference {worst:.2e} nats; {skipped} items too long")
    sys.exit(0 if worst <= TOLERANCE and scores else 1)


if __name__ == "__main__":
    main()
