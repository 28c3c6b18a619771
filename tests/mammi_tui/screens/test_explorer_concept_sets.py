"""Concept sets in the explorer: a key goes through them, and all that is shown follows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.store.writer import assemble
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.views.pane import ViewPane
from tests.support.explorer import Explorer, explorer
from tests.support.runs import small_contents


def title(opened: Explorer) -> str:
    return str(opened.screen.query_one(ViewPane).border_title)


def check_shown(opened: Explorer) -> None:
    """The tree and the concepts pane show what the re-query says for the concept set looked at."""
    answer, shown = opened.answer(), opened.screen.query_one(ConceptList).answer
    assert shown is not None
    assert shown.ranking.tolist() == answer.ranking.tolist()
    layer, expected = opened.rows.answers[1], opened.layer_answer(1)
    assert layer is not None
    np.testing.assert_array_equal(layer.best, expected.best)
    np.testing.assert_array_equal(layer.annotated, expected.annotated)


@pytest.mark.slow
async def test_a_key_goes_through_the_sets(two_sets_path: Path, tmp_path: Path) -> None:
    async with explorer(two_sets_path, tmp_path) as opened:
        assert "25 concepts in 2 sets" in opened.lines()[0]
        assert "S Set" in opened.lines()[-1]
        for name, size in [("all sets", 25), ("set 0", 15), ("set 1", 15), ("all sets", 25)]:
            assert title(opened).endswith(f" · {name} ({size})")
            assert f" of {size} annotated" in opened.text()
            check_shown(opened)
            await opened.press("left_square_bracket", "left_curly_bracket")
            check_shown(opened)
            await opened.press("S")


@pytest.mark.slow
async def test_it_may_begin_with_a_set(two_sets_path: Path, tmp_path: Path) -> None:
    async with explorer(two_sets_path, tmp_path, concept_set="set 1") as opened:
        assert title(opened).endswith(" · set 1 (15)")
        check_shown(opened)


@pytest.mark.slow
async def test_a_verdict_records_the_concept_set(two_sets_path: Path, tmp_path: Path) -> None:
    async with explorer(two_sets_path, tmp_path) as opened:
        await opened.press("y", "S", "x")
        lines = [json.loads(line) for line in opened.log.path.read_text().splitlines()]
        assert [(line["verdict"], line["concept_set"]) for line in lines] == [("accept", None), ("reject", "set 0")]


@pytest.mark.slow
async def test_with_one_set_nothing_is_said_of_sets(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, size=(160, 70)) as opened:
        assert title(opened) == "2 Concepts of layer1:3 class 3"
        assert "sets" not in opened.lines()[0]
        assert "Set" not in opened.lines()[-1]
        await opened.press("S")
        assert opened.cuts.concept_set is None
        await opened.press("question_mark")
        assert "concept set" not in opened.text()


@pytest.mark.slow
async def test_help_and_palette_list_the_sets(two_sets_path: Path, tmp_path: Path) -> None:
    async with explorer(two_sets_path, tmp_path, size=(120, 70)) as opened:
        await opened.press("question_mark")
        assert "The next concept set; after the last, all" in opened.text()
        await opened.press("escape")
        await opened.pilot.press("colon", *"set set 1")
        await opened.pilot.pause(0.4)
        await opened.pilot.press("enter")
        await opened.pilot.pause(0.2)
        await opened.rest()
        assert opened.cuts.concept_set == "set 1"


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 15)])
async def test_the_set_has_its_place_before_the_class(
    two_sets_path: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with explorer(two_sets_path, tmp_path, size=size) as opened:
        await opened.press("2", "S")
        assert "layer1:3" in title(opened)
        assert title(opened).endswith(" · set 0 (15)")
        assert title(opened) in opened.text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "said"),
    [("layer1", "2 layer1:3 · nouns of repo…"), ("features.denseblock1", "2 …nseblock1:3 · nouns of …")],
)
async def test_long_names_share_a_narrow_title(tmp_path: Path, layer: str, said: str) -> None:
    contents, batches = small_contents(sets=2)
    sets = [replace(known, name=f"nouns of reports, {known.name}") for known in contents.concept_sets]
    layers = [replace(known, name=known.name.replace("layer1", layer)) for known in contents.layers]
    parts = [replace(b, activations={k.replace("layer1", layer): v for k, v in b.activations.items()}) for b in batches]
    assemble(tmp_path / "long.duckdb", replace(contents, concept_sets=sets, layers=layers), parts)
    async with explorer(tmp_path / "long.duckdb", tmp_path, size=(120, 40), start=(layer, 3)) as opened:
        await opened.press("S")
        assert title(opened) == said
