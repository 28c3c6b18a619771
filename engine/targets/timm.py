"""Any of timm's classifiers by name, with the user's own weights."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, field_validator

from engine.keys import content_key
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from engine.weights.digest import file_digest

NEEDS = ("timm",)
VERSION = 1
"""Raise it when the same weights give other activations than before"""

TAKEN = ("model_name", "num_classes", "in_chans", "scriptable", "exportable", "no_jit")
"""Arguments of timm.create_model that other keys set, or that change how the model runs but not what it computes"""
REACHING_OUT = ("pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir")
"""Arguments of timm.create_model that download, or read files other than `weights`"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[target]` of a configuration with kind = "timm"."""

    name: str
    """As in timm.list_models(), such as "vit_small_patch16_224" """
    weights: Path
    """A file of safetensors, or of torch.save or torch.jit.save"""
    weights_key: str | None = None
    """The key of the model's state dict in the file, dotted where it is nested; by default the one that fits"""
    arguments: dict[str, bool | int | float | str] = {}
    """Further keyword arguments of timm.create_model, such as global_pool or img_size"""
    classes: tuple[str, ...] = ()
    """Names of the outputs, in order"""
    ignore_keys: tuple[str, ...] = ()
    """Names or globs of weights that need not fit. The model's own tensors of these names stay random"""
    preprocessing: Preprocessing = Preprocessing()
    """The defaults are the paper's, whatever timm's own weights of that name were trained with"""

    @field_validator("arguments")
    @classmethod
    def _harmless(cls, arguments: dict[str, bool | int | float | str]) -> dict[str, bool | int | float | str]:
        for name in (*TAKEN, *REACHING_OUT):
            if name in arguments:
                raise ValueError(f"{name!r} cannot be given here")
        return arguments


def identity(options: Options, base: Path) -> str:
    weights = file_digest(base / options.weights, "target.weights")
    outputs = len(options.classes) if options.ignore_keys else None  # otherwise the weights decide
    include = {"name", "weights_key", "arguments", "ignore_keys", "preprocessing"}
    settings = options.model_dump(mode="json", include=include, exclude_none=True)
    return content_key("timm", VERSION, weights, outputs, settings)


def load(options: Options, base: Path) -> TargetModel:
    """Builds the model and loads its weights. Raises MammiError that lists the keys when the weights do not fit.

    Nothing is downloaded. The model takes as many channels as the preprocessing gives.
    """
    from engine.targets.models.classifier import load_classifier
    from engine.targets.models.timm import builder

    channels = options.preprocessing.channels
    loaded = load_classifier(builder(options.name, channels, options.arguments), options, base, channels)
    return TargetModel(
        module=loaded.module,
        preprocess=options.preprocessing,
        classes=options.classes,
        identity=identity(options, base),
        name=f"{options.name} ({loaded.file})",
        untrained=loaded.untrained,
    )
