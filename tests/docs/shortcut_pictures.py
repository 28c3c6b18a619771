"""The pictures of the guide's audit: `python -m tests.docs.shortcut_pictures RUN.duckdb`.

The run is that of the guide's walk-through: the biased classifier (tests.benchmarks.shortcut_classifiers) over 1,200
phantoms.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.probing.phantom.film import render
from engine.probing.phantom.interventions import interventions
from engine.probing.phantom.population import population
from tests.docs.pictures import draw, screen
from tests.shared import ROOT

TUBE = "chest tube"
FILM = 21
"""Of the demo's population: one of a patient with a healthy chest"""
SCREENS: dict[str, tuple[tuple[str, int], tuple[str, ...]]] = {
    "shortcut.png": (("features.norm5", 104), ("D", "j", "j")),
    "shortcut-neuron.png": (("features.norm5", 104), ("e",)),
}
"""File name -> the neuron to start at, and the keys to press"""
_TITLE = 22


def pair_picture(place: int = FILM) -> Image.Image:
    """A film without a chest tube, with it, and what differs, eight times as strong."""
    anatomy = population(2000, place + 1)[place]
    pair = interventions()["device"][TUBE].make(anatomy, np.random.default_rng(0))
    assert pair is not None
    without, with_it = (render(each) for each in pair)
    difference = np.clip(128 + 8 * (with_it.astype(int) - without), 0, 255).astype(np.uint8)
    side = len(without)
    picture = Image.new("L", (3 * side + 20, side + _TITLE), 255)
    font = ImageFont.truetype("DejaVuSansMono.ttf", 14)
    titles = ("without", "with a chest tube", "difference × 8")
    for column, (title, film) in enumerate(zip(titles, (without, with_it, difference), strict=True)):
        left = column * (side + 10)
        picture.paste(Image.fromarray(film), (left, _TITLE))
        ImageDraw.Draw(picture).text((left + 2, 2), title, fill=0, font=font)
    return picture


if __name__ == "__main__":
    pair_picture().save(ROOT / "docs" / "pair.png", optimize=True)
    for name, (start, keys) in SCREENS.items():
        draw(asyncio.run(screen(Path(sys.argv[1]), start, keys))).save(ROOT / "docs" / name, optimize=True)
