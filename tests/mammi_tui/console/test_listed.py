"""On file systems that take other spellings of a name, what lies beside a run file is found by each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ConfigError
from mammi_tui.console.arguments import existing_run
from mammi_tui.console.listed import as_listed
from mammi_tui.console.output import check_output


@pytest.fixture
def insensitive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with Run.duckdb and Röntgen.duckdb, as a Mac's or a memory stick's gives them: any spelling is found."""
    for name in ("run.DUCKDB", "Ro\u0308ntgen.duckdb"):
        (tmp_path / name).write_bytes(b"")
    listed = [tmp_path / "Run.duckdb", tmp_path / "R\u00f6ntgen.duckdb", tmp_path / "other.duckdb"]

    def iterdir(_: Path) -> Iterator[Path]:
        return iter(listed)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    return tmp_path


def test_a_run_file_has_the_name_that_its_folder_lists(insensitive: Path) -> None:
    assert existing_run(insensitive / "run.DUCKDB").name == "Run.duckdb"
    assert existing_run(insensitive / "Ro\u0308ntgen.duckdb").name == "R\u00f6ntgen.duckdb"


def test_a_run_file_is_never_overwritten_under_another_spelling(insensitive: Path) -> None:
    with pytest.raises(ConfigError, match="never overwritten"):
        check_output(insensitive / "run.DUCKDB", True, [insensitive / "Run.duckdb"])


def test_a_name_of_its_own_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "Run.duckdb").write_bytes(b"")
    assert as_listed(tmp_path / "run.duckdb") == tmp_path / "run.duckdb"
    check_output(tmp_path / "run.duckdb", False, [tmp_path / "Run.duckdb"])
