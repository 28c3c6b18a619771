"""Ribs, clavicles, scapulae, humeral heads and spine of a phantom film."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.probing.phantom.anatomy import Anatomy
from engine.probing.phantom.drawing import Array, Sheet, curve
from engine.probing.phantom.geometry import SIDES, Geometry

_BINS = 256


@lru_cache(maxsize=4)
def _tube(half: float, cortex: float) -> Array:
    """Attenuation across a rib, over one rib spacing [_BINS]: an elliptical tube, brightest at its wall's edges."""
    t = np.abs((np.arange(_BINS) + 0.5) / _BINS - 0.5) / half
    outer = np.sqrt(np.clip(1 - t**2, 0, None))
    inner = np.sqrt(np.clip(1 - (t / (1 - cortex)) ** 2, 0, None)) * (1 - cortex)
    return (0.4 * outer + 1.1 * (outer - inner)).astype(np.float32)


def draw_ribs(anatomy: Anatomy, geometry: Geometry, across: Array, wobble: Array) -> Array:
    """Attenuation of the ribs [side, side].

    A rib is a ring around the chest, tilted forwards. At a distance s from the midline (1 at the chest wall) its back
    lies `tilt`·(1 − √(1 − s²)) below its head, and its front `tilt`·(1 + 1.25·√(1 − s²)). `across` is the signed
    distance from the midline; `wobble` is a smooth noise that makes the ribs differ.
    """
    p = anatomy.parameters
    tilt, spacing = p["rib_tilt"] * p["magnification"], p["rib_spacing"] * p["magnification"]
    wall = np.maximum(0.5 * (geometry.lateral[-1] + geometry.lateral[1]) + 0.012, 0.13)[:, None]
    depth = np.sqrt(np.clip(1 - (across / wall) ** 2, 0, None))
    level = (geometry.y - geometry.shape.top + 0.012)[:, None] + 0.0065 * wobble + 0.03 * p["rotation"] * across
    back = (level - tilt * (1 - depth)) / spacing
    front = (level - tilt * (1 + 1.25 * depth)) / spacing
    ribs = _tube(0.235, 0.24)[(back * _BINS).astype(np.int32) & (_BINS - 1)] * ((back > 0) & (back < 11))
    fade = np.clip((0.93 - depth) * 4, 0, 1)
    ribs *= 1 - 0.35 * np.clip(back / 11, 0, 1)
    ribs += 0.6 * fade * _tube(0.26, 0.2)[(front * _BINS).astype(np.int32) & (_BINS - 1)] * ((front > 0) & (front < 7))
    ribs *= np.clip(12 * depth, 0, 1) * (1 + 0.22 * wobble)
    return np.asarray(ribs, dtype=np.float32)


def draw_spine(geometry: Geometry, across: Array) -> Array:
    """Attenuation of the vertebral column: bodies, discs and spinous processes."""
    body = np.clip(1 - (across / 0.044) ** 2, 0, None)
    process = np.clip(1 - (across / 0.008) ** 2, 0, None)
    level = (geometry.y - geometry.shape.top) / (0.05 + 0.015 * geometry.y)
    disc = np.cos(2 * np.pi * level)[:, None]
    return np.asarray(np.sqrt(body) * (0.86 + 0.14 * np.tanh(2.5 * disc)) + 0.2 * process * np.clip(disc, 0, 1))


def draw_shoulders(anatomy: Anatomy, geometry: Geometry, rng: np.random.Generator) -> Array:
    """Attenuation of clavicles, scapulae and humeral heads [side, side]."""
    sheet = Sheet(geometry.side)
    p = anatomy.parameters
    supine = anatomy.view == "AP"
    top, middle = geometry.shape.top, p["centre_x"] - 2 * p["tilt"] * 0.35
    for sign in SIDES:
        turn = 0.012 * p["rotation"]
        lift = rng.normal(0, 0.008) - 0.025 * supine + 1.5 * sign * p["tilt"] * 0.3

        def at(x: float, y: float, sign: int = sign, lift: float = lift) -> tuple[float, float]:
            return middle + sign * x, top + y + lift

        scapula = 0.03 * supine
        sheet.line(curve([at(0.33 - scapula, 0.05), at(0.31 - scapula, 0.17), at(0.345 - scapula, 0.33)]), 0.008, 0.35)
        sheet.line(curve([at(0.345 - scapula, 0.33), at(0.39 - scapula, 0.22), at(0.43, 0.12)]), 0.012, 0.3)
        sheet.line(curve([at(0.27 - scapula, 0.04), at(0.36, 0.045), at(0.46, 0.02)]), 0.018, 0.3)
        sheet.ellipse(*at(0.485, 0.075), 0.05, 0.05, 0.5)
        sheet.ellipse(*at(0.485, 0.075), 0.043, 0.043, 0.38)
        sheet.line(curve([at(0.5, 0.09), at(0.53, 0.3), at(0.54, 0.6)]), 0.055, 0.45)
        sheet.line(curve([at(0.5, 0.09), at(0.53, 0.3), at(0.54, 0.6)]), 0.033, 0.33)
        clavicle = curve([at(0.032 + sign * turn, 0.115), at(0.13, 0.1), at(0.27, 0.045), at(0.4, 0.02)], 20)
        sheet.line(clavicle, 0.026, 0.58)
        sheet.line(clavicle, 0.016, 0.42)
        sheet.ellipse(*at(0.037 + sign * turn, 0.117), 0.019, 0.02, 0.55)
    return sheet.array(blur=0.9)
