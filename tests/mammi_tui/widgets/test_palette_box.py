"""The palette looks for nothing once it has closed, and takes no click on what it no longer lists."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.style import Style
from textual.app import App
from textual.command import CommandList
from textual.events import Click
from textual.pilot import Pilot

from mammi_tui.widgets.palette_box import PaletteBox


@asynccontextmanager
async def opened(size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[PaletteBox, Pilot[None]]]:
    """A palette that is open; after the block, the app must not have ended."""
    app = App[None]()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(palette := PaletteBox())
        await pilot.pause()
        yield palette, pilot
        await pilot.pause()
        assert (app.return_code, app.is_running) == (None, True)


async def test_what_is_typed_into_a_closed_palette_is_no_error() -> None:
    async with opened() as (palette, pilot):
        await pilot.press("t")
        await pilot.press("escape")
        await pilot.pause()
        assert palette not in pilot.app.screen_stack
        assert palette._gather_commands("th") is None


async def test_a_click_on_what_the_palette_no_longer_lists_is_no_error() -> None:
    async with opened() as (palette, pilot):
        await pilot.press("t")
        await pilot.pause()
        found = palette.query_one(CommandList)
        late = Style(meta={"option": found.option_count})
        found.post_message(Click(found, 1, 1, 0, 0, 1, False, False, False, style=late))


async def test_a_click_where_nothing_is_any_more_is_no_error() -> None:
    async with opened() as (palette, pilot):
        width, height = pilot.app.size
        palette.post_message(Click(palette, width, height, 0, 0, 1, False, False, False))
        await pilot.pause()
        assert palette in pilot.app.screen_stack
        palette.post_message(Click(palette, 0, height - 1, 0, 0, 1, False, False, False))
        await pilot.pause()
        assert palette not in pilot.app.screen_stack


async def test_a_page_of_a_list_without_room_is_no_error() -> None:
    async with opened(size=(12, 2)) as (_, pilot):
        await pilot.press("t")
        await pilot.pause()
        await pilot.press("down", "pageup", "pagedown", "down", "up", "ctrl+end", "ctrl+home", "pagedown")


async def test_a_countdown_that_outlives_the_list_is_no_error() -> None:
    async with opened() as (palette, pilot):
        palette._NO_MATCHES_COUNTDOWN = 0.01  # type: ignore[misc]
        palette._start_no_matches_countdown("nothing")
        await palette.query(CommandList).remove()
        await pilot.pause(0.1)


async def test_what_is_found_too_late_is_not_drawn() -> None:
    """The palette's parts go before it does."""
    async with opened() as (palette, _):
        await palette.query("LoadingIndicator").remove()
        palette._show_busy = True
        palette._list_visible = not palette._list_visible
