"""torchxrayvision's classifiers of 18 findings, with their published weights from a local file."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel
from torch import Tensor, nn
from torchvision.models import ResNet
from torchvision.models.resnet import Bottleneck
from torchxrayvision.datasets import XRayCenterCrop, XRayResizer
from torchxrayvision.models import DenseNet, model_urls, op_norm
from torchxrayvision.utils import normalize

from engine.errors import ConfigError
from engine.targets.base import TargetModel
from engine.weights.checkpoint import fingerprint, load_strictly, match_names, read_weights

THRESHOLDS = "op_threshs"
"""The buffer of a model's operating points, [18]; not a number for findings it does not know."""


class Options(BaseModel, extra="forbid", frozen=True):
    name: str
    """As torchxrayvision's `weights`, such as "densenet121-res224-all"."""
    weights: Path
    """The file that torchxrayvision publishes for it (or has in ~/.torchxrayvision/models_data), or its state dict."""
    calibrated: bool = False
    """Outputs as torchxrayvision gives them: probabilities, scaled so that a class's operating point is 0.5, and 0.5
    for findings that the model does not know. The final layer's own outputs, the logits, otherwise."""
    ignore_keys: tuple[str, ...] = ()
    """Names or globs of weights that need not fit."""


def load(options: Options, base: Path) -> TargetModel:
    """Builds the model and loads its weights. Raises MammiError when the weights do not fit, listing the keys.

    Classes, input and calibration are the library's. Its DenseNets are published as whole modules, whose tensors
    engine.weights.pickled_module reads without running the module's code; its ResNet as a state dict.
    """
    names = [name for name in model_urls if name.startswith(("densenet", "resnet"))]
    if options.name not in names:
        close = difflib.get_close_matches(options.name, names, n=3) or names
        raise ConfigError(f"target.name: torchxrayvision has no weights {options.name!r}. Close: {', '.join(close)}.")
    known = model_urls[options.name]
    path = base / options.weights
    weights = read_weights(path, "target.weights")
    thresholds = weights.pop(THRESHOLDS, torch.tensor(known[THRESHOLDS]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # what ignore_keys leaves out stays the same from run to run
        module = DenseNet() if options.name.startswith("densenet") else CalibratedResNet50(len(known["labels"]))
    weights = match_names(weights, module.state_dict(), path, options.ignore_keys, "target.ignore_keys")
    load_strictly(module, weights, path, options.ignore_keys, "target.ignore_keys")
    if options.calibrated:
        setattr(module, THRESHOLDS, thresholds)
    side = known["input_resolution"]
    return TargetModel(
        module=module,
        preprocess=preprocessing(side),
        classes=tuple(known["labels"]),
        identity=fingerprint(module, options.name, side),
        name=f"torchxrayvision {options.name}",
    )


def preprocessing(side: int) -> Callable[[NDArray[np.uint8]], Tensor]:
    """The library's own: grey levels 0…255 to −1024…1024, the square at the centre, resized to `side` pixels.

    Gives float32 [1, side, side].
    """
    crop, resize = XRayCenterCrop(), XRayResizer(side)

    def preprocess(film: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(resize(crop(normalize(film, 255)[None])))

    return preprocess


class CalibratedResNet50(ResNet):  # type: ignore[misc]
    """torchxrayvision.models.ResNet, which cannot be made without downloading, by the names of its inner model."""

    def __init__(self, outputs: int) -> None:
        super().__init__(Bottleneck, [3, 4, 6, 3], num_classes=outputs)
        self.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.register_buffer(THRESHOLDS, None)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = super().forward(x)
        thresholds = self.op_threshs
        return logits if thresholds is None else op_norm(torch.sigmoid(logits), thresholds)
