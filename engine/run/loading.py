"""Turns images of the probing set into model inputs. A few threads read ahead, so that the models need not wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.config.settings import Parity
from engine.errors import UnreadableImage, failing_as
from engine.probing.base import Image
from engine.probing.decoding import READERS, decode
from engine.run.films import File, Films
from engine.run.inputs import Models
from engine.run.parity import published_film
from engine.store.batch import Film
from engine.store.parts import ImageKeys, PartKeys
from engine.store.thumbnails import encode

READ_AHEAD = 2
"""Pieces of the probing set that are prepared while a batch is computed; their number bounds the memory"""


@dataclass(frozen=True, slots=True)
class ForTarget:
    """An image on its way to the target model."""

    reason: str
    """Why it is set aside; "" for a usable one"""
    input: Tensor | None = None
    """[c, h, w]; None when set aside"""
    statistics: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """`input_statistics` of the input"""


@dataclass(frozen=True, slots=True)
class ForVLM:
    """An image on its way to the VLM."""

    reason: str
    """As in ForTarget"""
    input: Tensor | None = None
    """As the VLM takes it; None when set aside"""


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """An image that lacks parts, and what these are computed from; each is None if no part needs it."""

    keys: ImageKeys
    lacking: frozenset[str]
    """The keys of the parts"""
    film: Film | None
    target: ForTarget | None
    vlm: ForVLM | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch for the models. `passed` is the number of images since the batch before that lack nothing, and
    `looked_up` the place and the keys of every image that was looked up since then."""

    images: tuple[PreparedImage, ...]
    passed: int = 0
    looked_up: tuple[tuple[int, ImageKeys], ...] = ()


_Task = tuple[int, ImageKeys, frozenset[str], File | None]
"""An image's place in the probing set, its keys, the keys of the parts that it lacks, and its file if it is read"""


class Loader:
    """Reads and decodes each image at most once, and makes from the film what the lacking parts need: the thumbnail,
    the target model's input, the VLM's input (of the film, or of what `parity` puts in its place)."""

    def __init__(
        self, films: Films, parts: PartKeys, models: Models, thumbnail_size: int, parity: Parity = "none"
    ) -> None:
        self._films = films
        self._parts = parts
        self._models = models
        self._thumbnail_size = thumbnail_size
        self._parity = parity

    def batches(
        self, places: Sequence[int], size: int, claim: Callable[[ImageKeys], frozenset[str]]
    ) -> Generator[Prepared, None, None]:
        """Batches of `size` of the images at these places that lack a part, in their order; the last may be smaller.

        `claim` gives the keys of the parts that an image lacks (ImageResults.claim). It is called in another thread.
        """
        gathered: list[_Task] = []
        waiting: deque[Future[Prepared]] = deque()
        with ThreadPoolExecutor(READERS) as threads, ThreadPoolExecutor(1) as ahead:

            def load(piece: Sequence[int]) -> Prepared:
                """Looks at some of the images. Prepares a batch once enough images lack something."""
                passed = 0
                found = self._films.look_up(piece, threads, keep=True)
                looked_up = tuple((place, keys) for place, keys, _ in found)
                for place, keys, file in found:
                    lacking = claim(keys)
                    if lacking:
                        gathered.append((place, keys, lacking, file))
                    else:
                        passed += 1
                return Prepared(prepare() if len(gathered) >= size else (), passed, looked_up)

            def prepare() -> tuple[PreparedImage, ...]:
                batch = gathered[:size]
                del gathered[:size]
                self._load_models(frozenset().union(*(lacking for _, _, lacking, _ in batch)))
                return tuple(threads.map(self._prepare, batch))

            try:
                for start in range(0, len(places), size):
                    waiting.append(ahead.submit(load, places[start : start + size]))
                    if len(waiting) > READ_AHEAD:
                        yield waiting.popleft().result()
                waiting.append(ahead.submit(lambda: Prepared(prepare())))
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _load_models(self, lacking: frozenset[str]) -> None:
        """Loads the models that these parts need, before several threads ask for them at once."""
        for_vlm = self._parts.embedding in lacking
        if lacking & self._parts.of_target or (for_vlm and self._parity == "published"):
            _ = self._models.target
        if for_vlm:
            _ = self._models.vlm

    def _prepare(self, task: _Task) -> PreparedImage:
        place, keys, lacking, file = task
        if file is None:
            file = self._films.read(place)
        image = self._films.images[place]
        film = Film(len(file.data), file.sha256)
        for_film = self._parts.film in lacking
        for_target, for_vlm = bool(lacking & self._parts.of_target), self._parts.embedding in lacking
        try:
            if file.reason:
                raise UnreadableImage(file.reason)
            pixels = decode(file.data)
        except UnreadableImage as error:
            reason = str(error)
            return PreparedImage(
                keys,
                lacking,
                Film(film.size_bytes, film.sha256, reason=reason) if for_film else None,
                ForTarget(reason) if for_target else None,
                ForVLM(reason) if for_vlm else None,
            )
        return PreparedImage(
            keys,
            lacking,
            self._film(film, pixels) if for_film else None,
            self._for_target(image, pixels) if for_target else None,
            self._for_vlm(image, pixels) if for_vlm else None,
        )

    def _film(self, film: Film, pixels: NDArray[np.uint8]) -> Film:
        height, width = pixels.shape
        return Film(film.size_bytes, film.sha256, width, height, encode(pixels, self._thumbnail_size))

    def _for_target(self, image: Image, pixels: NDArray[np.uint8]) -> ForTarget:
        try:
            with failing_as(f"target: preprocessing {image.path} failed"):
                made = self._models.target.preprocess(pixels)
                return ForTarget("", made, input_statistics(made))
        except UnreadableImage as error:
            return ForTarget(str(error))

    def _for_vlm(self, image: Image, pixels: NDArray[np.uint8]) -> ForVLM:
        try:
            if self._parity == "published":
                with failing_as(f"target: the view of {image.path} failed"):
                    pixels = published_film(self._models.target, pixels)
            with failing_as(f"vlm: preprocessing {image.path} failed"):
                return ForVLM("", self._models.vlm.preprocess(pixels, image))
        except UnreadableImage as error:
            return ForVLM(str(error))


def input_statistics(made: Tensor) -> tuple[float, float, float, float]:
    """Minimum, maximum, mean and standard deviation of a target model's input [c, h, w]."""
    values = made.float()
    low, high = values.aminmax()
    deviation, mean = torch.std_mean(values, correction=0)
    return low.item(), high.item(), mean.item(), deviation.item()
