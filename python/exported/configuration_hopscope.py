"""The configuration of a model that hopscope trained, as transformers keeps it (hopscope export RUN --as transformers DIR)."""
from transformers import PretrainedConfig


class HopscopeConfig(PretrainedConfig):
    """config.json of such a folder.

    hopscope: the run it came from ("run", "step", "config_hash", "program_version"), its tables "model" and "moe" as in
        config.toml, which alone the pass reads, "tensors", the shape of each tensor in model.safetensors, and "fixed", the
        names of those that no gradient moves.
    output_routing: whether each call gives what its routers chose.
    Everything else repeats these tables under the names that other programs look for.
    """
    model_type = "hopscope"

    def __init__(self, hopscope=None, output_routing=False, **more):
        self.hopscope = hopscope if hopscope is not None else {"model": {}, "moe": {}, "tensors": {}, "fixed": []}
        self.output_routing = output_routing
        super().__init__(**more)
