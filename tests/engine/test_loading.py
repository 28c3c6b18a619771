"""Images are read once, ahead of the models, and never far ahead."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.errors import UnreadableImage
from engine.loading import READ_AHEAD, Loader
from engine.probing.base import Image
from engine.store import thumbnails
from tests.support.models import write_film


class Counting:
    """A probing set that keeps which images were read."""

    def __init__(self, film: bytes, images: int) -> None:
        self.images = [Image(f"{index}.png") for index in range(images)]
        self.reads: list[str] = []
        self._film = film

    def read(self, image: Image) -> bytes:
        self.reads.append(image.path)
        if image.path == "3.png":
            raise UnreadableImage("cannot be read: Permission denied")
        return self._film + image.path.encode()


def mean(film: NDArray[np.uint8]) -> torch.Tensor:
    return torch.tensor([float(film.mean())])


def mean_of(film: NDArray[np.uint8], image: Image) -> torch.Tensor:
    return mean(film)


@pytest.fixture
def probing(tmp_path: Path) -> Counting:
    write_film(tmp_path / "film.png", seed=0, side=300)
    return Counting((tmp_path / "film.png").read_bytes(), images=40)


def test_order_keys_and_what_is_set_aside(probing: Counting) -> None:
    loader = Loader(probing, mean, mean_of, thumbnail_size=192)
    batches = list(loader.batches(16, "models", lambda _: False))
    assert [batch.size for batch in batches] == [16, 16, 8]
    assert len({batch.key for batch in batches}) == 3
    first = batches[0]
    assert len(first.inputs) == 15
    assert (first.images[3].reason, first.images[3].thumbnail) == ("cannot be read: Permission denied", b"")
    assert (first.images[0].width, first.images[0].height) == (300, 300)
    assert thumbnails.decode(first.images[0].thumbnail).shape == (192, 192)
    assert sorted(probing.reads) == sorted(image.path for image in probing.images)


def test_keys_follow_bytes_and_models(probing: Counting) -> None:
    loader = Loader(probing, mean, mean_of, thumbnail_size=192)

    def keys(fingerprint: str) -> list[str]:
        return [batch.key for batch in loader.batches(16, fingerprint, lambda _: True)]

    before = keys("models")
    assert keys("models") == before
    assert not set(keys("others")) & set(before)
    probing.images[20] = Image("changed.png")
    assert [key == old for key, old in zip(keys("models"), before, strict=True)] == [True, False, True]


def test_reading_stays_a_few_batches_ahead(probing: Counting) -> None:
    loader = Loader(probing, mean, mean_of, thumbnail_size=192)
    before = threading.active_count()
    with closing(loader.batches(4, "models", lambda _: False)) as batches:
        next(batches)
        assert len(probing.reads) <= (1 + READ_AHEAD) * 4
    assert len(probing.reads) <= (1 + READ_AHEAD) * 4
    assert threading.active_count() == before
