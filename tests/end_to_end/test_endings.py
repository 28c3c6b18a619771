"""However the explorer ends, the terminal is as it was found, nothing runs on, and no verdict is lost.

The hard knock `endings` tries random moments and signals, and allows each ending a second.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.processes import parent, state, with_argument
from tests.support.runs import small_run
from tests.support.terminal import Terminal, mammi
from tests.support.terminal_modes import AS_FOUND, left

SECONDS = 40.0
"""Within which the process is gone: one that does not end for good is told"""
SIGNALS = [signal.SIGTERM, signal.SIGTRAP, signal.SIGRTMAX]

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return small_run(tmp_path)


def verdicts(run: Path) -> list[str]:
    log = run.with_name("run.verdicts.jsonl")
    return [json.loads(line)["neuron"] for line in log.read_text().splitlines()] if log.exists() else []


def ended(terminal: Terminal, found: list[object], what: str = "") -> int:
    """The status of a process that ends in time and leaves its terminal as found."""
    status = terminal.wait_for_end(SECONDS)
    assert left(terminal.received) == AS_FOUND, what
    assert terminal.attributes() == found, what
    return status


@pytest.mark.parametrize("number", SIGNALS, ids=str)
def test_a_signal_gives_the_terminal_back(run: Path, number: signal.Signals) -> None:
    with Terminal(mammi("open", str(run), "layer1:5")) as terminal:
        found = terminal.attributes()
        terminal.wait_for("layer1:5")
        assert left(terminal.received) != AS_FOUND
        terminal.send("y")
        terminal.wait_for("1/20 decided")
        terminal.process.send_signal(number)
        assert ended(terminal, found) == 128 + number
    assert verdicts(run) == ["layer1:5"]


def test_a_signal_ends_an_explorer_whose_terminal_nobody_reads(run: Path) -> None:
    with Terminal(mammi("open", str(run), "layer1:5"), columns=200, rows=60) as terminal:
        found = terminal.attributes()
        terminal.wait_for("layer1:5")
        for _ in range(60):
            terminal.send("em")  # far more than the terminal holds
        time.sleep(0.5)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(SECONDS) == 128 + signal.SIGTERM
        assert ended(terminal, found) == 128 + signal.SIGTERM


def test_quitting_that_takes_too_long_is_no_loss_of_the_terminal(run: Path) -> None:
    code = (
        "import sys, time\n"
        "from textual.app import App\n"
        "from mammi_tui.terminal.driver import TerminalDriver\n"
        "leave = App.exit\n"
        "App.exit = lambda app, *how: (leave(app, *how), time.sleep(30))\n"
        "restore = TerminalDriver.restore_now\n"
        "TerminalDriver.restore_now = lambda driver, **how: (restore(driver, **how), time.sleep(0.5))\n"
        "from mammi_tui.cli import main\n"
        "sys.argv[0] = 'mammi'\n"
        "main()\n"
    )
    with Terminal([sys.executable, "-c", code, "open", str(run), "layer1:5"]) as terminal:
        found = terminal.attributes()
        terminal.wait_for("layer1:5")
        terminal.send("q")
        assert ended(terminal, found) == 0


BROKEN = """
import sys
from mammi_tui.screens.explorer import ExplorerScreen
from mammi_tui.questions.desk import Desk
from mammi_tui.terminal.driver import TerminalDriver

def breaks(*_arguments, **_options):
    raise {error}

{place} = breaks
from mammi_tui.cli import main
sys.argv[0] = "mammi"
main()
"""


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("ExplorerScreen.action_next_concept_set = ExplorerScreen.check_action", "ZeroDivisionError()"),
        ("ExplorerScreen.on_mount", "ZeroDivisionError()"),
        ("Desk._warm", "ZeroDivisionError()"),
        ("TerminalDriver._query_in_band_window_resize", "SystemError()"),
    ],
    ids=["a key", "the start", "a thread", "the driver"],
)
def test_an_error_of_its_own_gives_the_terminal_back(run: Path, place: str, error: str) -> None:
    command = [sys.executable, "-c", BROKEN.format(place=place, error=error), "open", str(run), "layer1:5"]
    with Terminal(command) as terminal:
        found = terminal.attributes()
        terminal.pump(2)
        if terminal.process.poll() is None:
            terminal.send("S")
        end = time.monotonic() + SECONDS
        while terminal.process.poll() is None and time.monotonic() < end:
            terminal.pump()
        assert ended(terminal, found) == 1
        said = terminal.received[terminal.received.rindex(b"\x1b[?1049l") :].decode()
        assert "mammi: " in said
        assert "Traceback" not in said


def _ignore_hang_up() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("prepare", "wait"),
    [(_ignore_hang_up, 0.4), (_ignore_hang_up, None), (None, None)],
    ids=["start", "ignored", "open"],
)
def test_an_explorer_ends_when_its_terminal_goes_away(
    run: Path, prepare: Callable[[], None] | None, wait: float | None
) -> None:
    with Terminal(mammi("open", str(run), "layer1:5"), prepare=prepare) as terminal:
        if wait is None:
            terminal.wait_for("layer1:5")
            terminal.send("y")
            terminal.wait_for("1/20 decided")
        else:
            terminal.pump(wait)
        terminal.hang_up()
        assert terminal.process.wait(SECONDS) != 0
    assert verdicts(run) == (["layer1:5"] if wait is None else [])


@contextmanager
def shell(*, sets_terminal: bool = False) -> Iterator[Terminal]:
    """A shell with job control, which leaves the terminal's settings alone or, as most do, sets its own."""
    command = ["bash", "--norc", "--noprofile", *([] if sets_terminal else ["--noediting"]), "-i"]
    with Terminal(command, columns=130, environment={"PS1": "P>", "INPUTRC": str(INPUTRC)}) as terminal:
        terminal.wait_for("P>")
        yield terminal


