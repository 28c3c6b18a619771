"""Run files and the command for the explorer's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammi_tui.questions import evidence as evidence_asking
from tests.support.commands import Mammi
from tests.support.runs import small_run


@pytest.fixture(autouse=True)
def as_on_large_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence is computed when it is called up, not from the start as on runs as small as those of these tests."""
    monkeypatch.setattr(evidence_asking, "SOON_COMPUTED", 0)


@pytest.fixture
def mammi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mammi:
    return Mammi(monkeypatch, capsys)


@pytest.fixture(scope="session")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def two_sets_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with the concept sets "set 0" and "set 1"."""
    return small_run(tmp_path_factory.mktemp("two_sets"), sets=2)


@pytest.fixture(scope="session")
def hostile_run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("hostile"), hostile=True)


@pytest.fixture(scope="session")
def rich_run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with other templates, captions and every kind of method, full of hostile names."""
    methods: dict[str, dict[str, object]] = {"www": {"count": 20}, "netdissect": {}, "tcav": {}}
    folder = tmp_path_factory.mktemp("rich")
    return small_run(folder, other_templates=3, captions=12, methods=methods, hostile=True)
