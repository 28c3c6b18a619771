"""What files hold of a run's images, as arrays that many processes can share; and the claims of one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.run.image_results import lacking_parts
from engine.store.parts import ImageKeys, PartKeys

_DIGEST = 16
"""Bytes that stand for an image's key: ten million images take 180 MB"""
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class SharedParts:
    """The parts of each image that some file holds, by the image's key."""

    digests: NDArray[np.bytes_]
    """Of the images' keys, ascending, S16 [n]"""
    places: NDArray[np.uint16]
    """The place of each image's set in `sets`, [n]"""
    sets: tuple[tuple[str, ...], ...]
    """The different sets of keys of parts"""

    @classmethod
    def of(cls, images: Mapping[str, Iterable[str]]) -> SharedParts:
        """From the keys of the parts that are held of each image."""
        sets: dict[tuple[str, ...], int] = {}
        places = np.fromiter(
            (sets.setdefault(tuple(sorted(parts)), len(sets)) for parts in images.values()), np.uint16, len(images)
        )
        digests = np.fromiter(map(_digest, images), f"S{_DIGEST}", len(images))
        order = np.argsort(digests)
        return cls(digests[order], places[order], tuple(sets))

    def parts(self, image: str) -> frozenset[str]:
        """The keys of the parts that are held of the image with this key."""
        digest = np.array(_digest(image), self.digests.dtype)
        place = int(np.searchsorted(self.digests, digest))
        if place == len(self.digests) or self.digests[place] != digest:
            return _NOTHING
        return frozenset(self.sets[self.places[place]])


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:_DIGEST]


class Claims:
    """Says what images lack beyond what files hold, each part once."""

    def __init__(self, parts: PartKeys, held: SharedParts) -> None:
        self._all = frozenset(parts.by_name().values())
        self._embedding = parts.embedding
        self._held = held
        self._claimed: dict[str, frozenset[str]] = {}

    def claim(self, keys: ImageKeys) -> frozenset[str]:
        """As ImageResults.claim: an equal image after this one lacks nothing."""
        claimed = _NOTHING
        if self._all <= self._held.parts(keys.embedding):  # also one that is set aside
            return claimed
        for image, lacking in lacking_parts(keys, self._all, self._embedding, self._parts_held):
            self._claimed[image] = self._claimed.get(image, _NOTHING) | lacking
            claimed |= lacking
        return claimed

    def _parts_held(self, image: str) -> frozenset[str]:
        return self._held.parts(image) | self._claimed.get(image, _NOTHING)
