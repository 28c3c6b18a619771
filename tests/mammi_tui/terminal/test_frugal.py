"""What is sent to the terminal: only changes, and in the end the same picture."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.events import MouseDown, MouseMove, MouseUp
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Label

from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades
from mammi_tui.terminal.changes import ChangesOnly, LinesUpdate, Update
from mammi_tui.terminal.frugal import FrugalApp, FrugalScreen, LineCompositor
from mammi_tui.terminal.sent_cells import SentCells

WIDTH, HEIGHT = 20, 3
CONSOLE = Console(file=io.StringIO(), color_system="256", force_terminal=True)
STYLES = (Style(color="red"), Style(color="red", bgcolor="blue"), Style(bold=True), None)

TEXTS = st.lists(st.sampled_from(["a", "b", "▀", "━", " ", "肺", "e\u0301"]), min_size=1, max_size=6).map("".join)
SEGMENTS = st.tuples(TEXTS, st.sampled_from(STYLES)).map(lambda pair: Segment(*pair))
LINES = st.lists(SEGMENTS, max_size=8).map(lambda line: Strip(line).adjust_cell_length(WIDTH, Style()))
SCREENS = st.lists(LINES, min_size=HEIGHT, max_size=HEIGHT)


def update(lines: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in lines], Region(0, 0, WIDTH, len(lines)))


def picture(*texts: str) -> list[list[pyte.screens.Char]]:
    """What an emulated terminal shows after these texts."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    screen.reset_mode(pyte.modes.DECAWM)
    stream = pyte.Stream(screen)
    for text in texts:
        stream.feed(text)
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


@pytest.mark.slow
@given(st.lists(SCREENS, min_size=1, max_size=4))
def test_the_terminal_shows_the_same_as_if_everything_had_been_sent(screens: list[list[Strip]]) -> None:
    sent = SentCells()
    changes = [ChangesOnly(update(lines), sent, Size(WIDTH, len(lines))).render_segments(CONSOLE) for lines in screens]
    assert picture(*changes) == picture(update(screens[-1]).render_segments(CONSOLE))


@given(SCREENS)
def test_what_is_on_the_screen_is_not_sent_again(lines: list[Strip]) -> None:
    sent = SentCells()
    assert ChangesOnly(update(lines), sent, Size(WIDTH, len(lines))).render_segments(CONSOLE)
    assert ChangesOnly(update(lines), sent, Size(WIDTH, len(lines))).render_segments(CONSOLE) == ""
    sent.forget()
    assert ChangesOnly(update(lines), sent, Size(WIDTH, len(lines))).render_segments(CONSOLE)


def test_a_number_beside_a_film_does_not_send_the_film_again() -> None:
    film = QuadrantBackend(Shades.ramp()).render(np.random.default_rng(0).integers(0, 255, (32, 32), np.uint8), 16, 3)
    sent = SentCells()
    screens = [[Strip([Segment(number.ljust(4)), *line]) for line in film] for number in ("0.93", "0.94")]
    first, second = (
        ChangesOnly(update(lines), sent, Size(WIDTH, len(lines))).render_segments(CONSOLE) for lines in screens
    )
    assert len(first) > 500
    assert second == "".join(f"\x1b[{row};4H4" for row in (1, 2, 3))


def test_a_terminal_of_another_size_gets_everything() -> None:
    sent = SentCells()
    sent.resize(Size(4, 1))
    assert list(sent.changes(0, 0, Strip([Segment("abcd")]))) == [(0, [(c, 0) for c in "abcd"])]
    sent.resize(Size(4, 1))
    assert list(sent.changes(0, 0, Strip([Segment("abcd")]))) == []
    sent.resize(Size(5, 1))
    assert len(list(sent.changes(0, 0, Strip([Segment("abcd")])))) == 1


def test_of_an_update_for_a_larger_terminal_only_what_has_a_place_is_sent() -> None:
    """A terminal draws the rest over its last line and column."""
    sent, smaller = SentCells(), Size(4, 2)
    larger = update([Strip([Segment("abcdef")]), Strip([Segment("ghijkl")]), Strip([Segment("mnopqr")])])
    assert ChangesOnly(larger, sent, smaller).render_segments(CONSOLE) == "\x1b[1;1Habcd\x1b[2;1Hghij"
    fitting = update([Strip([Segment("abcd")]), Strip([Segment("ghix")])])
    assert ChangesOnly(fitting, sent, smaller).render_segments(CONSOLE) == "\x1b[2;4Hx"


