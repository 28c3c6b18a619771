"""Builds a library's classifier with as many outputs as its weights have, and loads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from engine.errors import ConfigError
from engine.weights.checkpoint import load_strictly, match_names, read_weights


def load_classifier(
    build: Callable[[int], nn.Module], path: Path, classes: Sequence[str], ignored: Sequence[str]
) -> nn.Module:
    """`build(outputs)` with the weights at `path`; the last tensor of its state dict is the final layer's.

    The number of outputs is that of `classes`, or of the weights, or one. `ignored` are names or globs of weights that
    need not fit; parameters without weights are the same from run to run. Raises MammiError when the weights cannot be
    read, and MammiError that lists the keys when they do not fit.
    """
    weights = read_weights(path, "target.weights")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        own = build(1).state_dict()
        weights = match_names(weights, own, path, ignored, "target.ignore_keys")
        final = list(own)[-1]
        outputs = len(weights[final]) if final in weights and weights[final].ndim else len(classes) or 1
        if classes and outputs != len(classes) and final not in ignored:
            raise ConfigError(f"target.classes names {len(classes)} classes; {path} has {outputs}: list as many.")
        module = build(len(classes) or outputs)
    load_strictly(module, weights, path, ignored, "target.ignore_keys")
    return module
