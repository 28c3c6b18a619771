"""What is to be drawn of a film, whoever draws it: the part shown, window and level, tint and outlines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mammi_tui.findings import Contour, Finding, Outline
from mammi_tui.images.base import Grey

Mask = NDArray[np.bool_]

_AUTO = (1.0, 99.0)
"""Percentiles of a film's greys that become black and white in the automatic window"""
_GREYS = 256
_NARROWEST = 8


@dataclass(frozen=True, slots=True)
class Window:
    """Which greys are told apart: those in `width` levels around `level`. Below them all is black, above white."""

    level: float = 127.5
    width: float = 255.0
    inverted: bool = False

    @classmethod
    def auto(cls, film: Grey, *, inverted: bool = False) -> Self:
        """The window of all but the darkest and the brightest hundredth of a film's pixels."""
        low, high = np.percentile(film, _AUTO).tolist()
        return cls((low + high) / 2, max(_NARROWEST, high - low), inverted)

    def moved(self, level: float = 0.0, width: float = 0.0) -> Window:
        """A window with another level, another width, or both, within what greys there are."""
        return replace(
            self,
            level=min(255.0, max(0.0, self.level + level)),
            width=min(2 * 255.0, max(float(_NARROWEST), self.width + width)),
        )

    @property
    def is_whole(self) -> bool:
        """Whether every grey stays as it is, but for the inversion."""
        return self.level == 127.5 and self.width == 255.0

    def of(self, film: Grey) -> Grey:
        """The film [h, w] in this window."""
        if self.is_whole and not self.inverted:
            return film
        greys = (np.arange(_GREYS) - self.level) / self.width + 0.5
        table = (greys.clip(0, 1) * 255).round().astype(np.uint8)
        return (255 - table if self.inverted else table)[film]


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of a film, in fractions of its width and height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @classmethod
    def around(cls, x: float, y: float, zoom: float) -> Self:
        """The part that is 1/`zoom` of the film in each direction, as near to a centre as the film allows."""
        half = 0.5 / max(1.0, zoom)
        x, y = (min(1 - half, max(half, place)) for place in (x, y))
        return cls(x - half, y - half, x + half, y + half)

    def of(self, pixels: NDArray[np.generic]) -> tuple[slice, slice]:
        """Which rows and columns of an array [h, w] over the whole film lie in the part, at least one of each."""
        height, width = pixels.shape
        return _between(self.top, self.bottom, height), _between(self.left, self.right, width)

    def within(self, x: float, y: float) -> tuple[float, float]:
        """A point of the film, in fractions of the part."""
        return (x - self.left) / (self.right - self.left), (y - self.top) / (self.bottom - self.top)


def _between(first: float, last: float, length: int) -> slice:
    """The places from one fraction of a length to another, at least one."""
    start = min(length - 1, round(first * length))
    return slice(start, max(start + 1, round(last * length)))


WHOLE = Part()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A film and what is drawn over it."""

    film: Grey
    """[h, w]"""
    window: Window = Window()
    part: Part = WHOLE
    tint: Mask | None = None
    """The pixels of the film that are drawn warm, [h, w]; None for none"""
    findings: tuple[Finding, ...] = ()
    """The outlines to draw, in fractions of the whole film"""

    @property
    def grey(self) -> Grey:
        """The part that is shown, in the window."""
        return self.window.of(self.film[self.part.of(self.film)])

    @property
    def warm(self) -> Mask | None:
        """The tint of the part that is shown, as `grey`; None where nothing of it is tinted."""
        if self.tint is None:
            return None
        shown = self.tint[self.part.of(self.tint)]
        return shown if shown.any() else None

    @property
    def outlines(self) -> tuple[Finding, ...]:
        """The outlines in fractions of the part that is shown, which they may leave."""
        return self.findings if self.part == WHOLE else tuple(self._moved())

    def _moved(self) -> Iterator[Finding]:
        for finding in self.findings:
            if isinstance(finding, Contour):
                yield replace(finding, points=tuple(self.part.within(x, y) for x, y in finding.points))
            else:
                corners = (
                    *self.part.within(finding.left, finding.top),
                    *self.part.within(finding.right, finding.bottom),
                )
                if corners[0] < 1 and corners[1] < 1 and corners[2] > 0 and corners[3] > 0:
                    yield Outline(finding.label, *corners)


def warmed(greys: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The warm colour that takes the place of each grey: [...] to [..., 3]. Brighter greys stay brighter."""
    level = greys.astype(np.float32)[..., None] / 255
    dark, bright = np.array(_DARK, np.float32), np.array(_BRIGHT, np.float32)
    return np.asarray((dark + (bright - dark) * level).round(), dtype=np.uint8)


_DARK, _BRIGHT = (72.0, 18.0, 0.0), (255.0, 214.0, 150.0)
"""The warm colours of black and white"""
