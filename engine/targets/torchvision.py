"""Any of torchvision's classifiers by name, with the user's own weights."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from engine.keys import content_key
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from engine.weights.digest import file_digest

VERSION = 1
"""Raise it when the same weights give other activations than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[target]` of a configuration with kind = "torchvision"."""

    name: str
    """As in torchvision.models, such as "densenet121" """
    weights: Path
    """A file of safetensors, or of torch.save or torch.jit.save"""
    weights_key: str | None = None
    """The key of the model's state dict in the file, dotted where it is nested; by default the one that fits"""
    classes: tuple[str, ...] = ()
    """Names of the outputs, in order"""
    ignore_keys: tuple[str, ...] = ()
    """Names or globs of weights that need not fit. The model's own tensors of these names stay random"""
    preprocessing: Preprocessing = Preprocessing()


def identity(options: Options, base: Path) -> str:
    weights = file_digest(base / options.weights, "target.weights")
    outputs = len(options.classes) if options.ignore_keys else None  # otherwise the weights decide
    include = {"name", "weights_key", "ignore_keys", "preprocessing"}
    settings = options.model_dump(mode="json", include=include, exclude_none=True)
    return content_key("torchvision", VERSION, weights, outputs, settings)


def load(options: Options, base: Path) -> TargetModel:
    """Builds the model and loads its weights. Raises MammiError that lists the keys when the weights do not fit.

    The model takes as many channels as the preprocessing gives.

    The paper's target models are published as main_finetune_chestxray.py of github.com/lambert-x/medical_mae saves
    them: torchvision's state dict under "model", beside optimizer, epoch, scaler and args; 14 outputs.
    """
    from engine.targets.models.classifier import load_classifier
    from engine.targets.models.torchvision import builder

    channels = options.preprocessing.channels
    loaded = load_classifier(builder(options.name, channels), options, base, channels)
    return TargetModel(
        module=loaded.module,
        preprocess=options.preprocessing,
        classes=options.classes,
        identity=identity(options, base),
        name=f"{options.name} ({loaded.file})",
        untrained=loaded.untrained,
    )
