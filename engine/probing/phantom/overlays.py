"""What a phantom film shows besides the body: lines and tubes, the side marker, the collimator's black border."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from engine.probing.phantom.anatomy import DEVICES, Anatomy, markers
from engine.probing.phantom.drawing import Array, Sheet, curve
from engine.probing.phantom.geometry import Geometry

_FIRST_DEVICE = 20
"""The stream of random numbers from a film's seed for the first of DEVICES; each further one has the next stream"""


def draw_devices(anatomy: Anatomy, geometry: Geometry) -> Array:
    """Attenuation of the film's lines and tubes [side, side]. Each lies where it lies whatever others there are."""
    sheet = Sheet(geometry.side)
    for device in anatomy.devices:
        rng = np.random.default_rng([anatomy.seed, _FIRST_DEVICE + DEVICES.index(device)])
        _DEVICES[device](sheet, anatomy, geometry, rng)
    return np.float32(0.9) * sheet.array(blur=0.4)


def _middle(geometry: Geometry, y: float) -> tuple[float, float]:
    row = min(max(int(y * geometry.side), 0), geometry.side - 1)
    return float(geometry.midline[row]), y


def _pacemaker(sheet: Sheet, _anatomy: Anatomy, geometry: Geometry, rng: np.random.Generator) -> None:
    x, y = geometry.point(1, 0.85, 0.16 + 0.06 * rng.random())
    middle, hilum = _middle(geometry, geometry.hilum)
    apex = (middle + 0.7 * geometry.shape.heart[1], geometry.shape.dome[1] - 0.03)
    vein = [(middle + 0.08, geometry.shape.top + 0.06), (middle - 0.035, hilum - 0.05), (middle - 0.03, hilum + 0.16)]
    lead = curve([(x, y), *vein, apex], 40)
    sheet.line(lead, 0.006, 0.6)
    sheet.ellipse(x, y, 0.042, 0.036, 0.8)
    sheet.ellipse(x + 0.008, y + 0.004, 0.022, 0.02, 1.0)


def _endotracheal(sheet: Sheet, _anatomy: Anatomy, geometry: Geometry, rng: np.random.Generator) -> None:
    tip = geometry.hilum - 0.1 - 0.06 * rng.random()
    shift = geometry.shape.shift
    path = [_middle(geometry, 0.0), _middle(geometry, tip / 2), _middle(geometry, tip)]
    points = curve([(x + shift * (y / tip) - 0.005, y) for x, y in path])
    sheet.line(points, 0.011, 0.32)
    sheet.line(points, 0.004, 0.5)


def _nasogastric(sheet: Sheet, _anatomy: Anatomy, geometry: Geometry, rng: np.random.Generator) -> None:
    low = geometry.shape.dome[1] + 0.06
    stomach = (_middle(geometry, low)[0] + 0.1 + 0.06 * rng.random(), low + 0.05)
    middle = [_middle(geometry, y) for y in (0.0, 0.45, low - 0.04)]
    sheet.line(curve([(x + 0.014, y) for x, y in middle] + [stomach], 30), 0.005, 0.5)


def _central(sheet: Sheet, _anatomy: Anatomy, geometry: Geometry, rng: np.random.Generator) -> None:
    middle, hilum = _middle(geometry, geometry.hilum)
    neck = (middle - 0.09 - 0.03 * rng.random(), 0.0)
    sheet.line(curve([neck, (middle - 0.075, geometry.shape.top + 0.05), (middle - 0.04, hilum)], 24), 0.004, 0.55)


def chest_tube_side(anatomy: Anatomy) -> int:
    """The sign of the side on which a chest tube lies: the side of the air or fluid that it drains."""
    sides = {f.side for f in anatomy.findings if f.name in ("Pneumothorax", "Effusion")}
    return -1 if "right" in sides else 1


def _chest_tube(sheet: Sheet, anatomy: Anatomy, geometry: Geometry, rng: np.random.Generator) -> None:
    sign = chest_tube_side(anatomy)
    points = [geometry.point(sign, a, d) for a, d in ((1.25, 0.85), (0.9, 0.55), (0.6, 0.15 + 0.1 * rng.random()))]
    sheet.line(curve(points, 24), 0.014, 0.3)
    sheet.line(curve(points, 24), 0.004, 0.6)


def _sternal_wires(sheet: Sheet, _anatomy: Anatomy, geometry: Geometry, rng: np.random.Generator) -> None:
    for y in np.linspace(geometry.shape.top + 0.13, geometry.shape.dome[-1] - 0.08, 5):
        x, tilt = _middle(geometry, y)[0] + rng.normal(0, 0.003), rng.normal(0, 0.004)
        loop = np.array(
            [(x - 0.016, y + tilt), (x, y - 0.007), (x + 0.016, y - tilt), (x, y + 0.007), (x - 0.016, y + tilt)]
        )
        sheet.line(loop, 0.006, 1.0)


_DEVICES = {
    "pacemaker": _pacemaker,
    "endotracheal tube": _endotracheal,
    "nasogastric tube": _nasogastric,
    "central line": _central,
    "chest tube": _chest_tube,
    "sternal wires": _sternal_wires,
}


@lru_cache(maxsize=16)
def _letters(text: str, size: int) -> Array:
    """A word [h, w], 0–1."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text))
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font)
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def stamp(film: Array, text: str, size: float, x: float, y: float) -> None:
    """Writes a word on the film [h, w] of 0–1, `size` of its height, with its middle at x and its top at y; both are
    shares of the film."""
    height, width = film.shape
    letters = _letters(text, max(round(size * height), 6))
    row, column = int(y * height), max(int(x * width) - letters.shape[1] // 2, 0)
    patch = film[row : row + letters.shape[0], column : column + letters.shape[1]]
    patch += (0.97 - patch) * letters[: patch.shape[0], : patch.shape[1]]


def draw_marker(anatomy: Anatomy, film: Array) -> None:
    """Writes the film's markers: L or R into that side's upper corner, and below it AP or PORTABLE, if any. The
    patient's left is the picture's right."""
    p = anatomy.parameters
    y, x = p["marker_height"], 0.93 if p["marker_left"] > 0.5 else 0.06
    for place, text in enumerate(markers(anatomy)):
        if place == 0:
            stamp(film, text, p["marker_size"], x, y)
        else:
            stamp(film, text, 0.03, min(max(x, 0.12), 0.89), y + 0.09)


def collimate(anatomy: Anatomy, film: Array, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The film as bytes; a collimated film is black outside a slightly turned rectangle."""
    image = np.asarray(film * 255, dtype=np.uint8)
    width = anatomy.parameters["collimation"]
    if width <= 0:
        return image
    side = len(image)
    margin = rng.uniform(0, 0.05, 4) * width * (rng.random(4) < 0.7)
    turn = rng.normal(0, 0.008, 4)
    x0, y0, x1, y1 = margin[0], margin[1], 1 - margin[2], 1 - margin[3]
    corners = [(x0, y0), (x1, y0 + turn[0]), (x1 + turn[1], y1), (x0 + turn[2], y1 + turn[3])]
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).polygon([(x * side, y * side) for x, y in corners], fill=255)
    return np.where(np.asarray(mask) > 0, image, np.uint8(2))
