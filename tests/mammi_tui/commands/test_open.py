"""`mammi open`: what it asks of its arguments and of the terminal. The explorer itself is tested elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts
from mammi_tui.app import ExplorerApp
from tests.support.commands import Mammi


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mammi_tui.console.arguments.at_a_terminal", lambda: True)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ExplorerApp]:
    """The explorers that were started."""
    apps: list[ExplorerApp] = []
    monkeypatch.setattr(ExplorerApp, "run", lambda app: apps.append(app))
    return apps


def test_without_a_terminal_it_names_the_commands_that_need_none(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("open", run_path)
    assert outcome.status == 1
    assert outcome.err == "mammi: The explorer needs a terminal. Without one use `mammi show` or `mammi export`.\n"


def test_anything_but_a_run_file_is_refused_before_the_terminal(mammi: Mammi, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# No run file\n" * 100)
    outcome = mammi("open", path)
    assert outcome.status == 1
    assert outcome.err.startswith(f"mammi: {path}: not a")


@pytest.mark.usefixtures("at_a_terminal")
def test_it_starts_at_the_given_neuron(mammi: Mammi, run_path: Path, started: list[ExplorerApp]) -> None:
    outcome = mammi("open", run_path, "layer1:4", "--alpha", "0.5", "--beta", "0.25", "--images", "ascii")
    assert outcome.status == 0
    (app,) = started
    looking = app.explorer.looking
    assert looking.neuron is not None
    assert looking.rows.name_of(looking.neuron) == "layer1:4"
    assert (looking.cuts.alpha, looking.cuts.beta, app.explorer.images.grid.backend.name) == (0.5, 0.25, "ascii")


@pytest.mark.usefixtures("at_a_terminal")
def test_it_starts_with_the_given_concept_set(mammi: Mammi, two_sets_path: Path, started: list[ExplorerApp]) -> None:
    assert mammi("open", two_sets_path, "--concept-set", "set 1").status == 0
    assert mammi("open", two_sets_path).status == 0
    assert [app.explorer.looking.cuts.concept_set for app in started] == ["set 1", None]


@pytest.mark.usefixtures("at_a_terminal")
def test_alpha_and_beta_are_the_runs_own_by_default(mammi: Mammi, run_path: Path, started: list[ExplorerApp]) -> None:
    assert mammi("open", run_path).status == 0
    assert started[0].explorer.looking.cuts == Cuts(0.93, 0.95)


@pytest.mark.usefixtures("at_a_terminal")
def test_an_unknown_neuron_ends_before_the_screen_changes(
    mammi: Mammi, run_path: Path, started: list[ExplorerApp]
) -> None:
    outcome = mammi("open", run_path, "layer7:1")
    assert outcome.status == 2
    assert "no layer 'layer7' in this run" in outcome.err
    assert not started


@pytest.mark.usefixtures("at_a_terminal")
def test_a_missing_run_names_the_files_near_it(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("open", run_path.with_name("ruin.duckdb"))
    assert outcome.status == 2
    assert f"Near it: {run_path}" in outcome.err


@pytest.mark.usefixtures("at_a_terminal")
def test_an_explorer_that_breaks_leaves_one_line(mammi: Mammi, run_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(app: ExplorerApp) -> None:
        app._return_code = 1

    monkeypatch.setattr(ExplorerApp, "run", breaks)
    outcome = mammi("open", run_path)
    assert outcome.status == 1
    assert outcome.err == "mammi: The explorer stopped because of an error of its own. Use --debug for the traceback.\n"


@pytest.mark.usefixtures("at_a_terminal")
def test_a_filter_and_an_order_are_taken_up(mammi: Mammi, run_path: Path, started: list[ExplorerApp]) -> None:
    assert mammi("open", run_path, "--filter", " images>1 ", "--sort", "best score").status == 0
    assert (started[0].explorer.start.query, started[0].explorer.start.order) == ("images>1", "best score")


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--filter", "concpt:air"), "no field concpt; nearest: concept"),
        (("--filter", "q<much"), "q is compared with a number"),
        (("--sort", "beauty"), "no such order. There are: unit"),
    ],
    ids=["field", "number", "order"],
)
def test_a_wrong_filter_or_order_is_told_before_the_screen_changes(
    mammi: Mammi, run_path: Path, started: list[ExplorerApp], arguments: tuple[str, str], said: str
) -> None:
    outcome = mammi("open", run_path, *arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert len(outcome.err.splitlines()) <= 2
    assert not started
