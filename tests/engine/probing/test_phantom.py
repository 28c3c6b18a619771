"""Phantom films: how a finding changes the film, where its box lies, and how populations are drawn."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pydantic
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from engine.errors import UnreadableImage
from engine.probing.base import NONE, Image
from engine.probing.findings import FINDINGS
from engine.probing.phantom.anatomy import DEVICES, Anatomy, Finding, Side, Zone
from engine.probing.phantom.film import render
from engine.probing.phantom.findings import boxes
from engine.probing.phantom.population import HELD_OUT_SEEDS, film_seed, population
from engine.probing.phantom.prevalence import PREVALENCE, ZONES
from engine.probing.phantom.probing_set import Options, load

PEOPLE = [a for a in population(1, 60) if not a.parameters["collimation"]][:6]


def only(anatomy: Anatomy, *findings: Finding) -> Anatomy:
    return dataclasses.replace(anatomy, findings=findings, devices=())


def shown(name: str, side: Side = "left", severity: float = 0.7) -> Finding:
    zone: Zone = ZONES.get(name, (("middle",), ()))[0][0]
    if name in ("Cardiomegaly", "Hernia"):
        side = "midline"
    elif name in ("Edema", "Emphysema"):
        side = "bilateral"
    return Finding(name, side, zone, 0.6, severity)


def change(anatomy: Anatomy, finding: Finding) -> NDArray[np.float64]:
    """The increase in brightness of each pixel that the finding causes."""
    return render(only(anatomy, finding)).astype(float) - render(only(anatomy)).astype(float)


def inside(anatomy: Anatomy, side: int) -> NDArray[np.bool_]:
    mask = np.zeros((side, side), dtype=bool)
    for box in boxes(anatomy, side):
        bottom, right = int(np.ceil(box.y + box.height)), int(np.ceil(box.x + box.width))
        mask[int(box.y) : bottom, int(box.x) : right] = True
    return mask


def test_a_film_is_the_same_whoever_renders_it() -> None:
    films = population(3, 8)
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(render, films))
    for anatomy, film in zip(films, together, strict=True):
        assert film.shape == (256, 256)
        assert film.dtype == np.uint8
        np.testing.assert_array_equal(film, render(anatomy))


def test_populations_are_deterministic_and_start_alike() -> None:
    assert population(4, 30) == population(4, 50)[:30]
    assert population(4, 30) != population(5, 30)


def test_no_two_populations_share_a_film() -> None:
    seeds = [film_seed(s, place) for s in (0, 999, 1000, 2000) for place in (0, 1, 2**32 - 1)]
    assert len(set(seeds)) == len(seeds)
    assert {a.seed for a in population(0, 50)}.isdisjoint(a.seed for a in population(HELD_OUT_SEEDS[0], 50))


@pytest.mark.slow
def test_prevalence_is_about_that_of_nih() -> None:
    films = population(7, 8000)
    counts = Counter(finding.name for a in films for finding in a.findings)
    for name, share in PREVALENCE.items():
        assert counts[name] / len(films) == pytest.approx(share, rel=0.3, abs=0.004), name
    assert sum(not a.findings for a in films) / len(films) == pytest.approx(0.5, abs=0.04)
    both = sum({"Effusion", "Atelectasis"} <= {f.name for f in a.findings} for a in films)
    assert both / len(films) > 1.5 * PREVALENCE["Effusion"] * PREVALENCE["Atelectasis"]


def test_enriched_populations_raise_every_finding() -> None:
    films = population(8, 4000, enriched=True)
    counts = Counter(finding.name for a in films for finding in a.findings)
    assert set(counts) == set(FINDINGS)
    assert all(0.07 < count / len(films) < 0.17 for count in counts.values())


def test_a_patient_keeps_the_body_and_changes_the_film() -> None:
    films = population(6, 400)
    by_patient: dict[int, list[Anatomy]] = {}
    for anatomy in films:
        by_patient.setdefault(anatomy.patient, []).append(anatomy)
    numbers = {len(of_one) for of_one in by_patient.values()}
    assert min(numbers) == 1
    assert 5 <= max(numbers) <= 8
    several = max(by_patient.values(), key=len)
    for name in ("thorax_width", "heart_width", "lung_height", "body_size"):
        assert len({a.parameters[name] for a in several}) == 1
    assert len({(a.sex, a.age) for a in several}) == 1
    assert len({a.parameters["exposure"] for a in several}) == len(several)


def test_cardiomegaly_widens_the_heart() -> None:
    for anatomy in PEOPLE:
        changed = change(anatomy, shown("Cardiomegaly")) > 15
        columns = np.flatnonzero(changed[90:200].sum(axis=0) > 8)
        middle = anatomy.parameters["centre_x"] * 256
        assert (columns > middle).sum() >= 8
        assert (columns < middle).sum() >= 4


@pytest.mark.parametrize(("side", "half"), [("left", slice(128, 256)), ("right", slice(0, 128))])
def test_pneumothorax_darkens_its_side(side: Side, half: slice) -> None:
    for anatomy in PEOPLE:
        changed = change(anatomy, Finding("Pneumothorax", side, "upper", 0.8, 0.8))
        assert changed[30:100, half].mean() < -1
        assert abs(changed[:, half]).sum() > 5 * abs(changed).sum() / 6


@pytest.mark.parametrize(("side", "half"), [("left", slice(128, 256)), ("right", slice(0, 128))])
def test_effusion_brightens_the_angle_on_its_side(side: Side, half: slice) -> None:
    for anatomy in PEOPLE:
        changed = change(anatomy, shown("Effusion", side))
        assert changed[150:220, half].max() > 40
        assert changed[150:220, half].mean() > 1
        assert abs(changed[:, half]).sum() > 5 * abs(changed).sum() / 6


def test_emphysema_darkens_and_edema_whitens_both_lungs() -> None:
    for anatomy in PEOPLE:
        assert change(anatomy, shown("Emphysema"))[60:140].mean() < -4
        assert change(anatomy, shown("Edema"))[60:140].mean() > 4


@pytest.mark.parametrize("name", FINDINGS)
def test_every_finding_is_seen_and_lies_in_its_box(name: str) -> None:
    for anatomy in PEOPLE:
        film = only(anatomy, shown(name))
        energy = change(anatomy, shown(name)) ** 2
        box = inside(film, 256)
        assert energy[box].mean() > 25
        assert energy[box].mean() > 4 * energy[~box].mean()
        if name != "Atelectasis":  # its volume loss raises the diaphragm, outside the box
            assert energy[box].sum() > 0.55 * energy.sum()


def test_boxes_lie_within_the_film_at_any_size() -> None:
    for anatomy in population(11, 150, enriched=True):
        found = boxes(anatomy, 512)
        assert {box.label for box in found} == {finding.name for finding in anatomy.findings}
        for box in found:
            assert box.width > 4
            assert box.height > 4
            assert 0 <= box.x <= box.x + box.width <= 512
            assert 0 <= box.y <= box.y + box.height <= 512


def test_a_bilateral_finding_has_a_box_on_each_side() -> None:
    left, right = sorted(boxes(only(PEOPLE[0], shown("Effusion", "bilateral"))), key=lambda box: box.x)
    assert left.x + left.width / 2 < 128 < right.x + right.width / 2


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_is_seen(device: str) -> None:
    bare = only(PEOPLE[1])
    with_device = dataclasses.replace(bare, devices=(device,))
    assert (render(with_device).astype(int) - render(bare)).max() > 20


def test_the_probing_set_gives_films_with_their_truth() -> None:
    phantoms = load(Options(count=40, seed=2001), Path())
    again = load(Options(count=40, seed=2001), Path())
    assert [image.path for image in phantoms.images][:2] == ["phantom-000000.png", "phantom-000001.png"]
    for image, twin, anatomy in zip(phantoms.images, again.images, population(2001, 40), strict=True):
        assert image == twin
        assert image.patient == f"P{anatomy.patient:05d}"
        assert image.view == anatomy.view
        assert image.labels == tuple(finding.name for finding in anatomy.findings)
        assert image.report
        assert image.parameters["heart_width"] == anatomy.parameters["heart_width"]
        assert image.attributes["sex"] == (anatomy.sex,)
        assert image.attributes["age"] == (str(anatomy.age),)
        assert image.attributes["device"] == (anatomy.devices or (NONE,))
        assert image.attributes["marker"][0] == ("L" if anatomy.parameters["marker_left"] else "R")
    assert {text for image in phantoms.images for text in image.attributes["marker"]} == {"L", "R", "AP", "PORTABLE"}
    image = phantoms.images[7]
    with Picture.open(io.BytesIO(phantoms.read(image))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), render(population(2001, 8)[7]))


def test_options_and_foreign_images_are_refused() -> None:
    with pytest.raises(pydantic.ValidationError):
        Options.model_validate({"cuont": 3})
    with pytest.raises(pydantic.ValidationError):
        Options(count=0)
    with pytest.raises(UnreadableImage):
        load(Options(count=1), Path()).read(Image(path="elsewhere.png"))
    with pytest.raises(UnreadableImage):
        load(Options(count=1), Path()).content(Image(path="elsewhere.png"))
