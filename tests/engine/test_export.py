"""Exported tables say the same in every format, and do no harm in a spreadsheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from engine.errors import MammiError
from engine.export import TABLES, export
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.tables import FORMATS, write_table
from tests.support.runs import small_run


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[RunReader]:
    with RunReader(small_run(tmp_path, hostile=True)) as reader:
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


@pytest.mark.parametrize("what", TABLES)
def test_every_format_says_the_same(reader: RunReader, tmp_path: Path, what: str) -> None:
    counts = {kind: export(reader, what, kind, tmp_path / f"out.{kind}", 0.6, 0.5) for kind in FORMATS}
    as_json = _json(tmp_path / "out.json")
    assert as_json == _parquet(tmp_path / "out.parquet")
    with (tmp_path / "out.csv").open(newline="") as file:
        as_csv = list(csv.DictReader(file))
    assert [list(row) for row in as_csv] == [list(row) for row in as_json]
    assert [row["unit"] for row in as_csv] == [str(row["unit"]) for row in as_json]
    assert set(counts.values()) == {len(as_json)}
    assert len(as_json) > 0


def test_neurons_are_told_as_the_requery_tells_them(reader: RunReader, tmp_path: Path) -> None:
    for cuts, alpha, beta in [((), 0.93, 0.95), ((0.4, 0.1), 0.4, 0.1)]:
        export(reader, "neurons", "json", tmp_path / "out.json", *cuts)
        rows = _json(tmp_path / "out.json")
        assert len(rows) == 22
        requery = Requery(reader)
        for row in rows:
            answer = requery.neuron(str(row["layer"]), int(str(row["unit"])), alpha, beta)
            assert (row["alpha"], row["beta"], row["dead"]) == (alpha, beta, answer.dead)
            assert row["representatives"] == len(answer.images)
            annotation = [reader.concepts[concept] for concept in answer.ranking[: answer.annotated]]
            assert row["annotation"] == annotation


def test_representatives_carry_path_and_labels(reader: RunReader, tmp_path: Path) -> None:
    export(reader, "representatives", "json", tmp_path / "out.json")
    for row in _json(tmp_path / "out.json"):
        info = reader.images([int(str(row["image"]))])[0]
        assert (row["path"], row["patient"], row["labels"]) == (info.path, info.patient, list(info.labels))


def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "plain", "a=b", "", "'quoted"]
    columns = {"text": "VARCHAR", "list": "VARCHAR[]", "number": "DOUBLE"}
    write_table(path, "csv", columns, [(text, [text, "b"], -1.5) for text in texts])
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, text in zip(rows, texts, strict=True):
        marked = f"'{text}" if text[:1] in tuple("=+-@\t\r") and text else text
        assert (row["text"], row["list"], row["number"]) == (marked, f"{marked}; b", "-1.5")


def test_what_cannot_be_exported_is_told(reader: RunReader, tmp_path: Path) -> None:
    with pytest.raises(MammiError, match="cannot be written"):
        export(reader, "neurons", "csv", tmp_path / "absent" / "out.csv")
    with pytest.raises(ValueError, match="neurons, concepts, representatives"):
        export(reader, "birds", "csv", tmp_path / "out.csv")
    with pytest.raises(ValueError, match="csv, json, parquet"):
        export(reader, "neurons", "xlsx", tmp_path / "out.xlsx")
