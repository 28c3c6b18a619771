"""The palette looks for nothing once it has closed, and takes no click on what it no longer lists."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.app import App
from textual.command import CommandList
from textual.events import Click

from mammi_tui.widgets.palette_box import PaletteBox


async def test_what_is_typed_into_a_closed_palette_is_no_error() -> None:
    app = App[None]()
    async with app.run_test() as pilot:
        palette = PaletteBox()
        await app.push_screen(palette)
        await pilot.press("t")
        await pilot.press("escape")
        await pilot.pause()
        assert palette not in app.screen_stack
        assert palette._gather_commands("th") is None
        await pilot.pause()
        assert app.return_code is None


async def test_a_click_on_what_the_palette_no_longer_lists_is_no_error() -> None:
    app = App[None]()
    async with app.run_test() as pilot:
        await app.push_screen(palette := PaletteBox())
        await pilot.press("t")
        await pilot.pause()
        found = palette.query_one(CommandList)
        late = Style(meta={"option": found.option_count})
        found.post_message(Click(found, 1, 1, 0, 0, 1, False, False, False, style=late))
        await pilot.pause()
        assert app.return_code is None


async def test_a_click_where_nothing_is_any_more_is_no_error() -> None:
    app = App[None]()
    async with app.run_test() as pilot:
        await app.push_screen(palette := PaletteBox())
        await pilot.pause()
        width, height = app.size
        palette.post_message(Click(palette, width, height, 0, 0, 1, False, False, False))
        await pilot.pause()
        assert app.return_code is None
        assert palette in app.screen_stack
        palette.post_message(Click(palette, 0, height - 1, 0, 0, 1, False, False, False))
        await pilot.pause()
        assert palette not in app.screen_stack


@pytest.mark.parametrize("size", [(20, 8), (20, 5), (12, 2), (80, 24)])
async def test_a_page_of_a_list_without_room_is_no_error(size: tuple[int, int]) -> None:
    app = App[None]()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(PaletteBox())
        await pilot.press("t")
        await pilot.pause()
        await pilot.press("down", "pageup", "pagedown", "down", "up", "ctrl+end", "ctrl+home", "pagedown")
        await pilot.pause()
        assert app.return_code is None


async def test_a_countdown_that_outlives_the_list_is_no_error() -> None:
    app = App[None]()
    async with app.run_test() as pilot:
        await app.push_screen(palette := PaletteBox())
        await pilot.pause()
        palette._NO_MATCHES_COUNTDOWN = 0.01  # type: ignore[misc]
        palette._start_no_matches_countdown("nothing")
        await palette.query(CommandList).remove()
        await pilot.pause(0.1)
        assert app.return_code is None


async def test_what_is_found_too_late_is_not_drawn() -> None:
    """The palette's parts go before it does."""
    app = App[None]()
    async with app.run_test() as pilot:
        palette = PaletteBox()
        await app.push_screen(palette)
        await pilot.pause()
        await palette.query("LoadingIndicator").remove()
        palette._show_busy = True
        palette._list_visible = not palette._list_visible
        await pilot.pause()
        assert app.is_running
