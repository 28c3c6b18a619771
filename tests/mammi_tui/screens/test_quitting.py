"""Quitting asks once, where something would be lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.explorer import Explorer, explorer

pytestmark = pytest.mark.slow


def told(opened: Explorer) -> list[str]:
    return [note.message for note in opened.app._notifications]


@pytest.mark.parametrize("key", ["ctrl+c", "q"])
async def test_with_nothing_undone_it_ends_at_once(run_path: Path, tmp_path: Path, key: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash", "1", "enter", key)
        assert opened.app.return_code == 0


async def test_it_asks_once_about_a_text_that_is_not_entered(run_path: Path, tmp_path: Path) -> None:
    kept: list[str] = []
    async with explorer(run_path, tmp_path) as opened:
        opened.screen.one_line.ask("note on layer1:3", kept.append)
        await opened.press("a", "ctrl+c")
        assert opened.app.return_code is None
        assert "note on layer1:3: “a” is not entered yet. Quit once more to end." in told(opened)
        await opened.press("b", "ctrl+c")
        assert opened.app.return_code is None, "another text is another question"
        await opened.press("ctrl+c")
        assert opened.app.return_code == 0
    assert kept == []


async def test_what_is_entered_is_not_asked_about(run_path: Path, tmp_path: Path) -> None:
    kept: list[str] = []
    async with explorer(run_path, tmp_path) as opened:
        opened.screen.one_line.ask("note on layer1:3", kept.append)
        await opened.press("a", "ctrl+c", "enter", "q")
        assert opened.app.return_code == 0
    assert kept == ["a"]


async def test_it_asks_about_an_alpha_that_is_not_entered(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("a", *"0.6", "ctrl+c")
        assert opened.app.return_code is None
        assert "α: 0.6 is not entered yet. Quit once more to end." in told(opened)
        await opened.press("ctrl+c")
        assert opened.app.return_code == 0


async def test_it_also_asks_below_another_screen(run_path: Path, tmp_path: Path) -> None:
    kept: list[str] = []
    async with explorer(run_path, tmp_path) as opened:
        opened.screen.one_line.ask("note on layer1:3", kept.append)
        await opened.press("a", "f1", "ctrl+c")
        assert opened.app.return_code is None
        await opened.press("ctrl+c")
        assert opened.app.return_code == 0
