"""How tiles lie in panes of all sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from mammi_tui.widgets.tiles import Tiles, tile_layout

# Of a thumbnail of 192 pixels with two pixels in a cell's width.
WIDEST = 96
MANY = 10_000

COUNTS = st.integers(0, 60) | st.just(MANY)
SIZES = st.builds(Size, st.integers(1, 300), st.integers(1, 120))


def layout(size: Size, count: int = MANY, *, films: bool = True, across: int = 0) -> Tiles:
    return tile_layout(count, size.width, size.height, widest=WIDEST if films else 0, across=across)


@given(SIZES, COUNTS, st.booleans(), st.integers(0, 20))
def test_tiles_fit_the_width_of_every_pane(size: Size, count: int, films: bool, across: int) -> None:
    tiles = layout(size, count, films=films, across=across)
    assert tiles.across >= 1
    assert tiles.across * tiles.width <= max(size.width, 4)
    assert tiles.film_columns <= WIDEST


@given(SIZES.filter(lambda size: size.width >= 16 and size.height >= 7), COUNTS, st.integers(0, 20))
def test_a_whole_tile_fits_the_height_unless_the_pane_is_tiny(size: Size, count: int, across: int) -> None:
    tiles = layout(size, count, across=across)
    assert tiles.height <= size.height
    assert tiles.film_rows >= 4


@given(SIZES, COUNTS)
def test_tiles_larger_than_the_smallest_never_scroll(size: Size, count: int) -> None:
    tiles, smallest = layout(size, count), layout(size)
    assert tiles.film_columns >= smallest.film_columns
    assert tiles == smallest or tiles.lines(count) <= size.height


@given(SIZES, st.integers(0, 60))
def test_fewer_images_never_make_tiles_smaller(size: Size, count: int) -> None:
    assert layout(size, count).film_columns >= layout(size, count + 1).film_columns


@pytest.mark.parametrize(
    ("pane", "across", "film"),
    [
        ((35, 18), 2, (14, 7)),
        ((50, 30), 2, (22, 11)),
        ((104, 30), 5, (18, 9)),
        ((26, 30), 1, (24, 12)),
        ((80, 9), 5, (12, 6)),
        ((47, 9), 3, (12, 6)),
        ((37, 3), 6, (6, 3)),
    ],
)
def test_many_films_are_of_useful_size(pane: tuple[int, int], across: int, film: tuple[int, int]) -> None:
    tiles = layout(Size(*pane))
    assert (tiles.across, tiles.film_columns, tiles.film_rows) == (across, *film)


@pytest.mark.parametrize(
    ("count", "pane", "across", "film"),
    [
        (1, (50, 40), 1, (48, 24)),
        (2, (50, 40), 1, (34, 17)),
        (3, (50, 40), 2, (22, 11)),
        (1, (90, 50), 1, (88, 44)),
        (2, (90, 50), 1, (44, 22)),
        (4, (90, 50), 2, (42, 21)),
        (5, (90, 50), 3, (28, 14)),
        (9, (90, 50), 3, (26, 13)),
        (1, (280, 90), 2, (96, 48)),
        (1, (120, 20), 3, (34, 17)),
        (3, (120, 20), 3, (34, 17)),
    ],
)
def test_few_films_are_as_large_as_all_fit(
    count: int, pane: tuple[int, int], across: int, film: tuple[int, int]
) -> None:
    tiles = layout(Size(*pane), count)
    assert (tiles.across, tiles.film_columns, tiles.film_rows) == (across, *film)


@pytest.mark.parametrize(
    ("wish", "across", "film"),
    [(1, 1, (88, 44)), (2, 2, (42, 21)), (3, 3, (28, 14)), (4, 4, (20, 10)), (9, 4, (20, 10))],
)
def test_the_number_across_that_a_reader_chooses_goes_before_the_count(
    wish: int, across: int, film: tuple[int, int]
) -> None:
    assert {layout(Size(90, 50), count, across=wish) for count in (0, 1, 5, MANY)} == {
        Tiles(across, film[0] + 2, film[1] + 3, *film)
    }


@given(SIZES, st.integers(0, 5000), st.booleans())
def test_every_cell_of_a_tile_leads_back_to_it(size: Size, index: int, films: bool) -> None:
    tiles = layout(size, index + 1, films=films)
    region = tiles.region(index)
    assert tiles.at(region.x, region.y, index + 1) == index
    assert tiles.at(region.right - 1, region.bottom - 1, index + 1) == index
    assert region.bottom <= tiles.lines(index + 1)
    assert index in tiles.shown(region.bottom - 1, 1, index + 1)


def test_there_is_no_tile_beside_the_tiles() -> None:
    tiles = layout(Size(57, 30))
    assert tiles.at(56, 3, 100) is None
    assert tiles.at(3, tiles.height, 2) is None
