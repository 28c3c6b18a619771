"""The vessels of the lungs: branches that leave the hila, fork and taper towards the periphery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.probing.phantom.drawing import Array, Sheet
from engine.probing.phantom.geometry import SIDES, Geometry

Floats = NDArray[np.float64]

_STEPS = 9
_MAIN = 10
_FORKS = 5
_TWIGS = 3


@dataclass(frozen=True, slots=True)
class Branches:
    """n winding vessels of one lung; x grows outwards from the film's middle line."""

    paths: Floats
    """[n, _STEPS, 2]"""
    angle: Floats
    """Angle at the start, below the horizontal [n]"""
    length: Floats
    width: Floats


def draw_vessels(geometry: Geometry, rng: np.random.Generator, cephalisation: float = 0.0) -> Array:
    """Density of the vessels [side, side], 0–1. `cephalisation` widens those of the upper lobes."""
    sheet = Sheet(geometry.side)
    strength = geometry.shape.vascularity
    for sign in SIDES:
        mains = _mains(geometry, sign, rng, cephalisation)
        forks = _fork(mains, _FORKS, rng)
        twigs = _fork(forks, _TWIGS, rng)
        for branches in (twigs, forks):
            _draw(sheet, branches, sign, strength, pieces=((0, _STEPS, 1.0),))
        _draw(sheet, mains, sign, strength, pieces=((6, 9, 0.4), (3, 7, 0.66), (0, 4, 1.0)))
    return sheet.array(blur=0.6)


def _mains(geometry: Geometry, sign: int, rng: np.random.Generator, cephalisation: float) -> Branches:
    """The vessels that leave a hilum; the left hilum lies a little higher."""
    row = int(geometry.hilum * geometry.side)
    x = sign * float(geometry.midline[row]) + float(geometry.mediastinum[sign][row]) - 0.004
    y = geometry.hilum - 0.015 * (sign > 0)
    angle = np.linspace(-1.35, 1.42, _MAIN) + rng.normal(0, 0.09, _MAIN)
    reach = geometry.shape.height * np.where(angle < 0, 0.45, 0.56)
    across = 0.8 * (geometry.shape.half_width - 0.08)
    length = np.minimum(reach / np.maximum(np.abs(np.sin(angle)), 0.2), across / np.maximum(np.cos(angle), 0.2))
    length *= rng.uniform(0.8, 1.05, _MAIN)
    width = np.where(angle > 0.5, 0.0135, 0.0095) * rng.uniform(0.7, 1.15, _MAIN)
    width *= np.where(angle < 0, 1 + 0.8 * cephalisation, 1.0)
    start = np.stack([x + rng.normal(0, 0.006, _MAIN), y + 0.055 * angle], axis=1)
    return Branches(_wind(start, angle, length, rng, bend=0.15), angle, length, width)


def _wind(start: Floats, angle: Floats, length: Floats, rng: np.random.Generator, bend: float) -> Floats:
    """Paths [n, _STEPS, 2] from `start` [n, 2] that turn by about `bend` radians a step."""
    turns = angle[:, None] + np.cumsum(rng.normal(0, bend, (len(angle), _STEPS - 1)), axis=1)
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=2) * (length / (_STEPS - 1))[:, None, None]
    return np.concatenate([start[:, None], start[:, None] + np.cumsum(steps, axis=1)], axis=1)


def _fork(parents: Branches, count: int, rng: np.random.Generator) -> Branches:
    """`count` branches of each vessel, to alternate sides; the farther out, the shorter and thinner."""
    n = len(parents.angle)
    at = (np.arange(count) + 0.8 + rng.uniform(0, 1, (n, count))) * (_STEPS - 2) / (count + 0.8)
    at = np.clip(at, 1, _STEPS - 2)
    start = parents.paths[np.arange(n)[:, None], at.astype(int)].reshape(-1, 2)
    hand = np.where((np.arange(count) + np.arange(n)[:, None]) % 2, 1.0, -1.0)
    angle = (parents.angle[:, None] + hand * rng.uniform(0.35, 0.9, (n, count))).ravel()
    left = 1 - at / _STEPS
    length = (parents.length[:, None] * (0.18 + 0.42 * left) * rng.uniform(0.6, 1.1, (n, count))).ravel()
    width = (parents.width[:, None] * (0.3 + 0.35 * left)).ravel()
    return Branches(_wind(start, angle, length, rng, bend=0.2), angle, length, width)


def _draw(
    sheet: Sheet, branches: Branches, sign: int, strength: float, pieces: tuple[tuple[int, int, float], ...]
) -> None:
    """Draws each path in pieces: the first point, the one after the last, and the share of the width there."""
    for path, width in zip(branches.paths * (sign, 1), (branches.width * strength).tolist(), strict=True):
        for first, last, share in pieces:
            brightness = min((0.1 + 58 * width * share) * min(strength, 1.2), 1.0)
            sheet.line(path[first:last], width * share, brightness)
