"""Images are read once, ahead of the models, and never far ahead."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.errors import MammiError, UnreadableImage
from engine.probing.base import Image
from engine.probing.decoding import decode
from engine.run.films import Films
from engine.run.loading import READ_AHEAD, Loader, Prepared
from engine.store import thumbnails
from engine.store.parts import ImageKeys, PartKeys
from tests.support.models import write_film

PARTS = PartKeys("film", "input", {"layer": "layer"}, "embedding")
CPU = torch.device("cpu")
ALL = frozenset(("film", "input", "layer", "embedding"))


class Counting:
    """A probing set that keeps which images were read."""

    def __init__(self, film: bytes, images: int) -> None:
        self.images = [Image(f"{index}.png") for index in range(images)]
        self.reads: list[str] = []
        self.film = film

    def read(self, image: Image) -> bytes:
        self.reads.append(image.path)
        if image.path == "3.png":
            raise UnreadableImage("cannot be read: Permission denied")
        return self.film + image.path.encode()

    def content(self, image: Image) -> None:
        return None


class Named(Counting):
    """It says what determines a film without reading it."""

    def content(self, image: Image) -> str:
        return f"film {image.path}"


@dataclass
class Models:
    """Models whose inputs are the mean grey level; None for one that must not be asked for."""

    target: Any
    vlm: Any
    device: torch.device = CPU


def mean(film: NDArray[np.uint8], *_: object) -> torch.Tensor:
    return torch.tensor([float(film.mean())])


BOTH = Models(SimpleNamespace(preprocess=mean), SimpleNamespace(preprocess=mean))


def loader(probing: Counting, models: Models = BOTH) -> Loader:
    return Loader(Films(probing, by_name=False), PARTS, models, thumbnail_size=192)


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    write_film(tmp_path / "film.png", seed=0, side=300)
    return (tmp_path / "film.png").read_bytes()


@pytest.fixture
def probing(film: bytes) -> Counting:
    return Counting(film, images=40)


def full(batches: list[Prepared]) -> list[int]:
    return [len(batch.images) for batch in batches if batch.images]


def test_order_keys_and_what_is_set_aside(probing: Counting) -> None:
    batches = list(loader(probing).batches(range(40), 16, lambda _: ALL))
    assert full(batches) == [16, 16, 8]
    assert sum(batch.passed for batch in batches) == 0
    images = [image for batch in batches for image in batch.images]
    assert len({image.keys for image in images}) == 40
    unreadable = "cannot be read: Permission denied"
    for place, image in enumerate(images):
        assert image.film is not None
        assert image.target is not None
        assert image.vlm is not None
        reason = unreadable if place == 3 else ""
        assert image.film.reason == image.target.reason == image.vlm.reason == reason
        assert (image.target.input is None, image.vlm.input is None) == (place == 3, place == 3)
    first = images[0].film
    assert first is not None
    assert (first.width, first.height) == (300, 300)
    assert thumbnails.decode(first.thumbnail).shape == (192, 192)
    assert sorted(probing.reads) == sorted(image.path for image in probing.images)


def test_an_images_key_follows_its_bytes_and_where_asked_its_name(probing: Counting, film: bytes) -> None:
    def keys(by_name: bool) -> list[ImageKeys]:
        films = Films(probing, by_name)
        prepared = Loader(films, PARTS, BOTH, 192).batches(range(40), 16, lambda _: ALL)
        return [image.keys for batch in prepared for image in batch.images]

    before = keys(by_name=False)
    assert keys(by_name=False) == before
    assert all(key.film == key.embedding for key in before)
    named = keys(by_name=True)
    assert [key.film for key in named] == [key.film for key in before]
    assert len({key.embedding for key in [*named, *before]}) == 80
    probing.film = film[:-1]
    assert not {key.film for key in keys(by_name=False)} & {key.film for key in before} - {before[3].film}


def test_only_what_is_lacking_is_prepared(probing: Counting) -> None:
    for lacking, models in [({"layer"}, Models(BOTH.target, None)), ({"embedding"}, Models(None, BOTH.vlm))]:
        for batch in loader(probing, models).batches(range(40), 16, lambda _, parts=lacking: frozenset(parts)):  # type: ignore[misc]
            for image in batch.images:
                assert image.film is None
                assert (image.target is None, image.vlm is None) == (models.target is None, models.vlm is None)


def test_images_that_lack_something_are_gathered_to_full_batches(probing: Counting) -> None:
    asked: list[ImageKeys] = []

    def every_third(keys: ImageKeys) -> frozenset[str]:
        asked.append(keys)
        return ALL if len(asked) % 3 == 0 else frozenset()

    batches = list(loader(probing).batches(range(40), 4, every_third))
    assert full(batches) == [4, 4, 4, 1]
    assert sum(batch.passed for batch in batches) == 27
    assert len(probing.reads) == 40


def test_reading_stays_a_few_batches_ahead(probing: Counting) -> None:
    before = threading.active_count()
    with closing(loader(probing).batches(range(40), 4, lambda _: ALL)) as batches:
        next(batches)
        assert len(probing.reads) <= (1 + READ_AHEAD) * 4
    assert len(probing.reads) <= (1 + READ_AHEAD) * 4
    assert threading.active_count() == before


@pytest.mark.parametrize(("device", "batches"), [("cpu", 2), ("cuda", 2 + READ_AHEAD)])
def test_films_are_decoded_ahead_where_the_models_leave_the_cores_alone(
    device: str, batches: int, probing: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    monkeypatch.setattr("engine.run.loading.decode", lambda data: decoded.append(data) or decode(data))
    probing.images = [image for image in probing.images if image.path != "3.png"]
    models = Models(BOTH.target, BOTH.vlm, torch.device(device))
    with closing(loader(probing, models).batches(range(39), 4, lambda _: ALL)) as made:
        next(made)
        next(made)
        until = time.monotonic() + 20
        while device == "cuda" and len(decoded) <= 8 and time.monotonic() < until:
            time.sleep(0.01)
    assert 8 + (device == "cuda") <= len(decoded) <= batches * 4


def test_a_film_whose_content_is_known_is_read_only_where_it_is_needed(film: bytes) -> None:
    probing = Named(film, images=40)
    probing.images[3] = Image("another.png")
    asked: list[ImageKeys] = []
    list(loader(probing).batches(range(40), 16, lambda keys: asked.append(keys) or frozenset()))
    assert len(set(asked)) == 40
    assert probing.reads == []
    list(loader(probing).batches(range(40), 16, lambda keys: ALL if keys == asked[7] else frozenset()))
    assert probing.reads == ["7.png"]


def test_a_film_that_changes_while_the_run_goes_on(probing: Counting, film: bytes) -> None:
    films = Films(probing, by_name=False)
    list(Loader(films, PARTS, BOTH, 192).batches(range(40), 16, lambda _: frozenset()))
    probing.film = film + b"more"
    with pytest.raises(MammiError, match=r"\d+\.png changed while the run was going on"):
        list(Loader(films, PARTS, BOTH, 192).batches(range(40), 16, lambda _: ALL))


def test_a_film_of_known_content_that_cannot_be_had(film: bytes) -> None:
    with pytest.raises(MammiError, match=r"probing: 3\.png is not available: cannot be read: Permission denied"):
        list(loader(Named(film, images=40)).batches(range(40), 16, lambda _: ALL))
