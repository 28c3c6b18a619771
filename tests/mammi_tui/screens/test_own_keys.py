"""Keys that a reader has given to bindings: in force everywhere, and shown where keys are shown."""

from __future__ import annotations

from pathlib import Path

from mammi_tui.keyboard.keymap import Keymap
from tests.support.explorer import explorer


async def test_the_keys_in_force_work_and_are_shown(run_path: Path, tmp_path: Path) -> None:
    keymap = Keymap({"verdict.accept": ("W", "ctrl+y"), "verdict.clear": (), "app.quit": ("ctrl+x",)})
    async with explorer(run_path, tmp_path, keymap=keymap) as opened:
        assert "Wxu Verdict" in opened.text()
        assert "^x Quit" in opened.text()
        await opened.press("y", "c")
        assert not opened.rows.judgements
        await opened.press("W", "ctrl+y")
        assert len(opened.rows.judgements) == 2
        await opened.press("question_mark")
        assert "W  ^y" in opened.text()
        assert "Clear the verdict" not in opened.text()


async def test_they_are_in_force_in_views_that_are_turned_to_later(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, keymap=Keymap({"film.close": ("f8",), "film.next": ("t",)})) as opened:
        await opened.press("a", *"0.3", "enter", "enter", "3", "enter", "t")
        film = opened.screen.film
        assert film is not None
        assert film.image == opened.answer().images[1]
        await opened.press("escape")
        assert opened.screen.film == film
        await opened.press("f8")
        assert opened.screen.film is None


async def test_a_key_of_the_line_works_while_one_types(run_path: Path, tmp_path: Path) -> None:
    keymap = Keymap({"filter.keep": ("f5",), "view.evidence": ("f6",)})
    async with explorer(run_path, tmp_path, keymap=keymap) as opened:
        await opened.press("slash", *"1", "enter")
        assert opened.app.focused is not opened.screen.neurons.outline
        await opened.press("f6", "f5")
        assert opened.screen.view_pane.view.name == "evidence"
        assert opened.app.focused is opened.screen.neurons.outline


async def test_shift_and_arrows_move_the_cuts(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("shift+left", "shift+left", "shift+right")
        assert round(opened.cuts.alpha, 3) == 0.92
        await opened.press("shift+down", "shift+down", "shift+up")
        assert round(opened.cuts.beta, 3) == 0.94
        for pane in ("2", "3"):
            await opened.press(pane, "shift+left")
        assert round(opened.cuts.alpha, 3) == 0.9
        await opened.press("slash", *"ab", "shift+left")
        assert round(opened.cuts.alpha, 3) == 0.9


async def test_what_is_said_names_the_keys_in_force(run_path: Path, tmp_path: Path) -> None:
    keymap = Keymap({"verdict.redo": ("f7",), "filter.clear": ("ctrl+g",), "line.drop": ("ctrl+t",)})
    async with explorer(run_path, tmp_path, keymap=keymap) as opened:
        await opened.press("y", "z")
        assert any("f7 does it again" in said.message for said in opened.app._notifications)
        await opened.press("i")
        assert "^t leaves it" in opened.text()
        await opened.press("ctrl+t", "slash", *"zebra")
        assert "^g shows all" in opened.text()
