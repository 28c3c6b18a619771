"""Pairs of a film and an edit of it, for films that nobody can take a second time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.counterfactual.base import Film, Shown
from engine.names import compared
from engine.probing.base import Box, Image
from engine.probing.edits import blurred_outside, inpainted, with_marker

Read = Callable[[Image], Film]
_WITHOUT = ("without", "with")
_MOST = 0.5
"""The largest share of a film that is painted over; of more, nothing is left to tell"""


@dataclass(frozen=True, slots=True)
class Inpainted:
    """A label's boxes painted over, and the film as it is. With `elsewhere`, boxes of the same size on the other side
    are painted over instead: what changes there is due to the painting."""

    label: str
    read: Read
    elsewhere: bool = False
    states: tuple[str, str] = _WITHOUT

    @property
    def name(self) -> str:
        return f"inpaint{'-elsewhere' if self.elsewhere else ''}:{self.label}"

    @property
    def limits(self) -> str:
        if self.elsewhere:
            return f"The control of inpaint:{self.label}: as large boxes, mirrored, where the label has none."
        return (
            "All that lies in the boxes is painted over, anatomy and devices too, and the paint itself may be read: "
            f"compare with inpaint-elsewhere:{self.label}."
        )

    def applies(self, image: Image) -> bool:
        return bool(_labelled(image, self.label))

    def pair(self, image: Image, shown: Shown) -> tuple[int, int]:
        film = self.read(image)
        whole = shown.place("film", lambda: film)
        boxes = _labelled(image, self.label)
        if self.elsewhere:
            boxes = _mirrored(boxes, film.shape[1])
        boxes = tuple(box for box in boxes if box.width * box.height <= _MOST * film.size)
        seed = zlib.crc32(image.path.encode())
        return shown.place(self.name, lambda: inpainted(film, boxes, seed)), whole


@dataclass(frozen=True, slots=True)
class BlurredOutside:
    """All but a label's boxes blurred, and the film as it is."""

    label: str
    read: Read
    states: tuple[str, str] = ("blurred outside", "as it is")
    limits: str = "Blurring takes sharpness away with what is shown: a model may read that, too."

    @property
    def name(self) -> str:
        return f"blur-outside:{self.label}"

    def applies(self, image: Image) -> bool:
        return bool(_labelled(image, self.label))

    def pair(self, image: Image, shown: Shown) -> tuple[int, int]:
        film = self.read(image)
        whole = shown.place("film", lambda: film)
        return shown.place(self.name, lambda: blurred_outside(film, _labelled(image, self.label))), whole


@dataclass(frozen=True, slots=True)
class PastedMarker:
    """The film as it is, and with L or R in an upper corner."""

    read: Read
    seed: int
    name: str = "paste:marker"
    states: tuple[str, str] = _WITHOUT
    limits: str = "The letter is pasted beside any that the film has already; no detector has seen it."

    def applies(self, image: Image) -> bool:  # noqa: ARG002
        return True

    def pair(self, image: Image, shown: Shown) -> tuple[int, int]:
        film = self.read(image)
        left = bool(np.random.default_rng([self.seed, zlib.crc32(image.path.encode())]).random() < 0.5)
        text = "L" if left else "R"
        return shown.place("film", lambda: film), shown.place(self.name, lambda: with_marker(film, text, left))


def _labelled(image: Image, label: str) -> tuple[Box, ...]:
    return tuple(box for box in image.boxes if compared(box.label) == compared(label))


def _mirrored(boxes: Sequence[Box], width: int) -> tuple[Box, ...]:
    """The boxes on the other side of a film, without those that overlap one of the label's own."""
    found = (replace(box, x=width - box.x - box.width) for box in boxes)
    return tuple(each for each in found if not any(_overlap(each, box) for box in boxes))


def _overlap(one: Box, other: Box) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 0 and down > 0
