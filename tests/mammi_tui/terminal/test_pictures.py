"""Pictures beside cells, seen through an emulator of the protocols: right pixels, no ghosts, bounded memory."""

from __future__ import annotations

import io
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from mammi_tui.images.base import Grey, resample
from mammi_tui.images.kitty import KittyBackend
from mammi_tui.images.picture import Picture
from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades
from mammi_tui.images.sixel import SixelBackend
from mammi_tui.terminal import kitty_pictures
from mammi_tui.terminal.changes import ChangesOnly, LinesUpdate
from mammi_tui.terminal.pictures import Allowance, Sight, _uncovered
from mammi_tui.terminal.sent_cells import SentCells
from tests.support.pixel_terminal import PixelTerminal, psnr

WIDTH, HEIGHT, CELL = 24, 12, (6, 13)
CONSOLE = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
CELLS = QuadrantBackend(Shades.true_colour())
AREA = (10, 5)


def film(seed: int = 0) -> Grey:
    """A smooth film with fine detail."""
    rng = np.random.default_rng(seed)
    return resample(rng.integers(0, 256, (40, 40), dtype=np.uint8), 160, 160)


FILMS = [film(seed) for seed in range(3)]

Backend = KittyBackend | SixelBackend


def backend(kind: str) -> Backend:
    if kind == "sixel":
        return SixelBackend(CELLS, cell=CELL)
    return KittyBackend(CELLS, cell=CELL, in_tmux=kind == "kitty in tmux")


class Seen:
    """An emulator, and what sends it frames."""

    def __init__(self, made: Backend) -> None:
        self.backend, self.sent = made, SentCells()
        self.terminal = PixelTerminal(WIDTH, HEIGHT, CELL, tmux=getattr(made.pictures, "_in_tmux", False))

    def frame(self, lines: list[Strip], sights: list[Sight]) -> str:
        update = LayoutUpdate([[line] for line in lines], Region(0, 0, WIDTH, HEIGHT))
        return self.send(ChangesOnly(update, self.sent, Size(WIDTH, HEIGHT), self.backend.pictures, sights))

    def pictures_only(self, sights: list[Sight]) -> str:
        return self.send(ChangesOnly(LinesUpdate([]), self.sent, Size(WIDTH, HEIGHT), self.backend.pictures, sights))

    def send(self, changes: ChangesOnly) -> str:
        text = changes.render_segments(CONSOLE)
        self.terminal.feed(text)
        return text

    def sight(self, number: int, x: int, y: int, cover: Region | None = None) -> Sight:
        sharp = self.backend.sharpen(Picture(FILMS[number]), *AREA)
        region = sharp.region.translate((x, y))
        visible = region.intersection(Region(0, 0, WIDTH, HEIGHT))
        return Sight(region, sharp, tuple(_uncovered(visible, [cover] if cover else [])))


def lines(text: str = "", cover: Region | None = None) -> list[Strip]:
    """A screen of text, with a box of other text."""
    styles = [Style(color="#aabbcc", bgcolor="#102030")] * 3
    screen = [Strip([Segment((text * WIDTH)[:WIDTH].ljust(WIDTH), styles[0])]) for _ in range(HEIGHT)]
    for y in range(cover.y, cover.bottom) if cover else ():
        line, box = screen[y], Strip([Segment("#" * cover.width, Style(bgcolor="#400000"))])
        screen[y] = Strip.join([line.crop(0, cover.x), box, line.crop(cover.right)])
    return screen


KINDS = ("kitty", "kitty in tmux", "sixel")


@pytest.mark.parametrize(("kind", "least"), [("kitty", np.inf), ("kitty in tmux", np.inf), ("sixel", 44.0)])
def test_a_film_comes_out_as_it_is_resampled(kind: str, least: float) -> None:
    seen = Seen(backend(kind))
    sight = seen.sight(0, 3, 2)
    seen.frame(lines("text "), [sight])
    x, y, columns, rows = sight.region
    height = rows * CELL[1] // 6 * 6 if kind == "sixel" else rows * CELL[1]
    expected = np.repeat(resample(FILMS[0], columns * CELL[0], height)[..., None], 3, axis=2)
    shown = seen.terminal.area(x, y, columns, rows)
    assert psnr(shown[:height], expected) >= least
    assert not shown[height:].any()
    assert seen.terminal.text().splitlines()[0] == ("text " * WIDTH)[:WIDTH].rstrip()


