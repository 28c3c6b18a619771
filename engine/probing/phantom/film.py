"""Renders a phantom film: an attenuation map of the chest, exposed as a digital radiograph.

Whoever changes what any film looks like must raise VERSION in engine.probing.phantom.probing_set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.probing.phantom.anatomy import SIDE, Anatomy
from engine.probing.phantom.appearances import paint
from engine.probing.phantom.bones import draw_ribs, draw_shoulders, draw_spine
from engine.probing.phantom.drawing import Array, Sheet, curve
from engine.probing.phantom.findings import Layers, finding_rng
from engine.probing.phantom.geometry import SIDES, Geometry, outline
from engine.probing.phantom.overlays import collimate, draw_devices, draw_marker
from engine.probing.phantom.texture import texture
from engine.probing.phantom.vessels import draw_vessels

_ANATOMY, _NOISE, _COLLIMATION = 10, 11, 12
"""Streams of random numbers from a film's seed, beside those of the findings and of each device: drawing from one
changes no other"""


def render(anatomy: Anatomy, side: int = SIDE) -> NDArray[np.uint8]:
    """The film [side, side]. The same anatomy always gives the same film."""
    geometry = outline(anatomy, side)
    layers = _layers(anatomy, geometry)
    for place, finding in enumerate(anatomy.findings):
        paint(layers, finding, finding_rng(anatomy, place))
    attenuation = _attenuation(anatomy, layers)
    if anatomy.devices:
        attenuation += draw_devices(anatomy, geometry)
    film = _expose(anatomy, attenuation)
    draw_marker(anatomy, film)
    return collimate(anatomy, film, np.random.default_rng([anatomy.seed, _COLLIMATION]))


def _layers(anatomy: Anatomy, geometry: Geometry) -> Layers:
    side = geometry.side
    rng = np.random.default_rng([anatomy.seed, _ANATOMY])
    across = geometry.x[None, :] - geometry.midline[:, None]
    cephalisation = max((f.severity for f in anatomy.findings if f.name == "Edema"), default=0.0)
    lungs = {sign: _lung(geometry, across, sign) for sign in SIDES}
    whole = slice(0, side)
    return Layers(
        geometry=geometry,
        across=across,
        lungs=lungs,
        vessels=draw_vessels(geometry, rng, cephalisation),
        density=np.zeros((side, side), dtype=np.float32),
        opacity=np.zeros((side, side), dtype=np.float32),
        markings=(0.022 * geometry.shape.vascularity)
        * (texture("granular", rng, whole, whole) + texture("net", rng, whole, whole)),
        mottle=0.02 * texture("smooth", rng, whole, whole) + 0.006 * texture("granular", rng, whole, whole),
        wobble=texture("smooth", rng, whole, whole),
        shoulders=draw_shoulders(anatomy, geometry, rng),
    )


def _lung(geometry: Geometry, across: Array, sign: int) -> Array:
    """Air along the beam through one lung [side, side], 0–1, as if there were no mediastinum in front of it."""
    inner, outer = geometry.medial[:, None], geometry.lateral[sign][:, None]
    share = (sign * across - inner) / np.maximum(outer - inner, 1e-3)
    chord = np.clip(4 * share * (1 - share), 0, None)
    air = np.sqrt(chord) * (1.6 - 0.6 * chord)
    above = np.clip((geometry.diaphragm[sign][None, :] - geometry.y[:, None]) * (1 / 0.014) + 0.5, 0, 1)
    above *= 0.62 + 0.38 * np.clip((geometry.y[:, None] - geometry.shape.top) * 9, 0, 1)
    return np.asarray(air * above * (outer > inner + 0.002), dtype=np.float32)


def _attenuation(anatomy: Anatomy, layers: Layers) -> Array:
    """Attenuation along each beam; the chest's soft tissue has about 1."""
    geometry, across = layers.geometry, layers.across
    shape, y = geometry.shape, geometry.y
    right, left = geometry.mediastinum[-1][:, None], geometry.mediastinum[1][:, None]
    share = (across + right) / (right + left)
    heart = np.clip(4 * share * (1 - share), 0, None)
    heart = 0.45 * np.minimum(4 * heart, 1) + 0.55 * np.sqrt(heart)
    heart *= np.clip((y - shape.top + 0.1) * 8, 0.15, 1)[:, None]
    air = (layers.lungs[-1] + layers.lungs[1]) * (1 - 0.86 * heart) * np.exp(-layers.density)
    below = np.minimum.reduce([geometry.diaphragm[-1], geometry.diaphragm[1]])
    abdomen = np.clip((y[:, None] - below[None, :]) * 6, 0, 1)
    body, thickness = _body(anatomy, geometry, across)
    ribs = draw_ribs(anatomy, geometry, across, layers.wobble)
    wall = 0.26 + 0.1 * np.clip((y - shape.top) * 1.6, 0, 1.2)[:, None]
    total = body * (wall + 0.85 * (1 - shape.aeration * air)) * thickness
    total += body * (0.42 * abdomen + 0.24 * heart + 0.2 * draw_spine(geometry, across))
    total += 0.115 * ribs * np.minimum(4 * body, 1) * (1 - 0.6 * abdomen)
    total += 0.36 * layers.shoulders * np.minimum(5 * body, 1)
    total += (0.26 * layers.vessels + layers.markings) * air
    total += layers.opacity + body * layers.mottle
    total -= 0.36 * _airways(anatomy, geometry)
    total += _breasts(anatomy, geometry, across)
    return np.asarray(total, dtype=np.float32)


