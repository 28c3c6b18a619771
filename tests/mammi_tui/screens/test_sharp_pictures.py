"""Pictures in the explorer, seen through an emulator of the terminals' protocols."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from textual.widgets import Input

from mammi_tui.images.base import resample
from mammi_tui.images.kitty import KittyBackend
from mammi_tui.images.pixels import pixels
from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades
from mammi_tui.images.sharp import SharpBackend
from mammi_tui.images.sixel import SixelBackend
from mammi_tui.widgets.thumbnail import Thumbnail
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid
from tests.support.pixel_terminal import PixelTerminal, psnr
from tests.support.shown_explorer import Shown, shown_explorer

CELL = (6, 12)
SIZE = (100, 30)


def backend(kind: str) -> SharpBackend:
    cells = QuadrantBackend(Shades.true_colour())
    return SixelBackend(cells, cell=CELL) if kind == "sixel" else KittyBackend(cells, cell=CELL)


def grid(shown: Shown) -> ThumbnailGrid:
    return shown.explorer.screen.query_one(ThumbnailGrid)


async def lower_alpha(shown: Shown) -> None:
    """Takes in more films."""
    await shown.press("a", *"0.6", "enter", "escape", "1")
    assert shown.pictures() >= 2


@pytest.mark.parametrize(("kind", "least"), [("kitty", 60.0), ("sixel", 44.0)])
async def test_the_grids_films_are_sharp(run_path: Path, tmp_path: Path, kind: str, least: float) -> None:
    async with shown_explorer(run_path, tmp_path, backend(kind), SIZE) as shown:
        await lower_alpha(shown)
        placed = list(grid(shown).pictures())
        corner = grid(shown).region.offset
        films = {item.image: grid(shown).films.get(item.image) for item in grid(shown).items}
        for region, _ in placed[:4]:
            seen = shown.terminal.area(*region.translate(corner))
            size = region.width * CELL[0], region.height * CELL[1]
            nearest = max(psnr(seen, np.repeat(resample(film, *size)[..., None], 3, 2)) for film in films.values())
            assert nearest >= least


@pytest.mark.parametrize("kind", ["kitty", "sixel"])
async def test_nothing_of_what_was_shown_stays(
    run_path: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neurons, dialogs, messages, scrolling, other sizes: each screen is as if drawn for the first time."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)  # it blinks
    async with shown_explorer(run_path, tmp_path, backend(kind), SIZE) as shown:
        await lower_alpha(shown)
        for keys in (["j"], ["question_mark"], ["escape"], ["3", "plus", "G"], ["k"]):
            await shown.press(*keys)
            assert not await shown.ghosts(), keys
        before = shown.pictures()
        assert before
        shown.app.notify("a message over the films, for long enough to be seen\n" * 3)
        await shown.rest()
        assert "a message over the films" in shown.terminal.text()
        assert not await shown.ghosts()
        shown.app.clear_notifications()
        await shown.rest()
        assert not await shown.ghosts()


async def test_a_film_is_sent_once_while_the_reader_goes_away_and_comes_back(run_path: Path, tmp_path: Path) -> None:
    async with shown_explorer(run_path, tmp_path, backend("kitty"), SIZE) as shown:
        await shown.press("j", "k", "question_mark", "escape")
        sent = shown.terminal.sent
        assert len(sent) == len(set(sent)) == len(shown.terminal.held)
        await shown.press("j", "k")
        assert shown.terminal.sent == sent
        shown.terminal.feed(shown.app.farewell())
        assert not shown.terminal.held


async def test_while_a_dialog_is_open_the_films_behind_it_are_dimmed_cells(run_path: Path, tmp_path: Path) -> None:
    async with shown_explorer(run_path, tmp_path, backend("sixel"), SIZE) as shown:
        await shown.press("question_mark")
        assert not shown.terminal.screen.drawn.any()
        assert "type to search" in shown.terminal.text()


async def test_a_line_of_choices_leaves_the_films_as_they_are(run_path: Path, tmp_path: Path) -> None:
    async with shown_explorer(run_path, tmp_path, backend("sixel"), SIZE) as shown:
        before = shown.terminal.screen.drawn.copy()
        await shown.press("s")
        assert shown.app.screen is not shown.explorer.screen
        assert np.array_equal(shown.terminal.screen.drawn, before)


async def test_no_films_no_pictures(run_path: Path, tmp_path: Path) -> None:
    async with shown_explorer(run_path, tmp_path, backend("sixel"), SIZE) as shown:
        assert shown.terminal.screen.drawn.any()
        shown.explorer.screen.images.turn_films_on_or_off()
        await shown.rest()
        assert not shown.terminal.screen.drawn.any()
        shown.explorer.screen.images.turn_films_on_or_off()
        await shown.rest()
        assert shown.terminal.screen.drawn.any()


async def test_a_terminal_that_keeps_few_pictures_has_cells_in_the_grid(run_path: Path, tmp_path: Path) -> None:
    few = SixelBackend(QuadrantBackend(Shades.true_colour()), cell=CELL, in_grids=False)
    async with shown_explorer(run_path, tmp_path, few, SIZE) as shown:
        assert not shown.terminal.sixels
        assert "▀" in shown.terminal.text() or "▌" in shown.terminal.text()


@pytest.mark.parametrize("kind", ["kitty", "sixel"])
async def test_the_film_view_draws_what_is_looked_at(run_path: Path, tmp_path: Path, kind: str) -> None:
    async with shown_explorer(run_path, tmp_path, backend(kind), SIZE) as shown:
        await shown.press("3", "enter")
        film = shown.app.screen.query_one(Thumbnail)
        for keys in ((), ("plus",), ("right",)):
            await shown.press(*keys)
            assert film.picture is not None
            ((region, _),) = film.pictures()
            seen = shown.terminal.area(*region.translate(film.region.offset))
            height = region.height * CELL[1]
            wanted = pixels(film.picture, region.width * CELL[0], height)
            wanted = wanted if wanted.ndim == 3 else np.repeat(wanted[..., None], 3, 2)
            assert psnr(seen, wanted) > (42 if kind == "sixel" else 90)
        await shown.press("escape")
        assert not await shown.ghosts()


async def test_letters_of_another_size_get_other_pictures(run_path: Path, tmp_path: Path) -> None:
    async with shown_explorer(run_path, tmp_path, backend("sixel"), SIZE) as shown:
        assert shown.app.pictures is not None
        shown.app.pictures.cell = (8, 16)
        shown.app.show_on(PixelTerminal(*SIZE, (8, 16)))
        await shown.rest()
        assert shown.pictures()
        assert {sharp.cell for _, sharp in grid(shown).pictures()} == {(8, 16)}
        assert shown.terminal.screen.drawn.any()
