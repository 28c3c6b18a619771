"""torchxrayvision's networks, and how a film becomes their input."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.models import ResNet
from torchvision.models.resnet import Bottleneck
from torchxrayvision.datasets import XRayCenterCrop, XRayResizer
from torchxrayvision.models import DenseNet, model_urls, op_norm
from torchxrayvision.utils import normalize

from engine.errors import ConfigError
from engine.likeness import closest
from engine.targets.torchxrayvision import Options
from engine.weights.fitting import IGNORE_KEYS, load_strictly, read_fitting

THRESHOLDS = "op_threshs"
"""The buffer of a model's operating points, [18]; NaN for findings that the model was not trained on"""


class Network(NamedTuple):
    """A network with what belongs to it."""

    module: nn.Module
    preprocess: LibraryPreprocessing
    classes: tuple[str, ...]
    untrained: frozenset[str]


def load_network(options: Options, base: Path) -> Network:
    """The network of the kind's options. Raises MammiError when the name is unknown, or the weights cannot be read or
    do not fit."""
    name, path = options.name, base / options.weights
    names = [each for each in model_urls if each.startswith(("densenet", "resnet"))]
    if name not in names:
        close = closest(name, names, n=3) or names
        raise ConfigError(f"target.name: torchxrayvision has no weights {name!r}. Close: {', '.join(close)}.")
    published = model_urls[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # what ignore_keys leaves out stays the same from run to run
        module = DenseNet() if name.startswith("densenet") else CalibratedResNet50(len(published["labels"]))
    weights = read_fitting(path, module.state_dict(), options.weights_key, options.ignore_keys).tensors
    thresholds = weights.pop(THRESHOLDS, torch.tensor(published[THRESHOLDS]))
    untrained = load_strictly(module, weights, path, options.ignore_keys, IGNORE_KEYS)
    if options.calibrated:
        setattr(module, THRESHOLDS, thresholds)
    preprocess = LibraryPreprocessing(published["input_resolution"])
    return Network(module, preprocess, tuple(published["labels"]), untrained)


class LibraryPreprocessing:
    """The library's own: grey levels 0…255 to −1024…1024, and the square at the centre resized to `side` pixels."""

    def __init__(self, side: int) -> None:
        self._crop = XRayCenterCrop()
        self._resize = XRayResizer(side)

    def __call__(self, film: NDArray[np.uint8]) -> Tensor:
        """float32 [1, side, side]."""
        return torch.from_numpy(self._resize(self._crop(normalize(film, 255)[None])))

    def view(self, film: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The square in whole grey levels, [side, side]."""
        levels = (self(film)[0] / 1024 + 1) * (255 / 2)
        return levels.round().clamp(0, 255).to(torch.uint8).numpy()


class CalibratedResNet50(ResNet):  # type: ignore[misc]
    """torchxrayvision.models.ResNet, which cannot be made without a download, under the names of its inner model."""

    def __init__(self, outputs: int) -> None:
        super().__init__(Bottleneck, [3, 4, 6, 3], num_classes=outputs)
        self.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.register_buffer(THRESHOLDS, None)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = super().forward(x)
        thresholds = self.op_threshs
        return logits if thresholds is None else op_norm(torch.sigmoid(logits), thresholds)
