"""The ranking and the selection of images in the explorer: switched by a key, told wherever cuts are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.annotation.cuts import Selection
from engine.store.reader import RunReader
from engine.store.writer import assemble
from mammi_tui.state.file import StateFile
from mammi_tui.state.keeper import StateKeeper
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.views.head import Head
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_contents


def heads(opened: Explorer) -> str:
    return opened.screen.query_one(ConceptList).heads(80)


def bar(opened: Explorer) -> str:
    """The line of the sliders."""
    return opened.lines()[1]


async def test_a_key_switches_the_ranking_and_everything_follows(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        assert "▾score" in heads(opened)
        before = opened.text()
        await opened.press("R")
        assert opened.cuts.ranking == "z"
        assert "▾z" in heads(opened)
        assert " z β 0.950" in bar(opened)
        answer = opened.answer()
        assert answer.cuts.ranking == "z"
        ranking = opened.screen.query_one(ConceptList)
        drawn = ["".join(text for text, _ in ranking.row(row, 100)) for row in range(ranking.row_count())]
        best = answer.ranking[0]
        assert f"{answer.scores[best]:.4f}" in drawn[0]
        assert f"{answer.z_scores[best]:.1f}" in drawn[0]
        assert f"β cut z {answer.cut:.1f}" in drawn[answer.annotated]
        layer = opened.rows.answers[1]
        assert layer is not None
        assert layer.best.tolist() == opened.layer_answer(1).best.tolist()
        assert opened.rows.figure.word == "z"
        await opened.press("left_curly_bracket", "left_curly_bracket")
        assert opened.answer().cuts == replace(answer.cuts, beta=0.93)
        await opened.press("r")
        assert opened.text() == before


async def test_a_key_goes_through_the_selections_and_the_keys_of_alpha_move_the_images(
    run_path: Path, tmp_path: Path
) -> None:
    async with explorer(run_path, tmp_path, size=(80, 24)) as opened:
        await opened.press("P")
        assert opened.cuts.selection == Selection("top", 40)
        assert " top 40 " in bar(opened)
        assert "α" not in bar(opened)
        await opened.press("left_square_bracket", "comma", "comma")
        assert len(opened.answer().images) == opened.cuts.selection.top == 28
        assert "28 images" in bar(opened)
        assert f"down to {opened.answer().threshold:.4f} · 28 images" in opened.text()
        await opened.press("a", "1", "2", "enter", "P")
        assert opened.cuts.selection == Selection("adaptive")
        assert " adaptive α 0.930" in bar(opened)
        assert "images" in bar(opened)
        await opened.press("P")
        assert " α 0.930" in bar(opened)
        await opened.press("P")
        assert opened.cuts.selection == Selection("top", 12), "the number comes back"


async def test_a_verdict_tells_the_ranking_and_the_images_that_it_was_given_at(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(160, 40)) as opened:
        name = opened.neuron
        await opened.press("R", "P", "y")
        (line,) = opened.log.read().lines
        assert (line.neuron, line.seen.cuts.ranking, line.seen.cuts.selection) == (name, "z", Selection("top", 40))
        assert (line.as_fields()["ranking"], line.as_fields()["selection"]) == ("z", "top-40")
        await opened.press("r", "n", "y")
        assert {"ranking", "selection"}.isdisjoint(opened.log.read().lines[-1].as_fields())
        await opened.go_to(1, 3)
        said = "".join(strip.text for strip in opened.screen.query_one(Head).render_lines(opened.screen.region))
        assert "at top 40 by z" in said or "at top 40 by z" in opened.text()


async def test_a_run_ranked_by_z_opens_so_and_comes_back_as_it_was_left(tmp_path: Path) -> None:
    contents, batches = small_contents()
    assemble(tmp_path / "z.duckdb", replace(contents, ranking="z", selection=Selection("adaptive")), batches)
    file = StateFile(tmp_path / "state.json")
    async with explorer(tmp_path / "z.duckdb", tmp_path, keeper=StateKeeper(file)) as opened:
        own = opened.cuts
        assert (own.ranking, own.selection) == ("z", Selection("adaptive"))
        assert " adaptive α 0.930" in bar(opened)
        stored = opened.answer()
        await opened.press("R")
        assert " score β 0.950" in bar(opened), "another ranking than the run's own is named"
        await opened.press("P")
    state = StateKeeper(file).state
    assert (state.ranking, state.selection) == ("score", Selection())
    with RunReader(tmp_path / "z.duckdb") as reader:
        rows = reader.arrays.own_words(reader.layer("layer1"), range(14))
        words = rows[1][rows[0] == 3].tolist()
        assert words == stored.ranking[: stored.annotated].tolist(), "the stored words are the live ones"
