"""Lines and curves, drawn with Pillow at twice the film's size and then reduced so that they are smooth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Array = NDArray[np.float32]
_OVERSAMPLING = 2


class Sheet:
    """A drawing surface. Coordinates are fractions of the film's side; brightness is 0 to 1."""

    def __init__(self, side: int) -> None:
        self._scale = side * _OVERSAMPLING
        self._image = Image.new("L", (self._scale, self._scale))
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: NDArray[np.floating], width: float, brightness: float) -> None:
        """Draws a curve through points [n, 2] (x, y)."""
        pixels = (points * self._scale).ravel().tolist()
        self._draw.line(pixels, fill=int(255 * brightness), width=max(1, round(width * self._scale)))

    def ellipse(self, x: float, y: float, rx: float, ry: float, brightness: float) -> None:
        s = self._scale
        self._draw.ellipse(((x - rx) * s, (y - ry) * s, (x + rx) * s, (y + ry) * s), fill=int(255 * brightness))

    def array(self, blur: float = 0.0) -> Array:
        """The drawing [side, side] in [0, 1], blurred by `blur` film pixels."""
        image = self._image.reduce(_OVERSAMPLING)
        if blur:
            image = image.filter(ImageFilter.GaussianBlur(blur))
        return np.asarray(image, dtype=np.float32) * np.float32(1 / 255)


def curve(points: Sequence[tuple[float, float]], count: int = 16) -> NDArray[np.float64]:
    """The polynomial curve [count, 2] through a few points: Lagrange's, with the points at equal steps of its
    parameter."""
    nodes = np.asarray(points, dtype=np.float64)
    at = np.linspace(0, 1, len(nodes))
    t = np.linspace(0, 1, count)
    weights = np.ones((count, len(nodes)))
    for i in range(len(nodes)):
        for j in range(len(nodes)):
            if i != j:
                weights[:, i] *= (t - at[j]) / (at[i] - at[j])
    return weights @ nodes
