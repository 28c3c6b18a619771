"""The study of words (python -m tests.benchmarks.words), in a form so small that its figures mean nothing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.evaluation import truth
from tests.benchmarks.words.measure import Score
from tests.benchmarks.words.rules import BASE, RULES
from tests.benchmarks.words.runs import write_terms
from tests.benchmarks.words.study import Plan, study
from tests.benchmarks.words.table import Interval, markdown, rows
from tests.benchmarks.words.training import Recipe

PAPERS = Score("1", "vit", "reports", BASE, 10, 0.5, 0.1, 0.6, 0.2, 0.3, (0.2, 0.3), {}, {})


def test_an_interval_is_students_over_populations() -> None:
    found = Interval.of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.mean == 3
    assert found.half == pytest.approx(2.776445 * math.sqrt(2.5 / 5), rel=1e-5)
    assert Interval.of([2.0]).text() == "2.000"


def test_differences_are_of_the_same_populations_and_classifiers() -> None:
    """Populations differ far more than the methods do: paired, the difference has no spread."""
    scores = []
    for films, hits in (("1", 0.2), ("2", 0.5), ("3", 0.9)):
        scores += [replace(PAPERS, films=films, hits=hits), replace(PAPERS, films=films, method="z", hits=hits + 0.1)]
    _, z = rows(scores, ["vit"])
    assert z.differences["hits"].mean == pytest.approx(0.1)
    assert z.differences["hits"].half == pytest.approx(0, abs=1e-9)
    assert z.values["hits"].half > 0.3
    assert "| z | 0.633 ± 0.872 | +0.100 ± 0.000 |" in markdown([z])


def test_a_method_without_an_answer_for_a_classifier_is_compared_on_the_others() -> None:
    scores = [PAPERS, replace(PAPERS, classifier="resnet", hits=0.1), replace(PAPERS, method="TSI", hits=0.7)]
    scores.append(replace(PAPERS, classifier="resnet", method="TSI", hits=float("nan")))
    _, mapped = rows(scores, ["vit", "resnet"])
    assert (mapped.values["hits"].mean, mapped.differences["hits"].mean) == pytest.approx((0.7, 0.2))


def test_kept_populations_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="seed 7500 is kept for a later check"):
        study(Plan((2101, 7500)), tmp_path, 1)
    assert not (tmp_path / "weights").exists()


@pytest.mark.slow
def test_the_command_trains_runs_and_writes_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "EXCHANGES", 10)
    told: list[str] = []
    plan = Plan((2101,), 100, ("resnet",), Recipe(64, 16, 0.1), mapped=False)
    found = study(plan, tmp_path, 1, told.append)
    assert [row.method for row in found[: len(RULES)]] == [rule.title for rule in RULES]
    assert {row.concept_set for row in found} == {"reports", "terms"}
    assert "z, adaptive" in (tmp_path / "table.md").read_text(encoding="utf-8")
    kept = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert all(0 <= score["final_hits"] <= 1 for score in kept["scores"])
    told.clear()
    study(plan, tmp_path, 1, told.append)
    assert not any("rendered" in line for line in told)
    with pytest.raises(ConfigError, match="was trained on 64 films, not 5,000"):
        study(Plan((2101,), classifiers=("resnet",)), tmp_path, 1)


def test_the_second_concept_set_has_words_of_phantoms_and_foreign_ones(tmp_path: Path) -> None:
    write_terms(tmp_path / "terms.txt")
    terms = (tmp_path / "terms.txt").read_text(encoding="utf-8").splitlines()
    assert {"pleural effusion", "pacemaker", "tibia"} <= set(terms)
