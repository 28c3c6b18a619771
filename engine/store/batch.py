"""What a run makes of some images of its probing set: computed and taken over in two parts, one of each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class BatchKeys(NamedTuple):
    """The content keys of a batch's two parts."""

    target: str
    vlm: str


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """A batch in a run file: where its images stand among the run's, and whether each part can be had back (Batch)."""

    keys: BatchKeys
    first_position: int
    size: int
    target_whole: bool
    vlm_whole: bool


@dataclass(frozen=True, slots=True)
class ProbedImage:
    """What opening one image told. `reason` says why it was set aside; it is empty for a usable image."""

    size_bytes: int
    sha256: str
    width: int = 0
    height: int = 0
    """Pixels of the decoded film; 0 when set aside."""
    thumbnail: bytes = b""
    """engine.store.thumbnails.encode of the film; empty when set aside."""
    reason: str = ""
    input_low: float = 0.0
    input_high: float = 0.0
    input_mean: float = 0.0
    input_std: float = 0.0
    """Range, mean and standard deviation of the target model's input made of this image; 0 when set aside."""

    def set_aside(self, reason: str) -> ProbedImage:
        """This image without what is known of usable ones only; as it is where there is no reason, or one before."""
        return ProbedImage(self.size_bytes, self.sha256, reason=reason) if reason and not self.reason else self


@dataclass(frozen=True, slots=True)
class TargetPart:
    """What the target model's side made of a batch: the images in the probing set's order, and their activations."""

    images: tuple[ProbedImage, ...]
    activations: Mapping[str, Floats]
    """Layer name -> pooled activations [n, units] of the images not set aside here"""


@dataclass(frozen=True, slots=True)
class VLMPart:
    """What the VLM's side made of a batch."""

    reasons: tuple[str, ...]
    """Of each image why it was set aside here; "" for a usable one"""
    embeddings: Floats
    """[n, d] of the images not set aside here"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Images in the order of the probing set, those set aside included, and the arrays of the usable ones."""

    images: tuple[ProbedImage, ...]
    embeddings: Floats
    """[usable, d]"""
    activations: Mapping[str, Floats]
    """Layer name -> pooled activations [usable, units]"""
    target_whole: bool = True
    """Whether the target model's part can be had back from this: no image is set aside for the VLM's reason alone"""
    vlm_whole: bool = True
    """The same of the VLM's part"""

    @classmethod
    def joined(cls, target: TargetPart, vlm: VLMPart) -> Self:
        """Both parts: an image set aside in either is set aside, with the target model's reason where both have one."""
        images = tuple(image.set_aside(reason) for image, reason in zip(target.images, vlm.reasons, strict=True))
        reasons = [image.reason for image in images]
        seen = [image.reason for image in target.images]
        return cls(
            images,
            _of_usable(vlm.embeddings, vlm.reasons, reasons),
            {layer: _of_usable(values, seen, reasons) for layer, values in target.activations.items()},
            target_whole=reasons == seen,
            vlm_whole=reasons == list(vlm.reasons),
        )

    @property
    def usable(self) -> int:
        return sum(not image.reason for image in self.images)


def _of_usable(values: Floats, own: Sequence[str], joint: Sequence[str]) -> Floats:
    """Of rows of the images without a reason in `own`, those of the images without one in `joint`."""
    rows = [not reason for reason, before in zip(joint, own, strict=True) if not before]
    return values if all(rows) else values[np.array(rows)]
