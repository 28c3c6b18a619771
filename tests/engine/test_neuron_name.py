"""`layer:unit` as a reader types it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.errors import MammiError
from engine.neuron_name import parse_neuron


@dataclass
class NamedLayer:
    name: str
    units: int


LAYERS = [NamedLayer("features.denseblock3", 32), NamedLayer("features.denseblock4", 64), NamedLayer("odd:name", 4)]


def test_a_neuron_is_split_at_the_last_colon() -> None:
    assert parse_neuron("features.denseblock4:17", LAYERS) == ("features.denseblock4", 17)
    assert parse_neuron("odd:name:3", LAYERS) == ("odd:name", 3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
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
