"""What every VLM provides: images and texts as unit vectors of one space; and what each kind's module provides."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from engine.errors import ConfigError, MammiError
from engine.factories import check_text
from engine.probing.base import Image

if TYPE_CHECKING:
    import torch


log = logging.getLogger(__name__)

MOST_DIMENSIONS = 65_536
"""The longest embedding"""
LENGTH_TOLERANCE = 0.02
"""How far from 1 a unit vector's length may be; normalising in half precision stays closer"""
_SAME = 0.05
"""How far an embedding may move with the other images or texts of its batch. Rounding to half precision stays below it,
dropout far above."""


class VLM(Protocol):
    """An image-text model."""

    name: str
    """As shown to a reader, such as "MedCLIP ViT" """
    dimension: int
    """d, the length of an embedding"""
    identity: str
    """A hash of all that determines an embedding (weights, architecture, preprocessing, tokenizer): the cache key"""
    by_name: bool
    """Whether an image's embedding depends on its name, `Image.path`, and not on its pixels alone. A VLM without this
    attribute is treated as if it did: a renamed film is embedded again."""

    def preprocess(self, film: NDArray[np.uint8], image: Image) -> torch.Tensor:
        """Turns an 8-bit grey film [h, w] into one float32 input on the CPU, such as [c, h', w'].

        Safe to call from several threads. `image` is the film's entry in the probing set; only a VLM whose embeddings
        are `by_name` reads it. Raises UnreadableImage for an image that is to be set aside.
        """
        ...

    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        """Encodes inputs [n, …] on the model's device as float32 unit vectors [n, d]."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encodes texts as unit vectors [len(texts), d]. The result of one text does not depend on the others."""
        ...


class VLMKind(Protocol):
    """The module of one kind of VLM. It imports nothing heavy, so that a configuration is checked at once.

    It may also have `BY_NAME = True`, if its VLMs are `by_name`; `TAKES_FILMS = False`, if their embeddings do not come
    from the films that a run gives them; and `NEEDS`, a tuple of the packages that `load` imports beside those of the
    extra `engine`.
    """

    @property
    def Options(self) -> type[BaseModel]:  # noqa: N802
        """The keys of the table [vlm]."""

    def identity(self, options: Any, base: Path) -> str | None:
        """The `identity` of the VLM that `load` returns, found without loading it; None if only `load` gives it. It
        covers the options, the bytes of all files read, and a VERSION of the code.

        Relative paths start from `base`. Raises as `load` does for a file that is missing.
        """
        ...

    def load(self, options: Any, base: Path, device: torch.device) -> VLM:
        """The VLM on the device. Our kinds import here what builds it, from engine.vlms.models.

        Raises MammiError when files are missing or do not fit.
        """
        ...


def check_vlm(made: Any, key: str) -> None:
    """Raises ConfigError, which names the configuration's key, where a VLM says of itself what none can."""
    check_text(made.name, f"{key}: the VLM's name")
    check_text(made.identity, f"{key}: the VLM's identity")
    dimension, by_name = made.dimension, getattr(made, "by_name", True)
    whole = isinstance(dimension, (int, np.integer)) and not isinstance(dimension, bool)
    if not whole or not 1 <= dimension <= MOST_DIMENSIONS:
        shown = int(dimension) if whole else f"a {type(dimension).__name__}"
        raise ConfigError(f"{key}: the VLM's dimension is {shown}: it must be a number from 1 to {MOST_DIMENSIONS:,}.")
    if not isinstance(by_name, bool):
        raise ConfigError(f"{key}: the VLM's by_name is a {type(by_name).__name__}: it must be True or False.")
    for name in ("preprocess", "encode_images", "encode_texts"):
        if not callable(getattr(made, name)):
            raise ConfigError(f"{key}: the VLM's {name} is a {type(getattr(made, name)).__name__}, not a function.")


def check_embeddings(vlm: VLM, embeddings: NDArray[np.float32], count: int, zero_passes: bool = False) -> None:
    """Raises MammiError unless these are `count` unit vectors of the VLM's dimension. NaN and infinity pass."""
    if embeddings.shape != (wanted := (count, vlm.dimension)):
        raise MammiError(f"vlm: {vlm.name} gives embeddings of shape {embeddings.shape} in place of {wanted}.")
    lengths = np.linalg.norm(embeddings[np.isfinite(embeddings).all(axis=1)], axis=1)
    for length in lengths[(np.abs(lengths - 1) > LENGTH_TOLERANCE) & ~(zero_passes & (lengths == 0))][:1]:
        raise MammiError(f"vlm: {vlm.name} gives embeddings of length {length:.4g} in place of 1: normalise them.")


def warn_of_another(what: str, one: NDArray[np.float32], other: NDArray[np.float32]) -> None:
    """Logs a warning where two embeddings [d] of the same image or text, which `what` names, are not the same one."""
    if np.isfinite(one).all() and np.isfinite(other).all() and np.linalg.norm(one - other) > _SAME:
        log.warning(
            "vlm: the same %s gave another embedding in another batch: is dropout active, or does it draw at random? "
            "This run cannot be repeated.",
            what,
        )
