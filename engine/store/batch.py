"""Images as a run file takes them: what opening each one gave, and the arrays of the usable ones."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_FACTS = struct.Struct("<QII")


@dataclass(frozen=True, slots=True)
class Film:
    """What opening one image gave. `reason` says why it is set aside; it is empty for a usable image."""

    size_bytes: int
    sha256: str
    width: int = 0
    height: int = 0
    """Pixels of the decoded film; 0 when set aside"""
    thumbnail: bytes = b""
    """engine.store.thumbnails.encode of the film; empty when set aside"""
    reason: str = ""

    def packed(self) -> bytes:
        """All but the reason: size, width and height (little-endian), the sha256 after its length, the thumbnail."""
        digest = self.sha256.encode()
        facts = _FACTS.pack(self.size_bytes, self.width, self.height)
        return b"".join((facts, bytes([len(digest)]), digest, self.thumbnail))

    @classmethod
    def unpacked(cls, data: bytes, reason: str) -> Self:
        """The film whose `packed` is `data`."""
        size_bytes, width, height = _FACTS.unpack_from(data)
        digest = _FACTS.size + 1
        thumbnail = digest + data[_FACTS.size]
        return cls(size_bytes, data[digest:thumbnail].decode(), width, height, data[thumbnail:], reason)


@dataclass(frozen=True, slots=True)
class ProbedImage(Film):
    """A film, the statistics of the target model's input made from it, and the parts that set it aside."""

    input_low: float = 0.0
    input_high: float = 0.0
    input_mean: float = 0.0
    input_std: float = 0.0
    """Range, mean and standard deviation of the input; 0 when set aside"""
    part_reasons: tuple[tuple[str, str], ...] = ()
    """The name and the reason of each part that sets the image aside (engine.store.parts)"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Images in the order of the probing set, those set aside included, and the arrays of the usable ones."""

    images: tuple[ProbedImage, ...]
    embeddings: Floats
    """[usable, d]"""
    activations: Mapping[str, Floats]
    """Layer name -> pooled activations [usable, units]"""
    outputs: Floats | None = None
    """The target model's outputs [usable, classes]; None where the run does not keep them; so for the next two"""
    head_inputs: Floats | None = None
    """[usable, units]"""
    class_maps: Sequence[bytes] = ()
    """Of each usable image (engine.store.class_maps); empty ones for a model without them; () if they are not kept"""

    @property
    def usable(self) -> int:
        return sum(not image.reason for image in self.images)
