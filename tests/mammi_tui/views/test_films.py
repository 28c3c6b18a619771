"""The film search, driven by keys."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from engine.decisions.outputs import Outcomes
from engine.store.reader import RunReader
from mammi_tui.questions.subjects import FilmSearch, FilmSubject
from mammi_tui.views.films import FilmsBody, SearchLine
from tests.support.decisions import decided_run
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_run

Look = Callable[[Explorer], Awaitable[None]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return decided_run(tmp_path_factory.mktemp("run"))


def look(run: Path, folder: Path, does: Look, size: tuple[int, int] = (130, 42)) -> None:
    async def drive() -> None:
        async with explorer(run, folder, size=size) as opened:
            await does(opened)

    asyncio.run(drive())


def images(opened: Explorer) -> list[int]:
    found = body(opened).lines.found
    assert found is not None
    return [int(image) for image in found.images]


def body(opened: Explorer) -> FilmsBody:
    found = opened.screen.view_pane.body
    assert isinstance(found, FilmsBody)
    return found


def test_it_finds_while_the_reader_types_and_the_history_brings_the_search_back(run: Path, tmp_path: Path) -> None:
    with RunReader(run) as reader:
        outcomes = Outcomes.of(reader)
    assert outcomes is not None
    missed = np.flatnonzero(outcomes.of_kind("missed", 2))
    surest = missed[np.argsort(-outcomes.sureness(2)[missed], kind="stable")]

    async def does(opened: Explorer) -> None:
        await opened.press("F")
        assert isinstance(opened.app.focused, SearchLine)
        assert images(opened) == list(range(60))
        await opened.type("missed effu")
        assert images(opened) == surest.tolist()
        assert f"{len(missed)} of 60 films · sorted by sureness of Effusion" in opened.text()
        assert "missed Effusion" in opened.text()
        await opened.press("enter", "escape")
        assert opened.neuron == "layer1:3"
        await opened.press("ctrl+i")
        assert opened.looking.subject == FilmSearch("missed effu")
        assert images(opened) == surest.tolist()
        line = opened.screen.query_one(SearchLine)
        assert line.value == "missed effu"
        await opened.press("F", "delete")
        assert (line.value, images(opened)) == ("", list(range(60)))
        await opened.press("up")
        assert images(opened) == surest.tolist()

    look(run, tmp_path, does)


@pytest.mark.parametrize("before", [("enter",), ("enter", "enter"), ("enter", "enter", "C"), ("enter", "1")])
def test_what_is_typed_after_the_key_replaces_the_search_and_judges_nothing(
    run: Path, tmp_path: Path, before: tuple[str, ...]
) -> None:
    async def does(opened: Explorer) -> None:
        await opened.press("F")
        await opened.type("mass")
        await opened.press(*before)
        await opened.press_together("F", *"yux")
        assert opened.screen.query_one(SearchLine).value == "yux"
        assert opened.looking.subject == FilmSearch("yux")
        assert not opened.log.path.exists()

    look(run, tmp_path, does)


def test_a_view_s_key_leads_back_to_the_film_that_it_was_pressed_on(run: Path, tmp_path: Path) -> None:
    async def does(opened: Explorer) -> None:
        await opened.press("F", "enter", "enter")
        film = opened.looking.subject
        assert isinstance(film, FilmSubject)
        for key in ("C", "D"):
            await opened.press(key)
            assert opened.looking.subject != film
            await opened.press(key)
            assert opened.looking.subject == film

    look(run, tmp_path, does)


def test_films_are_sorted_by_output_and_the_other_way(run: Path, tmp_path: Path) -> None:
    with RunReader(run) as reader:
        outcomes = Outcomes.of(reader)
    assert outcomes is not None
    order = np.argsort(-outcomes.probabilities[:, 4], kind="stable").tolist()

    async def does(opened: Explorer) -> None:
        await opened.press("F")
        await opened.type("mass>=0")
        await opened.press("enter")
        assert images(opened) == order
        await opened.press("s", "r")
        assert images(opened) == sorted(order)
        await opened.press("s", "r")
        assert images(opened) == sorted(order, reverse=True)
        assert "backwards" in opened.text()

    look(run, tmp_path, does)


def test_an_unknown_word_is_answered_with_the_nearest(run: Path, tmp_path: Path) -> None:
    async def does(opened: Explorer) -> None:
        await opened.press("F")
        await opened.type("efusion")
        assert "no film has efusion; nearest: effusion" in opened.text()
        await opened.press("escape")
        assert images(opened) == list(range(60))

    look(run, tmp_path, does)


@pytest.mark.parametrize("size", [(60, 15), (200, 60)])
def test_it_fits(run: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async def does(opened: Explorer) -> None:
        await opened.press("F")
        assert "00000000" in opened.text()

    look(run, tmp_path, does, size)


def test_a_run_without_outputs_is_searched_by_name_and_label(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = small_run(tmp_path / "run", hostile=True)
    with RunReader(path) as reader:
        names, carried = reader.label_table()

    async def does(opened: Explorer) -> None:
        await opened.press("F")
        await opened.type("label:mass")
        held = [place for place, name in enumerate(names) if "Mass" in name]
        assert images(opened) == np.flatnonzero(carried[:, held].any(axis=1)).tolist()
        await opened.press("escape")
        await opened.type("missed")
        assert "this run holds no outputs" in opened.text()

    look(path, tmp_path, does)
