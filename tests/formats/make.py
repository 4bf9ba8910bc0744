#!/usr/bin/env python3
"""Writes one small file of each format that the program writes: how the newest folder here was made.

    tests/formats/make.py build/release/hopscope FOLDER

Commands run inside FOLDER, so that no path of a machine gets into a file. What is large is cut: `data/truth.json` knows ten
thousand words, of which the first of each class stay. formats_test.py makes the files anew and holds the stored ones against
them.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/imported"))
import tiny_model  # noqa: E402

CONFIG = """[model]
d_model = 8
n_layers = 2
n_heads = 2
vocab_size = 320
max_seq_len = 32
[moe]
experts = 6
top_k = 2
hops = 2
d_space = 4
[train]
steps = 4
batch = 2
seq_len = 16
warmup = 1
threads = 1
device = "cpu"
precision = "fp32"
eval_every = 2
eval_batches = 3
checkpoint_every = 4
keep_checkpoints = 1
snapshot_every = 2
[data]
train = "text.txt"
"""
FORK = ('{"command": "fork", "with": "{\\"command\\": \\"boost\\", \\"layer\\": 0, \\"expert\\": 1, \\"strength\\": 1}", '
        '"from_step": 2}\n')
LIVE = '{"command": "set", "key": "lr", "value": 0.0002, "from_step": 1}\n'
STEER = '{"command": "steer", "layer": 0, "expert": [1, 3], "lambda": 1.0}\n'
PROMPTS = '{"text": "the river", "target": " the", "categories": ["function"]}\n'
MEANINGS = "".join(f'{{"text": "{text}", "word": "bank", "meaning": "{meaning}"}}\n' for text, meaning in
                   (("the bank was wet", "shore"), ("the bank has money", "money"), ("by the bank", "shore"), ("a bank", "money")))
BATCH = '[[run]]\nconfig = "tiny.toml"\nname = "tiny"\nseeds = [42, 7]\n'
PRINTED = '{"check": "percent", "label": "a table", "from": "34.49", "to": "33.93", "printed": "-1.6"}\n'

# Each document and the command that prints it.
COMMANDS = (
    ("info_configuration.json", "info --config tiny.toml --json"),
    ("info_run.json", "info run --json"),
    ("eval.json", "eval run --json"),
    ("eval_changed.json", "eval run --halt 0.05 --json"),
    ("halting.json", "halting run --eps 0.05 --json"),
    ("halting_classes.json", "halting run --eps 0.05 --controls 2 --categories assets/categories --json"),
    ("halting_runs.json", "halting run batch/tiny-seed7 --eps 0.05 --json"),
    ("routing.json", "trace run --corpus text.txt --batches 1 --positions --out routing.safetensors --json"),
    ("trace.json", "trace run --text river --positions --json"),
    ("generate.json", "generate run --text river --tokens 3 --script steer.jsonl --json"),
    ("intervene.json", "intervene run --script steer.jsonl --prompts prompts.jsonl --controls 2 --doses 0.5,1 --json"),
    ("analysis.json", "analyze run --what echo --json"),
    ("analyses_more.json", "analyze run --against batch/tiny-seed7 --prompts meanings.jsonl --what grad_norms,polysemy --json"),
    ("analyses.json", "analyze run --what jaccard,displacement,identity,silhouette --json"),
    ("zeroshot.json", "zeroshot run --task arc_easy --file items.jsonl --json"),
    ("compare.json", "compare batch/tiny-seed42 batch/tiny-seed7 wide/seed42 wide/seed7 --resamples 100 --json"),
    ("compare_zeroshot.json", "compare zeroshot.json zeroshot.json --resamples 100 --json"),
    ("compare_printed.json", "compare --printed printed.jsonl --json"),
    ("info_model.json", "info model --json"),
    ("imported.json", "import model --experts --trace reply.json --out imported --json"),
    ("info_imported.json", "info imported --json"),
    ("route.json", "route model --layer 1 --inputs input.safetensors --json"),
    ("analyses_imported.json", "analyze imported --what load,collinearity,coupling --json"),
    ("bench.json", "bench --what route,trace --config tiny.toml --repeats 2 --json"),
    ("commands.json", "commands --json"),
    ("export.json", "export run --as transformers open --json"),
    ("tokenizer.json", "tokenizer train --input text.txt --vocab-size 320 --out tokenizer.model --json"),
)
# What a folder holds beside those, as patterns of paths.
FILES = ("imported/**/*", "model/*", "reply.json", "input.safetensors", "routing.safetensors", "analysis/echo.csv", "truth.json", "run/**/*", "race/race.json", "race/*/config.toml",
         "race/*/run.json", "race/*/metrics.csv", "batch/batch.json", "batch/batch.csv", "synthetic/run.json",
         "nan/run.json", "nan/bad_batch_1.json", "fork/run.json", "fork/difference.csv", "fork/**/state.json")


def hopscope(program, folder, words, fails=False):
    environment = dict(os.environ, OMP_NUM_THREADS="1", GOMP_SPINCOUNT="2000")
    done = subprocess.run([program, *words.split()], cwd=folder, env=environment, capture_output=True, text=True)
    if fails != bool(done.returncode):
        raise SystemExit(f"hopscope {words}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def cut_truth(text):
    """The same document with the first word of each kind of word only."""
    truth, kinds = json.loads(text), set()
    words, truth["words"] = truth["words"], []
    for word in words:
        if (kind := tuple(word["classes"])) not in kinds:
            kinds.add(kind)
            truth["words"].append(word)
    truth["two_meanings"] = truth["two_meanings"][:2]
    return json.dumps(truth)


def write_runs(program, work):
    hopscope(program, work, "train --config tiny.toml --set train.steps=2 --out run --script live.jsonl")
    hopscope(program, work, "train --out run --resume --set train.steps=4")
    hopscope(program, work, "train --config tiny.toml --out forked --script fork.jsonl")
    (work / "forked/forks/step_00000002").rename(work / "fork")
    hopscope(program, work, "race --config tiny.toml --config wide.toml --set data.tokenizer=run/tokenizer.model "
                            "--set train.eval_every=4 --out race")
    hopscope(program, work, "batch --file batch.toml --out batch")
    for seed in (42, 7):
        hopscope(program, work, f"train --config wide.toml --set train.seed={seed} --out wide/seed{seed}")
    # A loss that is no number ends the run and leaves the batch.
    hopscope(program, work, "train --config tiny.toml --set debug.nan_at_step=1 --allow-debug --out nan", fails=True)
    hopscope(program, work, "train --config tiny.toml --set data.train= --set data.source=synthetic --set train.steps=1 "
                            "--out synthetic")
    hopscope(program, work, "analyze run --what echo --out analysis")


def make(program, work):
    """All files, in `work`, which ends with nothing else in it."""
    work.mkdir(parents=True, exist_ok=True)
    lines = (HERE / "0.1/text.txt").read_text(encoding="utf-8").splitlines()[:30]
    for name, text in {"text.txt": "\n".join(lines) + "\n", "tiny.toml": CONFIG, "batch.toml": BATCH,
                       "wide.toml": CONFIG.replace("top_k = 2\nhops = 2", "top_k = 4\nhops = 1"),
                       "live.jsonl": LIVE, "fork.jsonl": FORK, "steer.jsonl": STEER, "prompts.jsonl": PROMPTS, "meanings.jsonl": MEANINGS,
                       "printed.jsonl": PRINTED, "items.jsonl": (HERE / "0.1/items.jsonl").read_text()}.items():
        (work / name).write_text(text)
    tiny_model.write(work / "model")
    (work / "reply.json").write_text(tiny_model.reply())
    (work / "input.safetensors").write_bytes(tiny_model.inputs())
    shutil.copytree(ROOT / "assets/categories", work / "assets/categories")
    write_runs(program, work)
    for name, words in COMMANDS:
        (work / name).write_text(hopscope(program, work, words))
    (work / "truth.json").write_text(cut_truth((work / "synthetic/data/truth.json").read_text()))
    kept = {path for pattern in FILES + tuple(name for name, _ in COMMANDS) for path in work.glob(pattern)}
    for path in sorted(work.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in kept or path.name == ".lock":
            path.unlink()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    make(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
