"""Turns images of the probing set into model inputs. A few threads read ahead: the models need not wait for a disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.config.settings import Parity
from engine.device import check_input
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
"""Pieces of the probing set that are read while a batch is computed; their number bounds the memory"""


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


@dataclass(frozen=True, slots=True)
class _Found:
    """A batch whose files have been read, with the images since the batch before as in Prepared."""

    batch: tuple[_Task, ...]
    passed: int = 0
    looked_up: tuple[tuple[int, ImageKeys], ...] = ()


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
        self, places: Sequence[int], size: int, claim: Callable[[ImageKeys], frozenset[str]], whole: bool = False
    ) -> Generator[Prepared, None, None]:
        """Batches of `size` of the images at these places that lack a part, in their order; the last may be smaller.

        `claim` gives the keys of the parts that an image lacks (ImageResults.claim). It is called in another thread.
        `whole`: what one image lacks is computed of all `size` images among which it is in a run from nothing.
        """
        gathered: list[_Task] = []
        waiting: deque[Future[_Found | Prepared]] = deque()
        with (
            ThreadPoolExecutor(READERS) as readers,
            ThreadPoolExecutor(READERS) as decoders,
            ThreadPoolExecutor(1) as ahead,
        ):

            def look(piece: Sequence[int]) -> _Found:
                """Looks at some of the images. Takes a batch once enough images lack something, and reads its files."""
                passed = 0
                found = self._films.look_up(piece, readers, keep=True)
                looked_up = tuple((place, keys) for place, keys, _ in found)
                claims = [claim(keys) for _, keys, _ in found]
                if whole:
                    claims = [frozenset[str]().union(*claims)] * len(claims)
                for (place, keys, file), lacking in zip(found, claims, strict=True):
                    if lacking:
                        gathered.append((place, keys, lacking, file))
                    else:
                        passed += 1
                return _Found(take() if len(gathered) >= size else (), passed, looked_up)

            def take() -> tuple[_Task, ...]:
                batch = gathered[:size]
                del gathered[:size]
                return tuple(readers.map(self._read, batch))

            def prepared(found: _Found) -> Prepared:
                self._load_models(frozenset().union(*(task[2] for task in found.batch)))
                return Prepared(tuple(decoders.map(self._prepare, found.batch)), found.passed, found.looked_up)

            def submit(task: Callable[[], _Found]) -> None:
                waiting.append(ahead.submit(lambda: prepared(task()) if self.beside else task()))

            def first() -> Prepared:
                found = waiting.popleft().result()
                return prepared(found) if isinstance(found, _Found) else found

            try:
                for start in range(0, len(places), size):
                    submit(partial(look, places[start : start + size]))
                    if len(waiting) > READ_AHEAD:
                        yield first()
                submit(lambda: _Found(take()))
                while waiting:
                    yield first()
            finally:
                for future in waiting:
                    future.cancel()

    @cached_property
    def beside(self) -> bool:
        """Whether films are decoded while the models work. Where these work on the CPU they take all cores, and a core
        that decodes makes them wait: there files are only read ahead, and all cores decode between two batches."""
        return self._models.device.type != "cpu"

    def _read(self, task: _Task) -> _Task:
        """The task with its file."""
        place, keys, lacking, file = task
        return place, keys, lacking, file or self._films.read(place)

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
            raise ValueError(f"place {place} has not been read")
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
                made = check_input(self._models.target.preprocess(pixels), f"target: preprocessing {image.path}")
                return ForTarget("", made, input_statistics(made))
        except UnreadableImage as error:
            return ForTarget(str(error))

    def _for_vlm(self, image: Image, pixels: NDArray[np.uint8]) -> ForVLM:
        try:
            if self._parity == "published":
                with failing_as(f"target: the view of {image.path} failed"):
                    pixels = published_film(self._models.target, pixels)
            with failing_as(f"vlm: preprocessing {image.path} failed"):
                made = self._models.vlm.preprocess(pixels, image)
                return ForVLM("", check_input(made, f"vlm: preprocessing {image.path}", floating=False))
        except UnreadableImage as error:
            return ForVLM(str(error))


def input_statistics(made: Tensor) -> tuple[float, float, float, float]:
    """Minimum, maximum, mean and standard deviation of a target model's input [c, h, w]."""
    values: NDArray[np.float32] = made.detach().float().numpy()
    mean = values.mean()
    deviation = np.sqrt(np.square(values - mean).mean())  # a third of the time that torch.std_mean takes
    return float(values.min()), float(values.max()), float(mean), float(deviation)
