"""check_probing_set passes our own kinds, and fails each broken promise by its own sentence."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UnreadableImage
from engine.probing import KINDS
from engine.probing.base import Box, Image, Polygon
from engine.testing import check_probing_set
from engine.testing.context import Films
from tests.support import kinds

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_kinds(kind: str, tmp_path: Path) -> None:
    leaf = kinds.chosen(tmp_path, "probing", kind)
    check_probing_set(lambda: leaf.load(tmp_path))


def test_a_set_that_keeps_its_promises_is_read_in_part() -> None:
    reads: list[str] = []

    class Counted(Films):
        def read(self, image: Image) -> bytes:
            reads.append(image.path)
            return super().read(image)

    check_probing_set(Counted, sample=5)
    assert len(set(reads)) == 5


def test_images_that_cannot_be_read_are_no_broken_promise() -> None:
    class HalfThere(Films):
        def read(self, image: Image) -> bytes:
            if int(image.path[:3]) % 2:
                raise UnreadableImage("is on a tape")
            return b"no film" if int(image.path[:3]) % 4 else super().read(image)

    check_probing_set(HalfThere)


def listing(change: Callable[[Sequence[Image]], Any]) -> Callable[[], Films]:
    """A set whose list of images a function changes."""

    def load() -> Films:
        films = Films()
        films.images = change(films.images)
        return films

    return load


def first(**changes: Any) -> Callable[[], Films]:
    """A set whose first image has other values."""
    return listing(lambda images: [replace(images[0], **changes), *images[1:]])


class Fails(Films):
    def read(self, image: Image) -> bytes:
        raise FileNotFoundError("gone")


class ReadsNothing(Films):
    def read(self, image: Image) -> bytes:
        raise UnreadableImage("gone")


class ReadsText(Films):
    def read(self, image: Image) -> Any:
        return "text"


class ReadsAtRandom(Films):
    def read(self, image: Image) -> bytes:
        return super().read(image) + random.randbytes(3)


class HasOneContent(Films):
    def content(self, image: Image) -> Any:
        return "the same"


class HasNewContent(Films):
    def content(self, image: Image) -> Any:
        return f"{image.path} {random.random()}"


class HasNoContent(Films):
    def content(self, image: Image) -> Any:
        raise KeyError(image.path)


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        (listing(lambda _: []), "images must not be empty"),
        (listing(lambda images: [image.path for image in images]), "images must be of engine.probing.base.Image"),
        (first(path="001.png"), "each path must occur once in images; '001.png' occurs more than once"),
        (
            first(path="/etc/passwd"),
            "a path must be relative to the set's root, with forward slashes, not '/etc/passwd'",
        ),
        (first(path="../x.png"), "a path must be relative to the set's root"),
        (first(path="a\\b.png"), "a path must be relative to the set's root"),
        (first(labels=["Mass"]), "labels must be a tuple of texts, not ['Mass'] (000.png)"),
        (first(patient=7), "patient must be a text or None, not 7"),
        (first(boxes=(Box("Mass", 1, 2, 0, 4),)), "a box must have an area"),
        (first(polygons=(Polygon("Mass", ((0, 0), (1, 1))),)), "a polygon needs three corners"),
        (first(parameters={"size": float("nan")}), "the parameter 'size' must be a finite number, not nan"),
        (
            first(attributes={"age": (61,)}),
            "attributes must have names and tuples of texts, not 'age': (61,) (000.png)",
        ),
        (first(attributes={"device": ()}), "attributes must have names and tuples of texts, not 'device': ()"),
        (listing(lambda images: random.sample(images, len(images))), "images must be the same, in the same order"),
        (Fails, "read of 000.png may raise UnreadableImage only, not FileNotFoundError: gone"),
        (ReadsNothing, "at least one image must be readable"),
        (ReadsText, "read must return bytes, not a str"),
        (ReadsAtRandom, "read must return the same bytes each time"),
        (HasOneContent, "images of the same content must have the same bytes"),
        (HasNewContent, "content of 000.png must be the same at each load"),
        (HasNoContent, "content of 000.png may raise UnreadableImage only, not KeyError"),
    ],
)
def test_a_broken_promise_is_named(load: Callable[[], Films], sentence: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_probing_set(load)
    assert str(raised.value).startswith(sentence)
