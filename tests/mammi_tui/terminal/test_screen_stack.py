"""A screen closes once, and only itself, and always has the terminal's size."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from mammi_tui.terminal.screen_stack import SoundStackApp


class CloseTwice(Message):
    """Tells a screen to close, twice."""


class Top(ModalScreen[str]):
    CSS = "Top { background: black; }"

    def compose(self) -> ComposeResult:
        yield Static("top")

    def on_close_twice(self) -> None:
        self.dismiss("first")
        self.dismiss("second")


class Below(Screen[None]):
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-narrow"), (80, "-wide")]

    def on_close_twice(self) -> None:
        self.dismiss()


class StackApp(SoundStackApp):
    def get_default_screen(self) -> Below:
        return Below()


async def test_a_screen_closes_once_and_gives_one_result() -> None:
    app = StackApp()
    async with app.run_test() as pilot:
        results: list[str | None] = []
        await app.push_screen(Top())
        await app.push_screen(Top(), results.append)
        app.screen.post_message(CloseTwice())
        await pilot.pause()
        assert [type(screen) for screen in app.screen_stack] == [Below, Top]
        assert results == ["first"]


async def test_a_screen_that_is_covered_closes_itself_and_no_other() -> None:
    app = StackApp()
    async with app.run_test() as pilot:
        results: list[str | None] = []
        covered, top = Top(), Top()
        await app.push_screen(covered, results.append)
        await app.push_screen(top)
        covered.post_message(CloseTwice())
        await pilot.pause()
        assert app.screen_stack[1:] == [top]
        assert results == ["first"]
        top.post_message(CloseTwice())
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert app.return_code is None


async def test_the_only_screen_stays() -> None:
    app = StackApp()
    async with app.run_test() as pilot:
        app.screen.post_message(CloseTwice())
        await pilot.pause()
        assert app.return_code is None
        assert len(app.screen_stack) == 1


async def test_what_a_closed_screen_still_asks_for_is_given_up() -> None:
    app = StackApp()
    async with app.run_test() as pilot:
        go_on = asyncio.Event()

        async def ask() -> None:
            await go_on.wait()
            app.query_one("#gone")

        top = Top()
        await app.push_screen(top)
        top.run_worker(ask())
        await pilot.pause()
        top.post_message(CloseTwice())
        await pilot.pause()
        go_on.set()
        await pilot.pause()
        assert app.return_code is None


async def test_a_covered_screen_takes_the_size_that_the_terminal_has_by_then() -> None:
    app = StackApp()
    async with app.run_test(size=(100, 30)) as pilot:
        below = app.screen
        await app.push_screen(Top())
        await pilot.resize_terminal(60, 20)
        app.screen.post_message(CloseTwice())
        await pilot.pause()
        assert app.screen is below
        assert below.size == (60, 20)
        assert below.has_class("-narrow")
        assert not below.has_class("-wide")
