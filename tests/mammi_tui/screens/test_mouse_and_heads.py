"""The mouse, and the line of a layer that stays in sight above its neurons."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events
from textual.widget import Widget

from mammi_tui.neurons.rows import LAYER_LINE, Neuron
from mammi_tui.questions.subjects import ConceptSubject
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("long"), units=(50, 60), concepts=80)


@pytest.fixture
async def opened(long_run: Path, tmp_path: Path) -> AsyncIterator[Explorer]:
    async with explorer(long_run, tmp_path, start=("layer0", 3)) as found:
        yield found


def tree_lines(opened: Explorer) -> list[str]:
    """The lines of the tree, from its first one on screen."""
    region = opened.screen.neurons.outline.region
    return [text[region.x : region.right] for text in opened.lines()[region.y : region.bottom]]


async def click(opened: Explorer, widget: Widget, y: int, times: int = 1) -> None:
    await opened.pilot.click(widget, offset=(10, y), times=times)
    await opened.rest()


async def wheel(opened: Explorer, widget: Widget, steps: int) -> None:
    for _ in range(steps):
        await opened.pilot._post_mouse_events([events.MouseScrollDown], widget, offset=(5, 5), button=0)
    await opened.rest()


async def test_the_line_of_the_layer_stays_in_sight(opened: Explorer) -> None:
    await opened.press("G", "l", "G")
    assert tree_lines(opened)[0].startswith(" ▾ layer1")
    await opened.go_to(0, 45)
    tree = opened.screen.neurons.outline
    for _ in range(44):
        await opened.pilot.press("k")
        assert tree_lines(opened)[0].startswith(" ▾ layer0")
        assert tree.cursor > tree.scroll_offset.y or tree.cursor == 0, "the cursor is hidden"
    await opened.press("k", "k")
    assert tree_lines(opened)[0].startswith("▌▾ layer0")


async def test_a_click_on_the_line_that_stays_folds_the_layer(opened: Explorer) -> None:
    await opened.go_to(0, 49)
    await click(opened, opened.screen.neurons.outline, 0)
    assert opened.screen.neurons.outline.here() == Neuron(0, LAYER_LINE)
    assert [text.strip(" ▌").split()[:2] for text in tree_lines(opened)[:2]] == [["▸", "layer0"], ["▸", "layer1"]]


async def test_the_wheel_scrolls_and_never_hides_the_line_of_the_cursor(opened: Explorer) -> None:
    tree = opened.screen.neurons.outline
    await wheel(opened, tree, 3)
    top = tree.scroll_offset.y
    assert top > 0
    assert tree_lines(opened)[0].startswith(" ▾ layer0")
    tree.scroll_to(y=tree.cursor, animate=False, immediate=True)
    await opened.rest()
    assert tree_lines(opened)[0].startswith("▌   3")
    await opened.press("2")
    ranking = opened.screen.view_pane.reading
    await wheel(opened, ranking, 3)
    assert ranking.scroll_offset.y > 0


async def test_a_double_click_on_a_neuron_goes_to_its_view(opened: Explorer) -> None:
    await click(opened, opened.screen.neurons.outline, 8, times=2)
    assert opened.neuron == "layer0:7"
    assert opened.app.focused is opened.screen.view_pane.reading


@pytest.mark.parametrize("unit", [0, 49], ids=["in place", "kept in sight"])
async def test_a_double_click_on_a_layer_folds_it_once(opened: Explorer, unit: int) -> None:
    await opened.go_to(0, unit)
    await click(opened, opened.screen.neurons.outline, 0, times=2)
    assert opened.rows.open == set()
    assert opened.app.focused is opened.screen.neurons.outline
    await click(opened, opened.screen.neurons.outline, 0, times=2)
    assert opened.rows.open == {0}


async def test_a_double_click_below_the_lines_does_nothing(opened: Explorer) -> None:
    await opened.press("h", "h")
    await click(opened, opened.screen.neurons.outline, 20, times=2)
    assert opened.app.focused is opened.screen.neurons.outline
    assert opened.rows.open == set()


async def test_a_double_click_on_a_concept_opens_it(opened: Explorer) -> None:
    ranking = opened.screen.view_pane.reading
    best = int(opened.answer().ranking[0])
    await click(opened, ranking, 0, times=2)
    assert opened.looking.subject == ConceptSubject(best)


async def test_a_double_click_on_a_film_opens_it(opened: Explorer) -> None:
    await opened.press("a", *"0.3", "enter", "enter")
    grid = opened.screen.images.grid
    tile = grid._tiles.region(1)
    await opened.pilot.click(grid, offset=(tile.x + 1, tile.y + 1), times=2)
    await opened.rest()
    film = opened.screen.film
    assert film is not None
    assert film.image == opened.answer().images[1]
