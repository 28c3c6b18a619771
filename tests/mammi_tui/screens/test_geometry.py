"""A cursor move, a verdict or a slider step changes no geometry: nothing is laid out, only what differs is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.counted import count_drawing
from tests.support.explorer import explorer

TALL = (130, 42)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts what Textual does meanwhile, by the names of tests.support.counted."""
    counts: Counter[str] = Counter()
    end = count_drawing(lambda name: counts.update([name]))
    try:
        yield counts
    finally:
        end()


@pytest.mark.parametrize("size", [TALL, (80, 24)])
async def test_keys_lay_nothing_out(run_path: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(run_path, tmp_path, size=size) as opened:
        await opened.press("j")
        passes = {}
        for key in (*"jkGkgGkkyxNnc", "[", "[", "]", "}", "{", "comma", "r"):
            with counted() as counts:
                await opened.press(key)
            passes[key] = counts["layouts"] + counts["scrolls"], counts["styles"]
        assert passes == dict.fromkeys(passes, (0, 0))


async def test_turning_to_a_view_lays_out_once_and_styles_only_the_panes(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        await opened.press("e", "e")
        for _ in range(2):
            with counted() as counts:
                await opened.press("e")
            assert counts["layouts"] == 1
            assert counts["styles"] < 10


async def test_a_dead_unit_lays_nothing_out(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        layer, unit = next(
            (layer.position, int(layer.dead.argmax())) for layer in opened.reader.layers if layer.dead.any()
        )
        await opened.go_to(layer, unit - 1 if unit else unit + 1)
        with counted() as counts:
            await opened.go_to(layer, unit)
        assert "dead unit" in opened.text()
        assert counts["layouts"] == 0


async def test_a_cursor_move_draws_two_lines_of_the_tree(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        tree, drawn = opened.screen.neurons.outline, []
        await opened.press("j")
        draw = tree.render_line
        tree.render_line = lambda y: drawn.append(y) or draw(y)  # type: ignore[method-assign,func-returns-value]
        await opened.press("j")
        assert drawn == [tree.cursor - 1, tree.cursor]


async def test_a_step_that_changes_no_image_draws_no_film(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        grid, drawn = opened.screen.images.grid, []
        draw = grid.render_line
        grid.render_line = lambda y: drawn.append(y) or draw(y)  # type: ignore[method-assign,func-returns-value]
        await opened.press("{", "}")
        assert drawn == []
