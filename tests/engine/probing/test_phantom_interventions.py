"""Pairs of phantom films: what an intervention draws changes, and no pixel elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from engine.probing.findings import FINDINGS
from engine.probing.phantom.anatomy import DEVICES, Anatomy, markers
from engine.probing.phantom.film import render
from engine.probing.phantom.findings import boxes
from engine.probing.phantom.geometry import outline
from engine.probing.phantom.interventions import Pair, interventions
from engine.probing.phantom.overlays import draw_devices
from engine.probing.phantom.population import population

FILMS = population(2001, 400)
REACH = 44
"""Pixels over which the detector's edge enhancement spreads a change: three box blurs of radius 3 on a film reduced
4 times, and their edges"""
KINDS = interventions()


def pair_of(anatomy: Anatomy, kind: str, value: str = "", seed: int = 0) -> Pair:
    found = KINDS[kind][value].make(anatomy, np.random.default_rng(seed))
    assert found is not None
    return found


@lru_cache(maxsize=64)
def film(anatomy_number: int, kind: str, value: str, place: int) -> NDArray[np.int64]:
    return render(pair_of(FILMS[anatomy_number], kind, value)[place]).astype(np.int64)


def change(number: int, kind: str, value: str = "") -> NDArray[np.int64]:
    """How far each pixel of the film with the thing is from the film without."""
    return abs(film(number, kind, value, 1) - film(number, kind, value, 0))


def near(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    return np.asarray(binary_dilation(mask, np.ones((3, 3), dtype=bool), iterations=reach))


def in_boxes(anatomy: Anatomy, name: str) -> NDArray[np.bool_]:
    mask = np.zeros((256, 256), dtype=bool)
    for box in boxes(anatomy):
        if box.label == name:
            mask[int(box.y) : int(box.y + box.height) + 1, int(box.x) : int(box.x + box.width) + 1] = True
    return mask


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_changes_only_what_is_near_it(device: str) -> None:
    several = next(n for n, a in enumerate(FILMS) if device in a.devices and len(a.devices) > 1)
    bordered = next(n for n, a in enumerate(FILMS) if a.parameters["collimation"] and device not in a.devices)
    for number in (several, bordered):
        anatomy = FILMS[number]
        alone = draw_devices(replace(anatomy, devices=(device,)), outline(anatomy, 256)) > 0
        changed = change(number, "device", device)
        assert changed.max() > 20
        assert not changed[~near(alone, REACH)].any()
        assert (changed > 2).mean() < 0.04
        assert (changed[near(alone, 2)] ** 2).sum() > 0.9 * (changed**2).sum()


def test_the_film_of_the_set_is_one_of_its_pair() -> None:
    for anatomy in FILMS[:40]:
        for kind, value in (("device", "chest tube"), ("marker", "letter"), ("sex", "")):
            assert anatomy in pair_of(anatomy, kind, value)
    without, with_it = pair_of(FILMS[0], "device", "pacemaker")
    assert (without.devices, with_it.devices) == ((), ("pacemaker",))


@pytest.mark.parametrize("value", ["letter", "side", "word"])
def test_a_marker_changes_only_the_upper_corners(value: str) -> None:
    number = next(n for n, a in enumerate(FILMS) if len(markers(a)) > 1)
    changed = change(number, "marker", value)
    assert changed.max() > 50
    rows, columns = np.nonzero(changed)
    assert rows.max() < 0.35 * 256
    assert ((columns < 0.25 * 256) | (columns > 0.75 * 256)).all()
    texts = [markers(anatomy) for anatomy in pair_of(FILMS[number], "marker", value)]
    assert texts[0] == {"letter": (), "side": ("R", *texts[1][1:]), "word": texts[1][:1]}[value]


def test_films_without_a_word_have_no_pair_of_it() -> None:
    bare = next(a for a in FILMS if a.view == "PA")
    assert KINDS["marker"]["word"].make(bare, np.random.default_rng(0)) is None


@pytest.mark.parametrize("name", ["Mass", "Infiltration", "Pleural_Thickening"])
def test_a_finding_leaves_the_others_where_they_are(name: str) -> None:
    number = next(n for n, a in enumerate(FILMS) if len(a.findings) > 1 and a.findings[0].name != name)
    without, with_it = pair_of(FILMS[number], "finding", name)
    assert {f.name for f in with_it.findings} - {f.name for f in without.findings} == {name}
    others = [[box for box in boxes(each) if box.label != name] for each in (without, with_it)]
    assert others[0] == others[1] == [box for box in boxes(FILMS[number]) if box.label != name]
    changed = change(number, "finding", name)
    assert changed.max() > 5
    assert not changed[~near(in_boxes(with_it, name), REACH + 6)].any()


def test_taking_the_first_finding_away_does_not_draw_the_second_anew() -> None:
    number, anatomy = next(
        (n, a) for n, a in enumerate(FILMS) if a.findings[1:] and a.findings[0].name == "Infiltration"
    )
    without, _ = pair_of(anatomy, "finding", "Infiltration")
    kept = anatomy.findings[1].name
    assert [box for box in boxes(without) if box.label == kept] == [box for box in boxes(anatomy) if box.label == kept]
    np.testing.assert_array_equal(film(number, "finding", "Infiltration", 1), render(anatomy))


def test_a_finding_that_would_move_the_chest_tube_has_no_pair() -> None:
    drained = next(
        a
        for a in FILMS
        if "chest tube" in a.devices
        and [f.side for f in a.findings if f.name == "Pneumothorax"] == ["right"]
        and not any(f.name == "Effusion" for f in a.findings)
    )
    assert KINDS["finding"]["Pneumothorax"].make(drained, np.random.default_rng(0)) is None


def test_an_added_finding_differs_by_seed_alone() -> None:
    healthy = next(a for a in FILMS if not a.findings)
    once, again, other = (pair_of(healthy, "finding", "Effusion", seed) for seed in (1, 1, 2))
    assert once == again != other


def test_view_changes_the_posture_and_not_what_is_written() -> None:
    for anatomy in FILMS[:30]:
        upright, lying = pair_of(anatomy, "view")
        assert (upright.view, lying.view) == ("PA", "AP")
        assert markers(upright) == markers(lying)
        assert lying.parameters["inspiration"] <= upright.parameters["inspiration"]
        assert (upright.findings, upright.devices, upright.sex) == (lying.findings, lying.devices, lying.sex)


def test_sex_there_and_back_is_the_same_body() -> None:
    man = next(a for a in FILMS if a.sex == "M")
    woman = pair_of(man, "sex")[1]
    back = pair_of(woman, "sex")[0]
    assert (woman.sex, back.sex) == ("F", "M")
    assert woman.parameters["breast_size"] >= 0.1
    assert dict(back.parameters) == pytest.approx(dict(man.parameters))


def test_age_shows_on_no_film_and_noise_and_exposure_on_each() -> None:
    assert not change(0, "age").any()
    assert {a.age for a in pair_of(FILMS[0], "age")} == {30, 75}
    assert change(0, "noise").std() > 0.1
    brighter = film(0, "exposure", "", 1) - film(0, "exposure", "", 0)
    assert brighter.mean() > 5


def test_every_finding_can_be_asked_for() -> None:
    assert tuple(KINDS["finding"]) == FINDINGS
    assert [each.name for each in KINDS["marker"].values()] == ["marker:letter", "marker:side", "marker:word"]
