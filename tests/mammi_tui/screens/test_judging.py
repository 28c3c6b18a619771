"""A verdict is on the words on screen. Keys that come before them wait, and nothing is refused or doubled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.neurons.rows import Neuron
from mammi_tui.screens.judging import LONG
from mammi_tui.verdicts.lines import Line
from mammi_tui.verdicts.log import VerdictLog, log_of
from tests.support.explorer import Explorer, explorer
from tests.support.verdicts import judge, latest


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAMMI_READER", "r1")


def said(opened: Explorer) -> list[str]:
    return [toast.message for toast in opened.app._notifications]


def lines(opened: Explorer) -> list[Line]:
    return list(opened.log.read().lines)


def head(opened: Explorer) -> str:
    """The line above the view."""
    widget = opened.screen.view_pane.head
    return widget.draw_line(0).text.strip()


def row(opened: Explorer, unit: int) -> str:
    """A unit's line in the tree."""
    tree = opened.screen.neurons.outline
    line = opened.rows.line_of(Neuron(1, unit))
    assert line is not None
    return "".join(text for text, _ in tree.row(line, 60))


def annotation(opened: Explorer, line: Line) -> tuple[str, ...]:
    """What the re-query says at the cuts of a line."""
    layer, _, unit = line.neuron.rpartition(":")
    answer = Requery(opened.reader).neuron(layer, int(unit), line.seen.cuts)
    return tuple(opened.reader.concepts[concept] for concept in answer.ranking[: answer.annotated])


def other_alpha(opened: Explorer) -> float:
    """An α at which the neuron on screen has other words."""
    words = [opened.answer(alpha).ranking[: opened.answer(alpha).annotated].tolist() for alpha in (0.93, 0.5, 0.3, 0)]
    return next(alpha for alpha, found in zip((0.93, 0.5, 0.3, 0), words, strict=True) if found and found != words[0])


async def move_alpha(opened: Explorer, alpha: float) -> None:
    opened.screen.cuts_bar.move("alpha", alpha)
    await opened.rest()


