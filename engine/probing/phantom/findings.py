"""Where each finding lies on a phantom film, and the layers of the film that it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.probing.base import Box
from engine.probing.phantom.anatomy import SIDE, Anatomy, Finding
from engine.probing.phantom.geometry import Array, Geometry, outline, side_signs

_FINDINGS = 100
"""The stream of random numbers from a film's seed for its first finding; each further finding has the next stream,
unless it names another (Finding.stream)"""

_LEVEL = {"upper": 0.3, "middle": 0.55, "lower": 0.8, "whole": 0.55}
"""Middle of each zone: 0 at the apex, 1 at the dome"""


@dataclass(frozen=True, slots=True)
class Region:
    """One place of a finding: an ellipse on one side of the body, in film coordinates."""

    sign: int
    x: float
    y: float
    rx: float
    ry: float
    angle: float = 0.0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        c, s = abs(np.cos(self.angle)), abs(np.sin(self.angle))
        w, h = float(np.hypot(self.rx * c, self.ry * s)), float(np.hypot(self.rx * s, self.ry * c))
        return self.x - w, self.y - h, self.x + w, self.y + h


@dataclass(slots=True)
class Layers:
    """A film in progress: arrays [side, side] that the findings change in place."""

    geometry: Geometry
    across: Array
    """Signed distance from the midline, positive towards the patient's left"""
    lungs: dict[int, Array]
    """Air of each lung, 0–1"""
    vessels: Array
    density: Array
    """How far tissue or fluid has replaced the air: a share exp(−density) of the air is left"""
    opacity: Array
    """Attenuation beyond the normal; negative where there is less"""
    markings: Array
    """Attenuation, within the lungs, of vessels too small to draw"""
    mottle: Array
    """Unevenness of the body's own tissue"""
    wobble: Array
    shoulders: Array

    def window(self, region: Region, margin: float = 0.02) -> tuple[slice, slice]:
        """The rows and columns that contain the region."""
        side = self.geometry.side
        left, top, right, bottom = region.bounds
        low = [min(max(int((edge - margin) * side), 0), side - 2) for edge in (top, left)]
        high = [min(max(int((edge + margin) * side) + 1, low[i] + 1), side) for i, edge in enumerate((bottom, right))]
        return slice(low[0], high[0]), slice(low[1], high[1])

    def radius(self, region: Region, rows: slice, columns: slice) -> Array:
        """Distance from the region's centre, 1 on its ellipse."""
        dx = self.geometry.x[None, columns] - region.x
        dy = self.geometry.y[rows, None] - region.y
        c, s = np.cos(region.angle), np.sin(region.angle)
        return np.asarray(np.hypot((c * dx + s * dy) / region.rx, (c * dy - s * dx) / region.ry), dtype=np.float32)

    def tissue(self, sign: int, rows: slice, columns: slice) -> Array:
        """1 inside the lung, falling to 0 at its edge."""
        return np.asarray(np.minimum(2.5 * self.lungs[sign][rows, columns], 1))


def finding_rng(anatomy: Anatomy, place: int) -> np.random.Generator:
    """The random numbers for the finding at this place in the film's list: `regions` draws first, then `paint`."""
    stream = anatomy.findings[place].stream
    return np.random.default_rng([anatomy.seed, _FINDINGS + (place if stream is None else stream)])


def boxes(anatomy: Anatomy, side: int = SIDE) -> tuple[Box, ...]:
    """The findings' bounding boxes, in pixels of the film; a finding with several regions has several boxes."""
    if not anatomy.findings:
        return ()
    geometry = outline(anatomy, side)
    found = []
    for place, finding in enumerate(anatomy.findings):
        for region in regions(geometry, finding, finding_rng(anatomy, place)):
            left, top, right, bottom = (min(max(float(edge), 0.0), 1.0) * side for edge in region.bounds)
            found.append(Box(finding.name, left, top, right - left, bottom - top))
    return tuple(found)


def regions(geometry: Geometry, finding: Finding, rng: np.random.Generator) -> list[Region]:
    """The regions of a finding. `paint`, with a generator of the same seed, paints these regions."""
    return _PLACES.get(finding.name, _patches)(geometry, finding, rng)


def _lung_region(geometry: Geometry, sign: int) -> Region:
    shape = geometry.shape
    row = int(geometry.shape.dome[sign] * geometry.side)
    middle = float(geometry.midline[min(row, geometry.side - 1)])
    outer = shape.half_width * 1.02
    half, height = outer / 2, (geometry.base(sign) - shape.top) / 2
    return Region(sign, middle + sign * (half + 0.01), shape.top + height, half, height)


def _patches(geometry: Geometry, finding: Finding, rng: np.random.Generator) -> list[Region]:
    """A patch in the finding's zone on each of its sides."""
    places = []
    for sign in side_signs(finding):
        x, y = geometry.point(sign, rng.uniform(0.35, 0.6), _LEVEL[finding.zone] + rng.normal(0, 0.04))
        size = (0.075 + 0.055 * finding.size) * (1.4 if finding.name == "Infiltration" else 1.2)
        places.append(Region(sign, x, y, size * rng.uniform(0.85, 1.1), size * rng.uniform(0.95, 1.3)))
    return places


