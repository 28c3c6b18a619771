"""Whoever changes the renderer of phantoms must raise its VERSION: some films are compared with stored ones.

    python -m tests.engine.probing.test_phantom_version

stores them again. Films are compared by the mean grey of 4 × 4 blocks: on another processor, or with another release of
NumPy, single pixels may differ by one grey level.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.probing.findings import FINDINGS
from engine.probing.phantom.anatomy import DEVICES, Anatomy
from engine.probing.phantom.film import render
from engine.probing.phantom.population import population
from engine.probing.phantom.probing_set import VERSION, Options, load

STORED = Path(__file__).with_name("phantom_films.json")
BLOCKS = 4
TOLERANCE = 0.03
"""Grey levels: a block's mean moves by 0.0002 when one pixel moves by one level, and by more when a line is drawn"""


def films() -> list[Anatomy]:
    return population(1007, 24, enriched=True)


def block_means() -> NDArray[np.float64]:
    """[films, blocks]"""
    pixels = np.array([render(anatomy) for anatomy in films()], dtype=np.float64)
    side = pixels.shape[1] // BLOCKS
    means = pixels.reshape(len(pixels), BLOCKS, side, BLOCKS, side).mean(axis=(2, 4))
    return means.reshape(len(pixels), -1)


def test_a_changed_renderer_has_another_version() -> None:
    stored = json.loads(STORED.read_text())
    means = block_means()
    changed = means.shape != np.shape(stored["films"]) or abs(means - stored["films"]).max() > TOLERANCE
    again = f"then store its films again (see {Path(__file__).name})."
    assert not (changed and stored["version"] == VERSION), f"The renderer has changed: raise its VERSION, {again}"
    assert stored["version"] == VERSION, f"VERSION is raised: {again}"
    assert not changed


def test_the_stored_films_show_every_finding_and_device() -> None:
    assert {finding.name for anatomy in films() for finding in anatomy.findings} == set(FINDINGS)
    assert {device for anatomy in films() for device in anatomy.devices} == set(DEVICES)
    assert {anatomy.view for anatomy in films()} == {"PA", "AP"}


def test_content_follows_seed_and_place_alone() -> None:
    few, many, others = (load(Options(count=count, seed=seed), Path()) for count, seed in ((5, 1), (9, 1), (9, 2)))
    of_many = [many.content(image) for image in many.images]
    assert [few.content(image) for image in few.images] == of_many[:5]
    assert len({*of_many, *map(others.content, others.images)}) == 18


if __name__ == "__main__":
    STORED.write_text(json.dumps({"version": VERSION, "films": block_means().round(2).tolist()}) + "\n")
