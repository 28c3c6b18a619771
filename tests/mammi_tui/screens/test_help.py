"""The help: what has the focus comes first, the keys are those in force, and typing searches."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammi_tui.keyboard.keymap import Keymap
from mammi_tui.screens.help import HelpScreen
from mammi_tui.screens.help_sheet import HelpSheet
from tests.support.explorer import Explorer, explorer

TALL = (140, 90)


def titles(opened: Explorer) -> list[str]:
    return [note.title for note in opened.app.screen.query_one(HelpSheet).found()]


def terms(opened: Explorer) -> list[str]:
    return [term for note in opened.app.screen.query_one(HelpSheet).found() for term, _ in note.lines]


@pytest.mark.parametrize(
    ("keys", "title", "about"),
    [
        ("1", "Neurons", "Layers and their neurons"),
        ("2", "Concepts", "Every concept of the neuron"),
        ("3", "Representative images", "The images above τ"),
        ("e2", "Evidence", "How far the neuron's words"),
        ("m2", "Methods", "What other methods say"),
        ("a", "Slider", "type a value"),
    ],
    ids=["neurons", "concepts", "images", "evidence", "methods", "slider"],
)
async def test_the_pane_with_the_focus_comes_first(
    run_path: Path, tmp_path: Path, keys: str, title: str, about: str
) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        await opened.press(*keys, "question_mark")
        assert titles(opened)[0] == title
        assert about in opened.text()


async def test_typing_searches_and_escape_clears_and_then_closes(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        await opened.press("question_mark", *"undecided prev")
        assert terms(opened) == ["N"]
        assert "Previous undecided neuron" in opened.text()
        assert "Larger films" not in opened.text()
        await opened.press("escape")
        assert len(terms(opened)) > 40
        await opened.press("escape")
        assert opened.app.screen is opened.screen


@pytest.mark.parametrize("typed", ["ctrl+d", "^d", "half page down"])
async def test_keys_are_found_by_name_and_by_task(run_path: Path, tmp_path: Path, typed: str) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        await opened.press("question_mark")
        await opened.type(typed)
        assert terms(opened) == ["^d"]


async def test_what_is_not_found_is_said(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        await opened.press("question_mark")
        await opened.type("[/]zz")
        assert "Nothing here has '[/]zz' in it." in opened.text()


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_the_key_that_opens_it_closes_it(run_path: Path, tmp_path: Path, key: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press(key)
        assert isinstance(opened.app.screen, HelpScreen)
        await opened.press(key)
        assert opened.app.screen is opened.screen


async def test_another_key_may_open_and_close_it(run_path: Path, tmp_path: Path) -> None:
    keymap = Keymap({"app.help": ("H",), "help.close": ("ctrl+g",)})
    async with explorer(run_path, tmp_path, keymap=keymap) as opened:
        await opened.press("H", "?")
        assert isinstance(opened.app.screen, HelpScreen)
        assert "^g shows all again" in opened.text()
        await opened.press("ctrl+g", "H")
        assert opened.app.screen is opened.screen


async def test_it_scrolls_while_one_can_type(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(100, 30)) as opened:
        await opened.press("question_mark")
        sheet = opened.app.screen.query_one(HelpSheet)
        await opened.press("down", "down")
        assert sheet.scroll_offset.y == 2
        await opened.press("ctrl+d")
        half = sheet.scroll_offset.y
        assert half > 8
        await opened.press("ctrl+u")
        assert sheet.scroll_offset.y == 2
        await opened.press("ctrl+end")
        assert sheet.scroll_offset.y > half
        await opened.press("ctrl+home")
        assert sheet.scroll_offset.y == 0


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (250, 80)], ids=str)
async def test_it_fits_every_screen(run_path: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(run_path, tmp_path, size=size) as opened:
        await opened.press("question_mark")
        assert "One line down" in opened.text()
        assert all(len(line) == size[0] for line in opened.lines())


async def test_of_a_film_it_lists_the_films_keys(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        await opened.press("3", "enter", "question_mark")
        assert titles(opened)[0] == "Film"
        assert "Show or hide the findings' outlines" in opened.text()
        assert "Sort: a letter for each order" not in opened.text()
        assert "Copy selected text" not in opened.text()
        assert "Focus Next" not in opened.text()


async def test_only_keys_that_work_while_one_types_say_so(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        await opened.press("question_mark", *"quit the explorer")
        lines = [line for note in opened.app.screen.query_one(HelpSheet).found() for line in note.lines]
        assert ("q", "Quit the explorer") in lines
        assert ("^q  ^c", "Quit the explorer, also while you type") in lines


async def test_the_frame_says_what_escape_does(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=TALL) as opened:
        await opened.press("question_mark", *"undo")
        assert "esc shows all again" in opened.text()
        await opened.press("escape")
        assert "esc closes" in opened.text()
