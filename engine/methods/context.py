"""What a computed method receives: the target model, the films, and what the run has computed from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from engine.probing.base import Image, ProbingSet
from engine.progress import Progress
from engine.store.contents import Layer
from engine.targets.base import TargetModel
from engine.targets.outputs import Reading
from engine.targets.taps import Channels
from engine.vlms.base import VLM


@dataclass(frozen=True, slots=True, eq=False)
class MethodContext:
    """One run's context, for `compute(options, context)` of every method in engine.methods.COMPUTED.

    A method leaves the target model as it found it: without hooks, in the same mode, with its parameters' gradients
    unchanged.
    """

    probing: ProbingSet
    images: tuple[Image, ...]
    """The usable images [p], in the order of the probing set; `probing.read` returns their bytes"""
    target: TargetModel
    """The target model; its module is on `device` and in evaluation mode"""
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
    """The concepts of all concept sets, each once"""
    text_embeddings: NDArray[np.float32]
    """[m, d], of the prompted concepts"""
    template_embedding: NDArray[np.float32]
    """[d], of the bare template"""
    progress: Progress
    vlm: Callable[[], VLM]
    """The run's VLM, loaded when first asked for"""
    shown_to_vlm: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None
    """What `run.parity` gives the VLM in place of a film: the target model's view. None: the film itself"""
    captions: tuple[str, ...] = ()
    """The captions of all methods that ask for some"""
    caption_embeddings: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """[c, d]"""
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """How to take a layer's tensor from its output, for the layers whose output is not simply [n, …]"""
    own_films: ProbingSet | None = None
    """The films that the method's options name beside the run's own (engine.methods.base.ComputedMethod)"""
