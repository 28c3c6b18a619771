"""Finding neurons by keys and mouse: filter line, sort menu, column heads, the queue, and the way back."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.evidence.columns import CHANGE_CHANCE, Q_VALUE, TRUST
from engine.evidence.live import Evidence
from engine.requery import Requery
from mammi_tui.neurons.filter_line import FilterAid, FilterLine
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.state.record import MOST_SAVED
from mammi_tui.widgets.heads import Heads
from tests.support.explorer import Explorer, explorer

pytestmark = pytest.mark.slow


def line_of(opened: Explorer) -> str:
    """What the filter line holds."""
    return opened.screen.query_one(FilterLine).value


def aid(opened: Explorer) -> str:
    """What the line below the filter line says."""
    region = opened.screen.query_one(FilterAid).region
    return opened.lines()[region.y][region.x : region.right].strip() if region.area else ""


def said(opened: Explorer) -> list[str]:
    return [toast.message for toast in opened.app._notifications]


async def filter_by(opened: Explorer, query: str) -> None:
    await opened.press("slash")
    opened.screen.query_one(FilterLine).value = query
    await opened.rest()


async def test_a_word_finds_every_neuron_that_is_annotated_with_it(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        answers = [opened.layer_answer(layer) for layer in range(2)]
        concepts = opened.reader.concepts
        word = next(  # of a concept that is annotated, but never the best, somewhere
            concepts[concept]
            for answer in answers
            for unit in range(len(answer.best))
            for concept in answer.words.of_unit(unit)
            if concept != answer.best[unit]
        )
        annotated = [
            [u for u in range(len(answer.best)) if any(word in concepts[c] for c in answer.words.of_unit(u))]
            for answer in answers
        ]
        await filter_by(opened, f'concept:"{word}"')
        assert [units.tolist() for units in opened.rows.matches] == annotated
        assert f"+{word[:5]}" in opened.text(), "a row says why it is found"
        await filter_by(opened, f'!concept:"{word}"')
        assert opened.rows.match_count == sum(len(answer.best) for answer in answers) - sum(map(len, annotated))


async def test_what_is_wrong_with_a_filter_is_told_while_it_is_typed(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await filter_by(opened, "consept:air")
        assert "no field consept; nearest: concept" in aid(opened)
        assert "no field consept; nearest: concept" in " ".join(opened.text().split()).replace("│ ", "")
        await filter_by(opened, "verdict:acept")
        assert aid(opened) == "no verdict acept; nearest: accept"
        await filter_by(opened, "q<")
        assert aid(opened) == "q< waits for a value"
        assert opened.rows.match_count == 22
        await opened.press("enter")
        assert not aid(opened)


@pytest.mark.parametrize("key", ["tab", "right"])
async def test_tab_and_right_complete(run_path: Path, tmp_path: Path, key: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash")
        await opened.type("verd")
        assert aid(opened) == "⇥ verdict:"
        await opened.pilot.pause(0.01)
        await opened.press(key)
        assert line_of(opened) == "verdict:"
        assert aid(opened).startswith("⇥ accept · reject · unsure · none")
        await opened.type("rej")
        await opened.pilot.pause(0.01)
        await opened.press(key)
        assert line_of(opened) == "verdict:reject"
        assert isinstance(opened.screen.focused, FilterLine)


async def test_tab_with_nothing_to_complete_goes_to_the_next_pane(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash")
        await opened.type("zzz")
        await opened.press("tab")
        assert not isinstance(opened.screen.focused, FilterLine)


async def test_earlier_filters_come_back(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        for query in ("class 1", "layer0", "class 1"):
            await filter_by(opened, query)
            await opened.press("enter")
        await opened.press("escape", "slash")
        await opened.type("ab")
        seen = []
        for key in ("up", "up", "up", "down", "down"):
            await opened.press(key)
            seen.append(line_of(opened))
        assert seen == ["class 1", "layer0", "layer0", "class 1", "ab"], "each once, and what was typed is not lost"
        assert opened.rows.query == "ab"
        await opened.press("down")
        assert isinstance(opened.screen.focused, NeuronTree), "after the last it is kept"


async def test_filters_are_saved_by_name_applied_and_deleted(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash", "ctrl+s")
        assert "There is no filter to save: type one first" in said(opened)
        await opened.type("layer0")
        await opened.press("ctrl+s")
        assert "save this filter as" in opened.text()
        await opened.type("[b]mine")
        await opened.press("enter", "escape")
        assert opened.screen.saved_filters == {"[b]mine": "layer0"}
        assert opened.rows.query == ""
        opened.screen.apply(opened.screen.saved_filters["[b]mine"])
        await opened.rest()
        assert opened.rows.match_count == 8
        assert line_of(opened) == "layer0"
        await opened.press("slash", "ctrl+s", "escape")
        assert list(opened.screen.saved_filters) == ["[b]mine"], "Esc saves nothing"
        opened.screen.choose_filter_to_delete()
        await opened.rest()
        assert "Delete the filter: a [b]mine" in opened.text()
        await opened.press("a")
        assert opened.screen.saved_filters == {}


async def test_no_more_filters_are_saved_than_come_back(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        keeper = opened.screen.keeper
        keeper.change(lambda state: replace(state, saved={str(number): "layer0" for number in range(MOST_SAVED)}))
        await opened.press("slash", "a", "ctrl+s", "m", "enter")
        assert said(opened)[-1] == f"{MOST_SAVED} filters are saved already: delete one in the palette first"
        assert "m" not in opened.screen.saved_filters
        await opened.press("backspace", "5", "enter")
        assert opened.screen.saved_filters["5"] == "a", "another filter of a known name takes its place"


async def test_the_heads_sort(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        heads = opened.screen.query_one(Heads).region
        line = opened.lines()[heads.y][: heads.right]

        async def click(text: str) -> str:
            await opened.pilot.click(offset=(line.index(text) + len(text) // 2, heads.y))
            await opened.rest()
            return opened.lines()[heads.y][: heads.right]

        assert "score▾" in await click(" score")
        assert "sorted by best score" in opened.text()
        assert "score▴" in await click(" score")
        assert "sorted by best score, backwards" in opened.text()
        concepts = [opened.reader.concepts[c] for c in opened.layer_answer(1).best[1:]]
        assert "best concept▴" in await click("best concept")
        order = [concepts[unit - 1].casefold() for unit in opened.rows.matches[1][:-1]]
        assert order == sorted(order)
        assert "unit▴" in await click("unit")
        assert "unit▾" in await click("unit")
        assert opened.rows.matches[1].tolist() == list(range(13, -1, -1))
        await opened.press("y")
        assert " ▴" in await click("✓")
        assert opened.rows.matches[1].tolist()[-2:] == [3, 0], "the decided and the dead after the undecided"


async def test_most_worth_a_look_are_unsettled_neurons_that_say_more_than_chance(
    run_path: Path, tmp_path: Path
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("left_square_bracket", "left_square_bracket", "left_square_bracket", "s", "w")
        live = Evidence(opened.reader, Requery(opened.reader)).layer("layer1", opened.cuts)
        units = opened.rows.matches[1]
        part = [0 if live[Q_VALUE][u] < 0.05 and live[TRUST][u] else 1 if live[TRUST][u] else 2 for u in units]
        assert part == sorted(part)
        change = [live[CHANGE_CHANCE][u] for u, each in zip(units, part, strict=True) if each == 0]
        assert change == sorted(change, reverse=True)
        assert "change▾" in opened.text()


async def test_the_next_undecided_says_where_the_list_begins_again(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("G", "n")
        assert opened.neuron == "layer0:1"
        assert "From the top again" in said(opened)
        await opened.press("N")
        assert opened.neuron == "layer1:13"
        assert "From the end again" in said(opened)


async def test_a_queue_of_undecided_neurons_goes_on_where_it_is(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await filter_by(opened, "layer1 verdict:none")
        await opened.press("enter", "j", "j")
        judged = opened.neuron
        await opened.press("y")
        assert opened.neuron == f"layer1:{int(judged.split(':')[1]) + 1}", "not from the beginning of the list"
        assert "12 neurons found" in opened.text()
        await opened.press("escape", "slash")
        await opened.type("layer1")
        await opened.press("enter")
        assert "14 neurons found · 1 of 13 decided" in opened.text()
        assert re.search(r"layer1 .*14 found · 1 decided", opened.text())


async def test_undecided_first_goes_on_where_it_is(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("s", "n", "y")
        assert opened.neuron == "layer1:4"
        await opened.press("y")
        assert opened.neuron == "layer1:5"
        assert opened.rows.matches[1].tolist()[-3:] == [3, 4, 0]


async def test_back_and_forward_bring_the_filter_back(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await filter_by(opened, "layer0:5")
        await opened.press("enter")
        assert opened.neuron == "layer0:5"
        await opened.press("ctrl+o")
        assert (opened.neuron, opened.rows.query) == ("layer1:3", "")
        await opened.press("alt+right")
        assert (opened.neuron, opened.rows.query) == ("layer0:5", "layer0:5")
        await opened.press("escape", "alt+left")
        assert (opened.neuron, opened.rows.query) == ("layer0:5", "layer0:5"), "clearing a filter is a jump too"
        await opened.press("ctrl+o", "ctrl+i")
        assert opened.neuron == "layer0:5"
        await opened.press("tab")
        assert not isinstance(opened.screen.focused, NeuronTree), "Tab is no Ctrl-I"
        await opened.press("ctrl+i", "ctrl+i")
        assert "There is no place after this one" in said(opened)
