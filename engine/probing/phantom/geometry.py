"""The outlines of a phantom film's organs, as curves over its rows and columns.

All lengths are fractions of the film's side, y downwards. The sides of the body have a sign: −1 is the patient's right
(left of the picture), +1 the patient's left. Distances from the midline are positive towards their own side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.probing.phantom.anatomy import Anatomy, Finding

Array = NDArray[np.float32]
SIDES = (-1, 1)


@dataclass(slots=True)
class Shape:
    """The numbers that the outlines follow from: the patient's, changed by findings that move or resize organs."""

    top: float
    """Apex of the lungs"""
    height: float
    """Height of the mediastinum, from the apex to the level of a dome that nothing raises"""
    dome: dict[int, float]
    """Highest point of the diaphragm, by side"""
    dome_height: float
    """How far the costophrenic angle lies below the dome"""
    half_width: float
    """Distance from the midline to the chest wall where the lungs are widest"""
    heart: dict[int, float]
    """How far the heart reaches from the midline, by side"""
    shift: float
    """How far trachea and mediastinum are shifted towards the patient's left"""
    aeration: float
    vascularity: float


@dataclass(frozen=True)
class Geometry:
    """Outlines on the film's pixel grid: arrays over rows [side] unless said otherwise."""

    shape: Shape
    side: int
    x: Array
    """Pixel centres of the columns"""
    y: Array
    midline: Array
    lateral: dict[int, Array]
    """The chest wall's inner edge by side, as distance from the midline; 0 above the apex"""
    medial: Array
    mediastinum: dict[int, Array]
    """The edge of mediastinum and heart by side, as distance from the midline"""

    @cached_property
    def diaphragm(self) -> dict[int, Array]:
        """The diaphragm's height over columns [side], by side of the body. Only rendering needs it."""
        midline = float(self.midline[int(0.75 * self.side)])
        return {sign: _dome(self.x, midline, sign, self.shape) for sign in SIDES}

    @property
    def hilum(self) -> float:
        return self.shape.top + 0.46 * self.shape.height

    def base(self, sign: int) -> float:
        """The height of the costophrenic angle."""
        return self.shape.dome[sign] + self.shape.dome_height

    def point(self, sign: int, across: float, down: float) -> tuple[float, float]:
        """Film coordinates of a point in a lung: 0 medial to 1 lateral, 0 apex to 1 dome."""
        y = self.shape.top + down * (self.shape.dome[sign] - self.shape.top)
        row = min(max(int(y * self.side), 0), self.side - 1)
        inner = max(float(self.mediastinum[sign][row]), float(self.medial[row]))
        outer = max(float(self.lateral[sign][row]), inner)
        return float(self.midline[row]) + sign * (inner + across * (outer - inner)), y


def side_signs(finding: Finding) -> tuple[int, ...]:
    return {"right": (-1,), "left": (1,), "bilateral": SIDES, "midline": ()}[finding.side]


def shape_of(anatomy: Anatomy) -> Shape:
    """The patient's shape on this film, findings included."""
    p = anatomy.parameters
    scale = p["magnification"]
    supine = anatomy.view == "AP"
    top = 0.125 + p["centre_y"] - 0.03 * (scale - 1) + 0.02 * supine
    dome = top + scale * (p["lung_height"] - 0.05 + 0.1 * (p["inspiration"] - 0.5))
    half_width = scale * p["thorax_width"]
    ratio = cardiothoracic_ratio(anatomy)
    left = p["heart_share_left"] + 0.05 * p["rotation"] * 0.5
    heart = 2 * half_width * ratio
    shape = Shape(
        top=top,
        height=dome - top,
        dome={-1: dome, 1: dome + 0.018 * scale},
        dome_height=0.12 * scale,
        half_width=half_width,
        heart={-1: heart * (1 - left), 1: heart * left},
        shift=0.018 * p["rotation"],
        aeration=1.0,
        vascularity=p["vascularity"],
    )
    for finding in anatomy.findings:
        _displace(shape, finding)
    return shape


def cardiothoracic_ratio(anatomy: Anatomy) -> float:
    """The heart's width over the thorax's on this film, findings included."""
    ratio = anatomy.parameters["heart_width"] * (1.08 if anatomy.view == "AP" else 1.0)
    for finding in anatomy.findings:
        if finding.name == "Cardiomegaly":
            ratio = max(ratio, 0.47) + 0.07 + 0.12 * finding.severity
        elif finding.name == "Emphysema":
            ratio *= 1 - 0.18 * finding.severity
    return ratio


