"""The command palette: what it offers for what is typed, and what that does."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandList

from mammi_tui.keyboard.keymap import Keymap
from tests.hard_knocks.texts import checks
from tests.support.explorer import Explorer, explorer


async def offered(opened: Explorer, typed: str = "", key: str = "ctrl+p") -> list[str]:
    """Opens the palette, types, and returns what it offers."""
    await opened.pilot.press(key)
    await opened.type(typed)
    await opened.app.workers.wait_for_complete()
    await opened.pilot.pause()
    return [str(option.prompt) for option in opened.app.screen.query_one(CommandList).options]


async def choose(opened: Explorer, typed: str) -> str:
    """Takes the first command that the palette offers."""
    first = (await offered(opened, typed))[0]
    await opened.pilot.press("enter")
    await opened.rest()
    return first


async def test_it_lists_every_action_with_its_key(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, keymap=Keymap({"verdict.clear": ("f4",)})) as opened:
        commands = await offered(opened)
        for command in (
            "Filter the neurons   /",
            "Clear the verdict   f4",
            "One line down   j  ↓",
            "Larger films   +",
            "α −0.01 (10 images)   [  shift+←",
            "Quit the explorer   q",
        ):
            assert command in commands
        assert len(commands) == len(set(commands))
        assert not [command for command in commands if "command palette" in command]


@pytest.mark.parametrize("typed", ["note", "ffusion", "zzz"])
async def test_scattered_letters_find_nothing(run_path: Path, tmp_path: Path, typed: str) -> None:
    async with explorer(run_path, tmp_path) as opened:
        found = [command for command in await offered(opened, typed) if typed not in command.casefold()]
        assert [command for command in found if command.strip() != "No matches found"] == []


async def test_actions_run_where_they_belong(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        assert (await choose(opened, "accept")).startswith("Accept the annotation")
        assert len(opened.rows.judgements) == 1
        await opened.press("a", *"0.3", "enter", "enter", "1")
        across = opened.screen.images.grid._tiles.across
        await choose(opened, "larger films")
        assert opened.screen.images.grid._tiles.across < across
        await choose(opened, "α −0.01")
        assert opened.cuts.alpha == 0.29


async def test_it_goes_to_a_neuron_by_unit_and_by_class(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        assert (await choose(opened, "layer0:5")).startswith("layer0:5")
        assert opened.neuron == "layer0:5"
        assert (await choose(opened, "class 7")).startswith("layer1:7 class 7")
        assert opened.neuron == "layer1:7"
        assert opened.screen.neurons.outline.here() == opened.looking.neuron


async def test_a_neuron_that_the_filter_hides_is_shown(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash", *"layer1", "enter")
        await choose(opened, "layer0:5")
        assert opened.neuron == "layer0:5"
        assert not opened.rows.query


async def test_it_finds_the_neurons_with_a_concept(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        assert (await choose(opened, "concept 13")).startswith("Neurons with concept 13")
        assert "concept 13" in opened.rows.query


async def test_hostile_names_are_offered_as_text(hostile_run_path: Path, tmp_path: Path) -> None:
    async with explorer(hostile_run_path, tmp_path, start=None) as opened:
        commands = await offered(opened, "neurons with concept")
        assert any("␛[31mred" in command for command in commands)
        assert any("[bold red]x[/]" in command for command in commands)
        assert all(command.isprintable() for command in commands)


async def test_over_a_film_it_offers_what_works_there(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("3", "enter")
        film = opened.screen.film
        assert film is not None
        commands = await offered(opened)
        assert "Show or hide the data of the image   I" in commands
        assert "Show films, or only their names   I" not in commands
        await opened.pilot.press("escape")
        before = opened.lines()
        await choose(opened, "show or hide the data")
        await opened.rest()
        assert opened.screen.film is film
        assert opened.lines() != before


async def test_themes_are_found_by_words(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await choose(opened, "theme")
        await opened.type("mammi light")
        await opened.app.workers.wait_for_complete()
        await opened.pilot.press("enter")
        await opened.rest()
        assert opened.app.theme == "mammi-light"


async def test_it_opens_in_themes_whose_colours_are_the_terminals(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        themes = [theme.name for theme in opened.app.available_themes.values() if theme.ansi]
        assert themes
        for theme in (*themes, opened.app.theme):
            opened.app.theme = theme
            assert "Quit the explorer   q" in await offered(opened, "quit"), theme
            accent = opened.app.stylesheet.parse_style("$text-accent").foreground
            strips = opened.app.screen._compositor.render_strips()
            line = next(strip for strip in strips if "Quit the explorer   q" in strip.text)
            styles = [style for text, style, _ in line if text.strip() == "q"]
            assert [style.color for style in styles if style] == [accent.rich_color if accent else None], theme
            await opened.pilot.press("escape")


@pytest.mark.parametrize("folder", ["plain", "a[/b] [@click=app.quit]c"])
async def test_a_screenshot_is_saved_here_and_asks_for_nothing(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    here = tmp_path / folder
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    async with explorer(run_path, tmp_path, messages=True) as opened:
        await choose(opened, "screenshot")
        await opened.rest()
        (picture,) = here.glob("*.svg")
        assert list(checks.of_svg(picture)) == []
        assert "Neurons" in picture.read_text("utf-8")
        assert f"Screenshot: {picture}" in [message.message for message in opened.app._notifications]


async def test_a_screenshot_that_cannot_be_saved_is_told(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    async with explorer(run_path, tmp_path, messages=True) as opened:
        gone.rmdir()
        await choose(opened, "screenshot")
        await opened.rest()
        assert any("no file can be written here" in message.message for message in opened.app._notifications)