@pytest.mark.slow
async def test_a_mark_is_solid_only_where_the_words_judged_are_on_screen(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        assert head(opened).startswith("not judged yet: ")
        await opened.press("y", "k")
        (line,) = lines(opened)
        words = ", ".join(line.seen.annotation)
        assert opened.neuron == "layer1:3"
        assert head(opened).startswith(f'✓ accepted "{words}" at α 0.93 · r1 · ')
        assert " 3 ✓" in row(opened, 3)
        await move_alpha(opened, other_alpha(opened))
        assert head(opened).startswith(f'⊞ accepted "{words}" at α 0.93 · r1 · ')
        assert " 3 ⊞" in row(opened, 3)
        assert "1/13 decided" in opened.text()
        await opened.press("r")
        assert " 3 ✓" in row(opened, 3)


@pytest.mark.slow
async def test_what_another_content_of_the_run_was_judged_by_is_carried_over_as_hollow(
    run_path: Path, tmp_path: Path
) -> None:
    with RunReader(run_path) as reader:
        answer = Requery(reader).neuron("layer1", 4, reader.info.cuts)
        words = [reader.concepts[concept] for concept in answer.ranking[: answer.annotated]]
        earlier = VerdictLog(tmp_path / "run.duckdb", "another content", reader.subject)
        judge(earlier, "layer1:4", "accept", words)
        assert log_of(reader).run != earlier.run
    async with explorer(run_path, tmp_path) as opened:
        assert said(opened) == []
        assert " 4 ⊞" in row(opened, 4), "hollow, although the words are the same"
        await opened.press("n")
        assert opened.neuron == "layer1:4", "it is still to be decided"
        assert "in another run" in head(opened)
        await opened.press("y", "k")
        assert " 4 ✓" in row(opened, 4)
        assert "in another run" not in head(opened)


@pytest.mark.slow
async def test_keys_in_one_packet_each_judge_one_neuron_after_another(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, start=("layer0", 3)) as opened:
        await move_alpha(opened, 0.6)
        await opened.press_together(*"yxuyyxuyy", "n", "y")
        found = lines(opened)
        verdicts = {"y": "accept", "x": "reject", "u": "unsure"}
        assert [line.verdict for line in found] == [verdicts[key] for key in "yxuyyxuyyy"]
        assert len({line.neuron for line in found}) == len(found)
        assert [line.seen.annotation for line in found] == [annotation(opened, line) for line in found]
        assert all(line.seen.cuts.alpha == 0.6 for line in found)
        assert said(opened) == []
        assert opened.screen.waiting is None


class Gate:
    """Holds answers about neurons that other threads than the app's ask for, until it is opened."""

    def __init__(self, opened: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
        self._gate = threading.Event()
        self.fails = False
        self._ask: Callable[..., Any] = opened.looking.requery.neuron
        monkeypatch.setattr(opened.looking.requery, "neuron", self._answer)

    def _answer(self, *asked: object) -> object:
        assert threading.current_thread() is threading.main_thread() or self._gate.wait(30)
        if self.fails:
            raise MammiError("the disk is gone")
        return self._ask(*asked)

    def open(self) -> None:
        self._gate.set()

    def close(self) -> None:
        self._gate.clear()


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


def send(opened: Explorer, *keys: str) -> None:
    for key in keys:
        opened.app.simulate_key(key)


@pytest.mark.slow
async def test_a_key_that_comes_before_the_answer_waits_and_says_so(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        gate = Gate(opened, monkeypatch)
        send(opened, "j", "y", "x")
        await until(lambda: opened.screen.waiting is not None)
        assert opened.screen.header.notice == "accept waits for layer1:4 …"
        assert "accept waits for layer1:4 …" in opened.lines()[0]
        assert not opened.log.path.exists()
        gate.open()
        await opened.rest()
        assert latest(opened.log) == {"layer1:4": "accept", "layer1:5": "reject"}
        assert [line.seen.annotation for line in lines(opened)] == [annotation(opened, line) for line in lines(opened)]
        assert "waits" not in opened.lines()[0]
        assert said(opened) == []


@pytest.mark.slow
async def test_what_waits_can_be_given_up_and_is_dropped_where_the_reader_moves_on(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        gate = Gate(opened, monkeypatch)
        send(opened, "j", "y", "x", "x")
        await until(lambda: opened.screen.waiting is not None)
        send(opened, "escape")
        await until(lambda: opened.screen.waiting is None)
        assert said(opened) == ["accept of layer1:4 is dropped, and 2 keys typed after it"]
        opened.app.clear_notifications()
        send(opened, "y")
        await until(lambda: opened.screen.waiting is not None)
        opened.screen.neurons.outline.go_to(Neuron(1, 9))  # as a click does
        await until(lambda: opened.screen.waiting is None)
        assert said(opened) == ["accept of layer1:4 is dropped, as you have moved on"]
        gate.open()
        await opened.rest()
        assert opened.neuron == "layer1:9"
        assert not opened.log.path.exists()


@pytest.mark.slow
async def test_quitting_asks_once_while_a_verdict_waits(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        gate = Gate(opened, monkeypatch)
        send(opened, "j", "y")
        await until(lambda: opened.screen.waiting is not None)
        send(opened, "ctrl+c")
        await until(lambda: bool(said(opened)))
        assert "accept of layer1:4 is not given yet: it waits for the annotation" in said(opened)[0]
        assert opened.app.return_code is None
        send(opened, "ctrl+c")
        await until(lambda: opened.app.return_code is not None)
        gate.open()
    assert latest(opened.log) == {"layer1:4": "accept"}, "no verdict is lost"


@pytest.mark.slow
async def test_where_no_answer_comes_the_wait_ends_with_the_reason(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        gate = Gate(opened, monkeypatch)
        gate.fails = True
        gate.open()
        await opened.press_together("j", "y", "y")
        assert said(opened)[0] == "the disk is gone"
        assert any("is dropped: its annotation has not come" in text for text in said(opened))
        assert not opened.log.path.exists()
        gate.fails = False
        await opened.press("y")
        assert latest(opened.log) == {"layer1:4": "accept"}


@pytest.mark.slow
async def test_a_verdict_can_be_given_from_every_pane_and_view(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for number, keys in enumerate((("3",), ("2",), ("e",), ("e", "m"), ("3",), ("1",))):
            await opened.press(*keys, "y")
            assert len(lines(opened)) == number + 1, keys
        assert [line.neuron for line in lines(opened)] == [f"layer1:{unit}" for unit in range(3, 9)]
        assert said(opened) == []


@pytest.mark.slow
async def test_in_the_view_of_a_film_verdicts_go_on_to_the_films_of_the_next(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("3", "enter")
        assert opened.screen.film is not None
        assert "layer1:3 class 3: " in opened.lines()[2]
        assert ", ".join(opened.looking.words_on_screen or ()) in opened.lines()[2], "the words that are judged"
        await opened.press("y", "x")
        assert latest(opened.log) == {"layer1:3": "accept", "layer1:4": "reject"}
        assert opened.screen.film.image == opened.answer().images[0]
        assert "layer1:5 class 5: " in opened.lines()[2]
        assert "not judged yet" in opened.text()
        await opened.press("z")
        assert "layer1:4 class 4: " in opened.lines()[2]
        assert said(opened)[-1] == "reject of layer1:4 taken back · Z does it again"
        await opened.press("Z", "n")
        assert "layer1:5 class 5: " in opened.lines()[2]
        await opened.press("o")
        await opened.type("an own word")
        await opened.press("enter", "i")
        await opened.type("seen large")
        await opened.press("enter")
        assert 'label "an own word" · r1' in opened.text()
        assert '"seen large"' in opened.text()
        assert opened.looking.films is not None
        assert opened.looking.films.images == tuple(opened.answer().images.tolist())
        await opened.press("escape")
        assert opened.neuron == "layer1:5"
        assert opened.screen.film is None
        assert opened.screen.neurons.outline.here() == Neuron(1, 5)
        assert all(line.seen.evidence is None for line in lines(opened)), "no evidence was on screen"


@pytest.mark.slow
async def test_a_film_opened_in_one_packet_is_the_neurons_and_keys_typed_ahead_judge_there(
    run_path: Path, tmp_path: Path
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press_together("n", "3", "enter", "y", "x", "y")
        assert latest(opened.log) == {"layer1:4": "accept", "layer1:5": "reject", "layer1:6": "accept"}
        assert [line.seen.annotation for line in lines(opened)] == [annotation(opened, line) for line in lines(opened)]
        assert "layer1:7 class 7: " in opened.lines()[2]
        assert opened.screen.film is not None
        assert opened.looking.films is not None
        assert opened.looking.films.images == tuple(opened.answer().images.tolist())


@pytest.mark.slow
async def test_a_value_typed_ahead_is_what_the_verdict_is_about(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press_together(*"a0.4", "enter", "y", "right_square_bracket", "x")
        first, second = lines(opened)
        assert (first.seen.cuts.alpha, second.seen.cuts.alpha) == (0.4, 0.41)
        assert (first.neuron, second.neuron) == ("layer1:3", "layer1:4")
        assert [line.seen.annotation for line in lines(opened)] == [annotation(opened, line) for line in lines(opened)]


@pytest.mark.slow
async def test_a_verdict_keeps_the_evidence_that_was_on_screen(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y", "e", "y")
        first, second = lines(opened)
        assert first.seen.evidence is None, "it had not been called up"
        evidence = second.seen.evidence
        assert evidence is not None
        assert evidence.images == len(Requery(opened.reader).neuron("layer1", 4, Cuts(0.93, 0.95)).images)
        assert evidence.trust in ("strong", "fair", "weak", "unsupported")


@pytest.mark.slow
async def test_what_cannot_be_judged_is_said(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("c")
        assert said(opened) == ["layer1:3 has no verdict to clear"]
        await opened.go_to(1, 0)
        await opened.press("y")
        assert said(opened)[-1] == "layer1:0 is a dead unit: there is no annotation to judge"
        assert head(opened) == "a dead unit"
        await opened.press("h", "y")
        assert said(opened)[-1] == "The cursor is on no neuron: go to one to judge it"
        assert not opened.log.path.exists()


async def test_an_empty_annotation_is_told_before_and_after_the_verdict(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.go_to(1, 1)
        assert not opened.answer().annotated
        assert head(opened) == "not judged yet: no words"
        await opened.press("y", "k")
        await opened.go_to(1, 1)
        assert head(opened).startswith("✓ accepted no words at α 0.93")


async def test_nothing_is_judged_while_the_terminal_is_too_small_to_show_it(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.pilot.resize_terminal(50, 12)
        await opened.rest()
        assert "MAMMI needs 60 × 15 cells or more" in opened.text()
        await opened.press("y", "o")
        assert opened.log.read().lines == ()
        said = [toast.message for toast in opened.app._notifications]
        assert said[0] == "No accept: the terminal is too small to show what it would be about"
        assert not opened.screen.one_line.display
        await opened.pilot.resize_terminal(80, 24)
        await opened.rest()
        await opened.press("y")
        assert [line.verdict for line in opened.log.read().lines] == ["accept"]


@pytest.mark.parametrize("key", ["y", "z", "Z"])
async def test_what_is_not_saved_is_told_for_long(run_path: Path, tmp_path: Path, key: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        opened.log.path.mkdir()
        await opened.press(key)
        told = next(each for each in opened.app._notifications if each.timeout == LONG)
        assert opened.log.path.name in told.message


async def test_a_dead_unit_has_nothing_to_judge_and_nothing_is_lost(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        neuron = next(n for n in (Neuron(1, u) for u in range(14)) if opened.rows.is_dead(n))
        await opened.go_to(neuron.layer, neuron.unit)
        await opened.press("y")
        (told,) = opened.app._notifications
        assert "is a dead unit: there is no annotation to judge" in told.message
        assert told.timeout == opened.app.NOTIFICATION_TIMEOUT
        assert not opened.log.path.exists()
