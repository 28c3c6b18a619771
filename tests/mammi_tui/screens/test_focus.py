"""After a line that the reader types into, the keys go to where they went before."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.support.explorer import Explorer, explorer

pytestmark = pytest.mark.slow


def pane_with_focus(opened: Explorer) -> str:
    panes = opened.screen.panes
    return next(name for name in ("neurons", "view", "images") if panes.reading(name) is opened.screen.focused)


@pytest.mark.parametrize("pane", ["1", "2", "3"])
async def test_after_a_typed_alpha_the_keys_go_to_the_pane(run_path: Path, tmp_path: Path, pane: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press(pane)
        before = pane_with_focus(opened)
        await opened.press("a", *"0.6", "enter")
        assert opened.cuts.alpha == 0.6
        assert pane_with_focus(opened) == before
        await opened.press("2")
        assert (pane_with_focus(opened), opened.cuts.alpha) == ("view", 0.6), "2 is a key of the explorer again"


async def test_what_is_no_value_stays_in_the_slider(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("a", *"7", "enter")
        assert opened.screen.focused is opened.screen.cuts_bar.sliders["alpha"]
        assert opened.screen.cuts_bar.sliders["alpha"].editing == "7"


async def test_f_on_a_concept_filters_and_the_keys_stay_there(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("2", "j", "f")
        query = opened.rows.query
        assert query
        await opened.press("j", "k", "y")
        assert (opened.rows.query, pane_with_focus(opened)) == (query, "view")
        await opened.press("escape")
        assert opened.rows.query == ""


async def test_where_one_pane_fits_f_on_a_concept_goes_to_the_neurons(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(70, 24)) as opened:
        await opened.press("2", "f")
        assert opened.rows.query
        assert pane_with_focus(opened) == "neurons"
        assert opened.screen.neurons.outline.region.area


@pytest.mark.parametrize("pane", ["1", "2", "3"])
@pytest.mark.parametrize("leave", ["enter", "escape"])
async def test_after_the_filter_the_keys_go_to_the_pane(run_path: Path, tmp_path: Path, pane: str, leave: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press(pane)
        before = pane_with_focus(opened)
        await opened.press("slash", "1", leave)
        assert pane_with_focus(opened) == before


async def test_down_goes_from_the_filter_to_the_neurons_found(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("3", "slash", "1", "down")
        assert (opened.rows.query, pane_with_focus(opened)) == ("1", "neurons")


async def test_after_the_palette_and_the_help_the_keys_go_to_the_pane(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("2", "question_mark", "escape", "colon", "escape", "ctrl+p", *"back", "down", "enter")
        assert opened.app.screen is opened.screen
        assert pane_with_focus(opened) == "view"


async def test_hostile_text_in_the_filter_is_drawn_as_it_is(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash")
        opened.screen.query_one("#filter", Input).insert_text_at_cursor("\x1b[31mred\x07")
        await opened.rest()
        assert "␛[31mred␇" in opened.text()
        assert "\x1b" not in opened.text()


async def test_a_key_that_is_typed_into_the_line_is_not_offered(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        assert "/ Filter" in opened.lines()[-1]
        opened.screen.one_line.ask("note", lambda _: None)
        await opened.rest()
        assert "esc Leave" in opened.lines()[-1]
        assert "/ Filter" not in opened.lines()[-1]
