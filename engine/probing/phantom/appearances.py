"""How each finding changes the film's layers within one of its regions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.probing.phantom.anatomy import Finding
from engine.probing.phantom.drawing import Array, Sheet
from engine.probing.phantom.findings import Layers, Region, regions
from engine.probing.phantom.texture import texture

Paint = Callable[[Layers, Region, Finding, np.random.Generator], None]


def paint(layers: Layers, finding: Finding, rng: np.random.Generator) -> None:
    """Changes the film's layers as the finding does. Cardiomegaly and emphysema only move outlines: see geometry."""
    if appearance := _APPEARANCES.get(finding.name):
        for region in regions(layers.geometry, finding, rng):
            appearance(layers, region, finding, rng)


def _blob(radius: NDArray[np.floating], softness: float) -> Array:
    """1 in the middle and 0 on the ellipse; the outer share `softness` of the radius falls smoothly."""
    t = np.clip((1 - radius) / softness, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _cloud(
    layers: Layers, region: Region, window: tuple[slice, slice], rng: np.random.Generator, softness: float
) -> Array:
    """A blob with an irregular border, within the lung."""
    radius = layers.radius(region, *window) * (1.1 + 0.16 * np.maximum(texture("patchy", rng, *window), -0.8))
    return _blob(radius, softness) * layers.tissue(region.sign, *window)


def _ball(radius: Array) -> Array:
    """Attenuation of a soft-edged ball, 1 in the middle."""
    chord = np.sqrt(np.clip(1 - radius * radius, 0, None))
    return np.asarray(chord * np.minimum(0.55 + 0.7 * chord, 1), dtype=np.float32)


def _infiltration(layers: Layers, region: Region, finding: Finding, rng: np.random.Generator) -> None:
    """Faint, ill-defined, reticulo-granular haze."""
    w = layers.window(region)
    mask = _cloud(layers, region, w, rng, 0.85)
    patchy = np.clip(0.6 + 0.5 * texture("patchy", rng, *w), 0, None)
    grain = 0.45 * texture("granular", rng, *w) + 0.9 * texture("net", rng, *w)
    layers.density[w] += (0.18 + 0.42 * finding.severity) * mask * np.maximum(patchy + 0.55 * grain, 0)


def _pneumonia(layers: Layers, region: Region, finding: Finding, rng: np.random.Generator) -> None:
    """Patchy, confluent, rather dense opacity with indistinct borders."""
    w = layers.window(region)
    mask = _cloud(layers, region, w, rng, 0.6)
    clumps = 1 / (1 + np.exp(-3.0 * (texture("patchy", rng, *w) + 0.5 * texture("granular", rng, *w) + 0.35)))
    layers.density[w] += (0.55 + 0.8 * finding.severity) * mask * (0.4 + 0.8 * clumps)


def _consolidation(layers: Layers, region: Region, finding: Finding, rng: np.random.Generator) -> None:
    """Dense homogeneous opacity, bordered sharply by a fissure below or above, with air bronchograms."""
    w = layers.window(region)
    mask = np.minimum(1.4 * _cloud(layers, region, w, rng, 0.8), 1)
    edge = region.y + (0.45 if finding.zone == "upper" else -0.5) * region.ry
    distance = layers.geometry.y[w[0], None] - edge + 0.15 * region.sign * (layers.geometry.x[None, w[1]] - region.x)
    mask *= np.clip((-distance if finding.zone == "upper" else distance) / 0.018, 0, 1)
    sheet = Sheet(layers.geometry.side)
    for _ in range(5):
        angle = rng.uniform(-0.9, 0.9)
        length = region.rx * rng.uniform(0.9, 1.6)
        t = np.linspace(0, 1, 6)
        x = region.x - region.sign * 0.75 * region.rx + region.sign * length * np.cos(angle) * t
        y = region.y + length * np.sin(angle) * t + 0.15 * region.ry + rng.normal(0, 0.004, 6)
        sheet.line(np.stack([x, y], axis=1), 0.006, 0.9)
    bronchi = sheet.array(blur=0.7)[w]
    layers.density[w] += (1.1 + 1.3 * finding.severity) * mask * (1 - 0.7 * bronchi)
    layers.vessels[w] *= 1 - 0.8 * mask


def _effusion(layers: Layers, region: Region, finding: Finding, _rng: np.random.Generator) -> None:
    """Fluid that fills the angle and climbs the chest wall in a meniscus."""
    g = layers.geometry
    w = layers.window(region)
    distance = region.sign * layers.across[w]
    outer = g.lateral[region.sign][w[0], None]
    share = np.clip(distance / np.maximum(outer, 0.05), 0, 1.2)
    top, height = region.y - region.ry, 2 * region.ry
    rise = min(0.55 * height, 0.11)
    surface = top + rise * (1 - np.minimum(share, 1) ** 4) + 0.03
    fluid = np.clip((g.y[w[0], None] - surface) / 0.035, 0, 1)
    within = np.clip((outer - distance) / 0.008 + 1, 0, 1) * np.clip((distance - 0.02) / 0.02, 0, 1)
    fluid = fluid * fluid * (3 - 2 * fluid) * within
    layers.density[w] += (2.0 + 1.5 * finding.severity) * fluid
    layers.opacity[w] += (0.08 + 0.1 * finding.severity) * fluid * layers.tissue(region.sign, *w)
    layers.vessels[w] *= 1 - 0.9 * fluid


def _pneumothorax(layers: Layers, region: Region, finding: Finding, _rng: np.random.Generator) -> None:
    """Air outside the retracted lung: no vessels, darker, behind a fine pleural line."""
    g = layers.geometry
    w = layers.window(region)
    amount = 0.4 * finding.size + 0.6 * finding.severity
    gap = 0.03 + 0.09 * amount if finding.zone == "upper" else 0.045 + 0.13 * amount
    drop = (0.06 + 0.15 * amount) if finding.zone == "upper" else (0.05 + 0.12 * amount)
    lateral, side = g.lateral[region.sign], g.side
    inner = np.interp(g.y - drop, g.y, lateral, left=0.0)
    fade = np.clip(1 - (g.y - g.hilum) / (0.5 * g.shape.height), 0, 1) if finding.zone == "upper" else 1.0
    edge = np.minimum(inner - gap * fade, lateral).astype(np.float32)
    edge[inner <= 0] = -0.2
    slope = np.gradient(edge) * side
    distance = (region.sign * layers.across[w] - edge[w[0], None]) / np.sqrt(1 + np.minimum(slope, 6) ** 2)[w[0], None]
    tissue = layers.tissue(region.sign, *w)
    outside = np.clip(distance / 0.004 + 0.5, 0, 1) * tissue
    line = np.exp(-((distance / 0.0045) ** 2)) * tissue * (edge < lateral - 0.004)[w[0], None]
    layers.vessels[w] *= 1 - outside
    layers.opacity[w] += 0.22 * line - (0.07 + 0.05 * finding.severity) * outside
    layers.density[w] += 0.18 * amount * (tissue - outside)


def _edema(layers: Layers, region: Region, finding: Finding, rng: np.random.Generator) -> None:
    """Perihilar haze like a bat's wing, with septal lines at the base."""
    g = layers.geometry
    w = layers.window(region)
    x, y = g.point(region.sign, 0.22, 0.55)
    wing = Region(region.sign, x, y, 0.85 * region.rx, 0.8 * region.ry)
    mask = _blob(layers.radius(wing, *w), 0.95)
    sheet = Sheet(g.side)
    for _ in range(int(8 + 10 * finding.severity)):
        x, y = g.point(region.sign, rng.uniform(0.8, 0.97), rng.uniform(0.6, 1.05))
        length = region.sign * rng.uniform(0.02, 0.035)
        sheet.line(np.array([(x, y), (x - length, y + rng.normal(0, 0.004))]), 0.004, 0.9)
    haze = 1 + 0.3 * texture("patchy", rng, *w) + 0.15 * texture("granular", rng, *w)
    tissue = layers.tissue(region.sign, *w)
    layers.density[w] += (0.35 + 0.75 * finding.severity) * (mask + 0.18) * haze * tissue
    layers.opacity[w] += 0.2 * sheet.array(blur=0.4)[w] * tissue


def _fibrosis(layers: Layers, region: Region, finding: Finding, rng: np.random.Generator) -> None:
    """Coarse reticular lines, denser towards the edge of the zone."""
    w = layers.window(region)
    mask = _blob(layers.radius(region, *w), 0.45) * layers.tissue(region.sign, *w)
    net = texture("net", rng, *w) + 0.6 * texture("net", rng, *w)
    layers.density[w] += (0.3 + 0.45 * finding.severity) * mask * (net - 0.1)


def _atelectasis(layers: Layers, region: Region, finding: Finding, _rng: np.random.Generator) -> None:
    """Plate-like bands, or with marked severity a wedge of collapsed lobe that points at the hilum."""
    w = layers.window(region)
    tissue = layers.tissue(region.sign, *w)
    g = layers.geometry
    strength = 0.3 + 0.35 * finding.severity
    c, s = np.cos(region.angle), np.sin(region.angle)
    dx, dy = g.x[None, w[1]] - region.x, g.y[w[0], None] - region.y
    along, off = c * dx + s * dy, c * dy - s * dx
    taper = np.clip((region.rx - np.abs(along)) / (0.5 * region.rx), 0, 1)
    if finding.severity > 0.72 and finding.zone != "middle":
        outwards = np.clip(0.5 + 0.5 * region.sign * along / region.rx, 0, 1)
        half = 0.007 + 0.028 * outwards
        band = np.clip((half - np.abs(off)) / 0.006, 0, 1) * taper
    else:
        thickness = 0.0055 + 0.004 * finding.size
        band = np.exp(-(((off - 0.012 * np.cos(along / region.rx)) / thickness) ** 2)) * taper
        if finding.size > 0.5:
            band += 0.8 * np.exp(-(((off + 0.018) / (0.8 * thickness)) ** 2)) * taper**2
    layers.density[w] += 2.2 * strength * (band + 0.12 * _blob(layers.radius(region, *w), 0.9)) * tissue


def _mass(layers: Layers, region: Region, finding: Finding, rng: np.random.Generator) -> None:
    """Round, dense, slightly lobulated."""
    w = layers.window(region)
    angle = np.arctan2(layers.geometry.y[w[0], None] - region.y, layers.geometry.x[None, w[1]] - region.x)
    lobes = 1 + 0.05 * np.sin(3 * angle + rng.uniform(0, 6)) + 0.04 * np.sin(5 * angle + rng.uniform(0, 6))
    mask = _ball(layers.radius(region, *w) * lobes)
    layers.opacity[w] += (0.38 + 0.34 * finding.severity) * mask * (0.9 + 0.05 * texture("patchy", rng, *w))


def _nodule(layers: Layers, region: Region, finding: Finding, _rng: np.random.Generator) -> None:
    w = layers.window(region)
    layers.opacity[w] += (0.3 + 0.34 * finding.severity) * _ball(layers.radius(region, *w))


def _rind(layers: Layers, region: Region, finding: Finding, rng: np.random.Generator) -> None:
    """A bright band along the chest wall and over the apex."""
    g = layers.geometry
    w = layers.window(region)
    y = g.y[w[0], None]
    lateral = g.lateral[region.sign][w[0], None]
    depth = (lateral - region.sign * layers.across[w]) * np.float32(1.0)
    if finding.zone == "upper":
        depth = np.minimum(depth, (y - g.shape.top) * 0.75)
    width = (0.014 + 0.02 * finding.severity) * (1 + 0.22 * texture("patchy", rng, *w))
    ends = np.clip(np.minimum(y - (region.y - region.ry), region.y + region.ry - y) / 0.05, 0, 1)
    if finding.zone == "upper":
        ends = np.clip((region.y + region.ry - y) / 0.08, 0, 1)
    band = np.clip((width * np.sqrt(ends) - depth) / 0.006, 0, 1) * (depth > -0.004) * (ends > 0)
    band *= np.clip((region.sign * layers.across[w] - g.medial[w[0], None]) / 0.02, 0, 1)
    layers.opacity[w] += (0.32 + 0.25 * finding.severity) * band


def _hernia(layers: Layers, region: Region, finding: Finding, _rng: np.random.Generator) -> None:
    """A round pouch behind the heart: a bright wall, and gas above fluid."""
    w = layers.window(region)
    radius = layers.radius(region, *w)
    inside = _blob(radius, 0.12)
    wall = np.exp(-(((radius - 0.93) / 0.07) ** 2))
    level = region.y + 0.1 * region.ry
    gas = np.clip((level - layers.geometry.y[w[0], None]) / 0.006, 0, 1)
    layers.opacity[w] += inside * (0.3 - (0.65 + 0.3 * finding.severity) * gas) + 0.3 * wall


_APPEARANCES: dict[str, Paint] = {
    "Atelectasis": _atelectasis,
    "Effusion": _effusion,
    "Infiltration": _infiltration,
    "Mass": _mass,
    "Nodule": _nodule,
    "Pneumonia": _pneumonia,
    "Pneumothorax": _pneumothorax,
    "Consolidation": _consolidation,
    "Edema": _edema,
    "Fibrosis": _fibrosis,
    "Pleural_Thickening": _rind,
    "Hernia": _hernia,
}
