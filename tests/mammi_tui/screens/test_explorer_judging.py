"""Judging neurons in the explorer, its help, and answers that fail or come too late."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts
from engine.errors import RunFileError
from engine.requery import NeuronAnswer
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.screens.explorer_keys import explorer_keys
from mammi_tui.screens.help_sheet import HelpSheet
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.views.registry import VIEWS
from mammi_tui.widgets.slider import Slider
from tests.support.explorer import annotation, expected_readout, explorer
from tests.support.verdicts import latest


@pytest.mark.slow
async def test_only_the_neuron_under_the_cursor_is_judged(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:

        async def refused() -> bool:
            opened.app.clear_notifications()
            await opened.press("y", "x", "u", "c")
            said = [toast.message for toast in opened.app._notifications]
            return set(said) == {"The cursor is on no neuron: go to one to judge it"} and not opened.log.path.exists()

        await opened.press("h")
        assert await refused(), "on a layer's line"
        await opened.press("j", "slash")
        await opened.type("zzz")
        await opened.press("enter")
        assert "nothing matches zzz; esc shows all" in opened.text()
        assert await refused(), "in an empty list"
        await opened.press("escape", "j", "y")
        assert "nothing matches" not in opened.text()
        assert list(latest(opened.log)) == ["layer1:1"]


@pytest.mark.slow
async def test_triage_writes_a_line_and_goes_to_the_next_undecided(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        seen = annotation(opened, opened.answer())
        await opened.press("left_curly_bracket", "y", "x")
        assert opened.neuron == "layer1:5"
        await opened.press("k", "k", "u")
        assert opened.neuron == "layer1:5", "the one after has its verdict"
        screen = opened.text()
        assert "2/20 decided" in screen
        lines = [json.loads(line) for line in opened.log.path.read_text().splitlines()]
        assert [(line["neuron"], line["verdict"]) for line in lines] == [
            ("layer1:3", "accept"),
            ("layer1:4", "reject"),
            ("layer1:3", "unsure"),
        ]
        assert lines[0]["beta"] == 0.94
        assert set(seen) <= set(lines[0]["annotation"])
        await opened.press("k", "k", "c")
        assert opened.neuron == "layer1:3", "clearing stays"
        assert "1/20 decided" in opened.text()


@pytest.mark.slow
async def test_triage_ends_and_the_next_session_goes_on(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        visited = []
        for _ in range(20):
            visited.append(opened.neuron)
            await opened.press("y")
        assert len(set(visited)) == 20
        assert "20/20 decided" in opened.text()
        await opened.press("n")
        assert any("has a verdict" in toast.message for toast in opened.app._notifications)
    async with explorer(run_path, tmp_path) as again:
        assert "20/20 decided" in again.text()


@pytest.mark.slow
async def test_an_answer_that_is_no_longer_wanted_is_dropped(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        asked: list[tuple[int, float]] = []
        gate = threading.Event()
        ask = opened.looking.requery.neuron

        def slowly(layer: str, unit: int, cuts: Cuts) -> NeuronAnswer:
            asked.append((unit, cuts.alpha))
            assert gate.wait(10)
            return ask(layer, unit, cuts)

        monkeypatch.setattr(opened.looking.requery, "neuron", slowly)
        shown: list[int] = []
        ranking = opened.screen.query_one(ConceptList)
        draw = ranking.show
        monkeypatch.setattr(ranking, "show", lambda answer: (shown.append(answer.unit), draw(answer)))
        await opened.pilot.press(*"jjjjjj", "left_square_bracket")
        gate.set()
        await opened.rest()
        assert [unit for unit, _ in asked[:2]] == [4, 9], "of all that was passed over only the newest is asked"
        assert shown == [9], "and the one in flight is not drawn"
        assert opened.neuron == "layer1:9"


async def test_a_failing_question_is_reported_and_the_explorer_goes_on(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        ask = opened.looking.requery.neuron

        def fails_once(layer: str, unit: int, cuts: Cuts) -> NeuronAnswer:
            if unit == 4:
                raise RunFileError("run.duckdb: [red]damaged[/] \x1b]0;x\x07")
            return ask(layer, unit, cuts)

        monkeypatch.setattr(opened.looking.requery, "neuron", fails_once)
        await opened.pilot.press("j")
        await opened.pilot.pause(0.1)
        assert any(
            "[red]damaged" in toast.message and "\x1b" not in toast.message for toast in opened.app._notifications
        )
        await opened.press("j")
        assert opened.neuron == "layer1:5"
        assert expected_readout(opened.answer()) in opened.text()


@pytest.mark.slow
async def test_help_lists_the_focused_panes_keys(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(120, 160)) as opened:
        for pane, mine, others in (
            ("1", "Sort: a letter for each order", "Show the film large"),
            ("3", "Show the film large", "Sort: a letter"),
        ):
            for key in ("question_mark", "f1"):
                await opened.press(pane, key)
                screen = opened.text()
                assert mine in screen
                assert others not in screen
                notes = opened.app.screen.query_one(HelpSheet).found()
                assert any("not for diagnosis" in text for note in notes for _, text in note.lines)
                assert "To the α slider" in screen
                await opened.press("escape")


@pytest.mark.slow
async def test_keys_can_be_remapped(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(120, 90)) as opened:
        opened.app.set_keymap({"verdict.accept": "ctrl+y", "alpha.up": "f5"})
        await opened.press("ctrl+y")
        assert latest(opened.log).keys() == {"layer1:3"}
        await opened.press("f5")
        assert opened.cuts.alpha == pytest.approx(0.94)
        await opened.press("question_mark")
        assert re.search(r"\^y\s+Accept", opened.text())


async def test_every_key_has_an_id_of_its_own(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        widgets = [NeuronTree, ConceptList, Slider, type(opened.app)]
        bindings = [binding for widget in widgets for binding in widget.BINDINGS]
        for binding in (*bindings, *explorer_keys(VIEWS)):
            assert binding.id, binding
            assert binding.description, binding


@pytest.mark.slow
@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quits(run_path: Path, tmp_path: Path, key: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        if key == "ctrl+c":
            await opened.press("slash")
        await opened.pilot.press(key)
        await opened.pilot.pause(0.1)
        assert not opened.app.is_running
