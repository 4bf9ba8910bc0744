"""hopscope's model as a plain torch.nn.Module; see hopscope_io.load_model. The pass itself is that of hopscope_forward.py."""
import numpy as np
import torch

from hopscope_forward import Forward, only_sequence

NOT_LEARNED = ("router.bias",)  # moved by counting, not by gradients


class TorchOps:
    """PyTorch's spelling of NumpyOps, on the device of the parameters."""
    xp = torch

    def __init__(self, like):
        self.like = like

    def number(self, array):
        return torch.as_tensor(np.asarray(array), dtype=self.like.dtype, device=self.like.device)

    def index(self, array):
        return torch.as_tensor(np.asarray(array), dtype=torch.int64, device=self.like.device)

    def mask(self, array):
        return torch.as_tensor(np.asarray(array), dtype=torch.bool, device=self.like.device)

    def rising(self, x):
        return torch.argsort(x.detach(), dim=-1, stable=True)

    def take(self, x, index):
        return torch.gather(x, -1, index)


def hold(owner, name, value, learned=True):
    """Puts a tensor into a module under its name in model.safetensors, as a parameter or as a buffer."""
    *path, leaf = name.split(".")
    for part in path:
        if part not in owner._modules:
            owner.add_module(part, torch.nn.Module())
        owner = owner._modules[part]
    if learned:
        owner.register_parameter(leaf, torch.nn.Parameter(value))
    else:
        owner.register_buffer(leaf, value)


def held(module):
    """{name: tensor} of all that hold() put there."""
    return dict(module.named_parameters()) | dict(module.named_buffers())


class TorchModel(torch.nn.Module):
    """Parameters carry the names of model.safetensors (state_dict() has them), selection biases are buffers. Gradients flow to
    everything that training reaches; there is no dropout, train() and eval() are the same."""

    def __init__(self, tensors, config, dtype=None):
        super().__init__()
        self.config = config
        for name, array in tensors.items():
            hold(self, name, torch.tensor(np.array(array), dtype=dtype or torch.float32), not name.endswith(NOT_LEARNED))

    def forward(self, ids, routing=False):
        """Logits [..., T, V] of ids [T] or [B, T]; with routing=True also the layers of a Trace, as tensors."""
        tensors = held(self)
        if not isinstance(ids, torch.Tensor):
            ids = np.array(ids)  # a copy: arrays of a mapped file cannot be shared
        embed = tensors["embed.weight"]
        ids = torch.as_tensor(ids, dtype=torch.int64, device=embed.device)
        logits, layers = Forward(tensors, self.config, TorchOps(embed)).run(torch.atleast_2d(ids))
        if ids.ndim == 1:
            logits, layers = logits[0], only_sequence(layers)
        return (logits, layers) if routing else logits