def typed(terminal: Terminal, line: str, seen: bytes, seconds: float = 30) -> None:
    """Types a line, and waits until the terminal has received these bytes after it."""
    start, end = len(terminal.received), time.monotonic() + seconds
    terminal.send(f"{line}\r")
    while seen not in terminal.received[start:]:
        assert time.monotonic() < end, f"after {line!r}: {terminal.received[start:][-500:]!r}"
        terminal.pump()


def until(happened: Callable[[], bool], terminal: Terminal, what: str) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, what
        terminal.pump()


INPUTRC = Path(__file__).with_name("inputrc")
"""Keeps the shell's own modes out of what the explorer leaves"""
OPEN = b"\x1b[?1049h"


def test_ctrl_z_goes_to_the_shell_and_fg_comes_back_to_the_whole_screen(run: Path) -> None:
    with shell() as terminal:
        typed(terminal, shlex.join(mammi("open", str(run), "layer1:5")), b"decided")
        explorer = with_argument(str(run))
        terminal.send("\x1a")
        until(lambda: state(explorer) == "T" and left(terminal.received) == AS_FOUND, terminal, "it does not stop")
        typed(terminal, "echo $((6 * 7))", b"42\r\n")
        typed(terminal, "stty -a", b" echo ")
        terminal.resize(100, 30)
        start = len(terminal.received)
        typed(terminal, "fg", b"decided")
        until(lambda: "layer1:5" in terminal.text() and "q Quit" in terminal.text().splitlines()[-1], terminal, "fg")
        assert OPEN in terminal.received[start:]
        terminal.send("y")
        terminal.wait_for("1/20 decided")
        typed(terminal, "\x1a", b"P>")
        typed(terminal, "bg; echo $((7 * 8))", b"56\r\n")  # it has gone on: else a shell would take it to run
        until(lambda: state(explorer) == "T", terminal, "in the background it may not draw")
        typed(terminal, "fg", OPEN)
        typed(terminal, "q", b"P>")
        until(lambda: state(explorer) == "" and left(terminal.received) == AS_FOUND, terminal, "it does not quit")
        typed(terminal, "stty -a", b" echo ")


def test_a_stop_without_warning_and_a_continuation_without_a_stop(run: Path) -> None:
    with shell(sets_terminal=True) as terminal:
        typed(terminal, shlex.join(mammi("open", str(run), "layer1:5")), b"decided")
        explorer = with_argument(str(run))
        start = len(terminal.received)
        os.kill(explorer, signal.SIGSTOP)
        until(lambda: state(explorer) == "T", terminal, "it does not stop")
        until(lambda: b"P>" in terminal.received[start:], terminal, "the shell does not see that it has stopped")
        typed(terminal, "fg", OPEN)
        terminal.send("y")
        terminal.wait_for("1/20 decided")
        start = len(terminal.received)
        os.kill(explorer, signal.SIGCONT)
        until(lambda: OPEN in terminal.received[start:], terminal, "it does not take the terminal again")
        terminal.send("y")
        terminal.wait_for("2/20 decided")
        typed(terminal, "q", b"P>")
        until(lambda: state(explorer) == "" and left(terminal.received) == AS_FOUND, terminal, "it does not quit")
        typed(terminal, "stty -a", b" echo ")
    assert verdicts(run) == ["layer1:5", "layer1:6"]


