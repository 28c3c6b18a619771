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
from engine.probing.base import Image
from engine.run.known import Missing
from engine.run.loading import READ_AHEAD, Loader
from engine.store import thumbnails
from engine.store.batch import BatchKeys
from tests.support.models import write_film

MODELS = BatchKeys("target", "vlm")
BOTH = Missing(target=True, vlm=True)


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

    def content(self, image: Image) -> None:
        return None


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
    batches = list(loader.batches(16, MODELS, lambda _: BOTH))
    assert [batch.size for batch in batches] == [16, 16, 8]
    assert len({key for batch in batches for key in batch.keys}) == 6
    target, vlm = batches[0].target, batches[0].vlm
    assert target is not None
    assert vlm is not None
    assert (len(target.inputs), len(vlm.inputs)) == (15, 15)
    unreadable = "cannot be read: Permission denied"
    assert (target.images[3].reason, target.images[3].thumbnail) == (unreadable, b"")
    assert vlm.reasons == ("", "", "", unreadable, *[""] * 12)
    assert (target.images[0].width, target.images[0].height) == (300, 300)
    assert thumbnails.decode(target.images[0].thumbnail).shape == (192, 192)
    assert sorted(probing.reads) == sorted(image.path for image in probing.images)


def test_keys_follow_bytes_and_models(probing: Counting) -> None:
    loader = Loader(probing, mean, mean_of, thumbnail_size=192)

    def keys(fingerprints: BatchKeys) -> list[BatchKeys]:
        return [batch.keys for batch in loader.batches(16, fingerprints, lambda _: Missing(False, False))]

    before = keys(MODELS)
    assert keys(MODELS) == before
    for key, old in zip(keys(BatchKeys("target", "other")), before, strict=True):
        assert (key.target == old.target, key.vlm == old.vlm) == (True, False)
    probing.images[20] = Image("changed.png")
    assert [key == old for key, old in zip(keys(MODELS), before, strict=True)] == [True, False, True]


def test_only_what_is_missing_is_prepared(probing: Counting) -> None:
    def never(*_: object) -> torch.Tensor:
        raise AssertionError

    for_target = Loader(probing, mean, never, thumbnail_size=192)
    for batch in for_target.batches(16, MODELS, lambda _: Missing(target=True, vlm=False)):
        assert (batch.target is None, batch.vlm is None) == (False, True)
    for_vlm = Loader(probing, never, mean_of, thumbnail_size=192)
    for batch in for_vlm.batches(16, MODELS, lambda _: Missing(target=False, vlm=True)):
        assert (batch.target is None, batch.vlm is None) == (True, False)


def test_reading_stays_a_few_batches_ahead(probing: Counting) -> None:
    loader = Loader(probing, mean, mean_of, thumbnail_size=192)
    before = threading.active_count()
    with closing(loader.batches(4, MODELS, lambda _: BOTH)) as batches:
        next(batches)
        assert len(probing.reads) <= (1 + READ_AHEAD) * 4
    assert len(probing.reads) <= (1 + READ_AHEAD) * 4
    assert threading.active_count() == before
