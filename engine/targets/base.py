"""What every target model gives: a module, how a film becomes its input, and a name for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

TargetPreprocess: TypeAlias = "Callable[[NDArray[np.uint8]], Tensor]"
"""An 8-bit grey film [h, w] to one float32 input [c, h', w']"""


@dataclass(frozen=True, slots=True)
class TargetModel:
    """A classifier to be explained."""

    module: nn.Module
    """On the CPU; the run moves it to its device and puts it in evaluation mode"""
    preprocess: TargetPreprocess
    """Safe to call from several threads"""
    classes: tuple[str, ...]
    """Names of the final layer's units; empty when unknown"""
    identity: str
    """A hash of all that determines an activation (weights, architecture, preprocessing): the cache key"""
    name: str
