"""Any of torchvision's classifiers by name, with one's own weights."""

from __future__ import annotations

import difflib
from pathlib import Path

import torchvision
from pydantic import BaseModel
from torch import nn

from engine.errors import ConfigError
from engine.targets.base import TargetModel
from engine.targets.classifier import load_classifier
from engine.targets.preprocessing import Preprocessing
from engine.weights.checkpoint import fingerprint


class Options(BaseModel, extra="forbid", frozen=True):
    name: str
    """As in torchvision.models, such as "densenet121"."""
    weights: Path
    """A .safetensors, .pth or .pt file."""
    classes: tuple[str, ...] = ()
    """Names of the outputs, in order."""
    ignore_keys: tuple[str, ...] = ()
    """Names or globs of weights that need not fit."""
    preprocessing: Preprocessing = Preprocessing()


def load(options: Options, base: Path) -> TargetModel:
    """Builds the model and loads its weights. Raises MammiError when the weights do not fit, listing the keys.

    The paper's target models are published as main_finetune_chestxray.py of github.com/lambert-x/medical_mae saves
    them: torchvision's state dict under "model", beside optimizer, epoch, scaler and args; 14 outputs.
    """
    known = torchvision.models.list_models(module=torchvision.models)
    if options.name not in known:
        close = difflib.get_close_matches(options.name, known, n=3)
        hint = f"Close ones: {', '.join(close)}." if close else "See torchvision.models.list_models()."
        raise ConfigError(f"target.name: torchvision has no classifier {options.name!r}. {hint}")

    def build(outputs: int) -> nn.Module:
        return torchvision.models.get_model(options.name, weights=None, num_classes=outputs)  # type: ignore[no-any-return]

    path = base / options.weights
    module = load_classifier(build, path, options.classes, options.ignore_keys)
    return TargetModel(
        module=module,
        preprocess=options.preprocessing,
        classes=options.classes,
        identity=fingerprint(module, options.name, options.preprocessing),
        name=f"{options.name} ({path.name})",
    )
