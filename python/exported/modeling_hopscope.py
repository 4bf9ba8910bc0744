"""A model that hopscope trained, for transformers: parameters, loss and what generation asks for.

    model = AutoModelForCausalLM.from_pretrained(DIR, trust_remote_code=True)
    out = model(ids, labels=ids, output_routing=True)        # out.loss, out.logits, out.routing
    model.generate(ids, max_new_tokens=20)

The pass is that of hopscope_forward.py beside this file, the one that the program itself is held against; parameters carry
the names of model.safetensors. It computes in fp32 whatever type they are kept in, has no dropout and no cache: each token
of a generation reads the text from its beginning.
"""
import dataclasses

import torch
from transformers import GenerationMixin, PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_hopscope import HopscopeConfig
from .hopscope_forward import Forward  # transformers 4 copies only what this file names itself
from .hopscope_torch import TorchOps, held, hold

IGNORED = -100  # a label that counts for nothing


@dataclasses.dataclass
class HopscopeOutput(ModelOutput):
    """loss [] nats a token, where there are labels; logits [B, T, V]; routing, where it was asked for."""
    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    #: For each layer and each of its hops, none in a dense layer: {"experts" [B, T, k], by falling weight; "weights" [B, T, k];
    #: "entropy", "max_prob" [B, T] of all its probabilities, absent of a hash router; "position" [B, T, s] in the routing space,
    #: where it has one; "update_norm", "halt_ratio" [B, T]}.
    routing: tuple | None = None


def next_token_loss(logits, labels, num_items_in_batch=None):
    """Mean NLL [] of labels [B, T] by the logits one place before; with the number of labels of all micro-batches, which
    transformers' Trainer gives, this one's part of their mean."""
    reduction = "mean" if num_items_in_batch is None else "sum"
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten().to(logits.device),
                                             ignore_index=IGNORED, reduction=reduction)
    return loss if num_items_in_batch is None else loss / num_items_in_batch


def check_mask(mask):
    """Padding behind a text changes nothing before it; padding in front would be read as text."""
    if mask is not None and mask.ndim == 2 and bool((mask[:, 1:] > mask[:, :-1]).any()):
        raise ValueError("attention_mask: padding stands before text; pad on the right (tokenizer.padding_side = \"right\"), and "
                         "generate from texts of one length at once")


class HopscopeForCausalLM(PreTrainedModel, GenerationMixin):
    config_class = HopscopeConfig
    main_input_name = "input_ids"
    base_model_prefix = ""

    def __init__(self, config):
        super().__init__(config)
        fixed = set(config.hopscope["fixed"])
        for name, shape in config.hopscope["tensors"].items():
            hold(self, name, torch.zeros(shape), name not in fixed)
        self.post_init()

    def _init_weights(self, module):
        """Nothing: a model that is not loaded stays all zeros; hopscope trains from scratch."""

    def forward(self, input_ids, attention_mask=None, labels=None, output_routing=None, return_dict=None,
                num_items_in_batch=None, **other):
        """
        input_ids [B, T]; attention_mask [B, T], 0 only behind a text; labels [B, T], as input_ids, −100 for none; other: what
        generation passes to models with a cache.
        """
        if other.get("inputs_embeds") is not None:
            raise ValueError("inputs_embeds: hash routers choose by token, so this model takes input_ids")
        check_mask(attention_mask)
        tensors = {name: tensor.float() for name, tensor in held(self).items()}
        with torch.autocast(input_ids.device.type, enabled=False):
            logits, layers = Forward(tensors, self.config.hopscope, TorchOps(tensors["embed.weight"])).run(input_ids)
        wanted = self.config.output_routing if output_routing is None else output_routing
        out = HopscopeOutput(
            loss=None if labels is None else next_token_loss(logits, labels, num_items_in_batch), logits=logits,
            routing=tuple(tuple(layer.hops) for layer in layers) if wanted else None)
        return out.to_tuple() if return_dict is False else out

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **other):
        """The whole text each time, whatever is said of a cache."""
        return {"input_ids": input_ids, "attention_mask": attention_mask}
