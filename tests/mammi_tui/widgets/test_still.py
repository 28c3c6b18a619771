"""Widgets that draw only lines that differ."""

from __future__ import annotations

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.strip import Strip

from mammi_tui.widgets.still import Framed, StillLines
from tests.support.counted import count_drawing


class Letters(StillLines):
    """Shows one letter in each line."""

    DEFAULT_CSS = "Letters { height: 3; width: 1; }"
    letters = "abc"

    def draw_line(self, y: int) -> Strip:
        return Strip([Segment(self.letters[y], self.style_of())])


class LettersApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Letters()

    def shown(self) -> str:
        return "".join(strip.text[0] for strip in self.screen._compositor.render_strips()[:3])


async def test_what_changes_back_before_it_is_shown_stays() -> None:
    app = LettersApp()
    async with app.run_test(size=(5, 3)) as pilot:
        letters = app.query_one(Letters)
        await pilot.pause()
        for text in ("axc", "abc"):
            letters.letters = text
            letters.redraw()
        await pilot.pause()
        assert app.shown() == "abc"
        letters.letters = "xbz"
        letters.redraw()
        await pilot.pause()
        assert app.shown() == "xbz"


async def test_only_lines_that_differ_are_drawn() -> None:
    app = LettersApp()
    async with app.run_test(size=(5, 3)) as pilot:
        letters, drawn = app.query_one(Letters), list[str]()
        await pilot.pause()
        letters.letters = "aYc"
        end = count_drawing(drawn.append)
        letters.redraw()
        await pilot.pause()
        end()
        assert app.shown() == "aYc"
        assert (drawn.count("lines"), drawn.count("layouts")) == (1, 0)


class FrameApp(App[None]):
    CSS = "Framed { border: round white; height: 4; width: 12; }"

    def compose(self) -> ComposeResult:
        yield Framed()


async def test_a_frame_draws_only_its_edges() -> None:
    app = FrameApp()
    async with app.run_test(size=(12, 4)) as pilot:
        framed, drawn = app.query_one(Framed), list[str]()
        await pilot.pause()
        end = count_drawing(drawn.append)
        framed.frame("[b]", "below")
        await pilot.pause()
        end()
        lines = [strip.text for strip in app.screen._compositor.render_strips()]
        assert "[b]" in lines[0]
        assert "below" in lines[3]
        assert (drawn.count("lines"), drawn.count("layouts")) == (2, 0)


class Wide(StillLines):
    """Shows its width in each line."""

    DEFAULT_CSS = "Wide { height: 3; width: 1fr; }"

    def draw_line(self, y: int) -> Strip:
        width = self.content_size.width
        return Strip([Segment(f"{width} {self.number}".ljust(width), self.style_of())])

    number = 0


async def test_a_line_that_was_drawn_before_a_resize_is_drawn_again_after_it() -> None:
    class WideApp(App[None]):
        def compose(self) -> ComposeResult:
            yield Wide()

    app = WideApp()
    async with app.run_test(size=(20, 3)) as pilot:
        wide = app.query_one(Wide)
        await pilot.pause()
        wide.number = 1
        wide.redraw()  # is not shown before the new size
        app.screen._refresh_layout(Size(10, 3))
        assert app.screen._compositor.render_strips()[0].text == "10 1      "
