"""The unit of reuse: one part of one image, under the image's key and the part's key.

A run makes several parts of each image: its thumbnail with the facts of the film, the statistics of the target model's
input, the pooled activations of each layer, the VLM's embedding, and of the target model's last part its outputs, its
head's inputs and its class activation maps. The key of an image stands for its content, the key of a part for all else
that determines the part. Equal keys, equal values. What a target model cannot give is a part of no values: whether it
has a head shows only when it is loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Film, Floats
from engine.store.unit_maps import MapRows

FILM, INPUT, EMBEDDING = "film", "input", "embedding"
OUTPUTS, HEAD_INPUTS, CLASS_MAPS = "outputs", "head inputs", "class maps"
_LAYER = "layer "
STATISTICS = 4
"""Numbers in the part `input`: minimum, maximum, mean and standard deviation"""


class ImageKeys(NamedTuple):
    """The keys of an image."""

    film: str
    """The key of its content"""
    embedding: str
    """The same key; for a VLM that looks an image up by its name, a key of the content and the name"""


@dataclass(frozen=True, slots=True)
class PartKeys:
    """The keys of all parts that a run makes of each image."""

    film: str
    input: str
    layers: Mapping[str, str]
    """By the layer's name, in the run's order"""
    embedding: str
    outputs: str = ""
    """ "" where this part is not made; so for the next two"""
    head_inputs: str = ""
    class_maps: str = ""

    def by_name(self) -> dict[str, str]:
        """The name of each part -> its key, in the order in which reasons to set an image aside count."""
        layers = {part_of_layer(name): key for name, key in self.layers.items()}
        all_made = {FILM: self.film, INPUT: self.input, **layers, EMBEDDING: self.embedding}
        return all_made | {name: key for name, key in self.last_part.items() if key}

    @property
    def last_part(self) -> dict[str, str]:
        """The name of each part that the target model's last part gives -> its key."""
        return {OUTPUTS: self.outputs, HEAD_INPUTS: self.head_inputs, CLASS_MAPS: self.class_maps}

    @property
    def of_target(self) -> frozenset[str]:
        """The keys of the parts that need the target model."""
        return frozenset((self.input, *self.layers.values(), *filter(None, self.last_part.values())))


def part_of_layer(layer: str) -> str:
    """The name of a layer's part."""
    return f"{_LAYER}{layer}"


def layer_of(part: str) -> str:
    """The name of the layer whose part has this name; "" for another part."""
    return part.removeprefix(_LAYER) if part.startswith(_LAYER) else ""


@dataclass(frozen=True, slots=True)
class FilmRows:
    """The part `film` of some images, also of those that it sets aside."""

    part: str
    """Its key"""
    images: tuple[str, ...]
    """The images' keys"""
    films: tuple[Film, ...]


@dataclass(frozen=True, slots=True, eq=False)
class VectorRows:
    """A part of some images other than `film`: a vector for each usable image."""

    part: str
    """Its key"""
    images: tuple[str, ...]
    """The images' keys"""
    reasons: tuple[str, ...]
    """Why each image is set aside; "" for a usable one"""
    values: Floats | NDArray[np.uint8]
    """[usable, k]; bytes for class maps (engine.store.class_maps)"""

    def rows(self) -> Iterator[tuple[str, str, NDArray[Any] | None]]:
        """The key, the reason and the values [k] of each image; the values are None for one that is set aside."""
        values = iter(self.values)
        for image, reason in zip(self.images, self.reasons, strict=True):
            yield image, reason, None if reason else next(values)


@dataclass(frozen=True, slots=True)
class Computed:
    """What was computed for one batch of images. Processes can exchange it: it holds only arrays and plain values."""

    films: FilmRows
    vectors: tuple[VectorRows, ...]
    maps: tuple[MapRows, ...] = ()
    """What may be worth keeping of each layer's activation maps (engine.targets.top_maps)"""


class PartSource(Protocol):
    """A file that holds parts of images: the work file of an unfinished run, or a finished run file."""

    def held(self, parts: Collection[str]) -> dict[str, frozenset[str]]:
        """The key of each image -> those of `parts` that the file holds for it, as values or as a reason."""
        ...

    def reasons(self, parts: Collection[str]) -> dict[str, dict[str, str]]:
        """The key of each image that a part sets aside -> the key of the part -> its reason."""
        ...

    def films(self, part: str, images: Sequence[str]) -> list[Film]:
        """The part `film` of these images, in their order. Raises KeyError for one that the file does not hold."""
        ...

    def vectors(self, part: str, images: Sequence[str]) -> Floats:
        """A part of numbers of these usable images, [n, k], in their order. Raises KeyError as `films` does."""
        ...

    def blobs(self, part: str, images: Sequence[str]) -> list[bytes]:
        """A part of bytes of these usable images, in their order. Raises KeyError as `films` does."""
        ...
