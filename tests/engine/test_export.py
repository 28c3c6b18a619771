"""Exported tables say the same in every format, and do no harm in a spreadsheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.evidence.columns import ALPHA_LOW, CENTRED_BEST, Q_VALUE, TRUST
from engine.evidence.details import Trust
from engine.evidence.image_columns import LABEL, VIEW_SHARE
from engine.evidence.live import Evidence
from engine.export import TABLES, export
from engine.methods.panel import Panel
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.tables import FORMATS, write_table
from tests.support.runs import small_run


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[RunReader]:
    methods = {"www": {"count": 5}, "tcav": {}}
    with RunReader(small_run(tmp_path, hostile=True, other_templates=1, captions=8, methods=methods)) as reader:
        yield reader


def _json(path: Path) -> list[dict[str, object]]:
    rows = json.loads(path.read_text())
    assert isinstance(rows, list)
    return rows


def _parquet(path: Path) -> list[dict[str, object]]:
    with duckdb.connect(":memory:") as connection:
        result = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.mark.slow
@pytest.mark.parametrize("what", [what for what in TABLES if what not in ("importance", "outputs")])
def test_every_format_says_the_same(reader: RunReader, tmp_path: Path, what: str) -> None:
    counts = {kind: export(reader, what, kind, tmp_path / f"out.{kind}", Cuts(0.6, 0.5)) for kind in FORMATS}
    as_json = _json(tmp_path / "out.json")
    assert as_json == _parquet(tmp_path / "out.parquet")
    with (tmp_path / "out.csv").open(newline="") as file:
        as_csv = list(csv.DictReader(file))
    assert [list(row) for row in as_csv] == [list(row) for row in as_json]
    assert [row["unit"] for row in as_csv] == [str(row["unit"]) for row in as_json]
    assert set(counts.values()) == {len(as_json)}
    assert len(as_json) > 0


def test_neurons_are_as_the_requery_answers_them(reader: RunReader, tmp_path: Path) -> None:
    for given, cuts in [(None, reader.info.cuts), (Cuts(0.4, 0.1), Cuts(0.4, 0.1))]:
        export(reader, "neurons", "json", tmp_path / "out.json", given)
        rows = _json(tmp_path / "out.json")
        assert len(rows) == 22
        requery = Requery(reader)
        for row in rows:
            answer = requery.neuron(str(row["layer"]), int(str(row["unit"])), cuts)
            assert (row["alpha"], row["beta"], row["dead"]) == (cuts.alpha, cuts.beta, answer.dead)
            assert row["representatives"] == len(answer.images)
            annotation = [reader.concepts[concept] for concept in answer.ranking[: answer.annotated]]
            assert row["annotation"] == annotation


def test_representatives_carry_path_and_labels(reader: RunReader, tmp_path: Path) -> None:
    export(reader, "representatives", "json", tmp_path / "out.json")
    for row in _json(tmp_path / "out.json"):
        info = reader.images([int(str(row["image"]))])[0]
        assert (row["path"], row["patient"], row["labels"]) == (info.path, info.patient, list(info.labels))


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), [(0.93, 0.95), (0.5, 0.2), (1.0, 1.0)])
def test_evidence_has_every_unit_as_its_layer_has_it(
    reader: RunReader, tmp_path: Path, alpha: float, beta: float
) -> None:
    export(reader, "evidence", "json", tmp_path / "out.json", Cuts(alpha, beta))
    rows = _json(tmp_path / "out.json")
    assert [(row["layer"], row["unit"]) for row in rows] == [
        (layer.name, unit) for layer in reader.layers for unit in range(layer.units)
    ]
    evidence = Evidence(reader, Requery(reader))
    for row in rows:
        found = evidence.layer(str(row["layer"]), Cuts(alpha, beta))
        unit = int(str(row["unit"]))
        assert row["trust"] == Trust(int(found[TRUST][unit])).name.lower()
        for name, column in (
            ("q_value", found[Q_VALUE]),
            ("alpha_low", found[ALPHA_LOW]),
            ("view_share", found[VIEW_SHARE]),
        ):
            assert row[name] == (None if np.isnan(column[unit]) else column[unit])
        best = int(found[CENTRED_BEST][unit])
        assert row["centred_best"] == (None if best < 0 else reader.concepts[best])
        assert row["label"] == (found[LABEL][unit] or None)


def test_the_columns_of_the_evidence_stay_as_they_are() -> None:
    """Other programs read them by name."""
    assert list(TABLES["evidence"][0].items()) == [
        ("layer", "VARCHAR"),
        ("unit", "INTEGER"),
        ("name", "VARCHAR"),
        ("alpha", "DOUBLE"),
        ("beta", "DOUBLE"),
        ("ranking", "VARCHAR"),
        ("selection", "VARCHAR"),
        ("trust", "VARCHAR"),
        ("representatives", "INTEGER"),
        ("best_concept", "VARCHAR"),
        ("centred_best", "VARCHAR"),
        ("two_groups", "BOOLEAN"),
        ("label", "VARCHAR"),
        ("z_score", "DOUBLE"),
        ("p_value", "DOUBLE"),
        ("q_value", "DOUBLE"),
        ("margin", "DOUBLE"),
        ("change_chance", "DOUBLE"),
        ("candidates", "INTEGER"),
        ("candidate_concepts", "VARCHAR[]"),
        ("alpha_low", "DOUBLE"),
        ("alpha_high", "DOUBLE"),
        ("half_agreement", "DOUBLE"),
        ("template_agreement", "DOUBLE"),
        ("tightness", "DOUBLE"),
        ("group_count", "INTEGER"),
        ("group_concepts", "VARCHAR[]"),
        ("polysemanticity", "DOUBLE"),
        ("redundancy", "DOUBLE"),
        ("redundant_with", "INTEGER"),
        ("label_q_value", "DOUBLE"),
        ("patient_share", "DOUBLE"),
        ("view_share", "DOUBLE"),
        ("label_share", "DOUBLE"),
        ("follows", "VARCHAR"),
        ("follows_auroc", "DOUBLE"),
    ]


def test_methods_have_the_annotation_and_the_first_concepts(reader: RunReader, tmp_path: Path) -> None:
    export(reader, "methods", "json", tmp_path / "out.json", Cuts(0.6, 0.5))
    rows = _json(tmp_path / "out.json")
    panel = Panel(reader, Requery(reader))
    assert {row["method"] for row in rows} == {method.name for method in panel.methods}
    for method in panel.methods:
        answer = method.neuron("layer1", 5, Cuts(0.6, 0.5))
        count = max(answer.annotated, min(10, len(answer.concepts)))
        of_neuron = [row for row in rows if (row["layer"], row["unit"], row["method"]) == ("layer1", 5, method.name)]
        assert [row["rank"] for row in of_neuron] == list(range(1, count + 1))
        assert [row["concept"] for row in of_neuron] == list(answer.concepts[:count])
        assert [row["annotated"] for row in of_neuron] == [place < answer.annotated for place in range(count)]
        assert all((row["p_value"] is None) == (answer.p_values is None) for row in of_neuron)


def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", " =1", "'=1", "plain", "a=b", "", "'quoted"]
    columns = {"text": "VARCHAR", "list": "VARCHAR[]", "number": "DOUBLE"}
    write_table(path, "csv", columns, [(text, [text, "b"], -1.5) for text in texts])
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, text in zip(rows, texts, strict=True):
        marked = text if text in ("plain", "a=b", "", "'quoted") else f"'{text}"
        assert (row["text"], row["list"], row["number"]) == (marked, f"{marked}; b", "-1.5")


def test_what_cannot_be_exported_has_a_message(reader: RunReader, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        export(reader, "neurons", "csv", tmp_path / "absent" / "out.csv")
    with pytest.raises(ValueError, match="no table 'birds' to export; there are neurons, concepts, representatives"):
        export(reader, "birds", "csv", tmp_path / "out.csv")
    with pytest.raises(ValueError, match="csv, json, parquet"):
        export(reader, "neurons", "xlsx", tmp_path / "out.xlsx")
