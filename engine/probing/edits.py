"""Edits of a film: a box painted over from its border, all but some boxes blurred, a marker pasted.

An edited film is no counterfactual. What these functions draw is no anatomy, and a model may notice that it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.probing.base import Box
from engine.probing.phantom.overlays import stamp

Film = NDArray[np.uint8]
Floats = NDArray[np.float32]
_BLUR = 1 / 16
"""Radius of the blur, in the film's shorter sides"""
_SOFT = 1 / 64
"""Width of the soft edge of what is kept, in the film's shorter sides"""
_MARGIN = 2
"""Pixels around a box from which its border and its grain are taken"""


def inpainted(film: Film, boxes: Sequence[Box], seed: int = 0) -> Film:
    """The film [h, w] with each box painted over, seeded.

    The paint is a Coons patch (Coons, MIT MAC-TR-41, 1967) between the four borders of the box, smoothed along them,
    with grain as strong as that around it. Where the box touches the film's edge, the opposite border stands for the
    missing one.
    """
    painted = film.astype(np.float32)
    grain = painted - _smoothed(painted, 2.0)
    rng = np.random.default_rng(seed)
    for box in boxes:
        top, bottom, left, right = _inside(box, film.shape)
        if bottom - top < 2 or right - left < 2:
            continue
        patch = _coons(painted, top, bottom, left, right)
        ring = np.concatenate(
            [
                grain[max(top - _MARGIN, 0) : top, left:right].ravel(),
                grain[bottom : bottom + _MARGIN, left:right].ravel(),
                grain[top:bottom, max(left - _MARGIN, 0) : left].ravel(),
                grain[top:bottom, right : right + _MARGIN].ravel(),
            ]
        )
        noise = rng.standard_normal(patch.shape) * (float(ring.std()) if ring.size else 0.0)
        painted[top:bottom, left:right] = patch + noise
    return np.clip(np.rint(painted), 0, 255).astype(np.uint8)


def _inside(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box's rows and columns within a film [h, w]: top, bottom, left, right."""
    height, width = shape[:2]
    top, left = max(int(box.y), 0), max(int(box.x), 0)
    return top, min(int(np.ceil(box.y + box.height)), height), left, min(int(np.ceil(box.x + box.width)), width)


def _coons(film: Floats, top: int, bottom: int, left: int, right: int) -> NDArray[np.float64]:
    """The patch of a box from its borders."""
    height, width = film.shape
    rows = {
        "above": film[max(top - _MARGIN, 0) : top, left:right].mean(axis=0) if top else None,
        "below": film[bottom : bottom + _MARGIN, left:right].mean(axis=0) if bottom < height else None,
    }
    columns = {
        "left": film[top:bottom, max(left - _MARGIN, 0) : left].mean(axis=1) if left else None,
        "right": film[top:bottom, right : right + _MARGIN].mean(axis=1) if right < width else None,
    }
    flat = np.float64(film[top:bottom, left:right].mean())
    above, below = _both(rows["above"], rows["below"], right - left, flat)
    near, far = _both(columns["left"], columns["right"], bottom - top, flat)
    v = ((np.arange(bottom - top) + 0.5) / (bottom - top))[:, None]
    u = ((np.arange(right - left) + 0.5) / (right - left))[None, :]
    corners = [(above[0] + near[0]) / 2, (above[-1] + far[0]) / 2, (below[0] + near[-1]) / 2, (below[-1] + far[-1]) / 2]
    bilinear = (1 - v) * ((1 - u) * corners[0] + u * corners[1]) + v * ((1 - u) * corners[2] + u * corners[3])
    ruled = (1 - v) * above[None, :] + v * below[None, :] + (1 - u) * near[:, None] + u * far[:, None]
    return np.asarray(ruled - bilinear)


def _both(
    first: Floats | None, second: Floats | None, length: int, flat: np.float64
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two opposite borders, smoothed; one stands for the other where that is missing, and `flat` for both."""
    known = [each for each in (first, second) if each is not None]
    if not known:
        return np.full(length, flat), np.full(length, flat)
    one, other = (known[0] if first is None else first), (known[0] if second is None else second)
    return _along(one), _along(other)


def _along(border: Floats) -> NDArray[np.float64]:
    """A border, smoothed by a moving mean over a third of it."""
    reach = len(border) // 6
    padded = np.pad(border.astype(np.float64), reach, mode="edge")
    return np.convolve(padded, np.ones(2 * reach + 1) / (2 * reach + 1), mode="valid")


def _smoothed(film: Floats, radius: float) -> Floats:
    picture = Image.fromarray(np.clip(np.rint(film), 0, 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32)


def blurred_outside(film: Film, boxes: Sequence[Box]) -> Film:
    """The film [h, w] with all but the boxes blurred by a Gaussian of a sixteenth of its shorter side; the edge is
    soft."""
    side = min(film.shape)
    kept = np.zeros(film.shape, dtype=np.uint8)
    for box in boxes:
        top, bottom, left, right = _inside(box, film.shape)
        kept[top:bottom, left:right] = 255
    soft = np.asarray(Image.fromarray(kept).filter(ImageFilter.GaussianBlur(_SOFT * side)), dtype=np.float32) / 255
    soft = np.maximum(soft, kept / np.float32(255))
    wide = np.asarray(Image.fromarray(film).filter(ImageFilter.GaussianBlur(_BLUR * side)), dtype=np.float32)
    return np.rint(soft * film + (1 - soft) * wide).astype(np.uint8)


def with_marker(film: Film, text: str, left: bool) -> Film:
    """The film [h, w] with a text in the upper corner of a side of the patient; the patient's left is the picture's
    right."""
    shown: Floats = film.astype(np.float32) / np.float32(255)
    stamp(shown, text, 0.06, 0.93 if left else 0.06, 0.06)
    return np.rint(shown * 255).astype(np.uint8)
