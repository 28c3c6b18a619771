"""What attributes of images make of truths, and the words that name them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.evaluation.attribute_truths import attribute_truths
from engine.evaluation.truth import FEWEST
from engine.probing.phantom.attribute_words import DEVICE_WORDS, MARKER_WORDS, SEX_WORDS
from engine.probing.phantom.probing_set import Options, load
from engine.store.attributes import Attribute

COUNT = 200


def told(name: str, *rows: tuple[range, str]) -> Attribute:
    images = [image for places, _ in rows for image in places]
    return Attribute.of(name, images, [value for places, value in rows for _ in places], COUNT)


def test_devices_are_truths_alone_and_together() -> None:
    devices = told("device", (range(50), "chest tube"), (range(30, 80), "pacemaker"), (range(80, COUNT), "none"))
    tube, pacemaker, either = attribute_truths([devices])
    assert [tube.name, pacemaker.name, either.name] == ["device chest tube", "device pacemaker", "any device"]
    assert [int(truth.images.sum()) for truth in (tube, pacemaker, either)] == [50, 50, 80]
    assert {"tube", "chest tube", "devices"} <= tube.words
    assert "wires" not in tube.words | pacemaker.words
    assert {"pacemaker", "leads"} <= pacemaker.words - tube.words


def test_numbers_give_their_highest_and_lowest_fifth() -> None:
    ages = Attribute.of("age", range(COUNT), [str(number) for number in range(COUNT)], COUNT)
    dose = Attribute.of("dose", range(COUNT - 1), [str(-number) for number in range(COUNT - 1)], COUNT)
    high, low, more, less = attribute_truths([ages, dose])
    assert (high.name, low.name, more.name) == ("high age", "low age", "high dose")
    assert {int(truth.images.sum()) for truth in (high, low, more, less)} == {40}
    assert "elderly woman" in high.words - low.words
    assert "young man" in low.words - high.words
    assert more.words == less.words == {"dose"}


def test_what_few_images_know_or_have_is_no_truth() -> None:
    few = told("sex", (range(FEWEST - 1), "F"), (range(FEWEST - 1, COUNT), "M"))
    assert [truth.name for truth in attribute_truths([few])] == []
    unknown = told("site", (range(100), "site 1"), (range(100, 150), "site 2"))
    view = told("view", (range(100), "PA"), (range(100, COUNT), "AP"))
    assert attribute_truths([unknown, view]) == []
    nearly = told("site", (range(100), "Site_1"), (range(100, 195), "site 2"))
    assert [sorted(truth.words) for truth in attribute_truths([nearly])] == [
        ["site 1", "site 1 site"],
        ["site 2", "site 2 site"],
    ]


def test_every_attribute_of_phantoms_has_words_that_their_reports_use() -> None:
    images = load(Options(count=300), Path()).images
    values = {name: {value for image in images for value in image.attributes[name]} for name in images[0].attributes}
    assert values["device"] - {"none"} == set(DEVICE_WORDS)
    assert values["marker"] == set(MARKER_WORDS)
    assert values["sex"] == set(SEX_WORDS)
    reports = " ".join(image.report or "" for image in images).lower()
    for words in (*DEVICE_WORDS.values(), *MARKER_WORDS.values(), *SEX_WORDS.values()):
        assert any(word in reports for word in words)
        assert all(word == word.lower() for word in words)
    assert np.mean([image.attributes["device"] == ("none",) for image in images]) > 0.5
