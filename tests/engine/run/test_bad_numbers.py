"""What is no number names its neuron or its image, and everything else of the run stays as it would be."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from engine.errors import MammiError
from engine.store.reader import RunReader
from tests.support.bad_numbers import spoilt_project
from tests.support.tiny_runs import compute


@pytest.mark.slow
def test_units_and_images_without_numbers_are_named_and_set_aside(tmp_path: Path) -> None:
    side = {"3": math.nan, "4 5": math.inf, "6": 1e30, "7": -3e38, "1 2": 1e-42}
    config = spoilt_project(tmp_path, side, {"1 7": -math.inf}, {"8": math.nan, "9": 0.0}, films=12)
    compute(config)
    with RunReader(tmp_path / "tiny.duckdb") as reader:
        assert {aside.path: aside.reason for aside in reader.set_aside()} == {
            "005.png": "not a finite number: side:4",
            "007.png": "not a finite number: logits:1",
            "008.png": "not a finite number: its embedding",
            "009.png": "its embedding is zero, which is no direction",
        }
        assert np.flatnonzero(reader.layers[0].dead).tolist() == [3, 6, 7]
        [note] = [note.text for note in reader.notes if "finite" in note.text]
    assert note == "target: no finite number, whatever the film, at side:3: dead, with the activation 0."


@pytest.mark.parametrize(("side", "logits"), [(dict.fromkeys("01234567", math.nan), {}), ({}, {"1": math.nan})])
def test_a_layer_or_an_output_without_any_number_ends_the_run_before_its_first_film(
    tmp_path: Path, side: dict[str, float], logits: dict[str, float]
) -> None:
    config = spoilt_project(tmp_path, side, logits, {}, films=2)
    with pytest.raises(MammiError, match="gives values that are not finite numbers, whatever the film"):
        compute(config)
