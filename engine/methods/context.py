"""What a computed method is given: the target model, the films it was run on, and what the run knows of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.probing.base import Image, ProbingSet
from engine.progress import Progress
from engine.store.contents import Layer
from engine.targets.base import TargetModel
from engine.targets.taps import Channels


@dataclass(frozen=True, slots=True, eq=False)
class MethodContext:
    """One run's, for `compute(options, context)` of every method in engine.methods.COMPUTED.

    A method leaves the target model as it found it: without hooks, in its mode, its parameters' gradients untouched.
    """

    probing: ProbingSet
    images: tuple[Image, ...]
    """The usable images [p], in the order of the probing set; `probing.read` gives their bytes"""
    target: TargetModel
    """Its module on `device` and in evaluation mode"""
    layers: tuple[Layer, ...]
    """The tapped layers, with the names of the final layer's units"""
    channels: Channels
    device: torch.device
    mixed_precision: bool
    batch_size: int
    activations: Callable[[str], NDArray[np.float32]]
    """A tapped layer's pooled activations, [p, units]"""
    image_embeddings: NDArray[np.float32]
    """[p, d], unit vectors"""
    concepts: tuple[str, ...]
    """Of all concept sets, each once"""
    text_embeddings: NDArray[np.float32]
    """Of the prompted concepts, [m, d]"""
    template_embedding: NDArray[np.float32]
    """[d]"""
    progress: Progress
