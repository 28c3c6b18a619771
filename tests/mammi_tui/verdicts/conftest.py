"""A log beside a run file that need not exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mammi_tui.verdicts.log import VerdictLog


@pytest.fixture
def log_as(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., VerdictLog]:
    """Opens the log as a reader."""

    def open_as(reader: str, folder: Path = tmp_path) -> VerdictLog:
        monkeypatch.setenv("MAMMI_READER", reader)
        return VerdictLog(folder / "nih.duckdb", "hash", lambda layer: f"subject of {layer}")

    return open_as
