"""Exported importance and outputs are those of the run."""

import csv
from pathlib import Path

import numpy as np
import pytest

from engine.decisions.outputs import Outcomes
from engine.errors import MammiError
from engine.export import export
from engine.store.decision_records import OVER
from engine.store.reader import RunReader
from tests.support.decisions import decided_run, say_missing
from tests.support.runs import small_run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_importance_has_a_row_for_each_class_unit_and_kind_of_films(tmp_path: Path) -> None:
    with RunReader(decided_run(tmp_path, hidden=True)) as reader:
        count = export(reader, "importance", "csv", tmp_path / "out.csv")
        found = rows(tmp_path / "out.csv")
        means = {(layer, over): reader.importance(layer, over) for layer in (0, 1) for over in OVER}
        filled = sum(int((each.films > 0).sum()) * each.means.shape[1] for each in means.values() if each)
        labelled = means[1, "labelled"]
    assert count == len(found) == filled
    assert labelled is not None
    ours = [row for row in found if (row["class"], row["layer"], row["over"]) == ("Effusion", "layer1", "labelled")]
    np.testing.assert_allclose([float(row["mean"]) for row in ours], labelled.means[2], rtol=1e-6)
    assert {row["films"] for row in ours} == {str(labelled.films[2])}


def test_outputs_have_a_row_for_each_image_and_class(tmp_path: Path) -> None:
    with RunReader(decided_run(tmp_path)) as reader:
        export(reader, "outputs", "csv", tmp_path / "out.csv")
        outcomes, outputs = Outcomes.of(reader), reader.outputs
    found = rows(tmp_path / "out.csv")
    assert outcomes is not None
    assert outputs is not None
    assert len(found) == 60 * 7
    row = found[7 * 5 + 2]
    assert (row["image"], row["class"], row["kind"]) == ("5", "Effusion", outcomes.kind(5, 2))
    assert float(row["output"]) == pytest.approx(float(outputs[5, 2]))
    assert float(row["probability"]) == pytest.approx(float(outcomes.probabilities[5, 2]))
    assert {(row["label"], row["kind"]) for row in found if row["class"] == "Edema"} == {("", "")}


@pytest.mark.parametrize("what", ["importance", "outputs"])
def test_a_run_without_them_says_what_adds_them(tmp_path: Path, what: str) -> None:
    path = small_run(tmp_path)
    say_missing(path, ("outputs", "They were not kept.", "mammi run CONFIG.toml"))
    with RunReader(path) as reader, pytest.raises(MammiError) as raised:
        export(reader, what, "csv", tmp_path / "out.csv")
    assert str(raised.value) == f"the run holds no {what}. They were not kept. mammi run CONFIG.toml adds it."
