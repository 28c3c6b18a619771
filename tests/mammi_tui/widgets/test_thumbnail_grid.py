"""The grid of representative images, driven by keys and mouse."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from engine.errors import RunFileError
from engine.store import thumbnails
from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.images.off import OffBackend
from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades
from mammi_tui.widgets.captions import ThumbnailItem
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid

# At this size the smallest tiles are 24 × 14 cells, 4 across, and 2 rows of them are seen.
SIZE = (98, 28)

FILM = thumbnails.encode((np.indices((64, 64)).sum(axis=0) * 2).astype(np.uint8))


class Store:
    """Encoded thumbnails, and which of them were read."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, image: int) -> bytes:
        assert self.gate.wait(10)
        self.read.append(image)
        if image == 13:
            raise RunFileError("image 13: \x1b[31mgone")
        return FILM


class Items(Sequence[ThumbnailItem]):
    """Representative images made as they are looked at."""

    def __init__(self, images: Sequence[int]) -> None:
        self.images = images
        self.seen: set[int] = set()

    def __len__(self) -> int:
        return len(self.images)

    @overload
    def __getitem__(self, index: int) -> ThumbnailItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ThumbnailItem]: ...
    def __getitem__(self, index: int | slice) -> ThumbnailItem | Sequence[ThumbnailItem]:
        assert isinstance(index, int)
        self.seen.add(index)
        image = self.images[index]
        return ThumbnailItem(
            image, f"films/{image:08}.png", 2.5 - image / 1000, ("Effusion", "[red]Mass[/]\x1b]0;x\x07")
        )

    def __iter__(self) -> Iterator[ThumbnailItem]:
        raise AssertionError("the grid must not walk through all items")


class GridApp(App[None]):
    CSS = "ThumbnailGrid { width: 1fr; height: 1fr; }"

    def __init__(self, backend: ImageBackend | None = None) -> None:
        super().__init__()
        self.store = Store()
        self.grid = ThumbnailGrid(Films(self.store), backend or QuadrantBackend(Shades.true_colour()))
        self.opened: list[int] = []
        self.highlighted: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.grid

    def on_mount(self) -> None:
        self.grid.focus()

    def on_thumbnail_grid_opened(self, message: ThumbnailGrid.Opened) -> None:
        self.opened.append(message.index)

    def on_thumbnail_grid_highlighted(self, message: ThumbnailGrid.Highlighted) -> None:
        self.highlighted.append(message.index)

    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("this did not happen in time")


async def shown(pilot: Pilot[None], app: GridApp, images: Sequence[int]) -> None:
    """Waits until nothing visible is missing, after giving the grid these images."""
    app.grid.set_images(Items(images))
    await until(pilot, lambda: bool(app.grid.size) and app.grid._missing() is None)
    await pilot.pause()


async def test_a_tile_shows_film_rank_labels_identifier_and_activation() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, [7, *range(20, 27)])
        lines = app.lines()
        assert any(glyph in "".join(lines[1:12]) for glyph in "▀▌▖▗▘▝▚▞")
        assert "#1 Effusion +1  " in lines[12]
        assert "┗00000007         2.493┛" in lines[13]
        assert "\x1b" not in "".join(lines)


async def test_a_single_film_takes_the_pane_and_its_caption_the_room() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, [7])
        lines = app.lines()
        assert app.grid._tiles.height == SIZE[1]
        assert any(glyph in lines[25] for glyph in "▀▌▖▗▘▝▚▞")
        assert "#1 Effusion, [red]Mass[/]␛]0;x" in lines[26]


@pytest.mark.slow
async def test_plus_and_minus_change_the_size_until_equals_fits_it_again() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, range(100, 130))

        async def after(*keys: str) -> int:
            await pilot.press(*keys)
            await until(pilot, lambda: app.grid._missing() is None)
            return app.grid._tiles.film_columns

        assert await after("minus") == 22
        assert await after("j", "j", "plus") == 30
        tile, top = app.grid._tiles.region(app.grid.cursor), app.grid.scroll_offset.y
        assert (app.grid.cursor, top <= tile.y, tile.bottom <= top + SIZE[1]) == (8, True, True)
        assert await after("+") == 46
        assert await after("plus", "plus") == 50
        await shown(pilot, app, range(100, 104))
        assert await after() == 50
        assert await after("-") == 46
        assert await after("f") == 22
        await shown(pilot, app, range(100, 102))
        assert await after() == 46
        await pilot.press("plus", "minus")
        assert len(app.store.read) == len(set(app.store.read))


async def test_only_the_visible_films_of_thousands_are_read() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        items = Items(range(20, 100_020))
        app.grid.set_images(items)
        await until(pilot, lambda: bool(app.grid.size) and app.grid._missing() is None)
        assert sorted(app.store.read) == list(range(20, 28))
        assert max(items.seen) < 24
        await pilot.press("G")
        await until(pilot, lambda: app.grid._missing() is None)
        assert set(app.store.read) <= {*range(20, 28), *range(100_008, 100_020)}
        assert 100_019 in app.store.read


