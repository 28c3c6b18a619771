"""Numbers before keys: how often, or to which line. Alone, 1, 2 and 3 go to panes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events
from textual.keys import _character_to_key

from mammi_tui.keyboard.counting_app import AT_ONCE, TOGETHER
from mammi_tui.widgets.line_list import LineList
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("long"), units=(40, 90), concepts=60)


@pytest.fixture
async def opened(long_run: Path, tmp_path: Path) -> AsyncIterator[Explorer]:
    async with explorer(long_run, tmp_path, start=("layer1", 3)) as found:
        yield found


class Typist:
    """Types keys with so many seconds between them, however fast this computer is."""

    def __init__(self, opened: Explorer) -> None:
        self.opened = opened
        self.time = 0.0

    async def __call__(self, *keys: str, apart: float = 0.1) -> None:
        for key in keys:
            one = len(key) == 1
            event = events.Key(_character_to_key(key) if one else key, key if one else None)
            self.time += apart
            event.time = self.time
            self.opened.app.post_message(event)
            await self.opened.rest()


@pytest.fixture
def press(opened: Explorer) -> Typist:
    return Typist(opened)


def line(opened: Explorer) -> int:
    """The line of the list under the cursor, counted from 1."""
    focused = opened.app.focused
    assert isinstance(focused, LineList)
    return focused.cursor + 1


def key_line(opened: Explorer) -> str:
    return opened.lines()[-1]


async def test_a_number_says_how_many_lines(opened: Explorer, press: Typist) -> None:
    await press("g", "5", "j")
    assert line(opened) == 6
    await press("1", "2", "j", "4", "k")
    assert line(opened) == 14
    await press("4", "0", "0", "k")
    assert line(opened) == 1
    await press("9", "9", "9", "9", "9", "9", "9", "j")
    assert line(opened) == len(opened.rows)


async def test_a_number_says_which_line(opened: Explorer, press: Typist) -> None:
    await press("2", "0", "G")
    assert line(opened) == 20
    await press("1", "0", "g")
    assert line(opened) == 10
    await press("9", "9", "9", "G")
    assert line(opened) == len(opened.rows)


async def test_a_number_moves_the_cuts_and_goes_back(opened: Explorer, press: Typist) -> None:
    await press("5", "[")
    assert opened.cuts.alpha == pytest.approx(0.88)
    await press("4", "shift+right")
    assert opened.cuts.alpha == pytest.approx(0.92)
    await press("G", "g", "G", "0", "2", "o")
    assert opened.screen.history.place is not None
    assert opened.neuron == "layer1:89"


async def test_undecided_neurons_and_what_is_taken_back_are_counted(opened: Explorer, press: Typist) -> None:
    await press("0", "3", "n")
    assert opened.neuron == "layer1:6"
    await press("0", "2", "N")
    assert opened.neuron == "layer1:4"
    await press("y", "y", "y", "0", "3", "z")
    assert opened.neuron == "layer1:4"
    assert not opened.rows.progress()[0]
    await press("0", "2", "Z")
    assert opened.rows.progress()[0] == 2


async def test_over_a_film_too(opened: Explorer, press: Typist) -> None:
    await press("3", "enter", "0", "3", "n")
    assert opened.screen.film is not None
    assert opened.neuron == "layer1:6"


@pytest.mark.parametrize(("digit", "pane"), [("1", "neurons"), ("2", "concepts"), ("3", "images")])
async def test_alone_a_digit_goes_to_a_pane_and_the_next_key_works_there_once(
    opened: Explorer, press: Typist, digit: str, pane: str
) -> None:
    await press(digit)
    assert opened.app.focused is not None
    assert opened.app.focused.id == pane
    before = opened.app.focused.cursor  # type: ignore[attr-defined]
    await press("l" if pane == "images" else "j")
    row = opened.app.focused.cursor - before  # type: ignore[attr-defined]
    assert row == 1 + (pane == "concepts" and opened.answer().annotated == 1)  # past the line of the cut


async def test_a_second_digit_at_once_takes_the_pane_back(opened: Explorer, press: Typist) -> None:
    await press("2", "5", "j")
    assert opened.app.focused is opened.screen.neurons.outline
    assert opened.neuron == "layer1:28"
    await press("2", "j")
    await press("3", "0", "j")
    assert opened.app.focused is opened.screen.view_pane.reading
    assert line(opened) == 32 + (opened.answer().annotated < 31)


async def test_a_second_digit_that_comes_later_begins_a_number_there(opened: Explorer, press: Typist) -> None:
    await press("2")
    await press("5", "j", apart=1.1 * TOGETHER)
    assert opened.app.focused is opened.screen.view_pane.reading
    assert line(opened) == 6 + (opened.answer().annotated < 6)


async def test_a_number_of_panes_digits_counts_where_it_is_typed_at_once(opened: Explorer, press: Typist) -> None:
    await press("g")
    await press("1", "2", "j")
    assert line(opened) == 13
    await press("2", "1", "k")
    assert opened.app.focused is opened.screen.neurons.outline
    assert line(opened) == 1
    await press("3", "2", "1", apart=1.1 * AT_ONCE)
    await press("j")
    assert line(opened) == 2
    await press("2", "1")
    await press("j", apart=1.1 * AT_ONCE)
    assert line(opened) == 3
    await press("2", "1", "e", "1", "2")
    assert opened.screen.view_pane.view.name == "evidence"
    assert opened.screen.panes.present == "view"


async def test_a_zero_begins_a_number_below_four(opened: Explorer, press: Typist) -> None:
    await press("0", "3", "j")
    assert opened.app.focused is opened.screen.neurons.outline
    assert opened.neuron == "layer1:6"
    await press("0", "j")
    assert opened.neuron == "layer1:7"


async def test_keys_that_arrive_together_count_too(opened: Explorer, press: Typist) -> None:
    await opened.press_together("2", "0", "G", "5", "j", "1", "0", "k")
    assert line(opened) == 15


async def test_the_number_is_on_screen_until_it_is_used_or_dropped(opened: Explorer, press: Typist) -> None:
    await press("4", "2")
    assert " 42 " in key_line(opened)
    await press("escape")
    assert "42" not in key_line(opened)
    await press("j")
    assert opened.neuron == "layer1:4"
    await press("7", "j")
    assert opened.neuron == "layer1:11"
    assert "7" not in key_line(opened)


async def test_escape_drops_the_number_first_and_then_the_filter(opened: Explorer, press: Typist) -> None:
    await press("/", *"concept", "enter")
    await press("4", "escape")
    assert opened.rows.query
    await press("escape")
    assert not opened.rows.query


async def test_digits_in_lines_are_text(opened: Explorer, press: Typist) -> None:
    await press("5", "/", *"12", "enter")
    assert opened.rows.query == "12"
    await press("escape", "a", *"0.5", "enter")
    assert opened.cuts.alpha == 0.5


async def test_a_click_ends_a_number(opened: Explorer, press: Typist) -> None:
    await press("7")
    await opened.pilot.click(opened.screen.neurons.outline, offset=(10, 3))
    await opened.rest()
    before = line(opened)
    await press("j")
    assert line(opened) == before + 1


async def test_a_number_does_not_outlive_the_palette(opened: Explorer, press: Typist) -> None:
    await press("7", "ctrl+p", "escape", "j")
    assert opened.neuron == "layer1:4"


async def test_other_keys_take_no_number(opened: Explorer, press: Typist) -> None:
    await press("5", "y")
    assert len(opened.rows.judgements) == 1


async def test_films_are_counted(opened: Explorer, press: Typist) -> None:
    await press("a", *"0.3", "enter", "enter", "3")
    await press("5", "l", apart=1.1 * TOGETHER)
    grid = opened.screen.images.grid
    assert len(grid.items) > 12
    assert grid.cursor == 5
    await press("1", "2", "G", "enter")
    images = opened.answer().images.tolist()
    assert opened.screen.film is not None
    assert opened.screen.film.image == images[11]
    await press("4", "k")
    assert opened.screen.film.image == images[7]
    await press("1", "0", "G", "escape")
    assert grid.cursor == 9


async def test_half_pages_of_films(opened: Explorer, press: Typist) -> None:
    await press("a", *"0.3", "enter", "enter", "3", "+", "+")
    grid = opened.screen.images.grid
    await press("ctrl+d")
    assert grid.cursor > 0
    await press("ctrl+u")
    assert grid.cursor == 0


async def test_v_puts_the_line_in_the_middle(opened: Explorer, press: Typist) -> None:
    await press("4", "5", "G", "v")
    tree = opened.screen.neurons.outline
    assert tree.cursor - tree.scroll_offset.y == tree.scrollable_content_region.height // 2
    assert line(opened) == 45
