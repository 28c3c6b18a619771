"""Any of torchvision's classifiers by name, with one's own weights."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import torch
import torchvision
from pydantic import BaseModel
from torch import Tensor, nn

from engine.checkpoint import fingerprint, load_strictly, read_weights
from engine.errors import ConfigError, MammiError
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing


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
    """Builds the model and loads its weights. Raises MammiError when the weights do not fit, listing the keys."""
    path = base / options.weights
    known = torchvision.models.list_models(module=torchvision.models)
    if options.name not in known:
        close = difflib.get_close_matches(options.name, known, n=3)
        hint = f"Close ones: {', '.join(close)}." if close else "See torchvision.models.list_models()."
        raise ConfigError(f"target.name: torchvision has no classifier {options.name!r}. {hint}")
    weights = read_weights(path, "target.weights")
    module = _build(options, weights, path)
    load_strictly(module, weights, path, options.ignore_keys, "target.ignore_keys")
    return TargetModel(
        module=module,
        preprocess=options.preprocessing,
        classes=options.classes,
        identity=fingerprint(module, options.name, options.preprocessing),
        name=f"{options.name} ({path.name})",
    )


def _build(options: Options, weights: Mapping[str, Tensor], path: Path) -> nn.Module:
    """The model with as many outputs as classes are named, or as the weights have."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # what ignore_keys leaves out stays the same from run to run
        module: nn.Module = torchvision.models.get_model(options.name, weights=None)
        final = list(module.state_dict())[-1]
        outputs = weights[final].shape[0] if final in weights and weights[final].ndim else len(options.classes)
        if options.classes and outputs != len(options.classes) and final not in options.ignore_keys:
            raise ConfigError(
                f"target.classes names {len(options.classes)} classes; {path} has {outputs}: list as many."
            )
        if not outputs:
            raise MammiError(f"{path} does not fit {options.name}: it has no {final!r}.")
        return torchvision.models.get_model(options.name, weights=None, num_classes=len(options.classes) or outputs)  # type: ignore[no-any-return]
