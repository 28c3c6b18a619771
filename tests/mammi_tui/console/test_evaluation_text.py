"""Hit rates by what chooses among several truths."""

from __future__ import annotations

from collections.abc import Mapping

from engine.annotation.cuts import Cuts
from engine.evaluation.results import Evaluation, Figure, LayerTruth, MethodEvaluation, TruthHits, TruthScores
from engine.evaluation.truth import Criterion
from mammi_tui.console.evaluation_text import as_text


def scores(rate: float) -> tuple[TruthScores, ...]:
    hits = TruthHits(Figure(rate, 0.1), 0.05, 0.01)
    return (TruthScores("hidden", 20, hits, hits),)


def lines(changed: Mapping[Criterion, int]) -> list[str]:
    by: Mapping[Criterion, tuple[TruthScores, ...]] = {"average_precision": scores(0.2), "auroc": scores(0.25)}
    method = MethodEvaluation("mammi", "MAMMI", True, False, (), scores(0.3), by)
    layer = LayerTruth("hidden", 30, 20, {"Mass": 20}, (), changed)
    return list(as_text(Evaluation(Cuts(0.9, 0.9), None, (), (method,), (layer,), ())))


def test_hit_rates_are_given_by_each_criterion_where_the_choice_matters() -> None:
    found = lines({"average_precision": 0, "auroc": 7})
    start = found.index("Chooses another truth: AUROC for 7. The best concept's hit rate by each:")
    assert found[start + 1].split() == ["Pearson", "AP+", "AUROC"]
    assert found[start + 2].split() == ["MAMMI", "0.300", "0.200", "0.250"]


def test_nothing_is_said_where_all_choose_alike() -> None:
    assert not [line for line in lines({"average_precision": 0, "auroc": 0}) if "another truth" in line]
