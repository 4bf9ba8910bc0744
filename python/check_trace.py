#!/usr/bin/env python3
"""Holds `hopscope trace` against an independent forward pass in NumPy fp64 (hopscope_forward.py, written from docs/definitions.md alone).

Every router, pool, re-routing, expert kind and composition; bench/check_variants.py runs it on all of them.

    hopscope trace RUN --text "…" --positions --json > trace.json
    python/check_trace.py RUN/checkpoints/step_N/model.safetensors trace.json

Every token's NLL must agree to 2e-4, and every expert choice whose score gap exceeds 5e-5; smaller exchanges are followed
(the traced choice is taken over) and counted. Needs Python 3.11 and NumPy. Exit code 0: agrees; 1: it does not.
"""
import argparse
import sys

import numpy as np

from hopscope_forward import Forward, NumpyModel, only_sequence
from hopscope_io import load_trace, load_weights, log_softmax, token_nll

NLL_TOLERANCE = 2e-4
GAP_TOLERANCE = 5e-5


class Checked(Forward):
    """Takes the traced choices over and notes where they are not its own."""

    def __init__(self, model, trace):
        super().__init__(model.tensors, model.config, model.ops)
        self.trace = trace
        self.worst_gap, self.worst, self.exchanges, self.wrong = 0.0, 0.0, 0, []

    def choices(self, keys, gains, layer, hop, offset):
        """Exchanges of experts whose scores are closer than the tolerance are rounding; others are wrong."""
        own = super().choices(keys, gains, layer, hop, offset)
        traced = self.trace.layers[layer].hops[hop]["experts"] - offset
        for token, chosen in enumerate(traced):
            mine, theirs = set(own[token].tolist()), set(chosen.tolist())
            if mine != theirs:
                gap = abs(min(keys[token, list(mine - theirs)]) - min(keys[token, list(theirs - mine)]))
                self.worst_gap = max(self.worst_gap, gap)
                self.exchanges += 1
                if gap > GAP_TOLERANCE:
                    self.wrong.append((layer, hop, token, gap))
        return traced

    def compare(self, mine, theirs):
        if np.isnan(theirs).any() or mine.shape != theirs.shape:
            return False
        self.worst = max(self.worst, float(np.abs(mine - theirs).max(initial=0)))
        return True

    def check(self):
        """Log-probabilities [T, V]; differences of everything the trace says are gathered on the way."""
        with np.errstate(over="ignore"):
            logits, layers = self.run(self.trace.tokens[None])
        for l, (layer, traced) in enumerate(zip(only_sequence(layers), self.trace.layers, strict=True)):
            fits = [self.compare(getattr(layer, n), getattr(traced, n)) for n in ("attention_norm", "update_norm")]
            for hop, of in zip(layer.hops, traced.hops, strict=True):
                fits.append(hop["experts"].tolist() == of["experts"].tolist())
                fits += [self.compare(hop[n], of[n]) for n in ("weights", "update_norm", "halt_ratio")]
                for name in ("entropy", "max_prob"):  # a hash router has neither
                    fits.append(self.compare(hop[name], of[name]) if name in hop else bool(np.isnan(of[name]).all()))
                if "position" in of:
                    fits.append("position" in hop and self.compare(hop["position"], of["position"]))
            if not all(fits):
                self.wrong.append((l, -1, -1, 0.0))
        return log_softmax(logits[0])


def check(model_file, document):
    """A finished Checked and its log-probabilities, for the model and the trace (a path or the parsed JSON)."""
    checked = Checked(NumpyModel(*load_weights(model_file)), load_trace(document))
    return checked, checked.check()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("trace")
    args = parser.parse_args()
    model, log_p = check(args.model, args.trace)
    trace = model.trace
    ids = trace.tokens
    nll = np.nanmax(np.abs(token_nll(log_p, ids) - trace.nll), initial=0)
    top = np.abs(np.exp(np.take_along_axis(log_p, trace.next_token, -1)) - trace.next_p).max()
    print(f"{len(ids)} tokens; largest differences: NLL {nll:.2e}, next-token P {top:.2e}, hop numbers {model.worst:.2e}; "
          f"exchanged choices {model.exchanges} (largest gap {model.worst_gap:.1e}), wrong choices {len(model.wrong)}")
    sys.exit(0 if nll <= NLL_TOLERANCE and not model.wrong else 1)


if __name__ == "__main__":
    main()