def _round(geometry: Geometry, finding: Finding, rng: np.random.Generator) -> list[Region]:
    """A mass (over 3 cm across where the film shows about 40 cm), or one to three nodules."""
    (sign,) = side_signs(finding)[:1]
    mass = finding.name == "Mass"
    count = 1 if mass else int(rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15]))
    places = []
    for _ in range(count):
        x, y = geometry.point(sign, rng.uniform(0.3, 0.8), _LEVEL[finding.zone] + rng.uniform(-0.1, 0.1))
        size = 0.045 + 0.05 * finding.size if mass else 0.0175 + 0.013 * finding.size
        places.append(Region(sign, x, y, size * rng.uniform(0.95, 1.1), size * rng.uniform(0.95, 1.1)))
    return places


def _heart(geometry: Geometry, _finding: Finding, _rng: np.random.Generator) -> list[Region]:
    shape = geometry.shape
    top, bottom = geometry.hilum - 0.02, shape.dome[1] + 0.05
    middle = float(geometry.midline[int(bottom * geometry.side) - 1])
    left, right = middle - shape.heart[-1] + shape.shift, middle + shape.heart[1] + shape.shift
    return [Region(0, (left + right) / 2, (top + bottom) / 2, (right - left) / 2 + 0.01, (bottom - top) / 2)]


def _lungs(geometry: Geometry, finding: Finding, _rng: np.random.Generator) -> list[Region]:
    return [_lung_region(geometry, sign) for sign in side_signs(finding)]


def _bases(geometry: Geometry, finding: Finding, _rng: np.random.Generator) -> list[Region]:
    """Effusion: from the costophrenic angle up to the meniscus."""
    places = []
    for sign in side_signs(finding):
        lung = _lung_region(geometry, sign)
        bottom = geometry.base(sign) + 0.01
        height = 0.07 + 0.33 * (0.35 * finding.size + 0.65 * finding.severity) ** 1.3
        places.append(Region(sign, lung.x, bottom - height / 2, lung.rx, height / 2))
    return places


def _fibrotic(geometry: Geometry, finding: Finding, _rng: np.random.Generator) -> list[Region]:
    places = []
    for sign in side_signs(finding):
        lung = _lung_region(geometry, sign)
        share = 0.5 + 0.2 * finding.size
        y = lung.y + (1 - share) * lung.ry if finding.zone == "lower" else lung.y - (1 - share) * lung.ry
        places.append(Region(sign, lung.x, y, lung.rx, share * lung.ry))
    return places


def _plates(geometry: Geometry, finding: Finding, rng: np.random.Generator) -> list[Region]:
    """Atelectasis: a plate across the zone; a collapsed lobe if it is severe and not in the middle zone."""
    places = []
    for sign in side_signs(finding):
        x, y = geometry.point(sign, rng.uniform(0.4, 0.55), min(_LEVEL[finding.zone] + rng.uniform(0.0, 0.09), 0.9))
        angle = -sign * rng.uniform(-0.15, 0.45)
        places.append(Region(sign, x, y, 0.08 + 0.045 * finding.size, 0.035, float(angle)))
    return places


def _rind(geometry: Geometry, finding: Finding, _rng: np.random.Generator) -> list[Region]:
    """Pleural thickening: along the lateral wall of the zone; the upper zone includes the apex."""
    places = []
    for sign in side_signs(finding):
        from_, to = {"upper": (-0.02, 0.42), "middle": (0.25, 0.75), "lower": (0.45, 1.0), "whole": (0.0, 1.0)}[
            finding.zone
        ]
        grow = 0.12 * (finding.size - 0.5)
        top = geometry.point(sign, 1.0, max(from_ - grow, -0.02))
        bottom = geometry.point(sign, 1.0, min(to + grow, 1.05))
        inner = geometry.point(sign, 0.25, 0.15)[0] if finding.zone == "upper" else top[0] - sign * 0.05
        outer = max((top[0] * sign, bottom[0] * sign)) * sign + sign * 0.012
        left, right = min(inner, outer), max(inner, outer)
        places.append(
            Region(sign, (left + right) / 2, (top[1] + bottom[1]) / 2, (right - left) / 2, (bottom[1] - top[1]) / 2)
        )
    return places


def _hiatus(geometry: Geometry, finding: Finding, rng: np.random.Generator) -> list[Region]:
    radius = 0.055 + 0.04 * finding.size
    y = geometry.shape.dome[1] - 0.55 * radius
    middle = float(geometry.midline[int(y * geometry.side)])
    return [Region(1, middle + 0.03 + 0.03 * rng.random(), y, 1.1 * radius, radius)]


_PLACES: dict[str, Callable[[Geometry, Finding, np.random.Generator], list[Region]]] = {
    "Cardiomegaly": _heart,
    "Emphysema": _lungs,
    "Edema": _lungs,
    "Pneumothorax": _lungs,
    "Effusion": _bases,
    "Fibrosis": _fibrotic,
    "Atelectasis": _plates,
    "Pleural_Thickening": _rind,
    "Hernia": _hiatus,
    "Mass": _round,
    "Nodule": _round,
}