@given(st.lists(st.tuples(st.integers(0, 28), st.integers(0, 8), st.integers(1, 12), st.integers(1, 4)), max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_part_of_a_screen_is_drawn_as_a_whole_screen_is(changes: list[tuple[int, int, int, int]]) -> None:
    """Whatever regions are dirty, the cells sent are those of a full update, each once, and none is left out."""
    asyncio.run(_compare([Region(*change) for change in changes]))


class _Overlapping(App[None]):
    CSS = """
    Screen { layers: base top; background: red; }
    Label { width: 14; height: 4; border: round white; }
    #over { layer: top; offset: 6 2; background: blue; }
    """

    def compose(self) -> ComposeResult:
        yield Label("behind, on several lines of text")
        yield Label("in front of it", id="over")


async def _compare(changes: list[Region]) -> None:
    app = _Overlapping()
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.pause()
        compositor = app.screen._compositor
        compositor.__class__ = LineCompositor
        whole = compositor.render_strips()
        compositor._dirty_regions = set(changes)
        update = compositor.render_partial_update()
        expected = {cell for change in changes for cell in _cells(change.intersection(Region(0, 0, 30, 10)))}
        sent: dict[tuple[int, int], str] = {}
        for x, y, strip in update.placed if isinstance(update, LinesUpdate) else ():
            for place, character in enumerate(strip.text, x):
                assert (place, y) not in sent
                sent[place, y] = character
        assert sent == {(x, y): whole[y].text[x] for x, y in expected}


def _cells(region: Region) -> list[tuple[int, int]]:
    return [(x, y) for y in range(region.y, region.bottom) for x in range(region.x, region.right)]


class _Wide(FrugalApp):
    """Text whose characters take two cells each, behind and in front of other widgets."""

    CSS = """
    Screen { layers: base top; }
    Label { height: 1; }
    #narrow { width: 7; dock: left; }
    #hidden { display: none; }
    #rack { layer: top; height: 1; visibility: hidden; }
    #over { width: auto; visibility: visible; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self.shown)

    def get_default_screen(self) -> Screen[object]:
        return FrugalScreen()

    def compose(self) -> ComposeResult:
        yield Label("narrow", id="narrow")
        yield Label("a肺炎肺炎")
        yield Label("", id="hidden")
        with Container(id="rack"):  # as that of messages to the reader: only what it holds is drawn
            yield Label("", id="over")

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, Update):
            self._stream.feed(ChangesOnly(renderable, self.sent, self.size).render_segments(CONSOLE))

    def cells(self) -> list[str]:
        return [self.shown.buffer[0][x].data for x in range(WIDTH)]


@pytest.mark.parametrize("text", ["x", "xy", "肺", "肺炎肺", "x肺炎"])
def test_what_stands_before_wide_characters_leaves_none_of_them_cut(text: str) -> None:
    asyncio.run(_cover(text))


async def _cover(text: str) -> None:
    app = _Wide()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        over = app.query_one("#over", Label)
        over.update(text)
        await pilot.pause()
        bare = app.cells()
        assert "".join(bare).rstrip() == "narrow a肺炎肺炎"
        for column in range(WIDTH - len(text) * 2):
            over.styles.offset = (column, 0)
            over.display = True
            await pilot.pause()
            covered = app.cells()
            assert text in "".join(covered)
            app.action_redraw()
            await pilot.pause()
            assert app.cells() == covered, column
            over.display = False
            await pilot.pause()
            assert app.cells() == bare, column


def test_what_goes_is_wiped_though_others_ask_where_they_are_meanwhile() -> None:
    asyncio.run(_take_away())


async def _take_away() -> None:
    app = _Wide()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        over, hidden = app.query_one("#over", Label), app.query_one("#hidden", Label)
        over.update("xyz")
        await pilot.pause()
        bare = app.cells()
        over.display = True
        await pilot.pause()
        assert app.cells() != bare
        over.display = False
        app.screen._compositor.update_widgets({hidden})
        assert app.query_one("#narrow").region.width == 7
        await pilot.pause()
        assert app.cells() == bare


async def test_a_press_on_text_that_has_just_left_ends_nothing() -> None:
    app = _Wide()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        narrow = app.query_one("#narrow", Label)
        await narrow.remove()
        assert app.screen.get_widget_at(0, 0)[0] is narrow, "no longer where the pointer finds it"
        for kind in (MouseDown, MouseMove, MouseUp):
            app.post_message(kind(None, 0, 0, 0, 0, 1, shift=False, meta=False, ctrl=False, screen_x=0, screen_y=0))
        await pilot.pause()
        assert "".join(app.cells()).strip() == "a肺炎肺炎"
