"""What every target model provides, and what the module of every kind of target model provides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from engine.errors import ConfigError
from engine.factories import check_text

if TYPE_CHECKING:
    from torch import Tensor, nn

LOGITS = "logits"
"""The layer that is the output of the whole model"""
PENULTIMATE = "penultimate"
"""The layer that is the input of the model's last nn.Linear"""

TargetPreprocess: TypeAlias = "Callable[[NDArray[np.uint8]], Tensor]"
"""Turns an 8-bit grey film [h, w] into one float32 input [c, h', w']. It may also be a `Viewing`."""


@runtime_checkable
class Viewing(Protocol):
    """A preprocessing that can show its view of a film, which `run.parity = "published"` needs."""

    def view(self, film: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The film [h, w] as the target model sees it, resized and cropped but not normalised: 8-bit grey [h', w'].

        Safe to call from several threads. Raises UnreadableImage for an image that is to be set aside.
        """
        ...


@dataclass(frozen=True, slots=True)
class TargetModel:
    """A classifier to be explained."""

    module: nn.Module
    """On the CPU; the run moves it to its device, puts it in evaluation mode and calls it with a batch of inputs alone.
    It gives [n, units], or tensors among which this one is found (engine.targets.probe.read)."""
    preprocess: TargetPreprocess
    """Safe to call from several threads"""
    classes: tuple[str, ...]
    """Names of the final layer's units; empty when unknown"""
    identity: str
    """A hash of all that determines an activation (weights, architecture, preprocessing): the cache key"""
    name: str
    untrained: frozenset[str] = frozenset()
    """Names of the module's parameters, and of statistics of its batch norms, that have no trained weights. The layers
    that depend on them are marked as random, and no class names are given to their units"""


def check_target(made: TargetModel, key: str) -> None:
    """Raises ConfigError, which names the configuration's key, where a target model is not what it should be."""
    from torch import nn

    told = f"{key}: the target model's"
    check_text(made.name, f"{told} name")
    check_text(made.identity, f"{told} identity")
    if not isinstance(made.module, nn.Module):
        raise ConfigError(f"{told} module is a {type(made.module).__name__}: it must be an nn.Module.")
    if not callable(made.preprocess):
        raise ConfigError(f"{told} preprocess is a {type(made.preprocess).__name__}: it must be a function.")
    for name, value, kind in (("classes", made.classes, tuple), ("untrained", made.untrained, frozenset)):
        if not isinstance(value, kind):
            raise ConfigError(f"{told} {name} are a {type(value).__name__}: they must be a {kind.__name__} of texts.")
        for each in value:
            check_text(each, f"{told} {name}: one of them")


class TargetKind(Protocol):
    """The module of one kind of target model. It imports nothing heavy, so that a configuration is checked at once.

    It may also have `NEEDS`, a tuple of the packages that `load` imports beside those of the extra `engine`.
    """

    @property
    def Options(self) -> type[BaseModel]:  # noqa: N802
        """The keys of the table [target]."""

    def identity(self, options: Any, base: Path) -> str | None:
        """The `identity` of the target model that `load` returns, found without loading it; None if only `load`
        gives it. It covers the options, the bytes of all files read, and a VERSION of the code.

        Relative paths start from `base`. Raises as `load` does for a file that is missing.
        """
        ...

    def load(self, options: Any, base: Path) -> TargetModel:
        """The target model. Our kinds import here what builds it, from engine.targets.models.

        Raises MammiError when files are missing or do not fit.
        """
        ...