def _displace(shape: Shape, finding: Finding) -> None:
    strength = finding.severity
    if finding.name == "Emphysema":
        shape.height += 0.03 + 0.05 * strength
        for sign in SIDES:
            shape.dome[sign] += 0.03 + 0.05 * strength
        shape.dome_height *= 0.65 - 0.4 * strength
        shape.half_width *= 1.0 + 0.05 * strength
        shape.aeration += 0.12 + 0.18 * strength
        shape.vascularity *= 0.7 - 0.4 * strength
    elif finding.name == "Edema":
        shape.vascularity *= 1.15 + 0.35 * strength
    for sign in side_signs(finding):
        if finding.name == "Atelectasis" and finding.zone != "upper":
            shape.dome[sign] -= 0.015 + 0.035 * strength
        elif finding.name == "Fibrosis":
            shape.dome[sign] -= 0.01 + 0.02 * strength
        if finding.name == "Atelectasis":
            shape.shift += 0.012 * sign * strength * (len(side_signs(finding)) == 1)
        elif finding.name == "Pneumothorax" and finding.zone == "whole":
            shape.shift -= 0.012 * sign * strength


def outline(anatomy: Anatomy, side: int) -> Geometry:
    """The outlines on a film of `side` pixels."""
    p = anatomy.parameters
    shape = shape_of(anatomy)
    x = ((np.arange(side) + 0.5) / side).astype(np.float32)
    y = x.copy()
    bend = p["scoliosis"] * np.sin(2.2 * np.pi * (y - 0.1))
    midline = (p["centre_x"] + p["tilt"] * (y - 0.5) * 2 + bend).astype(np.float32)
    base = max(shape.dome.values()) + shape.dome_height
    apex = 0.34 * shape.half_width
    down = np.clip((y - shape.top) / (base - shape.top), 0, 1)
    lateral = apex + (shape.half_width - apex) * np.sqrt(1 - (1 - down) ** 2.4)
    lateral *= 1 - 0.03 * np.clip((down - 0.75) * 4, 0, 1)
    lateral[y < shape.top] = 0
    medial = apex - (apex - 0.03) * np.sqrt(np.clip(down / 0.09, 0, 1))
    turn = 0.02 * p["rotation"]
    return Geometry(
        shape=shape,
        side=side,
        x=x,
        y=y,
        midline=midline,
        lateral={sign: (lateral * (1 + sign * turn)).astype(np.float32) for sign in SIDES},
        medial=medial.astype(np.float32),
        mediastinum=_mediastinum(y, shape, p["aortic_knob"]),
    )


def _dome(x: Array, midline: float, sign: int, shape: Shape) -> Array:
    """The diaphragm's height over columns: a dome that falls steeply to the side and a little towards the spine."""
    across = sign * (x - midline) / shape.half_width
    outwards = np.clip((across - 0.42) / 0.58, 0, 1)
    inwards = np.clip((0.42 - across) / 0.42, 0, 1.5)
    plunge = 0.5 * outwards**1.7 + 0.5 * (1 - np.sqrt(1 - 0.995 * outwards**2))
    drop = shape.dome_height * (plunge + 0.32 * inwards**1.7)
    return np.asarray(shape.dome[sign] + drop, dtype=np.float32)


def _mediastinum(y: Array, shape: Shape, knob: float) -> dict[int, Array]:
    """Right: vena cava, atrium. Left: aortic knob, its window, pulmonary trunk, ventricle."""
    right, left = shape.heart[-1], shape.heart[1]
    down = (y - shape.top) / shape.height
    great = shape.half_width / 0.375
    right_edge = [0.05, 0.05, 0.058, 0.066]
    left_edge = [0.05, 0.05, 0.058, 0.078 + 0.026 * knob, 0.07, 0.084]
    at = {
        -1: [-0.3, 0.0, 0.2, 0.45, 0.58, 0.72, 0.86, 0.97, 1.12],
        1: [-0.3, 0.0, 0.16, 0.25, 0.34, 0.44, 0.56, 0.7, 0.84, 0.95, 1.06, 1.2],
    }
    edges = {
        -1: [great * w for w in right_edge] + [right * w for w in (0.78, 0.95, 1.0, 0.93, 0.7)],
        1: [great * w for w in left_edge] + [left * w for w in (0.55, 0.73, 0.91, 1.0, 0.97, 0.8)],
    }
    found: dict[int, Array] = {}
    for sign in SIDES:
        smooth = _smoothed(np.interp(down, at[sign], edges[sign]))
        found[sign] = np.asarray(smooth + sign * shape.shift, dtype=np.float32)
    return found


def _smoothed(edge: NDArray[np.float64]) -> NDArray[np.float64]:
    """The edge, smoothed by a Gaussian with a standard deviation of 0.014 film sides. It is mirrored at its ends."""
    kernel = _gaussian(len(edge))
    reach = len(kernel) // 2
    mirrored = np.concatenate([edge[:reach][::-1], edge, edge[-reach:][::-1]])  # np.pad takes ten times as long
    return np.convolve(mirrored, kernel, mode="valid")


@lru_cache(maxsize=4)
def _gaussian(side: int) -> NDArray[np.float64]:
    """The Gaussian's weights, out to four standard deviations."""
    deviation = 0.014 * side
    reach = int(4 * deviation + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    return np.asarray(weights / weights.sum())