@pytest.mark.slow
async def test_keys_move_the_cursor_and_keep_it_visible() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, range(100, 130))
        for keys, place in [
            ("l", 1), ("right", 2), ("h", 1), ("left", 0), ("left", 0), ("j", 4), ("down", 8), ("k", 4), ("up", 0),
            ("up", 0), ("pagedown", 8), ("pageup", 0), ("G", 29), ("j", 29), ("g", 0), ("end", 29), ("home", 0),
        ]:  # fmt: skip
            await pilot.press(keys)
            assert app.grid.cursor == place, keys
            top = app.grid.scroll_offset.y
            tile = app.grid._tiles.region(place)
            assert top <= tile.y
            assert tile.bottom <= top + app.grid.size.height
        await pilot.press("l")
        assert app.highlighted[-1] == 1


async def test_down_from_the_last_full_row_goes_to_the_last_film() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, range(100, 106))
        await pilot.press("l", "l", "l", "j")
        assert app.grid.cursor == 5


async def test_enter_and_a_second_click_open_a_film() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, range(100, 130))
        await pilot.press("l", "enter")
        assert app.opened == [1]
        await pilot.click(ThumbnailGrid, offset=(60, 5))
        assert (app.grid.cursor, app.opened) == (2, [1])
        await pilot.click(ThumbnailGrid, offset=(60, 5))
        await pilot.pause()
        assert app.opened == [1, 2]


async def test_the_cursors_tile_is_marked_without_colour() -> None:
    app = GridApp(AsciiBackend())
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, range(100, 130))
        await pilot.press("l")
        await pilot.pause()
        lines = app.lines()
        left = app.grid._tiles.region(1).x
        assert (lines[0][left], lines[5][left], lines[13][left]) == ("┏", "┃", "┗")
        assert (lines[0][0], lines[5][0], lines[13][0]) == (" ", " ", " ")


async def test_the_cursor_stays_on_a_film_that_keeps_its_place() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, range(100, 130))
        await pilot.press("j", "l")
        await shown(pilot, app, range(100, 110))
        assert app.grid.cursor == 5
        await shown(pilot, app, range(100, 103))
        assert app.grid.cursor == 0
        await shown(pilot, app, [])
        assert app.grid.cursor == 0
        await pilot.press("enter", "j", "G", "g", "pagedown")
        assert app.opened == []


async def test_films_are_drawn_once_whatever_alpha_does() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        for count in (4, 2, 6, 4, 6):
            await shown(pilot, app, range(100, 100 + count))
        assert sorted(app.store.read) == list(range(100, 106))


async def test_what_is_no_longer_wanted_is_never_read() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.store.gate.clear()
        app.grid.set_images(Items(range(100, 130)))
        await until(pilot, lambda: not app.grid._lane.idle)
        for start in range(200, 900, 100):
            app.grid.set_images(Items(range(start, start + 30)))
            await pilot.pause()
        assert "…" in "".join(app.lines())
        app.store.gate.set()
        await until(pilot, lambda: app.grid._missing() is None)
        assert {image // 100 for image in app.store.read} == {1, 8}


async def test_a_damaged_thumbnail_says_so_in_its_tile() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, [12, 13, 14])
        assert "image 13: ␛[31mgone" in "".join(app.lines()[1:12])
        assert sorted(app.store.read) == [12, 13, 14]


async def test_with_images_off_there_is_a_line_for_each_and_nothing_is_read() -> None:
    app = GridApp(OffBackend())
    async with app.run_test(size=(60, 10)) as pilot:
        await shown(pilot, app, range(100, 130))
        await pilot.press("j")
        await pilot.pause()
        lines = app.lines()
        assert lines[0].startswith("   #1  2.400  Effusion +1")
        assert "00000100  films" in lines[0]
        assert lines[1].startswith("▸  #2  2.399")
        assert app.store.read == []


async def test_a_narrow_pane_has_one_tile_across_and_resizing_draws_anew() -> None:
    app = GridApp()
    async with app.run_test(size=(24, 20)) as pilot:
        await shown(pilot, app, range(100, 130))
        assert app.grid._tiles.across == 1
        await pilot.resize_terminal(80, 20)
        await until(pilot, lambda: app.grid._tiles.across > 1 and app.grid._missing() is None)
        assert len(app.store.read) == len(set(app.store.read))


async def test_a_scroll_bar_that_comes_and_goes_moves_no_tile() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        tiles = []
        for count in (8, 100, 8, 9):
            await shown(pilot, app, range(100, 100 + count))
            tiles.append(app.grid._tiles)
        assert len(set(tiles)) == 1


async def test_the_wheel_scrolls_by_rows_of_tiles() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app, range(100, 130))
        from textual.events import MouseScrollDown, MouseScrollUp

        await pilot._post_mouse_events([MouseScrollDown], ThumbnailGrid, button=0)
        assert app.grid.scroll_offset.y == app.grid._tiles.height
        await pilot._post_mouse_events([MouseScrollUp], ThumbnailGrid, button=0)
        assert app.grid.scroll_offset.y == 0


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (10, 4), (300, 100)])
async def test_no_size_is_too_small_or_too_large(size: tuple[int, int]) -> None:
    app = GridApp()
    async with app.run_test(size=size) as pilot:
        app.grid.set_images(Items(range(100, 2000)))
        await pilot.press("j", "G", "k")
        assert len(app.lines()) == size[1]


def test_films_are_kept_within_bounds(tmp_path: Path) -> None:
    store = Store()
    films = Films(store, capacity=3)
    for image in (1, 2, 3, 1, 4, 1, 2):
        films.get(image)
    assert store.read == [1, 2, 3, 4, 2]
