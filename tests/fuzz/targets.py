"""What is damaged and who reads it: a row for each format, with the calls that open a file of it."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    file: str     # what is changed, in the case's folder; "" = the arguments, "-" = what comes through stdin
    kind: str     # how, a key of mutations.KINDS
    calls: tuple  # one is drawn; "! …" is refused in any case, so the file must not matter
    needs: tuple  # parts of the stage beside it
    may_name: str = ""  # a pattern: what a message names where not the file
    may_write: tuple = ()  # beginnings of paths that a call may change or leave
    late: bool = False  # may be refused in the middle of training, whose files stay
    grows: bool = False  # may be as large as it likes, and takes as long
    long: bool = False  # may run on legitimately, and is then stopped by a signal
    mib: int = 0  # memory that a good file may need; 0: as the command line says


EVAL = "eval run --batches 2 --json"
RESUME = "train --resume --out run --set train.steps=8"
ANALYZE = "analyze run --json --what "
READS_MODEL = (EVAL, "trace run --text river --json --positions", "generate run --text the --tokens 3 --json", "info run --json",
               ANALYZE + "load,norms,identity,collinearity", "halting run --batches 1 --repeats 1 --json", RESUME)
RUN = ("run", "text.txt", "tiny.toml")
IMPORT = "import model --experts --trace reply.json --out new --json"
ROUTE = "route model --layer 1 --inputs input.safetensors --json"
ANALYZE_IMPORTED = "analyze imported --json --what load,jaccard,collinearity,coactivation"
MODEL = ("model", "reply.json", "input.safetensors")
RUN_WRITES = ("run/",)
NOT_FINITE = r"\bnan\b|\binf\b|NaN|not (a )?finite|no finite|infinite"  # such weights are valid files; what comes of them is said of the run
NO_FIT = "run and second do not"
IN_A_PLAN = r'command "|script: |freeze experts'  # a command that fits no expert of this model is named itself

TARGETS = (
    Target("config", "tiny.toml", "text", ("info --config tiny.toml --json",) * 3 + ("train --config tiny.toml --out new",),
           ("tiny.toml", "text.txt"), may_write=("new", "runs"), long=True, mib=800,  # an empty file is the default model
           may_name=r"text|corpus|tokeniz|vocab|new|the configuration tiny: "),
    Target("set", "", "", ("info --config tiny.toml --set moe.top_k=2 --set train.lr=1e-3 --set moe.hops=[1,2] --json",
                           "train --config tiny.toml --out new --set train.steps=2 --set data.separator=x"),
           ("tiny.toml", "text.txt"), may_write=("",), long=True),
    Target("batch", "batch.toml", "text", ("batch --file batch.toml --out out --json",), ("batch.toml", "tiny.toml", "text.txt"),
           may_write=("out",), long=True, may_name=r"tiny\.toml|\.toml"),
    Target("run.json", "run/run.json", "json", ("info run --json", EVAL, RESUME, "compare run second --json", ANALYZE + "phases",
                                               "trace run --text a --json"), RUN + ("second",), may_write=RUN_WRITES,
           may_name=NO_FIT),
    Target("config.toml", "run/config.toml", "text", ("info run --json", EVAL, RESUME, "compare run second --json",
                                                     ANALYZE + "convergence"), RUN + ("second",), may_write=RUN_WRITES, long=True,
           may_name=NO_FIT + r"|config|safetensors|checkpoint|tokens|vocab"),
    Target("state.json", "run/checkpoints/step_00000006/state.json", "json", (EVAL, RESUME, "info run --json", "trace run --text a"),
           RUN, may_write=RUN_WRITES),
    Target("model", "run/checkpoints/step_00000006/model.safetensors", "tensors", READS_MODEL, RUN, may_write=RUN_WRITES,
           may_name=NOT_FINITE),
    Target("optimizer", "run/checkpoints/step_00000006/optimizer.safetensors", "tensors", (RESUME, RESUME, EVAL), RUN,
           may_write=RUN_WRITES, may_name=NOT_FINITE),
    Target("metrics.csv", "run/metrics.csv", "text", (RESUME, ANALYZE + "phases", ANALYZE + "convergence,grad_norms"), RUN,
           may_write=RUN_WRITES, may_name="no update is recorded", grows=True),
    Target("events", "run/events.jsonl", "lines", (RESUME, "train --config tiny.toml --out new --script run/events.jsonl",
                                                  "info run --json"), RUN, may_write=RUN_WRITES + ("new",), long=True, late=True,
           may_name=IN_A_PLAN + "|" + NOT_FINITE),
    # Two runs that do not fit each other are named themselves.
    Target("eval_file", "run/eval/step_00000006.json", "json", ("compare run second --json --resamples 100",
                                                               ANALYZE + "convergence", RESUME), RUN + ("second",),
           may_write=RUN_WRITES, may_name=NO_FIT),
    Target("geometry", "run/geometry/step_00000004.safetensors", "tensors", (ANALYZE + "drift", ANALYZE + "saturation",
                                                                            ANALYZE + "jaccard"), RUN),
    Target("train.tokens", "run/data/train.tokens", "bytes", ("eval run --batches 1 --split train", RESUME,
                                                             "trace run --split train --batches 1 --out t.safetensors"), RUN,
           may_write=RUN_WRITES + ("t.safetensors",)),
    Target("valid.tokens", "run/data/valid.tokens", "bytes", (EVAL, RESUME, ANALYZE + "dictionary,confidence"), RUN,
           may_write=RUN_WRITES),
    Target("run_tokenizer", "run/tokenizer.model", "bytes", ("trace run --text river --json", EVAL, RESUME,
                                                            "generate run --text the --tokens 2", ANALYZE + "contexts"), RUN,
           may_write=RUN_WRITES),
    Target("tokenizer", "m.model", "bytes", ("tokenizer encode --model m.model < lines.txt",
                                            "tokenizer decode --model m.model < ids.txt", "tokenizer encode --model m.model --pieces"
                                            " < lines.txt", "train --config tiny.toml --set data.tokenizer=m.model --out new"),
           ("m.model", "lines.txt", "ids.txt", "tiny.toml", "text.txt"), may_write=("new",)),
    Target("corpus", "text.txt", "bytes", ("eval run --corpus text.txt --batches 2", "train --config tiny.toml --out new",
                                          "tokenizer train --input text.txt --vocab-size 320 --out n.model",
                                          "trace run --corpus text.txt --batches 1 --out t.safetensors"), RUN,
           may_write=("new", "n.model", "t.safetensors"), grows=True, may_name=r"vocab|tokenizer"),
    Target("corpus_text", "text.txt", "text", ("eval run --corpus text.txt --batches 2", "train --config tiny.toml --out new",
                                              "tokenizer train --input text.txt --vocab-size 320 --type unigram --out n.model"), RUN,
           may_write=("new", "n.model"), grows=True, may_name=r"vocab|tokenizer"),
    Target("packed", "text.txt.xz", "xz", ("eval run --corpus text.txt.xz --batches 2 --json",
                                          "tokenizer train --input text.txt.xz --vocab-size 320 --out n.model"),
           RUN + ("text.txt.xz",), may_write=("n.model",), grows=True, may_name=r"vocab|tokenizer"),
    Target("folder", "corpus/below/b.txt.xz", "xz", ("eval run --corpus corpus --batches 2 --json",
                                                    "tokenizer train --input corpus --vocab-size 320 --out n.model"),
           RUN + ("corpus",), may_write=("n.model",), grows=True, may_name=r"vocab|tokenizer"),
    Target("prompt", "prompt.txt", "text", ("trace run --text-file prompt.txt --json", "trace run --cut --text-file prompt.txt --json"),
           RUN + ("prompt.txt",), may_name=r"prompt|tokens"),
    Target("prompts", "prompts.jsonl", "lines", ("intervene run --script script.jsonl --prompts prompts.jsonl --controls 2 --json"
                                                " --categories words",), RUN + ("prompts.jsonl", "script.jsonl", "words")),
    Target("meanings", "meanings.jsonl", "lines", (ANALYZE + "polysemy --prompts meanings.jsonl",), RUN + ("meanings.jsonl",)),
    Target("script", "script.jsonl", "lines", ("intervene run --script script.jsonl --prompts prompts.jsonl --controls 1 --categories words --json",
                                              "trace run --text river --script script.jsonl --json",
                                              "generate run --text a --tokens 2 --script script.jsonl --json",
                                              "zeroshot run --task arc_easy --file items.jsonl --script script.jsonl --json"),
           RUN + ("script.jsonl", "prompts.jsonl", "items.jsonl", "words"), may_write=("run/analysis",),
           may_name=IN_A_PLAN),
    Target("run_script", "run_script.jsonl", "lines", ("train --config tiny.toml --out new --script run_script.jsonl",),
           ("tiny.toml", "text.txt", "run_script.jsonl"), may_write=("new",), long=True, late=True,
           may_name=IN_A_PLAN + r"|take back|" + NOT_FINITE),
    Target("categories", "words/numbers.toml", "text", ("intervene run --script script.jsonl --prompts prompts.jsonl --controls 1"
                                                       " --categories words --json",
                                                       ANALYZE + "category_search --categories words"),
           RUN + ("words", "script.jsonl", "prompts.jsonl"), may_name="geographic|categor"),
    Target("arc_easy", "items.jsonl", "lines", ("zeroshot run --task arc_easy --file items.jsonl --json",), RUN + ("items.jsonl",),
           may_write=("run/analysis",)),
    Target("hellaswag", "hellaswag.jsonl", "lines", ("zeroshot run --task hellaswag --file hellaswag.jsonl --json",),
           RUN + ("hellaswag.jsonl",), may_write=("run/analysis",)),
    Target("winogrande", "winogrande.jsonl", "lines", ("zeroshot run --task winogrande --file winogrande.jsonl --json",),
           RUN + ("winogrande.jsonl",), may_write=("run/analysis",)),
    Target("answers", "zeroshot.json", "json", ("compare zeroshot.json zeroshot.json --json",), ("zeroshot.json",)),
    Target("losses", "eval.json", "json", ("compare eval.json run --json --resamples 100", "compare eval.json eval.json --json"
                                          " --resamples 100"), RUN + ("eval.json",), may_name="run"),
    Target("model_config", "model/config.json", "json", ("info model --json", IMPORT, ROUTE), MODEL, may_write=("new",),
           may_name=r"model|layer"),
    Target("model_index", "model/model.safetensors.index.json", "json", ("info model --json", IMPORT, ROUTE), MODEL,
           may_write=("new",), may_name=r"model"),
    Target("model_shard", "model/model-00001-of-00002.safetensors", "tensors", ("info model --json", IMPORT, ROUTE), MODEL,
           may_write=("new",), may_name=r"model"),
    Target("served_trace", "reply.json", "json", (IMPORT,), MODEL, may_write=("new",)),
    Target("route_inputs", "input.safetensors", "tensors", (ROUTE,), MODEL, may_name=NOT_FINITE),
    Target("imported.json", "imported/imported.json", "json", ("info imported --json", ANALYZE_IMPORTED), ("imported",),
           may_name=r"imported"),
    Target("imported_rows", "imported/geometry/step_00000000.safetensors", "tensors", (ANALYZE_IMPORTED,), ("imported",)),
    Target("imported_trace", "imported/traces/reply.safetensors", "tensors", (ANALYZE_IMPORTED,), ("imported",)),
    Target("foreign", "halting.json", "json", ("! compare run halting.json --json", "! info halting.json --json"), RUN + ("halting.json",)),
    Target("claims", "claims.jsonl", "lines", ("compare --printed claims.jsonl --json",), ("claims.jsonl",)),
    Target("race.json", "race/race.json", "json", ("race --resume --out race --config deep.toml --config wide.toml --json",
                                                  "race --resume --out race --set train.steps=5", "! info race --json"),
           ("race", "deep.toml", "wide.toml", "text.txt"), may_write=("race/",), may_name=r"deep\.toml|race"),
    Target("truth", "synthetic/data/truth.json", "json", ("analyze synthetic --what category_search,dictionary --json",
                                                         "analyze synthetic --what contexts,grammar --json",
                                                         "intervene synthetic --script script.jsonl --prompts prompts.jsonl"
                                                         " --controls 1 --categories words --json"), ("synthetic", "script.jsonl", "prompts.jsonl", "words")),
    Target("difference", "forked/forks/step_00000002/difference.csv", "text", ("info forked/forks/step_00000002 --json",
                                                                              "train --resume --out forked --set train.steps=8",
                                                                              "analyze forked/forks/step_00000002 --what phases"
                                                                              " --json"), ("forked", "text.txt", "tiny.toml"),
           may_write=("forked/",)),
    Target("encode", "-lines.txt", "text", ("tokenizer encode --model m.model", "tokenizer encode --model m.model --pieces",
                                           "trace run --text-file - --json"), RUN + ("m.model", "lines.txt"),
           may_name="stdin|line|prompt|tokens"),
    Target("decode", "-ids.txt", "text", ("tokenizer decode --model m.model",), ("m.model", "ids.txt"), may_name="stdin|line"),
    Target("arguments", "", "", (
        "eval run --corpus text.txt --split valid --batches 2 --hops 1 --top-k 2 --tau 30 --halt 0.05 --freeze-routing --json --out o",
        "trace run --text river --positions --cut --precision fp32 --json", "trace run --split valid --batches 1 --half --out t.st",
        "generate run --text the --tokens 3 --temperature 0.8 --top-p 0.9 --seed 42 --json",
        "analyze run --what load,jaccard --against second --seed 3 --out out --json",
        "intervene run --script script.jsonl --prompts prompts.jsonl --categories words --controls 2 --seed 1 --doses 0.5,1 --json",
        "halting run --eps 0.02,0.1 --batches 1 --repeats 1 --json", "compare run second --margin 0.03 --block 5,10 --resamples 100"
        " --seed 3 --json", "zeroshot run --task arc_easy --file items.jsonl --items 1 --json", "info run --json",
        IMPORT, ROUTE + " --pool mlp", ANALYZE_IMPORTED + " --out out", "info --config tiny.toml --set moe.top_k=1", "tokenizer train --input text.txt --vocab-size 320 --out n.model --seed 3 --json",
        "tokenizer decode --model m.model < ids.txt", "train --config tiny.toml --out new --set train.steps=1 --device cpu --json",
        "train --resume --out run --set train.steps=7", "commands --json", "! explore run --start", "--version", "race --out r2 --config tiny.toml --config deep.toml", "batch --file batch.toml --out b", "! bench --what nothing --repeats 1"),
           RUN + MODEL + ("imported", "second", "script.jsonl", "prompts.jsonl", "items.jsonl", "m.model", "ids.txt",
                  "batch.toml", "deep.toml", "words"), may_write=("",),
           long=True),
)
