"""What another program put into a run file beside its tables never changes an answer."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from engine.annotation.cuts import Cuts
from engine.errors import RunFileError
from engine.requery import Requery
from engine.store.database import LogBeside
from engine.store.reader import RunReader
from engine.store.verifying import damages
from tests.support.decisions import decided_run
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def changed(run: Path, tmp_path: Path) -> Path:
    path = tmp_path / "run.duckdb"
    shutil.copyfile(run, path)
    return path


def change(path: Path, *statements: str) -> None:
    with duckdb.connect(path) as client:
        for statement in statements:
            client.execute(statement)


def answers(path: Path) -> str:
    with RunReader(path) as reader:
        [layer, *_] = reader.layers
        told = (reader.info, reader.image_count, reader.concepts, reader.label_table(), reader.set_aside())
        return repr((*told, Requery(reader).neuron(layer.name, 3, Cuts(0.6, 0.8))))


MACROS = (
    *("count(x) AS 3", "max(x) AS 1", "unnest(x) AS 0", "concat(x, y) AS 'x'"),
    "duckdb_tables() AS TABLE SELECT 'run' AS database_name, 'main' AS schema_name, 'none' AS table_name",
    "duckdb_columns() AS TABLE SELECT 1 AS x",
)


@pytest.mark.parametrize("macro", MACROS)
def test_functions_of_a_file_are_never_called(run: Path, changed: Path, macro: str) -> None:
    change(changed, f"CREATE MACRO {macro}")
    assert answers(changed) == answers(run)
    assert [each.what for each in damages(changed)] == [
        f"the function {macro.partition('(')[0]}, which is none of mammi's,"
    ]


@pytest.mark.parametrize("table", ["meta", "labels", "layers", "neurons", "concept_sets", "images"])
def test_a_view_in_the_place_of_a_table_is_refused(changed: Path, table: str) -> None:
    change(changed, f"ALTER TABLE {table} RENAME TO other")
    change(changed, f"CREATE VIEW {table} AS SELECT *, rowid FROM other")  # noqa: S608 (of these)
    with pytest.raises(RunFileError, match="not as they were written"):
        answers(changed)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE OR REPLACE VIEW annotations AS SELECT 'layer1' AS layer, 1 AS unit, 'mass' AS concept, 1.0 AS score",
        "DROP VIEW activations",
        "CREATE OR REPLACE VIEW representatives AS SELECT * FROM activations WHERE rank = 0",
    ],
)
def test_a_view_that_other_programs_would_read_is_checked(run: Path, changed: Path, statement: str) -> None:
    assert list(damages(run)) == []
    change(changed, statement)
    [found] = damages(changed)
    name = statement.split("VIEW ")[1].split()[0]
    assert found.what == f"the view {name}"


LEAVING = """
import duckdb, os, sys
client = duckdb.connect(sys.argv[1])
client.execute("UPDATE concepts SET name = 'another'")
os._exit(0)
"""


def test_what_another_program_left_beside_a_file_is_told(run: Path, changed: Path) -> None:
    subprocess.run([sys.executable, "-c", LEAVING, str(changed)], check=True)
    log = changed.with_name("run.duckdb.wal")
    for left in (log.read_bytes(), b"", b"none of DuckDB's"):
        log.write_bytes(left)
        for ask in (answers, lambda path: list(damages(path))):
            with pytest.raises(LogBeside, match=r"duckdb\.wal: another program has left its changes"):
                ask(changed)
    log.unlink()
    assert answers(changed) == answers(run)


def test_an_old_file_with_functions_is_not_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    data = gzip.decompress(Path(__file__).with_name("version_8.duckdb.gz").read_bytes())
    path.write_bytes(data)
    change(path, "CREATE MACRO count(x) AS 3")
    with pytest.raises(RunFileError, match=r"has put functions into it \(count\); take them out"):
        RunReader(path)
    change(path, "DROP MACRO count")
    RunReader(path).close()
    assert list(damages(path)) == []


@pytest.mark.parametrize("column", ["weights", "bias", "mean", "scale"])
def test_a_column_that_was_renamed_is_told(tmp_path: Path, column: str) -> None:
    path = decided_run(tmp_path)
    change(path, f"ALTER TABLE heads RENAME COLUMN {column} TO other")
    with RunReader(path) as reader, pytest.raises(RunFileError, match=r"run\.duckdb: ") as told:
        _ = reader.head
    assert len(str(told.value).splitlines()) == 1
