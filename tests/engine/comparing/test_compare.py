"""Runs of a phantom model that differ in one thing: what changed is found, and what changed it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.comparing.compare import TOGETHER, Comparison, Exchanged, Row, because, causes
from engine.comparing.differences import ACTIVATIONS, IMAGES, TEXTS, VLM
from engine.comparing.side import Side
from engine.errors import MammiError
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.engine.comparing.conftest import Compared
from tests.support.other_models import orders


def rows_of(comparison: Comparison) -> list[Row]:
    return [row for pair in comparison.layers for row in comparison.layer(pair).rows]


def differing(comparison: Comparison) -> set[str]:
    return {each.what for each in comparison.differences if each.differs}


@pytest.mark.slow
def test_a_permuted_copy_is_matched_completely_and_nothing_changed(compared: Compared) -> None:
    comparison = compared("permuted")
    found = comparison.layer(comparison.layers[0])
    assert found.match.how == "by correlation"
    assert found.match.correlations.min() > 0.999
    _, order = orders(1)
    assert np.array_equal(found.match.partners, order.argsort().numpy())
    assert not len(found.match.alone)
    rows = rows_of(comparison)
    assert not any(row.changed for row in rows)
    assert all(abs(row.moved) < 1e-6 for row in rows if row.before)
    assert differing(comparison) == {"target model"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cause", "differs"),
    [
        ("template", TEXTS, {"template"}),
        ("concepts", TEXTS, {"concepts"}),
        ("films", IMAGES, {"films"}),
        ("other films", IMAGES, {"films"}),
        ("perturbed", ACTIVATIONS, {"target model"}),
        ("VLM", VLM, {"VLM"}),
    ],
)
def test_the_cause_is_what_differs(compared: Compared, name: str, cause: str, differs: set[str]) -> None:
    comparison = compared(name)
    rows = rows_of(comparison)
    assert differing(comparison) == differs
    assert sum(row.changed for row in rows) >= 5
    assert causes(rows).keys() == {cause}


@pytest.mark.slow
def test_the_words_are_those_of_each_run(compared: Compared) -> None:
    comparison = compared("films")
    for pair in comparison.layers:
        rows = comparison.layer(pair).rows
        for side, words, scores in (
            (comparison.sides[0], [row.before for row in rows], [row.score_before for row in rows]),
            (comparison.sides[1], [row.after for row in rows], [row.score_after for row in rows]),
        ):
            own = Requery(side.reader).layer(pair[0].name, side.cuts)
            for unit, found in enumerate(words):
                assert found == tuple(side.reader.concepts[concept] for concept in own.words.of_unit(unit))
            alive = own.best >= 0
            assert np.allclose(np.array(scores)[alive], own.best_scores[alive], atol=1e-9)
            assert np.isnan(np.array(scores)[~alive]).all()


@pytest.mark.slow
def test_two_things_that_differ_are_told_apart(runs: Path, compared: Compared) -> None:
    with RunReader(runs / "template.duckdb") as reader:
        sides = compared("permuted").sides[0], Side(reader, replace(reader.info.cuts, alpha=0.6))
        rows = rows_of(Comparison(*sides))
        found = causes(rows)
        assert min(found[TEXTS], found["α"]) > 0
        assert found.keys() <= {TEXTS, "α", f"{TEXTS} and α", TOGETHER}
        for row in rows:
            if row.because == (TEXTS,):
                assert row.exchanged is not None
                assert set(row.exchanged[TEXTS].before) != set(row.before)
                assert set(row.exchanged[TEXTS].after) != set(row.after)


@pytest.mark.slow
def test_one_run_at_two_cuts(compared: Compared) -> None:
    first = compared("films").sides[0]
    reader = first.reader
    second = Side(reader, Cuts(0.7, first.cuts.beta))
    found = causes(rows_of(Comparison(first, second)))
    assert found.keys() == {"α"}
    looser = Comparison(first, Side(reader, Cuts(first.cuts.alpha, 0.6)))
    assert looser.is_of_one_run
    assert causes(rows_of(looser)).keys() == {"β"}
    assert differing(looser) == {"β"}


@pytest.mark.slow
def test_other_films_under_another_model_cannot_be_compared(runs: Path, compared: Compared) -> None:
    with RunReader(runs / "other films.duckdb") as reader:
        comparison = Comparison(compared("permuted").sides[1], Side(reader, reader.info.cuts))
        with pytest.raises(MammiError, match="no film in common"):
            comparison.layer(comparison.layers[0])


def test_a_cause_changes_the_words_of_both_runs_else_of_one_else_only_together() -> None:
    old, new, other = ("a",), ("b",), ("c",)
    both, one, none = Exchanged(new, old), Exchanged(other, new), Exchanged(old, new)
    assert because(old, new, {"images": one, "texts": both}) == ("texts",)
    assert because(old, new, {"images": one, "texts": none}) == ("images",)
    assert because(old, new, {"images": both, "texts": both}) == ("images", "texts")
    assert because(old, new, {"images": none, "texts": none}) == (TOGETHER,)
    assert because(("a", "b"), ("b", "a"), {"images": none}) == ()