@pytest.mark.parametrize("sets_terminal", [True, False])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGXCPU], ids=str)  # before SIGCONT and after it
def test_a_stopped_explorer_can_be_ended(run: Path, sets_terminal: bool, number: signal.Signals) -> None:
    with shell(sets_terminal=sets_terminal) as terminal:
        typed(terminal, shlex.join(mammi("open", str(run), "layer1:5")), b"decided")
        explorer = with_argument(str(run))
        typed(terminal, "\x1a", b"P>")
        until(lambda: state(explorer) == "T", terminal, "it does not stop")
        typed(terminal, f"kill -{number} %1; bg", b"P>")
        until(lambda: state(explorer) == "" and left(terminal.received) == AS_FOUND, terminal, "it does not end")


@pytest.mark.parametrize("number", [signal.SIGTTIN, signal.SIGTTOU], ids=str)
def test_every_stop_that_can_be_seen_gives_the_terminal_back(run: Path, number: signal.Signals) -> None:
    with shell() as terminal:
        typed(terminal, shlex.join(mammi("open", str(run), "layer1:5")), b"decided")
        os.kill(explorer := with_argument(str(run)), number)
        until(lambda: state(explorer) == "T" and left(terminal.received) == AS_FOUND, terminal, "it does not stop")
        typed(terminal, "fg", OPEN)
        typed(terminal, "q", b"P>")
        until(lambda: state(explorer) == "" and left(terminal.received) == AS_FOUND, terminal, "it does not quit")


def test_stops_and_continuations_one_after_the_other(run: Path) -> None:
    with Terminal(mammi("open", str(run), "layer1:5")) as terminal:
        found, _ = terminal.attributes(), terminal.wait_for("layer1:5")
        for _ in range(40):
            terminal.process.send_signal(signal.SIGTSTP)
            terminal.pump(0.005)
            terminal.process.send_signal(signal.SIGCONT)
        terminal.send("y")
        terminal.wait_for("1/20 decided")
        terminal.send("q")
        assert ended(terminal, found) == 0


def test_an_explorer_that_nobody_would_see_is_refused(run: Path) -> None:
    said = run.with_name("said.txt")
    with Terminal(["sh", "-c", f"{shlex.join(mammi('open', str(run)))} 2>{said}"]) as terminal:
        assert (terminal.wait_for_end(SECONDS), terminal.text().strip()) == (1, "")
    assert said.read_text() == "mammi: The explorer needs a terminal. Without one use `mammi show` or `mammi export`.\n"


@pytest.mark.parametrize("sets_terminal", [True, False])
def test_an_explorer_ends_with_the_shell_that_started_it(run: Path, sets_terminal: bool) -> None:
    with shell(sets_terminal=sets_terminal) as terminal:
        typed(terminal, "PS1=INNER bash --norc --noprofile --noediting -i", b"INNER")
        typed(terminal, shlex.join(mammi("open", str(run), "layer1:5")), b"decided")
        explorer = with_argument(str(run))
        os.kill(parent(explorer), signal.SIGKILL)
        until(lambda: state(explorer) == "" and left(terminal.received) == AS_FOUND, terminal, "it does not end")
        typed(terminal, "stty -a", b" echo ")


def test_ctrl_z_without_a_shell_to_go_to_does_nothing(run: Path) -> None:
    with Terminal(mammi("open", str(run), "layer1:5")) as terminal:
        terminal.wait_for("layer1:5")
        terminal.send("\x1a")
        terminal.send("y")
        terminal.wait_for("1/20 decided")


def test_quitting_does_not_wait_for_what_is_still_computed(run: Path) -> None:
    command = [sys.executable, "-c", BROKEN.format(place="Desk._warm", error="__import__('time').sleep(60)")]
    with Terminal([*command, "open", str(run), "layer1:5"]) as terminal:
        found = terminal.attributes()
        terminal.wait_for("layer1:5")
        terminal.send("q")
        assert ended(terminal, found) == 0


def test_bytes_that_no_keyboard_sends_do_not_end_it(run: Path) -> None:
    with Terminal(mammi("open", str(run), "layer1:5")) as terminal:
        terminal.wait_for("layer1:5")
        for strange in (b"\xff\xfe\x80", b"\x1b[1114112u", b"\x1b[99999999999999999u", b"\x1b[;:1200~"):
            terminal.send(strange)
            terminal.pump(0.2)
        terminal.send(b"\x1b[1114112uy")
        terminal.wait_for("1/20 decided")


def test_a_variable_with_another_size_is_not_believed(run: Path) -> None:
    with Terminal(mammi("open", str(run)), columns=130, environment={"COLUMNS": "70", "LINES": "20"}) as terminal:
        terminal.wait_for(lambda text: "3 Representative images" in text and "q Quit" in text.splitlines()[-1])
