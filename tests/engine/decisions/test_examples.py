"""Images of a unit beyond its representative ones."""

from pathlib import Path

import numpy as np
import pytest

from engine.decisions.examples import MOST, RANDOM, RANGES, STRONGEST, WEAKEST, examples
from engine.errors import MammiError
from engine.store.reader import RunReader
from tests.support.runs import small_run

DECILES = RANGES[1:10]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> RunReader:
    return RunReader(small_run(tmp_path_factory.mktemp("run"), images=700))


def activations(reader: RunReader, unit: int) -> np.ndarray:
    return reader.arrays.activations(reader.layers[0])[unit]


def test_the_deciles_cut_the_images_below_the_strongest_tenth_into_nine_equal_parts(reader: RunReader) -> None:
    descending = np.sort(activations(reader, 3))[::-1]
    for place, decile in enumerate(DECILES, start=1):
        found = examples(reader, "layer0", 3, decile)
        part = descending[70 * place : 70 * (place + 1)]
        assert (found.of, found.high, found.low) == (70, part[0], part[-1])
        assert len(found.images) == MOST
        assert set(found.activations) <= set(part)
        assert (np.diff(found.activations) <= 0).all()
    assert [decile.name for decile in DECILES][::4] == ["9th decile", "5th decile", "1st decile"]
    assert DECILES[0].place == "above 80 to 90 % of all images"


def test_every_activation_is_that_of_its_image(reader: RunReader) -> None:
    of_all = activations(reader, 4)
    for wanted in RANGES[1:]:
        found = examples(reader, "layer0", 4, wanted)
        assert len(set(found.images.tolist())) == MOST
        assert (of_all[found.images] == found.activations).all()


def test_the_weakest_image_comes_first(reader: RunReader) -> None:
    found = examples(reader, "layer0", 3, WEAKEST)
    assert found.activations.tolist() == np.sort(activations(reader, 3))[:MOST].tolist()


def test_random_images_stay_the_same_for_a_neuron_and_differ_between_neurons(reader: RunReader) -> None:
    once, again = (examples(reader, "layer0", 3, RANDOM) for _ in range(2))
    assert once.images.tolist() == again.images.tolist()
    assert set(once.images.tolist()) != set(examples(reader, "layer0", 4, RANDOM).images.tolist())
    assert once.of == 700


def test_a_dead_unit_has_only_random_images(reader: RunReader) -> None:
    for wanted in RANGES[1:-1]:
        found = examples(reader, "layer0", 0, wanted)
        assert len(found.images) == found.of == 0
        assert np.isnan(found.low)
    assert len(examples(reader, "layer0", 0, RANDOM).images) == MOST


def test_a_probing_set_of_few_images_leaves_deciles_empty(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path, images=4)) as few:
        sizes = [examples(few, "layer0", 3, decile).of for decile in DECILES]
        assert sum(sizes) in (3, 4)
        assert min(sizes) == 0
        assert len(examples(few, "layer0", 3, WEAKEST).images) == 4


def test_unknown_neurons_and_the_representative_images_are_refused(reader: RunReader) -> None:
    with pytest.raises(MammiError, match="layer0"):
        examples(reader, "layer0", 99, WEAKEST)
    with pytest.raises(ValueError, match="Requery"):
        examples(reader, "layer0", 3, STRONGEST)
