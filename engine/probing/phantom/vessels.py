"""The lungs' vessels: branches that leave the hila, fork and taper towards the periphery."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.probing.phantom.drawing import Array, Sheet
from engine.probing.phantom.geometry import SIDES, Geometry

_STEPS = 9
_MAIN = 10
_FORKS = 5
_TWIGS = 3


def draw_vessels(geometry: Geometry, rng: np.random.Generator, cephalisation: float = 0.0) -> Array:
    """Density of vessels [side, side], 0–1. `cephalisation` widens those of the upper lobes."""
    sheet = Sheet(geometry.side)
    strength = geometry.shape.vascularity
    for sign in SIDES:
        start, angle, length, width = _mains(geometry, sign, rng, cephalisation)
        mains = _paths(start, angle, length, rng, bend=0.10)
        forks = _branch(mains, angle, length, width, _FORKS, rng)
        twigs = _branch(forks[0], *forks[1:], _TWIGS, rng)
        for paths, _, _, widths in (twigs, forks, (mains, angle, length, width)):
            _draw(sheet, paths, sign, widths * strength, strength, tapers=paths is mains)
    return sheet.array(blur=0.5)


def _mains(
    geometry: Geometry, sign: int, rng: np.random.Generator, cephalisation: float
) -> tuple[NDArray[np.float64], ...]:
    """Start [n, 2], angle below the horizontal [n], length [n] and width [n] of the vessels at a hilum; x grows outwards."""
    x, y = geometry.point(sign, 0.02, 0.0)[0], geometry.hilum - 0.015 * (sign > 0)
    row = int(geometry.hilum * geometry.side)
    x = float(geometry.midline[row]) * sign + float(geometry.mediastinum[sign][row]) + 0.004
    spread = np.linspace(-1.35, 1.42, _MAIN) + rng.normal(0, 0.09, _MAIN)
    reach = np.where(spread < 0, 0.9 * geometry.height * 0.5, geometry.height * 0.56)
    across = 0.8 * (geometry.shape.half_width - 0.08)
    length = np.minimum(reach / np.maximum(np.abs(np.sin(spread)), 0.2), across / np.maximum(np.cos(spread), 0.2))
    width = np.where(spread > 0.5, 0.0135, 0.0095) * rng.uniform(0.7, 1.15, _MAIN)
    width *= np.where(spread < 0, 1 + 0.8 * cephalisation, 1.0)
    start = np.stack([np.full(_MAIN, x), y + 0.045 * spread], axis=1)
    return start, spread, length * rng.uniform(0.8, 1.05, _MAIN), width


def _paths(
    start: NDArray[np.float64],
    angle: NDArray[np.float64],
    length: NDArray[np.float64],
    rng: np.random.Generator,
    bend: float,
) -> NDArray[np.float64]:
    """Winding paths [n, _STEPS, 2]."""
    turns = angle[:, None] + np.cumsum(rng.normal(0, bend, (len(angle), _STEPS - 1)), axis=1)
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=2) * (length / (_STEPS - 1))[:, None, None]
    return np.concatenate([start[:, None], start[:, None] + np.cumsum(steps, axis=1)], axis=1)


def _branch(
    paths: NDArray[np.float64],
    angle: NDArray[np.float64],
    length: NDArray[np.float64],
    width: NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], ...]:
    """Paths, angles, lengths and widths of `count` branches of each path, alternately to either side."""
    n = len(paths)
    at = np.clip((np.arange(count) + 0.8 + rng.uniform(0, 1, (n, count))) * (_STEPS - 2) / (count + 0.8), 1, _STEPS - 2)
    index = at.astype(int)
    start = paths[np.arange(n)[:, None], index].reshape(-1, 2)
    hand = np.where((np.arange(count) + np.arange(n)[:, None]) % 2, 1.0, -1.0)
    turned = (angle[:, None] + hand * rng.uniform(0.35, 0.9, (n, count))).ravel()
    left = 1 - at / _STEPS
    size = (length[:, None] * (0.18 + 0.42 * left) * rng.uniform(0.6, 1.1, (n, count))).ravel()
    thin = (width[:, None] * (0.3 + 0.35 * left)).ravel()
    return _paths(start, turned, size, rng, bend=0.14), turned, size, thin


def _draw(
    sheet: Sheet, paths: NDArray[np.float64], sign: int, widths: NDArray[np.float64], strength: float, *, tapers: bool
) -> None:
    pieces = ((6, 9, 0.4), (3, 7, 0.66), (0, 4, 1.0)) if tapers else ((0, _STEPS, 1.0),)
    mirrored = paths * (sign, 1)
    for path, width in zip(mirrored, widths.tolist(), strict=True):
        for first, last, share in pieces:
            brightness = min((0.12 + 55 * width * share) * min(strength, 1.2), 1.0)
            sheet.hairline(path[first:last], width * share, brightness)
