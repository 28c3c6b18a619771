"""Runs `mammi` in this process and returns what a shell would see."""

from __future__ import annotations

import sys
from typing import NamedTuple

import pytest

from mammi_tui.cli import main


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


class Mammi:
    """Calls `mammi` with arguments. Unexpected errors are raised."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Outcome:
        self._monkeypatch.setattr(sys, "argv", ["mammi", *map(str, arguments)])
        self._monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, captured.out, captured.err)