FRAMES = st.lists(
    st.tuples(
        st.sampled_from(["", "a ", "bc"]),
        st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 18), st.sampled_from([-2, 0, 1, 6])), max_size=2),
        st.none() | st.builds(Region, st.integers(0, 16), st.integers(0, 8), st.integers(1, 8), st.integers(1, 4)),
        st.booleans(),
    ),
    min_size=2,
    max_size=5,
)


@pytest.mark.parametrize("kind", KINDS)
@given(FRAMES)
@settings(max_examples=20, deadline=None)
def test_what_was_shown_before_leaves_nothing_behind(kind: str, frames: list[Any]) -> None:
    """Films that come, move, change and go, and a box before them: in the end all is as on a screen drawn once."""
    seen = Seen(backend(kind))

    def show(on: Seen, frame: Any, *, whole: bool = True) -> None:
        text, films, cover, _ = frame
        sights: list[Sight] = []
        for sight in (on.sight(*placed, cover) for placed in films):
            if sight.seen and not any(sight.region.overlaps(other.region) for other in sights):
                sights.append(sight)
        if whole:
            on.frame(lines(text, cover), sights)
        else:
            on.pictures_only(sights)

    for frame in frames:
        show(seen, frame)
        if frame[3]:
            seen.pictures_only([])
            show(seen, frame, whole=False)
    once = Seen(backend(kind))
    show(once, frames[-1])
    assert np.array_equal(seen.terminal.pixels(), once.terminal.pixels())
    seen.pictures_only([])
    once.frame(lines(frames[-1][0], frames[-1][2]), [])
    assert np.array_equal(seen.terminal.pixels(), once.terminal.pixels())


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_that_is_scrolled_leaves_no_edge(kind: str) -> None:
    seen, once = Seen(backend(kind)), Seen(backend(kind))
    for y in (4, 3, 5, 1, 2):
        seen.frame(lines("text "), [seen.sight(0, 3, y)])
        once.sent.forget()
        once.backend.pictures.forget()
        once.terminal = PixelTerminal(WIDTH, HEIGHT, CELL, tmux=kind == "kitty in tmux")
        once.frame(lines("text "), [once.sight(0, 3, y)])
        assert np.array_equal(seen.terminal.pixels(), once.terminal.pixels())


def test_a_sixel_so_narrow_that_cells_on_both_sides_are_sent_with_it_is_drawn_again() -> None:
    seen = Seen(backend("sixel"))
    sharp = seen.backend.sharpen(Picture(FILMS[0]), 2, 1)
    sight = Sight(region := Region(5, 2, *sharp.region.size), sharp, (region,))
    seen.frame(lines("ab"), [sight])
    before = seen.terminal.area(*region)
    seen.frame(lines("cd"), [sight])
    assert np.array_equal(seen.terminal.area(*region), before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_that_stays_is_not_sent_again(kind: str) -> None:
    seen = Seen(backend(kind))
    sight = seen.sight(0, 3, 2)
    assert len(seen.frame(lines("text "), [sight])) > 2000
    assert seen.frame(lines("text "), [sight]) == ""
    assert len(seen.frame(lines("tex2 "), [sight])) < 2500  # text beside it has changed
    assert len(seen.terminal.sent) + seen.terminal.sixels == 1


def test_kitty_gets_a_film_once_however_often_it_moves_and_comes_back() -> None:
    seen = Seen(backend("kitty"))
    for x in (0, 3, 9):
        seen.frame(lines(), [seen.sight(0, x, 1)])
        seen.frame(lines(), [])
    assert len(seen.terminal.sent) == 1


def test_text_over_a_film_is_text_and_the_film_comes_back() -> None:
    for kind in KINDS:
        seen = Seen(backend(kind))
        whole = seen.sight(0, 3, 2)
        seen.frame(lines(), [whole])
        before = seen.terminal.pixels()
        box = Region(5, 3, 4, 2)
        seen.frame(lines(cover=box), [seen.sight(0, 3, 2, box)])
        assert (seen.terminal.area(*box)[0] == (0x40, 0, 0)).all()
        seen.frame(lines(), [whole])
        assert np.array_equal(seen.terminal.pixels(), before)


def test_a_sixel_has_no_place_in_the_last_line_or_where_a_cell_has_another_size() -> None:
    seen = Seen(backend("sixel"))
    low = seen.sight(0, 3, HEIGHT - AREA[1])
    seen.frame(lines(), [low])
    assert not seen.terminal.sixels
    sight = seen.sight(0, 3, 1)
    seen.backend.pictures.cell = (7, 13)
    seen.frame(lines(), [sight])
    assert not seen.terminal.sixels
    seen.frame(lines(), [seen.sight(0, 3, 1)])
    assert seen.terminal.sixels == 1


def test_what_the_terminal_keeps_for_us_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kitty_pictures, "MOST_PICTURES", 2)
    seen = Seen(backend("kitty"))
    for number in (0, 1, 2, 1):
        seen.frame(lines(), [seen.sight(number, 3, 2)])
        assert len(seen.terminal.held) <= 2
    assert len(seen.terminal.sent) == 3, "the one used last is kept"
    monkeypatch.setattr(kitty_pictures, "MOST_PIXELS", 1)
    seen.frame(lines(), [seen.sight(0, 3, 2)])
    assert len(seen.terminal.held) == 1, "what is on screen stays"


