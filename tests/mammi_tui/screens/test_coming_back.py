"""A run opens where the reader left it, whatever was looked at."""

import asyncio
from pathlib import Path

import pytest

from mammi_tui.questions.subjects import FilmSearch, FilmSubject
from mammi_tui.state.file import StateFile
from mammi_tui.state.keeper import StateKeeper
from tests.support.decisions import decided_run
from tests.support.explorer import explorer

WAYS = {
    "a film of a neuron": ("3", "enter", "right"),
    "a film of a search": ("F", "m", "a", "s", "s", "enter", "enter"),
    "a search": ("F", "m", "a", "s", "s"),
    "a class": ("C",),
    "a concept": ("2", "enter"),
    "the check-up": ("D",),
    "a neuron": ("e",),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return decided_run(tmp_path_factory.mktemp("run"))


@pytest.mark.parametrize("keys", WAYS.values(), ids=WAYS)
def test_a_view_comes_back_with_what_it_is_about_and_the_last_class(
    run: Path, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    file = StateFile(tmp_path / "state.json")

    async def drive() -> None:
        async with explorer(run, tmp_path, keeper=StateKeeper(file)) as opened:
            await opened.press("C", "C", *keys)
            left, view, name = opened.looking.subject, opened.screen.view_pane.view, opened.looking.class_name
        assert name
        async with explorer(run, tmp_path, keeper=StateKeeper(file)) as opened:
            assert (opened.looking.subject, opened.screen.view_pane.view) == (left, view)
            assert opened.looking.class_name == name
            if isinstance(left, FilmSubject):
                await opened.press("left", "right")
                assert opened.looking.films is not None
                assert opened.looking.subject == left
            if isinstance(left, FilmSubject | FilmSearch):
                await opened.press("escape", "escape", "escape")
                assert opened.looking.subject == opened.looking.neuron, "there is a way out"

    asyncio.run(drive())


@pytest.mark.parametrize("keys", [("C",), ("D",), ("2", "enter"), ("F", "enter"), ("3", "enter")])
def test_esc_leads_back_from_what_is_no_neuron_and_leaves_the_filter(
    run: Path, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    async def drive() -> None:
        async with explorer(run, tmp_path) as opened:
            await opened.press("slash", "l", "enter")
            query, neuron = opened.rows.query, opened.looking.subject
            await opened.press(*keys)
            assert opened.looking.subject != neuron
            await opened.press("escape")
            assert (opened.rows.query, opened.looking.subject) == (query, neuron)

    asyncio.run(drive())
