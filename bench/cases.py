"""What bench/compare times: pieces of work by name, with the settings of both sides and the forms of stock PyTorch. Plain values."""
import dataclasses


@dataclasses.dataclass
class Case:
    what: str
    settings: list            # --set of both sides
    forms: tuple              # of stock PyTorch
    twins: dict = dataclasses.field(default_factory=dict)  # {name: settings} of our own dense models, timed in the same rounds
    dropout: float = 0.0


MOE = ("gather", "embedding_bag", "dense_mask")
# Results are compared without dropout; the first updates are whole ones and decay a lot, so that a wrong optimizer shows in the losses.
ALIKE = ["model.dropout=0", "train.warmup=1", "train.lr=3e-4", "train.weight_decay=3"]
DEEP, WIDE = ["moe.top_k=4", "moe.hops=3"], ["moe.top_k=12", "moe.hops=1"]
# d_ff of as many active, and of as many, parameters as the mixture.
TINY_TWINS = {"dense_equal_flops": ["model.ffn=dense", "model.d_ff=12"], "dense_equal_parameters": ["model.ffn=dense", "model.d_ff=320"]}
PAPER = ["model.d_model=1024", "moe.experts=1024", "model.vocab_size=32000", "train.batch=8", "train.seq_len=512"]
PAPER_STEP = ALIKE + PAPER + ["model.n_layers=8", "model.n_heads=16", "train.grad_accum=1"]
PAPER_TWINS = {"dense_equal_flops": ["model.ffn=dense", "model.d_ff=12"], "dense_equal_parameters": ["model.ffn=dense", "model.d_ff=1120"]}

CASES = {
    "experts.tiny": Case("experts", ALIKE + WIDE, MOE),
    "experts.tiny_k4": Case("experts", ALIKE + ["moe.top_k=4"], MOE),
    "route.tiny": Case("route", ALIKE + WIDE, ("chain",)),
    "classifier.tiny": Case("classifier", ALIKE, ("linear_cross_entropy",)),
    "step.wide": Case("step", ALIKE + WIDE, MOE, twins=TINY_TWINS),
    "step.deep": Case("step", ALIKE + DEEP, MOE, twins=TINY_TWINS),
    "step.wide_dropout": Case("step", ALIKE + WIDE, MOE, dropout=0.1),
    "step.dense_equal_flops": Case("step", ALIKE + TINY_TWINS["dense_equal_flops"], ("dense",)),
    "step.dense_equal_parameters": Case("step", ALIKE + TINY_TWINS["dense_equal_parameters"], ("dense",)),
    "experts.paper": Case("experts", ALIKE + PAPER + WIDE, MOE),
    "experts.paper_k4": Case("experts", ALIKE + PAPER + ["moe.top_k=4"], MOE),
    "experts.paper_k48": Case("experts", ALIKE + PAPER + ["moe.top_k=48"], MOE),
    "route.paper": Case("route", ALIKE + PAPER + WIDE, ("chain",)),
    "classifier.paper": Case("classifier", ALIKE + PAPER, ("linear_cross_entropy",)),
    "step.paper_wide": Case("step", PAPER_STEP + WIDE, MOE, twins=PAPER_TWINS),
    "step.paper_deep": Case("step", PAPER_STEP + DEEP, MOE, twins=PAPER_TWINS),
    "step.paper_dense_equal_flops": Case("step", PAPER_STEP + PAPER_TWINS["dense_equal_flops"], ("dense",)),
    "step.paper_dense_equal_parameters": Case("step", PAPER_STEP + PAPER_TWINS["dense_equal_parameters"], ("dense",)),
}
# Those of the paper's whole step are for a GPU: a CPU takes a minute an update.
CPU_CASES = [name for name in CASES if not name.startswith(("step.paper", "classifier.paper")) and name != "experts.paper_k48"]
QUICK_FORMS = ("gather", "dense_mask")  # that --quick compiles on a GPU, in the last precision
QUICK_CASES = {"cpu": ["experts.tiny", "step.wide", "step.deep"], "cuda": ["experts.paper", "step.paper_wide", "step.paper_deep"]}
