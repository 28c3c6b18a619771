"""Weak examples: the images pane steps from the strongest films to the weakest and to random ones."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PIL import Image

from engine.decisions.examples import RANDOM, RANGES, STRONGEST, WEAKEST, examples
from mammi_tui.questions.subjects import FilmSubject
from mammi_tui.screens.images_pane import BEFORE_TITLE, MARKS, ImagesPane
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("run"), images=700)


def pane(opened: Explorer) -> ImagesPane:
    return opened.screen.query_one(ImagesPane)


def shown(opened: Explorer) -> list[int]:
    return [item.image for item in pane(opened).grid.items]


def expected(opened: Explorer, place: int) -> list[int]:
    layer, unit = opened.neuron.split(":")
    return examples(opened.reader, layer, int(unit), RANGES[place]).images.tolist()


async def test_the_films_step_to_weaker_ones_and_back(run: Path, tmp_path: Path) -> None:
    async with explorer(run, tmp_path) as opened:
        strongest = opened.answer().images.tolist()
        assert "3 Representative images" in opened.text()
        await opened.press("3", ">")
        assert opened.looking.range.name == "9th decile"
        assert shown(opened) == expected(opened, 1)
        assert "3 9th decile images" in opened.text()
        assert "48 of 70" in opened.text()
        await opened.press("3", ">", ">")
        assert shown(opened) == expected(opened, 3)
        await opened.press("<", "<", "<")
        assert shown(opened) == strongest
        await opened.press("<")
        assert opened.looking.range == RANDOM
        assert shown(opened) == expected(opened, -1)
        await opened.press("<")
        assert opened.looking.range == WEAKEST
        assert "48 lowest of 700" in opened.text()
        await opened.press(">", ">", ">")
        assert opened.looking.range.name == "9th decile"
        assert shown(opened) == expected(opened, 1), "they are not asked for twice"


async def test_elsewhere_the_keys_move_beta(run: Path, tmp_path: Path) -> None:
    async with explorer(run, tmp_path) as opened:
        await opened.press("1", "<")
        assert opened.cuts.beta < 0.95
        assert opened.looking.range == STRONGEST


async def test_the_range_stays_from_neuron_to_neuron_and_alpha_does_not_change_it(run: Path, tmp_path: Path) -> None:
    async with explorer(run, tmp_path) as opened:
        await opened.press("3", ">", "1", "j")
        assert opened.neuron == "layer1:4"
        assert shown(opened) == expected(opened, 1)
        assert "3 9th decile images" in opened.text()
        await opened.press("[", "[")
        assert shown(opened) == expected(opened, 1)
        await opened.press("3", "<")
        assert shown(opened) == opened.answer().images.tolist(), "at the α of now"


async def test_a_click_in_the_strip_chooses_a_range(run: Path, tmp_path: Path) -> None:
    async with explorer(run, tmp_path) as opened:
        assert MARKS not in opened.text()
        await opened.press("3")
        assert MARKS in opened.text()
        line = next(line for line in opened.lines() if MARKS in line)
        at = line.index(MARKS) - pane(opened).region.x
        assert line[pane(opened).region.x + BEFORE_TITLE] == "3"
        await opened.pilot.click(ImagesPane, offset=(at + 5, 0))
        await opened.rest()
        assert opened.looking.range.name == "5th decile"
        assert shown(opened) == expected(opened, 5)
        await opened.press("1")
        assert MARKS in opened.text(), "where the films are not the strongest, the strip stays"


async def test_captions_give_ranks_among_all_images(run: Path, tmp_path: Path) -> None:
    async with explorer(run, tmp_path) as opened:
        await opened.press("3", ">", "I")
        first = next(line for line in opened.lines() if "▸ " in line and "#" in line)
        assert "#71 " in first


async def test_a_dead_unit_says_that_it_is_dead_and_has_random_films(run: Path, tmp_path: Path) -> None:
    async with explorer(run, tmp_path, start=("layer1", 0)) as opened:
        await opened.press("3", ">")
        assert shown(opened) == []
        assert "dead unit" in str(pane(opened).border_subtitle)
        await opened.press("<", "<")
        assert len(shown(opened)) == 48


async def test_what_is_handed_on_says_which_films_they_are(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    async with explorer(run, tmp_path) as opened:
        await opened.press("3", ">", "X")
        await opened.app.workers.wait_for_complete()
        await opened.rest()
        assert "48 films (9th decile)" in list(opened.app._notifications)[-1].message
        await opened.press("E", "c")
        await opened.app.workers.wait_for_complete()
        await opened.rest()
        images = expected(opened, 1)
    assert Image.open(away / "run.layer1-3.9th-decile.png").format == "PNG"
    rows = list(csv.DictReader(io.StringIO((away / "run.layer1-3.films.csv").read_text("utf-8"))))
    assert [int(row["image"]) for row in rows] == images
    assert {row["range"] for row in rows} == {"9th decile"}
    assert rows[0]["rank"] == "71"


async def test_a_verdict_is_about_the_annotation_whatever_films_are_shown(run: Path, tmp_path: Path) -> None:
    async with explorer(run, tmp_path) as opened:
        words = opened.looking.words_on_screen
        await opened.press("3", ">", "y")
        entry = opened.log.read().lines[-1]
        assert entry.seen.annotation == words


async def test_the_film_view_steps_through_the_films_of_the_range_also_of_the_next_neuron(
    run: Path, tmp_path: Path
) -> None:
    async with explorer(run, tmp_path) as opened:
        await opened.press("3", ">", "l", "enter")
        assert opened.looking.films is not None
        assert list(opened.looking.films.images) == expected(opened, 1)
        assert opened.looking.films.title == "9th decile images of layer1:3"
        film = opened.looking.subject
        assert isinstance(film, FilmSubject)
        assert film.image == expected(opened, 1)[1]
        await opened.press("y")
        assert opened.neuron == "layer1:4"
        assert opened.looking.films.title == "9th decile images of layer1:4"
        film = opened.looking.subject
        assert isinstance(film, FilmSubject)
        assert film.image == expected(opened, 1)[0]


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (100, 30), (200, 60)])
async def test_the_title_says_the_range_at_every_size(run: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with explorer(run, tmp_path, size=size) as opened:
        await opened.press("3", ">")
        assert "9th decile" in opened.text()
        assert all(len(line) <= size[0] for line in opened.lines())
