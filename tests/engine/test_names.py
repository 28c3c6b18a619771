"""`layer:unit` as a reader types it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.errors import MammiError
from engine.names import parse_neuron


@dataclass
class NamedLayer:
    name: str
    units: int
    unit_names: tuple[str, ...] = ()


LAYERS = [
    NamedLayer("features.denseblock3", 32),
    NamedLayer("features.denseblock4", 64),
    NamedLayer("odd:name", 4),
    NamedLayer("classifier", 5, ("Atelectasis", "Mass", "mass", "Pleural_Thickening", "NODULE")),
]


def test_a_neuron_is_split_at_the_last_colon() -> None:
    assert parse_neuron("features.denseblock4:17", LAYERS) == ("features.denseblock4", 17)
    assert parse_neuron("odd:name:3", LAYERS) == ("odd:name", 3)


@pytest.mark.parametrize(("text", "unit"), [("Atelectasis", 0), ("atelectasis", 0), ("Mass", 1), ("mass", 2), ("4", 4)])
def test_a_class_stands_for_its_unit(text: str, unit: int) -> None:
    assert parse_neuron(f"classifier:{text}", LAYERS) == ("classifier", unit)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("classifier:MASS", "'MASS' is the class of several units; write one of classifier:1, classifier:2"),
        ("classifier:atelectassis", "no unit of class 'atelectassis'; nearest: Atelectasis"),
        ("classifier:", "layer:unit"),
        ("features.denseblok4:17", "features.denseblock4"),
        ("features.denseblock3:32", "0 to 31"),
        ("features.denseblock3", "layer:unit"),
        ("features.denseblock3:-1", "layer:unit"),
        ("features.denseblock3:²", "layer:unit"),
        ("", "layer:unit"),
    ],
)
def test_a_wrong_name_is_told_what_is_near(text: str, told: str) -> None:
    with pytest.raises(MammiError, match=told):
        parse_neuron(text, LAYERS)
