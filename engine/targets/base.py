"""What every target model gives: a module, how a film becomes its input, and a name for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

TargetPreprocess = Callable[[NDArray[np.uint8]], Tensor]
"""An 8-bit grey film [h, w] to one float32 input [c, h', w']"""


@dataclass(frozen=True, slots=True)
class TargetModel:
    """A classifier to be explained. One file in engine/targets for each kind."""

    module: nn.Module
    """On the CPU; the run moves it to its device and puts it in evaluation mode."""
    preprocess: TargetPreprocess
    """Safe to call from several threads."""
    classes: tuple[str, ...]
    """Names of the final layer's units; empty when unknown."""
    identity: str
    """Hash of all that determines an activation (weights, architecture, preprocessing): the cache key."""
    name: str
