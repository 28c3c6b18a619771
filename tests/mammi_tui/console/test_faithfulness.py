"""`mammi evaluate --faithfulness` on the terminal and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.evaluation.faithfulness.metrics import METRICS
from tests.support.commands import Mammi
from tests.support.worded import worded_run


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worded_run(tmp_path_factory.mktemp("worded") / "run.duckdb")


def test_every_metric_is_shown_with_what_the_tests_find_of_it(mammi: Mammi, worded: Path) -> None:
    outcome = mammi("evaluate", worded, "--faithfulness", "--alpha", "0.7")
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert lines[0] == "run.duckdb   α 0.7   β 0.95"
    assert "  falls in both cases: Pearson, AUPRC, F1, IoU, AP+" in lines
    assert "  ✗ not when others are added: recall, WPMI, purity, MAD" in lines
    assert "This is circular: the same VLM chose the words" in " ".join(outcome.out.split())
    head = next(line for line in lines if line.startswith("By labels") and "Pearson" in line and "cosine" in line)
    assert head.split() == ["By", "labels", "Pearson", "of", "all", "chance", "cosine", "AUPRC", "F1", "IoU", "AP+"]


@pytest.mark.parametrize("options", [(), ("--faithfulness",)])
def test_methods_keep_the_rankings_of_their_own(options: tuple[str, ...], mammi: Mammi, worded: Path) -> None:
    told = "Methods have rankings of their own: MAMMI ranks by Eq. 2's score, MAMMI by z by"
    by_score, by_z = (mammi("evaluate", worded, *options, "--ranking", ranking).out for ranking in ("score", "z"))
    assert told not in by_score
    assert told in by_z


def test_a_second_vlm_is_named_and_not_circular(mammi: Mammi, worded: Path, tmp_path: Path) -> None:
    other = worded_run(tmp_path / "other.duckdb", noise=0.2, vlm="another VLM")
    text = mammi("evaluate", worded, "--faithfulness", "--second", other, "--method", "mammi").out
    assert "By another VLM: Pearson of a unit's activation" in text
    assert "circular" not in text


def test_the_json_has_all_metrics_and_their_marks(mammi: Mammi, worded: Path) -> None:
    found = json.loads(mammi("evaluate", worded, "--faithfulness", "--alpha", "0.7", "--json").out)
    assert (found["alpha"], found["second"]["circular"], found["selection"]) == (0.7, True, "tau")
    marks = {each["name"]: (each["passes_missing_labels"], each["passes_extra_labels"]) for each in found["metrics"]}
    assert marks == {metric.name: (metric.missing, metric.extra) for metric in METRICS}
    layer = found["methods"][0]["layers"][0]
    assert set(layer["labels"]["metrics"]) == set(marks)
    assert layer["second"]["best"]["mean"] > layer["second"]["best_chance"]


def test_options_that_do_not_go_together_are_refused(mammi: Mammi, worded: Path) -> None:
    for options, message in (
        (("--faithfulness", "--plot"), "--faithfulness goes only with --second, --method, cuts and --json."),
        (("--second", worded), "--second goes with --faithfulness."),
        (("--faithfulness", "--second", "no.npz"), "--second no.npz: no such file."),
    ):
        outcome = mammi("evaluate", worded, *options)
        assert (outcome.status, outcome.out) == (2, "")
        assert message in outcome.err


@pytest.mark.parametrize("option", ["--faithfulness", "--decisions", "--force", "--class=Mass", "--second=two.npz"])
def test_a_matrix_ignores_no_option(option: str, mammi: Mammi) -> None:
    outcome = mammi("evaluate", "--table", "matrix.toml", option)
    assert outcome.status == 2
    assert "it goes only with --out, --set and --json" in outcome.err
