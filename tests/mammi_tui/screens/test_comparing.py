"""Comparing with another run in the explorer: asking for it, reading the changes, leading on, and coming back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.store.reader import RunReader
from engine.store.writer import assemble
from mammi_tui.app import ExplorerApp
from mammi_tui.changes.words import words
from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.questions.start import Start
from mammi_tui.screens.comparing import parts_of, run_files
from mammi_tui.verdicts.log import log_of
from mammi_tui.views.change_list import ChangeList
from mammi_tui.views.compare import CompareBody
from mammi_tui.views.facing import Facing
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_contents

UNITS = (8, 14)


@pytest.fixture(scope="module")
def other_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of `run_path` with noise on the embeddings of its concepts, and another template."""
    contents, batches = small_contents()
    noise = np.random.default_rng(3).normal(scale=0.5, size=contents.text_embeddings.shape).astype(np.float32)
    path = tmp_path_factory.mktemp("other") / "other.duckdb"
    changed = replace(contents, template="There is a", text_embeddings=contents.text_embeddings + noise)
    assemble(path, changed, batches)
    return path


@pytest.fixture(scope="module")
def shuffled_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of `run_path` under another model: the units of its first layer in another order, half of its films."""
    contents, batches = small_contents()
    assert contents.parts is not None
    keys = replace(contents.parts, layers={name: f"other {key}" for name, key in contents.parts.layers.items()})
    path = tmp_path_factory.mktemp("shuffled") / "shuffled.duckdb"
    batches = [
        replace(batch, activations=batch.activations | {"layer0": batch.activations["layer0"][:, ::-1]})
        for batch in batches
    ]
    assemble(path, replace(contents, parts=keys), batches)
    return path


def body(opened: Explorer) -> CompareBody:
    return opened.screen.query_one(CompareBody)


def listed(opened: Explorer) -> ChangeList:
    return opened.screen.query_one(ChangeList)


def told(opened: Explorer) -> list[str]:
    return [toast.message for toast in opened.app._notifications]


async def compare(opened: Explorer, path: Path | str) -> None:
    """Asks for a run, pasting its path."""
    await opened.press("equals_sign")
    opened.screen.one_line._line.value = str(path)
    await opened.press("enter")


@pytest.mark.slow
async def test_equals_asks_for_a_run_and_shows_what_changed(run_path: Path, other_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await compare(opened, other_path)
        text = opened.text()
        assert "2 Changes of run → other" in text
        assert "Differs: template “A chest x-ray image of a” → “There is a”" in text
        rows = body(opened).compared
        changed = sum(row.changed for row in rows)
        assert f"Words changed in {changed} of 22 · texts {changed}" in text
        assert len(rows) == sum(UNITS)
        first = listed(opened).here()
        assert first is not None
        assert first.changed
        assert f"here: {words(first.before)}" in text
        assert f"there: {words(first.after)}" in text
        assert f"here with the other run's texts: {words(first.after)}" in text
        assert f"there with this run's texts: {words(first.before)}" in text
        facing = opened.screen.query_one(Facing)
        best = opened.reader.arrays.ranked(opened.reader.layer(first.layer).first_neuron + first.unit, 0, 0)[0][0]
        assert facing.here.grid.items[0].image == best
        assert facing.there.grid.items[0].image == best


@pytest.mark.slow
async def test_the_explorer_opens_with_a_comparison(run_path: Path, other_path: Path, tmp_path: Path) -> None:
    with RunReader(Path(shutil.copy(run_path, tmp_path))) as reader:
        start = Start(None, reader.info.cuts, compared=str(other_path))
        app = ExplorerApp(reader, start, AsciiBackend(), log_of(reader))
        async with app.run_test(size=(140, 40)) as pilot:
            opened = Explorer(app, pilot, log_of(reader))
            await opened.rest()
            while not body(opened).compared:
                await pilot.pause(0.02)
            await opened.rest()
            assert "2 Changes of run → other" in opened.text()


@pytest.mark.slow
async def test_a_neuron_leads_on_and_the_way_back_leads_to_the_same_line(
    run_path: Path, other_path: Path, tmp_path: Path
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await compare(opened, other_path)
        await opened.press("j", "j")
        row = listed(opened).here()
        assert row is not None
        await opened.press("enter")
        assert opened.neuron == f"{row.layer}:{row.unit}"
        assert "2 Concepts of" in opened.text()
        await opened.press("ctrl+o")
        assert "2 Changes of run → other" in opened.text()
        assert listed(opened).here() is row
        await opened.press("enter", "equals_sign")
        assert "2 Changes of run → other" in opened.text()
        assert listed(opened).here() is row
        await opened.press("equals_sign")
        assert f"compare with {other_path}"[:60] in opened.text().replace("\n", ""), "from there it asks which run"


@pytest.mark.slow
async def test_the_changes_have_a_filter_and_an_order_of_their_own(
    run_path: Path, other_path: Path, tmp_path: Path
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await compare(opened, other_path)
        await opened.press("slash")
        await opened.type("unchanged")
        await opened.press("enter")
        assert listed(opened).shown
        assert not any(row.changed for row in listed(opened).shown)
        assert "neurons match unchanged" in opened.text()
        assert not opened.rows.query, "the neurons keep their own filter"
        await opened.press("slash")
        await opened.type("x:")
        await opened.press("enter")
        assert told(opened)[-1] == "no field unchangedx; nearest: change"
        await opened.press("escape", "escape")
        assert len(listed(opened).shown) == sum(UNITS)
        await opened.press("s", "u")
        assert [(row.layer, row.unit) for row in listed(opened).shown][:3] == [("layer0", unit) for unit in range(3)]
        await opened.press("s", "m")
        moves = [abs(row.moved) for row in listed(opened).shown if row.moved == row.moved]
        assert moves == sorted(moves, reverse=True)


@pytest.mark.slow
async def test_units_of_another_model_are_matched(run_path: Path, shuffled_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await compare(opened, shuffled_path)
        rows = [row for row in body(opened).compared if row.layer == "layer0"]
        assert [row.other_unit for row in rows] == [None, *range(6, -1, -1)]
        assert not any(row.changed for row in rows)
        await opened.press("slash")
        await opened.type("layer0:3")
        await opened.press("enter")
        assert "layer0:3 → :4 · r 1.00" in opened.text()


@pytest.mark.slow
async def test_the_cuts_on_screen_cut_both_runs(run_path: Path, other_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await compare(opened, other_path)
        before = {(row.layer, row.unit): row.after for row in body(opened).compared}
        await opened.press(*["left_curly_bracket"] * 30)
        assert opened.cuts.beta < 0.7
        after = {(row.layer, row.unit): row.after for row in body(opened).compared}
        assert all(set(words) <= set(after[place]) for place, words in before.items())
        assert before != after
        assert {row.because for row in body(opened).compared if row.changed} == {("texts",)}


@pytest.mark.slow
async def test_what_cannot_be_compared_is_said_and_the_line_stays(run_path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(b"no database")
    apart = tmp_path / "apart"
    apart.mkdir()
    async with explorer(run_path, apart) as opened:
        await compare(opened, tmp_path / "none.duckdb")
        assert "none.duckdb: no run file" in told(opened)[-1]
        assert opened.screen.one_line.undone
        opened.screen.one_line._line.value = str(tmp_path)
        await opened.press("enter")
        assert told(opened)[-1] == f"{tmp_path}: a folder, not a run file. In it: {broken}"
        opened.screen.one_line._line.value = str(broken)
        await opened.press("enter")
        assert "not a readable DuckDB file" in opened.text()
        await opened.press("ctrl+o")
        assert "2 Concepts of" in opened.text()


@pytest.mark.slow
async def test_the_last_runs_are_remembered(run_path: Path, other_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await compare(opened, other_path)
        assert opened.screen.keeper.state.compared == (str(other_path),)
        await opened.press("equals_sign")
        assert opened.screen.one_line._line.value == str(other_path)
        await opened.press("x")
        assert opened.screen.one_line._line.value == "x"


@pytest.mark.slow
async def test_a_film_that_both_runs_have_opens(run_path: Path, other_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await compare(opened, other_path)
        grid = opened.screen.query_one(Facing).there.grid
        grid.post_message(ThumbnailGrid.Opened(grid, 0))
        image = grid.items[0].image
        await opened.rest()
        films = opened.looking.films
        assert films is not None
        assert films.images[0] == image


def test_paths_are_completed(tmp_path: Path, run_path: Path) -> None:
    shutil.copy(run_path, tmp_path / "one.duckdb")
    (tmp_path / "others").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert run_files(f"{tmp_path}/") == [f"{tmp_path}/one.duckdb", f"{tmp_path}/others/"]
    assert run_files(f"{tmp_path}/one") == [f"{tmp_path}/one.duckdb"]
    assert run_files("", ["/earlier.duckdb"])[0] == "/earlier.duckdb"
    assert run_files(f"{tmp_path}/nowhere/") == []


@pytest.mark.slow
async def test_the_changes_on_screen_are_exported(
    run_path: Path, other_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with explorer(run_path, tmp_path) as opened:
        await compare(opened, other_path)
        await opened.press("slash")
        await opened.type("because:texts")
        await opened.press("enter", "E", "c")
        while not (written := list(tmp_path.glob("*.csv"))) or not written[0].stat().st_size:
            await opened.pilot.pause(0.02)
        assert written == [tmp_path / "run.changes.csv"]
        assert len(written[0].read_text().splitlines()) == 1 + len(listed(opened).shown)


@pytest.mark.slow
async def test_the_run_is_compared_with_itself_at_other_cuts(two_sets_path: Path, tmp_path: Path) -> None:
    async with explorer(two_sets_path, tmp_path) as opened:
        await compare(opened, "alpha=0.5")
        assert "2 Changes of run → α 0.5" in opened.text()
        assert "Differs: α 0.93 → 0.5" in opened.text()
        assert {row.because for row in body(opened).compared if row.changed} == {("α",)}
        await opened.press("equals_sign")
        opened.screen.one_line._line.value = "set=set 1"
        await opened.press("enter")
        assert "concepts 25 → 15 of set 1" in opened.text()
        members = {opened.reader.concepts[concept] for concept in opened.reader.concept_sets[1].concepts}
        assert all(set(row.after) <= members for row in body(opened).compared)
        await opened.press("equals_sign")
        opened.screen.one_line._line.value = "set=none"
        await opened.press("enter")
        assert "no concept set" in opened.text() or "concept set none" in opened.text()
        await opened.press("equals_sign")
        opened.screen.one_line._line.value = "alpha=.5.5 beta=7"
        await opened.press("enter")
        assert told(opened)[-1] == "α and β are numbers from 0 to 1"


@pytest.mark.slow
async def test_numbers_that_arrive_do_not_lead_away(run_path: Path, other_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("s", "s")
        await compare(opened, other_path)
        assert "2 Changes of" in opened.text()
        opened.screen.neurons.numbers_changed()
        await opened.rest()
        assert "2 Changes of" in opened.text()


@pytest.mark.parametrize(
    ("text", "path", "cuts"),
    [
        ("~/a run.duckdb", "~/a run.duckdb", {}),
        ("ranking=z α=0,85", "", {"ranking": "z", "alpha": "0,85"}),
        ("b.duckdb select=top-40 ranking=q", "b.duckdb", {"select": "top-40", "ranking": "q"}),
        ("set=my own set β=0.9", "", {"set": "my own set", "beta": "0.9"}),
        ("alpha=", "", {}),
    ],
)
def test_cuts_stand_in_any_order_after_the_path(text: str, path: str, cuts: dict[str, str]) -> None:
    assert parts_of(text) == (path, cuts)
