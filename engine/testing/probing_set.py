"""The promises of engine.probing.base.ProbingSet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import PurePosixPath

import numpy as np

from engine.errors import UnreadableImage
from engine.probing.base import Image, ProbingSet
from engine.probing.decoding import decode
from engine.testing.promises import expect, from_threads, only

SAMPLE = 20


def check_probing_set(load: Callable[[], ProbingSet], *, sample: int = SAMPLE) -> None:
    """Checks a probing set. `load` returns a new one at each call.

    At most `sample` images, spread evenly over the set, are read.
    """
    probing = load()
    _check_images(probing.images)
    places = sorted({round(place) for place in np.linspace(0, len(probing.images) - 1, sample)})
    chosen = [probing.images[place] for place in places]
    contents = _check_reading(probing, chosen)
    again = load()
    expect(list(again.images) == list(probing.images), "images must be the same, in the same order, at each load")
    for image, content in zip(chosen, contents, strict=True):
        expect(again.content(image) == content, f"content of {image.path} must be the same at each load")


def _check_images(images: Sequence[Image]) -> None:
    expect(len(images) > 0, "images must not be empty")
    expect(all(isinstance(image, Image) for image in images), "images must be of engine.probing.base.Image")
    paths = [image.path for image in images]
    twice = next((path for path in paths if paths.count(path) > 1), None) if len(set(paths)) < len(paths) else None
    expect(twice is None, f"each path must occur once in images; {twice!r} occurs more than once")
    for image in images:
        path = PurePosixPath(image.path)
        relative = image.path and not path.is_absolute() and ".." not in path.parts and "\\" not in image.path
        expect(relative, f"a path must be relative to the set's root, with forward slashes, not {image.path!r}")
        expect(_are_texts(image.labels), f"labels must be a tuple of texts, not {image.labels!r} ({image.path})")
        for what in ("patient", "view", "report"):
            value = getattr(image, what)
            expect(value is None or isinstance(value, str), f"{what} must be a text or None, not {value!r}")
        for name, values in image.attributes.items():
            right = isinstance(name, str) and name and _are_texts(values) and values and all(values)
            expect(right, f"attributes must have names and tuples of texts, not {name!r}: {values!r} ({image.path})")
        _check_shapes(image)


def _check_shapes(image: Image) -> None:
    for box in image.boxes:
        finite = all(map(math.isfinite, (box.x, box.y, box.width, box.height)))
        expect(finite and box.width > 0 and box.height > 0, f"a box must have an area, not {box} ({image.path})")
    for polygon in image.polygons:
        finite = all(map(math.isfinite, chain.from_iterable(polygon.points)))
        expect(finite and len(polygon.points) > 2, f"a polygon needs three corners, not {polygon} ({image.path})")
    for name, value in image.parameters.items():
        expect(math.isfinite(value), f"the parameter {name!r} must be a finite number, not {value} ({image.path})")


def _check_reading(probing: ProbingSet, chosen: Sequence[Image]) -> list[str | None]:
    """Checks `read` and `content`, and returns the content of each image."""
    first = [_read(probing, image) for image in chosen]
    expect(any(data is not None for data in first), "at least one image must be readable")
    for image, data in zip(chosen, first, strict=True):
        expect(data is None or isinstance(data, bytes), f"read must return bytes, not a {type(data).__name__}")
        with only(UnreadableImage, f"decoding the bytes of {image.path}"):
            decode(data or b"")
    for results in from_threads(lambda image: _read(probing, image), chosen):
        expect(results == first, "read must return the same bytes each time, also from several threads at once")
    contents = [_content(probing, image) for image in chosen]
    of_content: dict[str, bytes | None] = {}
    for content, data in zip(contents, first, strict=True):
        if content is not None:
            expect(isinstance(content, str) and content, f"content must be a text or None, not {content!r}")
            expect(of_content.setdefault(content, data) == data, "images of the same content must have the same bytes")
    return contents


def _read(probing: ProbingSet, image: Image) -> bytes | None:
    """The bytes; None for an image that cannot be read."""
    with only(UnreadableImage, f"read of {image.path}"):
        return probing.read(image)
    return None


def _content(probing: ProbingSet, image: Image) -> str | None:
    with only(UnreadableImage, f"content of {image.path}"):
        return probing.content(image)
    return None


def _are_texts(values: object) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, str) for value in values)
