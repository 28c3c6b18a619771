"""What is no number names its neuron or its image, and everything else of the run stays as it would be."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from engine.errors import MammiError
from engine.evidence.live import Evidence
from engine.progress import Silent
from engine.requery import Requery
from engine.run.salvaging import salvage
from engine.store.decision_records import ROW_ERROR
from engine.store.reader import RunReader
from mammi_tui.commands.doctor import contents
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
        kept, exact = reader.layer_rows(reader.layers[0], np.arange(8)), reader.arrays.activations(reader.layers[0]).T
        np.testing.assert_allclose(kept, exact, rtol=ROW_ERROR, atol=1e-12)  # beside a unit that gives 1e30
        evidence = Evidence(reader, Requery(reader)).neuron("side", 3, reader.info.cuts)
    assert note == "target: no finite number, whatever the film, at side:3: dead, with the activation 0."
    assert evidence.sentence == "Do not trust: dead, no number for any image."
    salvage(tmp_path / "tiny.duckdb", Silent())
    (tmp_path / "films" / "000.png").unlink()  # what is kept of the others was found beside it
    compute(config)
    with RunReader(tmp_path / "tiny.duckdb") as reader:
        assert [layer.numberless for layer in reader.layers] == [(3,), (), ()]
        assert ("layer", "side: no number for any image: side:3") in contents(reader)


@pytest.mark.parametrize(("side", "logits"), [(dict.fromkeys("01234567", math.nan), {}), ({}, {"1": math.nan})])
def test_a_layer_or_an_output_without_any_number_ends_the_run_before_its_first_film(
    tmp_path: Path, side: dict[str, float], logits: dict[str, float]
) -> None:
    config = spoilt_project(tmp_path, side, logits, {}, films=2)
    with pytest.raises(MammiError, match="gives values that are not finite numbers, whatever the film"):
        compute(config)
