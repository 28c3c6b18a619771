"""What a pair of films is: one thing changed, and the films that show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.probing.base import Image

Film = NDArray[np.uint8]


class Shown:
    """The films made of one image, each once."""

    def __init__(self) -> None:
        self.films: list[Film] = []
        """8-bit grey [h, w]"""
        self._places: dict[str, int] = {}

    def place(self, key: str, make: Callable[[], Film]) -> int:
        """The place in `films` of the film with this key, which is made if it is new."""
        if key not in self._places:
            self._places[key] = len(self.films)
            self.films.append(make())
        return self._places[key]


class Change(Protocol):
    """One thing in which the films of a pair differ."""

    @property
    def name(self) -> str:
        """As it is asked for, such as "device:chest tube" """

    @property
    def states(self) -> tuple[str, str]:
        """What the first and the second film of a pair are, in words, such as "without" and "with" """

    @property
    def limits(self) -> str:
        """What else the films of a pair may differ in, as sentences; "" where it is nothing"""

    def applies(self, image: Image) -> bool:
        """Whether the image has a pair. Reads no film."""

    def pair(self, image: Image, shown: Shown) -> tuple[int, int]:
        """The places of the pair's films among those of the image. Several threads may call it, each for another image.

        Raises UnreadableImage for a film that cannot be read.
        """
