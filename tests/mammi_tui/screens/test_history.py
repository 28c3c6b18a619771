"""Back and forward: between neurons, and between views."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mammi_tui.neurons.rows import Neuron
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.screens.history import MOST_PLACES, History, Place
from mammi_tui.views.base import View
from mammi_tui.views.concepts import CONCEPTS
from mammi_tui.views.evidence import EVIDENCE
from mammi_tui.views.pane import ViewPane
from tests.support.explorer import Explorer, explorer


def place(unit: int, view: View = CONCEPTS) -> Place:
    return Place(Neuron(0, unit), view)


def went_back(history: History) -> list[int]:
    """The units of all places before the present one, the nearest first."""
    units = []
    while found := history.go(-1):
        assert isinstance(found.subject, Neuron)
        units.append(found.subject.unit)
    return units


def test_a_jump_leaves_a_place_and_a_step_does_not() -> None:
    history = History()
    history.visit(place(3))
    history.visit(place(4), step=True)
    history.visit(place(5), step=True)
    history.visit(place(40))
    history.visit(place(41), step=True)
    assert history.place == place(41)
    assert went_back(history) == [5]
    assert history.go(1) == place(41)
    assert history.go(1) is None


def test_a_jump_drops_what_lay_ahead_and_a_step_keeps_it() -> None:
    history = History()
    for unit in (1, 10, 20):
        history.visit(place(unit))
    history.go(-1)
    history.visit(place(11), step=True)
    assert history.go(1) == place(20)
    history.go(-1)
    history.visit(place(30))
    assert history.go(1) is None
    assert went_back(history) == [11, 1]


def test_what_is_passed_while_a_filter_is_typed_leaves_no_place() -> None:
    history = History()
    history.visit(place(1))
    history.visit(place(7), passing=True)
    history.visit(place(8), passing=True)
    history.visit(place(1))
    assert went_back(history) == [], "the filter was dropped"
    history.visit(place(7), passing=True)
    history.settle()
    history.visit(place(50))
    assert went_back(history) == [7, 1], "the filter was kept"


def test_a_step_onto_a_neighbouring_place_makes_one_of_the_two() -> None:
    history = History()
    history.visit(place(1))
    history.visit(place(3))
    history.visit(place(2), step=True)
    history.visit(place(1), step=True)
    assert went_back(history) == []


def test_the_same_neuron_in_another_view_is_another_place() -> None:
    history = History()
    history.visit(place(1))
    history.visit(place(1))
    history.visit(place(1, EVIDENCE))
    assert history.go(-1) == place(1)
    assert history.go(-1) is None


def test_the_oldest_places_are_forgotten() -> None:
    history = History()
    for unit in range(3 * MOST_PLACES):
        history.visit(place(unit))
    assert len(went_back(history)) == MOST_PLACES - 1


@pytest.mark.slow
async def test_jumps_can_be_gone_back_and_forward(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("j", "j", "G")
        await opened.press("slash", "l", "a", "y", "e", "r", "0", "colon", "5", "enter")
        assert opened.neuron == "layer0:5"
        await opened.press("ctrl+o")
        assert opened.neuron == "layer1:13"
        assert opened.rows.query == "", "the filter hides it"
        await opened.press("ctrl+o")
        assert opened.neuron == "layer1:5", "the last of the steps"
        assert opened.screen.query_one(NeuronTree).here() == opened.looking.neuron
        assert opened.neuron in opened.text()
        await opened.press("ctrl+o")
        assert opened.neuron == "layer1:5", "there is nothing before"
        await opened.press("alt+right", "alt+right", "alt+right")
        assert opened.neuron == "layer0:5"
        await opened.press("alt+left")
        assert opened.neuron == "layer1:13"


@pytest.mark.slow
async def test_the_next_undecided_leaves_a_place(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y", "x", "ctrl+o")
        assert opened.neuron == "layer1:4"
        assert "✗ rejected" in opened.text()
        await opened.press("ctrl+o", "n")
        assert opened.neuron == "layer1:5"


@pytest.mark.slow
async def test_the_palette_and_a_far_click_leave_a_place(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        line = next(y for y, line in enumerate(opened.lines()) if re.search(r"│\s+9 .*class 9", line))
        await opened.pilot.click(offset=(10, line))
        await opened.rest()
        opened.screen.go_to_layer(0)
        await opened.rest()
        assert opened.neuron == "layer0:0"
        await opened.press("ctrl+o")
        assert opened.neuron == "layer1:9"
        await opened.press("ctrl+o")
        assert opened.neuron == "layer1:3"


@pytest.mark.slow
async def test_a_filter_that_is_dropped_leaves_no_place(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("n", "slash", "1", "2", "escape")
        assert opened.neuron == "layer1:4"
        await opened.press("ctrl+o")
        assert opened.neuron == "layer1:3"


@pytest.mark.slow
@pytest.mark.parametrize("size", [(140, 40), (70, 24)])
async def test_views_are_places_too(run_path: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    def shown(opened: Explorer) -> tuple[str, str]:
        return opened.screen.query_one(ViewPane).view.name, opened.neuron

    async with explorer(run_path, tmp_path, size=size) as opened:
        await opened.press("e", "m", "n", "left_square_bracket")
        assert shown(opened) == ("methods", "layer1:4")
        for view in ("methods", "evidence", "concepts"):
            await opened.press("ctrl+o")
            assert shown(opened) == (view, "layer1:3")
            assert f"2 {view.title()} of layer1:3" in opened.text()
            assert opened.cuts.alpha == 0.92, "α stays"
        await opened.press("alt+right")
        assert shown(opened) == ("evidence", "layer1:3")


@pytest.mark.slow
async def test_help_and_palette_offer_back_and_forward(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(140, 80)) as opened:
        await opened.press("n", "question_mark")
        assert re.search(r"\^o\s+.*Back to", opened.text())
        assert re.search(r"alt\+→\s+.*Forward again", opened.text())
        await opened.press("escape")
        await opened.pilot.press("colon", *"back")
        await opened.pilot.pause(0.4)
        await opened.pilot.press("enter")
        await opened.pilot.pause(0.2)
        await opened.rest()
        assert opened.neuron == "layer1:3"