def test_at_the_end_the_terminal_keeps_nothing() -> None:
    seen = Seen(backend("kitty"))
    assert seen.backend.pictures.farewell() == ""
    for number in range(3):
        seen.frame(lines(), [seen.sight(number, 3, 2)])
    transmission = seen.backend.pictures._transmission(1, seen.sight(0, 0, 0).sharp)  # type: ignore[union-attr]
    seen.terminal.feed(seen.backend.pictures.farewell())
    assert not seen.terminal.held
    assert seen.backend.pictures.farewell().startswith("\x1b\\"), "ends what was cut off"
    assert transmission.count("\x1b_G") == -(-len(seen.sight(0, 0, 0).sharp.data) // 4096)


def test_several_explorers_in_one_terminal_have_other_ids() -> None:
    ids = set()
    for _ in range(20):
        seen = Seen(backend("kitty"))
        seen.frame(lines(), [seen.sight(0, 3, 2)])
        ids |= set(seen.terminal.sent)
    assert len(ids) == 20


def test_without_true_colour_ids_are_entries_of_the_palette() -> None:
    numbers = count(250)
    pictures = kitty_pictures.KittyPictures(
        true_colour=False, allowance=Allowance(1e9, 1e9), number=lambda _: next(numbers)
    )
    ids = [pictures._new_id() for _ in range(300)]
    assert {identifier >> 24 for identifier in ids} == {251}
    assert {identifier & 0xFFFFFF for identifier in ids} == set(range(16, 256))


@pytest.mark.parametrize("kind", ["kitty", "sixel"])
def test_pictures_wait_where_the_line_is_slow_and_cells_do_not(kind: str) -> None:
    made = backend(kind)
    now = 0.0
    made.pictures._allowance = Allowance(1000, 3000, lambda: now)  # type: ignore[union-attr]
    seen = Seen(made)
    sights = [seen.sight(0, 0, 0), seen.sight(1, 12, 0)]
    seen.frame(lines("text "), sights)
    assert len(seen.terminal.sent) + seen.terminal.sixels == 1
    wait = made.pictures.wait
    assert wait is not None
    assert 1 < wait < 60
    now += wait
    seen.pictures_only(sights)
    assert len(seen.terminal.sent) + seen.terminal.sixels == 2
    assert made.pictures.wait is None


def test_behind_other_windows_of_tmux_films_are_cells_and_pictures_in_front() -> None:
    made = backend("kitty in tmux")
    made.pictures._is_on_screen = lambda: False  # type: ignore[union-attr]
    seen = Seen(made)
    sights = [seen.sight(0, 3, 2)]
    seen.frame(lines("text "), sights)
    assert not seen.terminal.sent
    assert seen.terminal.text().splitlines()[3] == ("text " * WIDTH)[:WIDTH].rstrip()
    assert made.pictures.wait == 1
    made.pictures._is_on_screen = lambda: True  # type: ignore[union-attr]
    seen.pictures_only(sights)
    assert len(seen.terminal.sent) == 1


@given(st.lists(st.builds(Region, *[st.integers(0, 9)] * 2, *[st.integers(1, 6)] * 2), max_size=4))
def test_what_covers_leave_of_an_area(covers: list[Region]) -> None:
    area = Region(2, 2, 8, 6)
    parts = list(_uncovered(area, covers))
    cells = [(x, y) for part in parts for x in range(part.x, part.right) for y in range(part.y, part.bottom)]
    assert len(cells) == len(set(cells))
    assert set(cells) == {
        (x, y) for x in range(2, 10) for y in range(2, 8) if not any(cover.contains(x, y) for cover in covers)
    }
