"""How tiles lie in panes of all sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from mammi_tui.widgets.tiles import Tiles

SIZES = st.builds(Size, st.integers(1, 300), st.integers(1, 120))


@given(SIZES, st.booleans())
def test_tiles_fit_the_width_of_every_pane(size: Size, films: bool) -> None:
    tiles = Tiles.fitting(size, films=films)
    assert tiles.across >= 1
    assert tiles.across * tiles.width <= max(size.width, 4)


@given(SIZES.filter(lambda size: size.width >= 16 and size.height >= 7))
def test_a_whole_tile_fits_the_height_unless_the_pane_is_tiny(size: Size) -> None:
    tiles = Tiles.fitting(size, films=True)
    assert tiles.height <= size.height
    assert tiles.film_rows >= 4


@pytest.mark.parametrize(
    ("pane", "across", "film"),
    [
        ((35, 18), 2, (14, 7)),
        ((50, 30), 2, (22, 11)),
        ((104, 30), 5, (18, 9)),
        ((26, 30), 1, (24, 12)),
        ((80, 9), 5, (14, 6)),
    ],
)
def test_common_panes_get_films_of_useful_size(pane: tuple[int, int], across: int, film: tuple[int, int]) -> None:
    tiles = Tiles.fitting(Size(*pane), films=True)
    assert (tiles.across, tiles.film_columns, tiles.film_rows) == (across, *film)


@given(SIZES, st.integers(0, 5000), st.booleans())
def test_every_cell_of_a_tile_leads_back_to_it(size: Size, index: int, films: bool) -> None:
    tiles = Tiles.fitting(size, films=films)
    region = tiles.region(index)
    assert tiles.at(region.x, region.y, index + 1) == index
    assert tiles.at(region.right - 1, region.bottom - 1, index + 1) == index
    assert region.bottom <= tiles.lines(index + 1)
    assert index in tiles.shown(region.bottom - 1, 1, index + 1)


def test_beside_the_tiles_is_no_tile() -> None:
    tiles = Tiles.fitting(Size(57, 30), films=True)
    assert tiles.at(56, 3, 100) is None
    assert tiles.at(3, tiles.height, 2) is None
