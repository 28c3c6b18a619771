"""Images from the probing set to model inputs, read ahead by a few threads so that the models need not wait."""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import UnreadableImage, told
from engine.probing.base import Image, ProbingSet
from engine.probing.decoding import decode
from engine.store.batch import ProbedImage
from engine.store.thumbnails import encode

THREADS = max(2, min(8, os.cpu_count() or 2))
READ_AHEAD = 2
"""Batches ready or in preparation beside the one being computed: they bound the memory."""

TargetPreprocess = Callable[[NDArray[np.uint8]], Tensor]
VLMPreprocess = Callable[[NDArray[np.uint8], Image], Tensor]


@dataclass(frozen=True, slots=True)
class Inputs:
    """One usable image as the target model [c, h, w] and the VLM take it."""

    target: Tensor
    vlm: Tensor


@dataclass(frozen=True, slots=True)
class LoadedBatch:
    """Consecutive images of the probing set. Those of a known batch were read and hashed, but not decoded."""

    key: str
    size: int
    known: bool
    images: tuple[ProbedImage, ...] = ()
    inputs: tuple[Inputs, ...] = ()
    """Of the images that are not set aside."""


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    sha256: str
    reason: str = ""


class Loader:
    """Reads, hashes and decodes each image once, and makes both models' inputs and the thumbnail from that film."""

    def __init__(self, probing: ProbingSet, target: TargetPreprocess, vlm: VLMPreprocess, thumbnail_size: int) -> None:
        self._probing = probing
        self._target = target
        self._vlm = vlm
        self._thumbnail_size = thumbnail_size

    def batches(self, size: int, fingerprint: str, known: Callable[[str], bool]) -> Generator[LoadedBatch, None, None]:
        """The probing set in batches of `size` images, the last may be smaller.

        A batch's key is the hash of `fingerprint` and of its images' paths and bytes. `known(key)` is asked in another
        thread.
        """
        images = self._probing.images
        waiting: deque[Future[LoadedBatch]] = deque()
        with ThreadPoolExecutor(THREADS) as threads, ThreadPoolExecutor(1) as ahead:
            try:
                for start in range(0, len(images), size):
                    batch = images[start : start + size]
                    waiting.append(ahead.submit(self._load, batch, fingerprint, known, threads))
                    if len(waiting) > READ_AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _load(
        self, images: Sequence[Image], fingerprint: str, known: Callable[[str], bool], threads: Executor
    ) -> LoadedBatch:
        files = list(threads.map(self._read, images))
        told = [[image.path, file.sha256, file.reason] for image, file in zip(images, files, strict=True)]
        key = hashlib.sha256(json.dumps([fingerprint, told]).encode()).hexdigest()
        if known(key):
            return LoadedBatch(key, len(files), known=True)
        probed, inputs = zip(*threads.map(self._prepare, images, files), strict=True)
        return LoadedBatch(key, len(files), False, probed, tuple(pair for pair in inputs if pair is not None))

    def _read(self, image: Image) -> _File:
        try:
            data = self._probing.read(image)
        except UnreadableImage as error:
            return _File(b"", "", str(error))
        return _File(data, hashlib.sha256(data).hexdigest())

    def _prepare(self, image: Image, file: _File) -> tuple[ProbedImage, Inputs | None]:
        size = len(file.data)
        try:
            if file.reason:
                raise UnreadableImage(file.reason)
            film = decode(file.data)
            with told(f"target: preprocessing {image.path} failed"):
                target = self._target(film)
                look = looks(target)
            with told(f"vlm: preprocessing {image.path} failed"):
                vlm = self._vlm(film, image)
        except UnreadableImage as error:
            return ProbedImage(size, file.sha256, reason=str(error)), None
        height, width = film.shape
        thumbnail = encode(film, self._thumbnail_size)
        return ProbedImage(size, file.sha256, width, height, thumbnail, "", *look), Inputs(target, vlm)


def looks(target: Tensor) -> tuple[float, float, float, float]:
    """Least and greatest value, mean and standard deviation of a target model's input."""
    values = target.float()
    low, high = values.aminmax()
    deviation, mean = torch.std_mean(values, correction=0)
    return low.item(), high.item(), mean.item(), deviation.item()
