"""Any of timm's classifiers by name, with one's own weights."""

from __future__ import annotations

import difflib
from pathlib import Path

import timm
from pydantic import BaseModel, field_validator
from torch import nn

from engine.errors import ConfigError
from engine.factories import call_factory
from engine.targets.base import TargetModel
from engine.targets.classifier import load_classifier
from engine.targets.preprocessing import Preprocessing
from engine.weights.checkpoint import fingerprint

TAKEN = ("model_name", "num_classes", "in_chans", "scriptable", "exportable", "no_jit")
"""Arguments of timm.create_model that other keys stand for, or that change how it runs and not what."""
REACHING_OUT = ("pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir")
"""Arguments of timm.create_model that download, or read files past `weights`."""


class Options(BaseModel, extra="forbid", frozen=True):
    name: str
    """As in timm.list_models(), such as "vit_small_patch16_224"."""
    weights: Path
    """A .safetensors, .pth or .pt file."""
    arguments: dict[str, bool | int | float | str] = {}
    """Further keyword arguments of timm.create_model, such as global_pool or img_size."""
    classes: tuple[str, ...] = ()
    """Names of the outputs, in order."""
    ignore_keys: tuple[str, ...] = ()
    """Names or globs of weights that need not fit."""
    preprocessing: Preprocessing = Preprocessing()
    """Its defaults are the paper's, whatever timm's own weights of that name were trained with."""

    @field_validator("arguments")
    @classmethod
    def _harmless(cls, arguments: dict[str, bool | int | float | str]) -> dict[str, bool | int | float | str]:
        for name in (*TAKEN, *REACHING_OUT):
            if name in arguments:
                raise ValueError(f"{name!r} cannot be given here")
        return arguments


def load(options: Options, base: Path) -> TargetModel:
    """Builds the model and loads its weights. Raises MammiError when the weights do not fit, listing the keys.

    Nothing is downloaded. The model takes as many channels as the preprocessing gives.
    """
    if not timm.is_model(options.name):
        close = difflib.get_close_matches(options.name, timm.list_models(), n=3)
        hint = f"Close ones: {', '.join(close)}." if close else "See timm.list_models()."
        raise ConfigError(f"target.name: timm has no model {options.name!r}. {hint}")

    def build(outputs: int) -> nn.Module:
        arguments = {
            "model_name": options.name,
            "pretrained": False,
            "num_classes": outputs,
            "in_chans": options.preprocessing.channels,
            **options.arguments,
        }
        return call_factory(timm.create_model, arguments, options.name, "target.name")  # type: ignore[no-any-return]

    path = base / options.weights
    module = load_classifier(build, path, options.classes, options.ignore_keys)
    return TargetModel(
        module=module,
        preprocess=options.preprocessing,
        classes=options.classes,
        identity=fingerprint(module, options.name, sorted(options.arguments.items()), options.preprocessing),
        name=f"{options.name} ({path.name})",
    )
