"""What is on screen in terminals of the usual sizes."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from mammi_tui.questions import evidence as asking
from mammi_tui.views.pane import ViewPane
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid
from tests.mammi_tui.snapshots.screens import CLASSES, write_run
from tests.mammi_tui.snapshots.settled import settled
from tests.support.explorer import Explorer, explorer

pytestmark = pytest.mark.slow

START = ("classifier", 7)


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose classes and concepts have names that are much alike."""
    return write_run(tmp_path_factory.mktemp("alike"))


def in_sight(opened: Explorer) -> int:
    """The number of films that are wholly on screen."""
    grid = opened.screen.query_one(ThumbnailGrid)
    tiles = grid._tiles
    return min(len(grid.items), tiles.across * (grid.size.height // tiles.height))


async def test_a_strip_of_six_films_stands_under_the_concepts_at_80_by_24(alike: Path, tmp_path: Path) -> None:
    async with explorer(alike, tmp_path, size=(80, 24), start=START) as opened:
        await opened.press("a", *"0.3", "enter", "1")
        screen = await settled(opened)
        assert len(opened.screen.query_one(ThumbnailGrid).items) > 6
        assert in_sight(opened) == 6
        assert "2 Concepts of" in screen
        assert "β cut" in screen
        assert len(re.findall(r"\n.*││ *\d+ [a-z]", screen)) >= 8, "concepts are read beside the films"


async def test_the_pane_of_films_takes_their_side_of_the_screen_at_80_by_24(alike: Path, tmp_path: Path) -> None:
    async with explorer(alike, tmp_path, size=(80, 24), start=START) as opened:
        before = opened.screen.query_one(ThumbnailGrid).size.height
        await opened.press("3")
        assert "2 Concepts" not in opened.text()
        assert opened.screen.query_one(ThumbnailGrid).size.height > 3 * before
        await opened.press("1")
        assert opened.screen.query_one(ThumbnailGrid).size.height == before


async def test_films_and_concepts_are_both_there_at_100_by_30(alike: Path, tmp_path: Path) -> None:
    async with explorer(alike, tmp_path, size=(100, 30), start=START) as opened:
        screen = await settled(opened)
        assert "β cut" in screen
        assert in_sight(opened) == 3
        assert re.search(r"…00030 2\.526", screen), "captions are read too"


async def test_the_spare_columns_of_the_tree_go_to_the_finding_at_130(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(130, 42), start=("layer0", 3)) as opened:
        finding = opened.reader.findings("layer0")[3]
        assert finding
        assert "finding" in opened.lines()[3]
        line = next(line for line in opened.lines() if re.match(r"│▌ +3 ", line))
        assert finding in line.split("││")[0]


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_a_low_screen_has_no_blank_rows_before_the_evidence(
    alike: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with explorer(alike, tmp_path, size=size, start=START) as opened:
        await opened.press("e")
        pane = opened.screen.query_one(ViewPane).content_region
        rows = [line[pane.x : pane.right].strip(" ▁▂▃▄▅▆▇█") for line in opened.lines()[pane.y : pane.y + 12]]
        assert rows[0].startswith("○ Weak")
        assert not any(first == second == "" for first, second in pairwise(rows)), rows


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (100, 30), (130, 42)])
async def test_classes_never_look_the_same(alike: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(alike, tmp_path, size=size, start=START) as opened:
        lines = [re.match(r"│[ ▌]\s+\d+ .. (\S+)", line) for line in opened.lines()]
        names = [found[1] for found in lines if found]
        assert len(names) == len(CLASSES)
        assert len(set(names)) == len(names), names


async def test_concepts_of_methods_never_look_the_same_at_80_by_24(alike: Path, tmp_path: Path) -> None:
    async with explorer(alike, tmp_path, size=(80, 24), start=START) as opened:
        await opened.press("m")
        pane = opened.screen.query_one(ViewPane).content_region
        columns = [line[pane.x : pane.right] for line in opened.lines()[pane.y : pane.bottom]]
        for cells in (slice(1, 9), slice(19, 27)):
            names = [row[cells].strip(" ²³⁴") for row in columns if "─" not in row]
            names = [name for name in names if re.match("[a-z]", name)]
            assert len(names) > 8
            assert len(set(names)) == len(names), names


@pytest.fixture(autouse=True)
def as_on_small_runs(monkeypatch: pytest.MonkeyPatch, as_on_large_runs: None) -> None:
    """The neuron's layer has its evidence from the start."""
    monkeypatch.setattr(asking, "SOON_COMPUTED", 5000)


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_a_click_on_a_small_film_chooses_it_though_the_films_grow(
    alike: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with explorer(alike, tmp_path, size=size, start=START) as opened:
        grid = opened.screen.query_one(ThumbnailGrid)
        before, tile = grid._tiles, grid._tiles.region(2)
        await opened.pilot.click(ThumbnailGrid, offset=(tile.x + 1, tile.y + 1))
        await opened.rest()
        assert grid._tiles.film_columns > before.film_columns
        assert grid.cursor == 2
