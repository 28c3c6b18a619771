"""The line at the bottom of a screen: the focus returns, nothing typed is lost, and hostile text is harmless."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Button

from mammi_tui.widgets.one_line import AnswerLine, OneLine


class LineApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []
        self.refusal: str | None = None

    def compose(self) -> ComposeResult:
        yield Button("one", id="one")
        yield Button("two", id="two")
        yield OneLine()

    @property
    def line(self) -> AnswerLine:
        return self.query_one(AnswerLine)

    def keep(self, text: str) -> str | None:
        if self.refusal is None:
            self.kept.append(text)
        return self.refusal

    def ask(self, label: str = "note", text: str = "", concepts: Sequence[str] = ("effusion", "effort")) -> None:
        self.query_one(OneLine).ask(
            label, self.keep, text=text, complete=lambda typed: [word for word in concepts if word.startswith(typed)]
        )


@asynccontextmanager
async def asked(text: str = "") -> AsyncIterator[tuple[LineApp, Pilot[None]]]:
    app = LineApp()
    async with app.run_test() as pilot:
        app.set_focus(app.query_one("#two"))
        app.ask(text=text)
        await pilot.pause()
        yield app, pilot


async def test_enter_keeps_the_text_and_the_focus_returns() -> None:
    async with asked() as (app, pilot):
        assert app.line.region.height == 1, "it is on screen"
        await pilot.press(*"only AP", "enter")
        assert app.kept == ["only AP"]
        assert app.focused is app.query_one("#two")
        assert not app.line.region.area


async def test_escape_drops_the_text_and_the_focus_returns() -> None:
    async with asked("before") as (app, pilot):
        await pilot.press("x", "escape")
        assert app.kept == []
        assert app.focused is app.query_one("#two")


async def test_what_cannot_be_taken_stays_in_the_line() -> None:
    async with asked() as (app, pilot):
        app.refusal = "no room"
        await pilot.press("a", "enter")
        assert app.line.value == "a"
        assert app.focused is app.line
        app.refusal = None
        await pilot.press("enter")
        assert app.kept == ["a"]


async def test_another_question_does_not_overwrite_what_is_undone() -> None:
    async with asked() as (app, pilot):
        await pilot.press("a")
        app.set_focus(app.query_one("#one"))
        app.ask("label", "other")
        assert app.line.value == "a"
        assert app.query_one(OneLine).undone == "note: “a” is not entered yet"
        await pilot.press("enter")
        assert app.kept == ["a"]
        assert app.query_one(OneLine).undone == ""
        assert app.focused is app.query_one("#one")


async def test_a_pasted_text_is_clean_and_of_one_line() -> None:
    async with asked() as (app, pilot):
        app.line.post_message(events.Paste("two\nlines \x1b]52;c;aGk=\x07\u202e and [red]markup"))
        await pilot.pause()
        assert app.line.value == "two lines ␛]52;c;aGk=␇� and [red]markup"
        await pilot.press("home", "z", "enter")
        assert app.kept == ["ztwo lines ␛]52;c;aGk=␇� and [red]markup"]


async def test_more_than_fits_is_told_and_what_fits_is_taken() -> None:
    async with asked() as (app, pilot):
        app.line.post_message(events.Paste("x" * 3_000_000))
        await pilot.pause()
        assert app.line.value == "x" * 500
        assert any("500 characters" in note.message for note in app._notifications)


async def test_tab_goes_through_the_completions_and_back_to_what_was_typed() -> None:
    async with asked() as (app, pilot):
        await pilot.press("e", "f")
        seen = []
        for key in ("tab", "tab", "tab", "shift+tab"):
            await pilot.press(key)
            seen.append(app.line.value)
        assert seen == ["effusion", "effort", "ef", "effort"]


async def test_nothing_is_pasted_without_text() -> None:
    async with asked("kept") as (app, pilot):
        for text in ("", "\n", "\x00", "   "):
            app.line.post_message(events.Paste(text))
        await pilot.press("enter")
        assert app.kept == ["kept␀"]
