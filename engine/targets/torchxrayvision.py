"""torchxrayvision's classifiers of 18 findings, with their published weights from a local file."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from engine.keys import content_key
from engine.targets.base import TargetModel
from engine.weights.digest import file_digest

NEEDS = ("torchxrayvision",)
VERSION = 1
"""Raise it when the same weights give other activations than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[target]` of a configuration with kind = "torchxrayvision"."""

    name: str
    """As torchxrayvision's `weights`, such as "densenet121-res224-all" """
    weights: Path
    """The file that torchxrayvision publishes (or keeps in ~/.torchxrayvision/models_data), or its state dict"""
    weights_key: str | None = None
    """The key of the model's state dict in the file, dotted where it is nested; by default the one that fits"""
    calibrated: bool = False
    """Whether outputs are torchxrayvision's own: probabilities, scaled so that a class's operating point is 0.5, and
    0.5 for findings that the model was not trained on. By default they are the final layer's logits."""
    ignore_keys: tuple[str, ...] = ()
    """Names or globs of weights that need not fit. The model's own tensors of these names stay random"""


def identity(options: Options, base: Path) -> str:
    weights = file_digest(base / options.weights, "target.weights")
    settings = options.model_dump(mode="json", exclude={"weights"}, exclude_none=True)
    return content_key("torchxrayvision", VERSION, weights, settings)


def load(options: Options, base: Path) -> TargetModel:
    """Builds the model and loads its weights. Raises MammiError that lists the keys when the weights do not fit.

    Classes, input and calibration are the library's. Its DenseNets are published as whole modules, whose tensors
    engine.weights reads without running the module's code; its ResNet as a state dict.
    """
    from engine.targets.models.torchxrayvision import load_network

    network = load_network(options, base)
    name = f"torchxrayvision {options.name}"
    return TargetModel(
        network.module, network.preprocess, network.classes, identity(options, base), name, network.untrained
    )
