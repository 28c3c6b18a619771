"""Images from the probing set to model inputs, read ahead by a few threads so that the models need not wait."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.device import READER_THREADS
from engine.errors import UnreadableImage, failing_as
from engine.probing.base import Image, ProbingSet
from engine.probing.decoding import decode
from engine.run.known import Missing
from engine.store.batch import BatchKeys, ProbedImage
from engine.store.thumbnails import encode
from engine.targets.base import TargetPreprocess

READ_AHEAD = 2
"""Batches ready or in preparation beside the one being computed: they bound the memory."""

VLMPreprocess = Callable[[NDArray[np.uint8], Image], Tensor]
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class TargetInputs:
    """The target model's side of a batch."""

    images: tuple[ProbedImage, ...]
    inputs: tuple[Tensor, ...]
    """[c, h, w] each, of the images that are not set aside"""


@dataclass(frozen=True, slots=True)
class VLMInputs:
    """The VLM's side of a batch."""

    reasons: tuple[str, ...]
    """Of each image why it is set aside; "" for a usable one"""
    inputs: tuple[Tensor, ...]
    """As the VLM takes them, of the images that are not set aside"""


@dataclass(frozen=True, slots=True)
class LoadedBatch:
    """Consecutive images of the probing set. A side whose part is known is None; where both are, no film is decoded."""

    keys: BatchKeys
    size: int
    target: TargetInputs | None = None
    vlm: VLMInputs | None = None


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    sha256: str
    reason: str = ""


_Prepared = tuple[tuple[ProbedImage, Tensor | None] | None, tuple[str, Tensor | None] | None]
"""Both sides of one image, None where it is not wanted; a side without an input is set aside."""


class Loader:
    """Reads and hashes each image once, decodes it at most once, and makes of the film what is missing: the target
    model's input with the thumbnail, and the VLM's input."""

    def __init__(self, probing: ProbingSet, target: TargetPreprocess, vlm: VLMPreprocess, thumbnail_size: int) -> None:
        self._probing = probing
        self._target = target
        self._vlm = vlm
        self._thumbnail_size = thumbnail_size

    def batches(
        self, size: int, fingerprints: BatchKeys, missing: Callable[[BatchKeys], Missing]
    ) -> Generator[LoadedBatch, None, None]:
        """The probing set in batches of `size` images, the last may be smaller.

        The key of a batch's part is the hash of that part's fingerprint and of the images' paths and bytes.
        `missing(keys)` is asked in another thread.
        """
        images = self._probing.images
        waiting: deque[Future[LoadedBatch]] = deque()
        with ThreadPoolExecutor(READER_THREADS) as threads, ThreadPoolExecutor(1) as ahead:
            try:
                for start in range(0, len(images), size):
                    batch = images[start : start + size]
                    waiting.append(ahead.submit(self._load, batch, fingerprints, missing, threads))
                    if len(waiting) > READ_AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _load(
        self,
        images: Sequence[Image],
        fingerprints: BatchKeys,
        missing: Callable[[BatchKeys], Missing],
        threads: Executor,
    ) -> LoadedBatch:
        files = list(threads.map(self._read, images))
        told = [[image.path, file.sha256, file.reason] for image, file in zip(images, files, strict=True)]
        keys = BatchKeys(*(_key(fingerprint, told) for fingerprint in fingerprints))
        wanted = missing(keys)
        if not any(wanted):
            return LoadedBatch(keys, len(files))
        prepared = threads.map(lambda image, file: self._prepare(image, file, wanted), images, files)
        targets, vlms = zip(*prepared, strict=True)
        return LoadedBatch(
            keys,
            len(files),
            TargetInputs(*_sides(targets)) if wanted.target else None,
            VLMInputs(*_sides(vlms)) if wanted.vlm else None,
        )

    def _read(self, image: Image) -> _File:
        try:
            data = self._probing.read(image)
        except UnreadableImage as error:
            return _File(b"", "", str(error))
        return _File(data, hashlib.sha256(data).hexdigest())

    def _prepare(self, image: Image, file: _File, wanted: Missing) -> _Prepared:
        probed = ProbedImage(len(file.data), file.sha256)
        try:
            if file.reason:
                raise UnreadableImage(file.reason)
            film = decode(file.data)
        except UnreadableImage as error:
            reason = str(error)
            return (probed.set_aside(reason), None), (reason, None)
        return (
            self._for_target(image, probed, film) if wanted.target else None,
            self._for_vlm(image, film) if wanted.vlm else None,
        )

    def _for_target(
        self, image: Image, probed: ProbedImage, film: NDArray[np.uint8]
    ) -> tuple[ProbedImage, Tensor | None]:
        try:
            with failing_as(f"target: preprocessing {image.path} failed"):
                target = self._target(film)
                look = looks(target)
        except UnreadableImage as error:
            return probed.set_aside(str(error)), None
        height, width = film.shape
        thumbnail = encode(film, self._thumbnail_size)
        return ProbedImage(probed.size_bytes, probed.sha256, width, height, thumbnail, "", *look), target

    def _for_vlm(self, image: Image, film: NDArray[np.uint8]) -> tuple[str, Tensor | None]:
        try:
            with failing_as(f"vlm: preprocessing {image.path} failed"):
                return "", self._vlm(film, image)
        except UnreadableImage as error:
            return str(error), None


def _key(fingerprint: str, images: list[list[str]]) -> str:
    return hashlib.sha256(json.dumps([fingerprint, images]).encode()).hexdigest()


def _sides(side: Sequence[tuple[Told, Tensor | None]]) -> tuple[tuple[Told, ...], tuple[Tensor, ...]]:
    """What is told of each image, and the inputs of those that have one."""
    return tuple(told for told, _ in side), tuple(given for _, given in side if given is not None)


def looks(target: Tensor) -> tuple[float, float, float, float]:
    """Least and greatest value, mean and standard deviation of a target model's input."""
    values = target.float()
    low, high = values.aminmax()
    deviation, mean = torch.std_mean(values, correction=0)
    return low.item(), high.item(), mean.item(), deviation.item()
