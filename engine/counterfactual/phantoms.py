"""Pairs of phantom films, which differ in one thing exactly."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.counterfactual.base import Shown
from engine.probing.base import Image
from engine.probing.phantom.anatomy import Anatomy
from engine.probing.phantom.film import render
from engine.probing.phantom.interventions import Intervention, Pair


@dataclass(frozen=True, slots=True)
class PhantomChange:
    """An intervention on the films of a phantom probing set."""

    intervention: Intervention
    anatomy: Callable[[Image], Anatomy]
    seed: int
    """Draws what is added to a film, such as a finding's side and severity"""
    limits: str = ""

    @property
    def name(self) -> str:
        return self.intervention.name

    @property
    def states(self) -> tuple[str, str]:
        return self.intervention.states

    def applies(self, image: Image) -> bool:
        return self._pair(image) is not None

    def pair(self, image: Image, shown: Shown) -> tuple[int, int]:
        pair = self._pair(image)
        if pair is None:
            raise ValueError(f"{image.path} has no pair of {self.name}")
        first, second = (shown.place(repr(each), lambda each=each: render(each)) for each in pair)  # type: ignore[misc]
        return first, second

    def _pair(self, image: Image) -> Pair | None:
        anatomy = self.anatomy(image)
        rng = np.random.default_rng([self.seed, anatomy.seed, zlib.crc32(self.name.encode())])
        return self.intervention.make(anatomy, rng)
