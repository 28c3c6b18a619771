"""The one-line menu."""

from __future__ import annotations

from textual import events
from textual.app import App, ComposeResult
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input, Label

from mammi_tui.keyboard.key_order import KeysInOrderApp
from mammi_tui.widgets.menu_line import Choice, MenuLine

CHOICES = [Choice("c", "CSV"), Choice("j", "JSON"), Choice("p", "Parquet", marked=True)]


class Host(KeysInOrderApp):
    """Asks by `m`, and remembers the answers."""

    AUTO_FOCUS = None
    BINDINGS = [("m", "menu", "Menu")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield Label("below")
        yield Input(id="line")

    def action_menu(self) -> None:
        self.push_screen(MenuLine("Export", CHOICES), self.answers.append)


def lines(app: App[None]) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


async def together(pilot: Pilot[None], keys: str) -> None:
    """Sends keys as a terminal does that delivers them in one packet."""
    for key in keys:
        pilot.app.post_message(events.Key(_character_to_key(key), key))
    for _ in range(10):
        await pilot.pause()


async def test_a_letter_chooses_and_is_typed_ahead() -> None:
    app = Host()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("m")
        assert lines(app)[-1].rstrip() == " Export: c CSV   j JSON   p Parquet   esc leave"
        assert lines(app)[0].rstrip() == "below"  # the screen stays to be seen
        await pilot.press("p")
        await together(pilot, "mjmc")
        assert app.answers == ["p", "j", "c"]
        assert len(app.screen_stack) == 1


async def test_a_message_covers_no_choice() -> None:
    app = Host()
    async with app.run_test(size=(24, 14), notifications=True) as pilot:
        app.notify("nothing written")
        await pilot.press("m")
        while not app.screen.query("Toast"):
            await pilot.pause(0.01)
        await pilot.pause()
        shown = [line.rstrip() for line in lines(app)]
        assert any("written" in line for line in shown)
        assert shown[-3:] == [" Export: c CSV   j JSON", "         p Parquet", "         esc leave"]


async def test_another_key_does_nothing_and_escape_leaves() -> None:
    app = Host()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("m", "x", "m", "question_mark")
        assert app.answers == []
        assert len(app.screen_stack) == 2
        await pilot.press("escape")
        assert app.answers == [None]
        assert len(app.screen_stack) == 1


async def test_clicks_choose_and_leave_once() -> None:
    app = Host()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("m")
        await pilot.click(offset=(19, 9))
        await pilot.press("m")
        await pilot.click(offset=(5, 3), times=2)
        await pilot.press("m")
        await pilot.click(offset=(39, 9))
        assert app.answers == ["j", None, None]
        assert len(app.screen_stack) == 1


async def test_choices_that_do_not_fit_go_to_another_row() -> None:
    app = Host()
    async with app.run_test(size=(24, 10)) as pilot:
        await pilot.press("m")
        found = [line.rstrip() for line in lines(app)[-3:]]
        assert found == [" Export: c CSV   j JSON", "         p Parquet", "         esc leave"]
        await pilot.click(offset=(12, 8))
        assert app.answers == ["p"]


async def test_the_focus_returns() -> None:
    app = Host()
    async with app.run_test(size=(60, 10)) as pilot:
        app.query_one(Input).focus()
        app.action_menu()
        await pilot.press("c", "z")
        assert app.query_one(Input).value == "z"
