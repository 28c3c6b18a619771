"""A whole triage by keys in a real pseudo-terminal: fifty neurons, slips and second thoughts, and a kill in between."""

from __future__ import annotations

import re
import signal
from itertools import cycle, islice
from pathlib import Path

import pytest

from mammi_tui.verdicts.lines import Line
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.verdicts.standing import Judgement, standing
from mammi_tui.verdicts.verifying import faults
from tests.support.commands import Mammi
from tests.support.runs import small_run
from tests.support.terminal import Terminal
from tests.support.terminal import mammi as command_line

pytestmark = pytest.mark.slow

VERDICTS = {"y": "accept", "x": "reject", "u": "unsure"}
LIVING = 58
ENVIRONMENT = {"MAMMI_READER": "r1"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return small_run(tmp_path, units=(30, 30))


def opened(run: Path, *arguments: str) -> Terminal:
    return Terminal(command_line("open", str(run), *arguments), columns=130, rows=42, environment=ENVIRONMENT)


def decided_on(screen: str) -> int:
    """The number of decided neurons that the header counts; -1 before there is one."""
    found = re.search(rf"(\d+)/{LIVING} decided", screen.partition("\n")[0])
    return int(found[1]) if found else -1


def wait_for_decided(terminal: Terminal, number: int) -> None:
    terminal.wait_for(lambda screen: decided_on(screen) == number)


def judge(terminal: Terminal, keys: str, already: int) -> int:
    """Types the keys at once, and waits until each has judged a neuron. Returns how many are decided then."""
    terminal.send(keys)
    wait_for_decided(terminal, already + len(keys))
    return already + len(keys)


def lines(run: Path) -> list[Line]:
    """The lines of the log, which is one whole chain."""
    log = VerdictLog(run, "")
    entries = log.entries()
    assert faults(entries) == []
    return [entry.line for entry in entries if entry.line]


def judgements(run: Path) -> dict[str, Judgement]:
    return standing(lines(run)).judgements["r1"]


def test_fifty_neurons_with_second_thoughts_and_a_kill(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The keys that a reader types, what the screen says, and what the log holds in the end."""
    mammi = Mammi(monkeypatch, capsys)
    with opened(run, "layer0:1") as terminal:
        wait_for_decided(terminal, 0)
        judge(terminal, "yyx", 0)
        terminal.send("zz")
        wait_for_decided(terminal, 1)
        terminal.send("Z")
        wait_for_decided(terminal, 2)
        terminal.send("uyx")  # Z has gone back to the second neuron, which is unsure now
        wait_for_decided(terminal, 4)
        decided = 4
        terminal.send("ofluid level\r")
        terminal.wait_for("fluid level")
        terminal.send("ionly AP films\r")
        terminal.wait_for("only AP films")
        decided = judge(terminal, "yxuyx", decided)
        terminal.send("/layer1\r")
        terminal.wait_for("30 neurons found")
        terminal.send("n")  # past the dead unit
        terminal.wait_for("layer1:1 class 1")
        decided = judge(terminal, "yyyyy", decided)
        before = [line.neuron for line in lines(run)]
        burst = "".join(islice(cycle("yxu"), 30))
        terminal.send(burst)
        terminal.wait_for(lambda screen: decided_on(screen) >= decided + 7)  # a frame may count several
        terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait()

    written = lines(run)[len(before) :]
    assert [line.verdict for line in written] == [VERDICTS[key] for key in burst[: len(written)]], "in order, none lost"
    assert len({line.neuron for line in written}) == len(written), "none doubled"
    decided += len(written)

    with opened(run, "--fresh") as terminal:  # whether the filter was kept before the kill is chance
        wait_for_decided(terminal, decided)
        terminal.send("n")
        judge(terminal, "y" * (LIVING - decided), decided)
        terminal.wait_for("Every neuron has a verdict")
        terminal.send("q")
        assert terminal.wait_for_end() == 0

    found = judgements(run)
    assert len([each for each in found.values() if each.verdict]) == LIVING
    assert [each.label.deed.text for each in found.values() if each.label] == ["fluid level"]
    assert [each.note.deed.text for each in found.values() if each.note] == ["only AP films"]
    assert mammi("verdicts", "verify", run).status == 0
    page = run.with_name("triage.html")
    assert mammi("report", run, "-o", page).status == 0
    text = page.read_text("utf-8")
    assert text.count("<article") == LIVING
    assert "fluid level" in text
