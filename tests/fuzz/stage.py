"""Small valid inputs of every format that the program reads, made by the program itself: the files that are then damaged.

A part is made when a target first asks for it and kept in the stage's folder. A case gets copies of the parts it needs.
"""
import json
import lzma
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/imported"))
import tiny_model  # noqa: E402

FORMATS = ROOT / "tests/formats/0.1"

CONFIG = """[model]
d_model = 8
n_layers = 2
n_heads = 2
vocab_size = 320
max_seq_len = 32
[moe]
experts = 6
top_k = 2
hops = [2, 2]
d_space = 4
[train]
steps = 6
batch = 2
seq_len = 16
warmup = 1
threads = 1
device = "cpu"
precision = "fp32"
curriculum = [[0, 1], [2, 2]]
eval_every = 2
eval_batches = 3
checkpoint_every = 3
snapshot_every = 2
keep_checkpoints = 2
[data]
train = "text.txt"
"""
RUN_SCRIPT = """{"command": "set", "key": "lr", "value": 0.0002, "from_step": 2}
{"command": "freeze", "what": "experts", "layer": 1, "experts": [2], "from_step": 2}
{"command": "steer", "layer": 0, "expert": 1, "lambda": 0.5, "from_step": 3}
"""
SCRIPT = """{"command": "steer", "layer": 0, "expert": [1, 3], "lambda": 1.0, "tokens": [0, 2]}
{"command": "suppress", "layer": 1, "expert": 2, "neighbours": 2, "hops": [0, 1]}
{"command": "boost", "layer": 0, "expert": 4, "strength": 2.5}
{"command": "move_centroid", "layer": 1, "expert": 1, "to": [0.5, 0.5, 0.5, 0.5]}
{"command": "surgery", "layer": 0, "expert": 2, "with": "random"}
{"command": "knock_out", "layer": 1, "expert": "top"}
"""
PROMPTS = """{"text": "the river ran past", "target": " the", "categories": ["numbers"]}
{"text": "one of them sang"}
"""
MEANINGS = """{"text": "the river bank was wet", "word": "bank", "meaning": "shore"}
{"text": "the bank has his money", "word": "bank", "meaning": "money"}
{"text": "near the bank of a lake", "word": "bank", "meaning": "shore"}
"""
BATCH = """set = ["train.steps=2"]
[[run]]
config = "tiny.toml"
name = "wide"
seeds = [42, 7]
[[run]]
config = "tiny.toml"
set = ["moe.top_k=1"]
"""
WORDS = """# a list
words = ["one", "two", "the", "river", "a"]
"""
HELLASWAG = """{"ctx": "the river ran", "endings": ["past the mill", "home", "up", "to the sea"], "label": 1, "ind": 4}
{"ctx_a": "the bird sat.", "ctx_b": "it", "activity_label": "Birds", "endings": ["sang", "ran", "fell", "slept"], "label": "0"}
"""
WINOGRANDE = """{"sentence": "the bird saw the wall because _ was near", "option1": "it", "option2": "the mill", "answer": "2"}
{"sentence": "the light went out, so _ slept", "option1": "they", "option2": "he", "answer": "1"}
"""