def _body(anatomy: Anatomy, geometry: Geometry, across: Array) -> tuple[Array, Array]:
    """The body's depth as a share of its row's greatest [side, side], and each row's thickness [side, 1]."""
    p = anatomy.parameters
    top, wall = geometry.shape.top, geometry.shape.half_width + 0.055 + 0.1 * p["body_size"]
    supine = anatomy.view == "AP"
    neck = 0.13 + 0.035 * p["body_size"]
    at = [-0.2, top - 0.12, top - 0.08, top - 0.05, top - 0.02, top + 0.06, top + 0.33, top + 0.5, top + 0.62, 1.0]
    arms = 0.62 if supine else 0.57
    half = np.interp(geometry.y, at, [neck, neck + 0.03, 0.22, 0.34, 0.47, 0.6, arms, wall + 0.03, wall, wall + 0.02])
    depth = np.interp(geometry.y, at, [0.75, 0.78, 0.8, 0.82, 0.85, 0.92, 1.0, 1.0, 1.05, 1.2])
    profile = np.sqrt(np.clip(1 - (across / half[:, None].astype(np.float32)) ** 2, 0, None))
    return profile, (depth * (0.92 + 0.22 * p["body_size"])).astype(np.float32)[:, None]


def _airways(anatomy: Anatomy, geometry: Geometry) -> Array:
    """Air in trachea, main bronchi, stomach and bowel [side, side]."""
    p = anatomy.parameters
    sheet = Sheet(geometry.side)
    shape, middle = geometry.shape, p["centre_x"]
    carina = geometry.hilum - 0.06
    rows = np.clip([0, int(0.5 * carina * geometry.side), int(carina * geometry.side)], 0, geometry.side - 1)
    low = float(geometry.midline[rows[2]]) + shape.shift
    path = [
        (float(geometry.midline[rows[0]]), 0.0),
        (float(geometry.midline[rows[1]]) + 0.6 * shape.shift, 0.5 * carina),
    ]
    sheet.line(curve([*path, (low, carina)]), 0.028, 0.75)
    sheet.line(curve([(low, carina), (low - 0.03, carina + 0.03), (low - 0.065, carina + 0.075)]), 0.02, 0.55)
    sheet.line(curve([(low, carina), (low + 0.035, carina + 0.03), (low + 0.085, carina + 0.06)]), 0.017, 0.55)
    if p["gas_bubble"] > 0.05:
        size = 0.025 + 0.05 * min(p["gas_bubble"], 1.2)
        x, y = middle + 0.45 * shape.half_width, shape.dome[1] + 0.03 + 0.6 * size
        sheet.ellipse(x, y, 1.15 * size, 0.75 * size, min(0.25 + 0.6 * p["gas_bubble"], 0.9))
    return sheet.array(blur=1.6)


def _breasts(anatomy: Anatomy, geometry: Geometry, across: Array) -> Array:
    size = anatomy.parameters["breast_size"]
    if size <= 0:
        return np.zeros((1, 1), dtype=np.float32)
    radius = 0.11 + 0.06 * size
    y = geometry.y[:, None] - (geometry.shape.dome[-1] - 0.055 + 0.04 * size)
    down = np.where(y > 0, y / (0.8 * radius), y / (1.9 * radius))
    out = (np.abs(across) - 0.56 * geometry.shape.half_width) / (1.15 * radius)
    tissue = np.clip(1 - down * down - out * out, 0, None)
    onset = np.clip(1 + y / (1.5 * radius), 0, 1)
    return np.asarray((0.1 + 0.18 * size) * np.sqrt(tissue) * onset, dtype=np.float32)


def _expose(anatomy: Anatomy, attenuation: Array) -> Array:
    """Brightness [side, side] in [0, 1]: a saturating film curve, the detector's noise, blur and edge enhancement."""
    p = anatomy.parameters
    rng = np.random.default_rng([anatomy.seed, _NOISE])
    gain = 1.2 + 0.7 * p["exposure"]
    noise = rng.standard_normal(attenuation.shape, dtype=np.float32)
    signal = 1 - np.exp(-gain * np.maximum(attenuation, 0))
    signal += noise * np.float32(0.008 * p["noise"]) * (0.35 + 0.65 * np.sqrt(signal))
    image = Image.fromarray(np.clip(signal * 255, 0, 255).astype(np.uint8))
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(0.75 - 0.3 * p["sharpness"])), dtype=np.float32)
    wide = np.asarray(image.reduce(4).filter(ImageFilter.GaussianBlur(3)).resize(image.size, Image.Resampling.BILINEAR))
    film = (soft + (0.1 + 0.3 * p["contrast"]) * (soft - wide)) * np.float32(1 / 255)
    dark, bright = 0.02 + 0.05 * (1 - p["contrast"]), 0.8 + 0.17 * min(1.6 * p["contrast"], 1.0)
    return np.asarray(dark + (bright - dark) * np.clip(film, 0, 1), dtype=np.float32)
