"""A run is opened again in a real terminal: it comes back as it was left, also after a kill."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mammi_tui.screens.returning import EVERY
from tests.support.runs import small_run
from tests.support.terminal import Terminal, mammi

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("run"), sets=2)


@pytest.fixture
def run(made_run: Path, tmp_path: Path) -> Path:
    return shutil.copy(made_run, tmp_path / "run.duckdb")


def opened(run: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Terminal:
    return Terminal(mammi("open", str(run), "--images", "ascii", *arguments), environment=environment)


def title(neuron: str) -> Callable[[str], bool]:
    """Whether the screen shows a neuron in its second pane."""
    return lambda text: re.search(rf"─ 2 .*{neuron}", text) is not None


def states() -> list[Path]:
    return list(Path(os.environ["XDG_STATE_HOME"]).glob("mammi/runs/*.json"))


def leave(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_a_run_comes_back_as_it_was_left(run: Path) -> None:
    with opened(run, "layer1:3") as terminal:
        terminal.wait_for(title("layer1:3"))
        terminal.send("[")
        terminal.wait_for("α 0.920")
        terminal.send("S")
        terminal.wait_for("set 0")
        terminal.send("si")
        terminal.wait_for("sorted by representatives")
        terminal.send("/layer1 !unit:3\r")
        terminal.wait_for("13 neurons found")
        terminal.send("e")
        terminal.wait_for("e Evidence")
        terminal.wait_for("Do not trust")
        leave(terminal)
    (state,) = states()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    moved = run.with_name("moved") / run.name
    moved.parent.mkdir()
    run.rename(moved)
    with opened(moved) as terminal:
        screen = terminal.wait_for("Back where you were · r the run's own cuts")
        terminal.wait_for("13 neurons found")
        terminal.wait_for(title("layer1"))
        assert "α 0.920" in screen
        assert "layer1 !unit:3" in terminal.text()
        assert "img▾" in terminal.text()
        assert "set 0" in terminal.text()
        terminal.send("r")
        terminal.wait_for("α 0.930")
        leave(terminal)


def test_what_the_command_line_says_goes_first(run: Path) -> None:
    with opened(run, "layer1:3") as terminal:
        terminal.wait_for(title("layer1:3"))
        terminal.send("[/layer1\r")
        terminal.wait_for("14 neurons found")
        leave(terminal)
    with opened(run, "layer0:5", "--alpha", "0.9") as terminal:
        screen = terminal.wait_for(title("layer0:5"))
        assert "α 0.900" in screen
        terminal.wait_for("All else as you left it")
        terminal.wait_for(lambda text: "neurons found" not in text)
        terminal.send("j")
        terminal.wait_for(title("layer0:6"))
        leave(terminal)
    with opened(run, "--filter", "layer0 images>0", "--sort", "best score") as terminal:
        terminal.wait_for("neurons found")
        terminal.wait_for("score▾")
        assert "Back where you were" not in terminal.text()
        assert "without the filter" not in terminal.text()
        leave(terminal)


def test_fresh_opens_as_new_and_keeps_what_was_kept(run: Path) -> None:
    with opened(run, "layer1:3") as terminal:
        terminal.wait_for(title("layer1:3"))
        terminal.send("[jjj")
        terminal.wait_for(title("layer1:6"))
        leave(terminal)
    with opened(run, "--fresh") as terminal:
        screen = terminal.wait_for(title("layer1:1"))
        assert "α 0.930" in screen
        terminal.send("/layer1\x13mine\r")
        terminal.wait_for("Saved as mine")
        terminal.send("\x1b")
        terminal.wait_for("layer0")  # Esc and a key that follows at once would be one key
        leave(terminal)
    with opened(run) as terminal:
        screen = terminal.wait_for(title("layer1:6"))
        assert "α 0.920" in screen
        leave(terminal)
    assert json.loads(states()[0].read_text())["saved"] == {"mine": "layer1"}


def test_a_kill_loses_only_the_last_seconds(run: Path) -> None:
    with opened(run, "layer1:3") as terminal:
        terminal.wait_for(title("layer1:3"))
        terminal.send("jj")
        terminal.wait_for(title("layer1:5"))
        terminal.wait_for(lambda text: any('"layer1:5"' in path.read_text() for path in states()), seconds=10 * EVERY)
        terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait()
    with opened(run) as terminal:
        terminal.wait_for(title("layer1:5"))
        leave(terminal)


def test_two_at_once_do_not_disturb_each_other(run: Path) -> None:
    with opened(run, "layer1:3") as first, opened(run, "layer1:7") as second:
        first.wait_for(title("layer1:3"))
        second.wait_for(title("layer1:7"))
        leave(first)
        second.send("j")
        second.wait_for(title("layer1:8"))
        leave(second)
    with opened(run) as terminal:
        terminal.wait_for(title("layer1:8"))
        leave(terminal)


def test_a_damaged_state_is_told_in_a_line_and_set_aside(run: Path) -> None:
    with opened(run, "layer1:3") as terminal:
        terminal.wait_for(title("layer1:3"))
        leave(terminal)
    (state,) = states()
    state.write_text('{"version": 1, "neuron": "\x1b]0;x\x07')
    with opened(run) as terminal:
        terminal.wait_for("aside")  # the message breaks anywhere, as the path is long
        leave(terminal)
    assert len(list(state.parent.glob("*.damaged"))) == 1
    hostile = {"version": 1, "neuron": "layer9:1", "query": "\x1b[2J[/] (", "order": "beauty", "view": "x", "pane": "y",
               "film_size": 999, "open_layers": ["\x1b", "layer0"], "concept_set": "\x1b]8;;x\x07"}  # fmt: skip
    state.write_text(json.dumps(hostile))
    with opened(run) as terminal:
        terminal.wait_for("without the concept set ␛]8;;x␇")
        terminal.wait_for("nothing matches")
        terminal.send("\x1b")
        terminal.wait_for(lambda text: "nothing matches" not in text)
        leave(terminal)


def test_where_no_state_can_be_kept_the_explorer_goes_on(run: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    with opened(run, "layer1:3", environment={"XDG_STATE_HOME": str(tmp_path / "home")}) as terminal:
        terminal.wait_for("cannot be")
        terminal.send("j")
        terminal.wait_for(title("layer1:4"))
        leave(terminal)