def environment(folder):
    """Without a screen, with one thread, and with a folder for temporary files of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "HOPSCOPE_DATA")}
    return dict(kept, OMP_NUM_THREADS="1", GOMP_SPINCOUNT="2000", TMPDIR=str(folder), TERM="dumb")


class Stage:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "tmp").mkdir(parents=True, exist_ok=True)

    def call(self, *arguments, folder=None):
        done = subprocess.run([self.program, *arguments], cwd=folder or self.folder, env=environment(self.folder / "tmp"),
                              stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            raise SystemExit(f"the stage cannot be set: hopscope {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def part(self, name):
        """The path of a part, made if it is not there yet."""
        path = self.folder / name
        if not path.exists():
            MAKE[name](self, path)
        return path

    def put_into(self, folder, names):
        for name in names:
            path = self.part(name)
            if path.is_dir():
                shutil.copytree(path, folder / name, symlinks=True)
            else:
                shutil.copy(path, folder / name)


def text_file(text):
    return lambda stage, path: path.write_bytes(text if isinstance(text, bytes) else text.encode())


def make_run(*more):
    def make(stage, path):
        for name in ("tiny.toml", "text.txt", "run_script.jsonl"):
            stage.part(name)
        stage.call("train", "--config", "tiny.toml", "--out", path.name, "--script", "run_script.jsonl", *more)
        # The newest checkpoint without hashes, as those of version 0.1: what is damaged in it is then read, not just compared.
        newest = max(path.glob("checkpoints/step_*")) / "state.json"
        state = json.loads(newest.read_text())
        state.pop("hashes", None)
        newest.write_text(json.dumps(state, indent=2))
    return make


def make_race(stage, path):
    for name in ("deep.toml", "wide.toml", "text.txt"):
        stage.part(name)
    stage.call("race", "--config", "deep.toml", "--config", "wide.toml", "--out", path.name, "--set", "train.steps=4")


def make_synthetic(stage, path):
    """A run on generated text, and of its truth as much as a mutation is likely to meet."""
    stage.part("tiny.toml")
    stage.call("train", "--config", "tiny.toml", "--out", path.name, "--set", "data.source=synthetic", "--set", "data.train=",
               "--set", "train.steps=2")
    for name in ("train.txt", "valid.txt"):
        (path / "data" / name).unlink()
    truth = json.loads((path / "data/truth.json").read_text())
    truth["words"] = truth["words"][:60]
    (path / "data/truth.json").write_text(json.dumps(truth))
    # A run whose truth has no hash, as those of version 0.1: what is damaged is then read, not just compared.
    info = json.loads((path / "run.json").read_text())
    info["corpus_hashes"].pop("truth", None)
    (path / "run.json").write_text(json.dumps(info, indent=2))


def make_document(*arguments):
    def make(stage, path):
        for name in ("run", "script.jsonl", "items.jsonl", "prompts.jsonl", "tiny.toml", "text.txt"):
            stage.part(name)
        path.write_bytes(stage.call(*arguments))
        shutil.rmtree(stage.folder / "run/analysis", ignore_errors=True)
    return make


def make_corpus(stage, path):
    """A folder with plain and packed texts."""
    (path / "below").mkdir(parents=True)
    text = stage.part("text.txt").read_bytes()
    (path / "a.txt").write_bytes(text[:6000])
    (path / "below/b.txt.xz").write_bytes(lzma.compress(text[6000:]))


def make_words(stage, path):
    path.mkdir()
    (path / "numbers.toml").write_text(WORDS)
    (path / "geographic.toml").write_text('words = ["river", "hill"]\n')


def make_imported(stage, path):
    stage.part("model"), stage.part("reply.json")
    stage.call("import", "model", "--trace", "reply.json", "--out", path.name)


def make_fork(stage, path):
    """A run whose fork went its own way."""
    (stage.folder / "fork.jsonl").write_text('{"command": "fork", "with": "{\\"command\\": \\"freeze\\", \\"what\\": \\"routing\\"}", '
                                            '"from_step": 2}\n')
    stage.part("tiny.toml"), stage.part("text.txt")
    stage.call("train", "--config", "tiny.toml", "--out", path.name, "--script", "fork.jsonl")


MAKE = {
    "tiny.toml": text_file(CONFIG),
    "deep.toml": text_file(CONFIG),
    "wide.toml": text_file(CONFIG.replace("hops = [2, 2]", "hops = [2, 1]")),
    "batch.toml": text_file(BATCH),
    "text.txt": lambda stage, path: path.write_bytes((FORMATS / "text.txt").read_bytes()),
    "text.txt.xz": lambda stage, path: path.write_bytes(lzma.compress(stage.part("text.txt").read_bytes())),
    "script.jsonl": text_file(SCRIPT),
    "run_script.jsonl": text_file(RUN_SCRIPT),
    "prompts.jsonl": text_file(PROMPTS),
    "meanings.jsonl": text_file(MEANINGS),
    "prompt.txt": text_file("the river ran\n<|endoftext|>\npast the mill"),
    "lines.txt": text_file("the river\nran past\n\n the old mill\n"),
    "ids.txt": text_file("4 7 12\n\n300 3 2\n"),
    "items.jsonl": lambda stage, path: path.write_bytes((FORMATS / "items.jsonl").read_bytes()),
    "hellaswag.jsonl": text_file(HELLASWAG),
    "winogrande.jsonl": text_file(WINOGRANDE),
    "claims.jsonl": lambda stage, path: path.write_bytes((ROOT / "assets/printed/st_moe.jsonl").read_bytes()),
    "corpus": make_corpus,
    "model": lambda stage, path: tiny_model.write(path),
    "reply.json": text_file(tiny_model.reply()),
    "input.safetensors": text_file(tiny_model.inputs()),
    "imported": make_imported,
    "words": make_words,
    "run": make_run(),
    "second": make_run("--set", "train.seed=7", "--set", "train.steps=4"),
    "forked": make_fork,
    "synthetic": make_synthetic,
    "race": make_race,
    "m.model": lambda stage, path: path.write_bytes((stage.part("run") / "tokenizer.model").read_bytes()),
    "eval.json": make_document("eval", "run", "--batches", "3", "--json"),
    "zeroshot.json": make_document("zeroshot", "run", "--task", "arc_easy", "--file", "items.jsonl", "--json"),
    "halting.json": make_document("halting", "run", "--batches", "1", "--repeats", "1", "--json"),
}
