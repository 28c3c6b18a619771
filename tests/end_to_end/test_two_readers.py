"""Two processes on one run at once, each in a pseudo-terminal: two readers, and one reader twice."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.verdicts.verifying import faults
from tests.support.runs import small_run
from tests.support.terminal import Terminal, mammi

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return small_run(tmp_path)


def opened(run: Path, reader: str, unit: int) -> Terminal:
    environment = {"MAMMI_READER": reader, "MAMMI_ROLE": "radiologist"}
    return Terminal(mammi("open", str(run), f"layer1:{unit}"), columns=140, environment=environment)


def decided(number: int) -> Callable[[str], bool]:
    return lambda screen: f" {number}/20 decided" in screen.splitlines()[0]


def lines(run: Path) -> list[dict[str, Any]]:
    """The lines of the log, which must be one whole chain."""
    log = VerdictLog(run, "")
    assert faults(log.entries()) == []
    return [json.loads(line) for line in log.path.read_text("utf-8").splitlines()]


def press(terminal: Terminal, keys: str, already: int = 0) -> None:
    """Judges one neuron after the other."""
    for number, key in enumerate(keys, already + 1):
        terminal.send(key)
        terminal.wait_for(decided(number))


def test_a_second_reader_is_hidden_until_asked_for_and_differences_are_settled(run: Path) -> None:
    with opened(run, "r1", 5) as first, opened(run, "r2", 5) as second:
        first.wait_for(decided(0))
        second.wait_for(decided(0))
        first.wait_for("Do not trust: only one image")
        press(first, "yyx")
        press(second, "yxx")
        assert "r1 (radiologist) · 3/20 decided" in first.text().splitlines()[0]
        assert "κ" not in first.text()
        first.send("T")
        first.wait_for("hidden: V shows them")
        first.send("V")
        first.wait_for("κ 0.40")
        first.wait_for("1 of 3 differs")
        press(second, "u", already=3)
        press(first, "y", already=3)
        first.wait_for("2 of 4 differ")
        first.send("k")
        first.wait_for("layer1:8")
        first.send("T")
        first.wait_for("(r1 ✓ r2 ?)")
        first.send("x")
        first.wait_for("1 settled")
        first.send("z")
        first.wait_for(lambda screen: "2 of 4 differ" in screen and "1 settled" not in screen)
        first.send("Z")
        first.wait_for("1 settled")
        first.send("V")
        first.wait_for(lambda screen: "κ" not in screen)
    found = lines(run)
    assert [(line["reader"], line["neuron"][7:], line["act"]) for line in found if line["act"] != "verdict"] == [
        ("r1", "8", "settle"), ("r1", "8", "undo"), ("r1", "8", "redo"),
    ]  # fmt: skip
    settle = found[-3]
    assert (settle["verdict"], settle["settles"]) == ("reject", ["r1", "r2"])
    assert settle["annotation"] == found[-4]["annotation"]
    blind = [line.get("others_shown", False) for line in found if line["act"] == "verdict"]
    assert blind == [False] * 7 + [True], "the last verdict of r1 was given with the others' on screen"
    assert all(line["role"] == "radiologist" and line["engine"] and line["method"] == "mammi" for line in found)
    assert found[0]["evidence"] == {"trust": "unsupported", "q": 1.0, "images": 1, "patients": 1}


def test_one_reader_twice_sees_in_one_what_the_other_writes(run: Path) -> None:
    with opened(run, "r1", 1) as first, opened(run, "r1", 10) as second:
        first.wait_for(decided(0))
        second.wait_for(decided(0))
        press(first, "yy")
        second.wait_for(decided(2), seconds=5)
        press(second, "xx", already=2)
        first.wait_for(decided(4), seconds=5)
        first.send("z")
        first.wait_for(decided(3))
        second.wait_for(decided(3), seconds=5)
        assert [line["verdict"] for line in lines(run)[:-1]] == ["accept", "accept", "reject", "reject"]
        assert lines(run)[-1]["of"] == lines(run)[-2]["hash"], "what was done last by either is undone"


@pytest.mark.parametrize("readers", [("r1", "r2"), ("r1", "r1")], ids=["two readers", "one reader"])
def test_of_two_at_once_one_is_killed_and_no_verdict_is_lost_or_doubled(run: Path, readers: tuple[str, str]) -> None:
    with opened(run, readers[0], 1) as first, opened(run, readers[1], 10) as second:
        first.wait_for(decided(0))
        second.wait_for(decided(0))
        for _ in range(3):
            first.send("y")
            second.send("x")
        first.wait_for(lambda screen: not decided(0)(screen))
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        acknowledged = len(lines(run))
        assert acknowledged
        second.wait_for(lambda screen: len([line for line in lines(run) if line["verdict"] == "reject"]) == 3)
        with opened(run, readers[0], 1) as again:
            own = {line["neuron"] for line in lines(run) if line["reader"] == readers[0]}
            again.wait_for(decided(len(own)))
            again.send("n")
            press(again, "y" * (12 - len(own)), already=len(own))
            again.send("q")
            assert again.wait_for_end() == 0
        second.send("q")
        assert second.wait_for_end() == 0
    found = lines(run)
    judged = [(line["reader"], line["neuron"]) for line in found]
    assert len(judged) == len(set(judged)), "none is doubled"
    assert sum(reader == readers[0] for reader, _ in judged) == 12


def test_what_happens_to_the_file_is_told(run: Path) -> None:
    log = run.with_name("run.verdicts.jsonl")
    with opened(run, "r1", 5) as terminal:
        terminal.wait_for(decided(0))
        press(terminal, "yx")
        content = log.read_bytes()
        log.unlink()
        terminal.wait_for("is no longer there")
        terminal.wait_for(decided(0))
    (kept,) = run.parent.glob("*.kept-1.jsonl")
    assert kept.read_bytes() == content
