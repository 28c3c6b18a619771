"""A matrix computes shared work once, goes on where it was stopped, and evaluates every cell that was asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.annotation.cuts import Cuts
from engine.errors import ConfigError
from engine.evaluation import matrix_config
from engine.evaluation.evaluate import evaluate
from engine.evaluation.matrix import MatrixResult, compute
from engine.methods import mammi
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support import models
from tests.support.matrices import tiny_matrix
from tests.support.tiny_runs import Heard, counted_calls
from tests.support.tiny_runs import compute as compute_run


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    return tiny_matrix(tmp_path)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    return counted_calls(monkeypatch)


def computed(path: Path, *overrides: str) -> MatrixResult:
    return compute(matrix_config.load(path, overrides), Heard())


def counts(calls: dict[str, list[int]]) -> tuple[int, int, int]:
    """Images of the target model, images of VLMs, texts; and forgets them."""
    found = (sum(calls["target"]), sum(calls["images"]), sum(calls["texts"]))
    for called in calls.values():
        called.clear()
    return found


def cells(result: MatrixResult) -> list[tuple[str, str, float, str, int | None]]:
    return [(cell.vlm, cell.concept_set, cell.alpha, cell.evaluation.method, cell.count) for cell in result.cells]


@pytest.mark.slow
def test_one_of_vlm_concept_set_and_alpha_differs_at_a_time(matrix: Path) -> None:
    found = cells(computed(matrix))
    assert found == [
        ("factory", "word_list", 0.5, "mammi", None),
        ("factory", "word_list", 0.93, "mammi", None),
        ("factory", "word_list", 0.93, "www", 3),
        ("factory", "word_list", 0.93, "mammi_z", None),
        ("factory", "word_list", 0.93, "clip_dissect", None),
        ("factory", "few", 0.93, "mammi", None),
        ("other VLM", "word_list", 0.93, "mammi", None),
    ]


@pytest.mark.slow
def test_every_combination(matrix: Path) -> None:
    found = cells(computed(matrix, "matrix.every_combination=true"))
    assert {cell[:2] for cell in found} == {(v, s) for v in ("factory", "other VLM") for s in ("word_list", "few")}
    assert len(found) == len(set(found)) == 4 * (1 + 4)


@pytest.mark.slow
def test_a_cell_is_what_evaluate_says_of_the_run(matrix: Path) -> None:
    result = computed(matrix)
    for cell in result.cells:
        if cell.evaluation.method == "mammi":
            with RunReader(result.runs[cell.vlm].path) as reader:
                requery = Requery(reader)
                methods = [mammi.load(mammi.Options(), reader, requery)]
                alone = evaluate(reader, methods, cuts=Cuts(cell.alpha, 0.95, cell.concept_set))
                counted = requery.layer("logits", Cuts(cell.alpha, 0.95, cell.concept_set)).counts
            assert cell.evaluation == alone.methods[0]
            assert cell.images_each == pytest.approx(np.mean(counted))


@pytest.mark.slow
def test_what_the_runs_share_is_computed_once(matrix: Path, calls: dict[str, list[int]]) -> None:
    computed(matrix)
    assert counts(calls) == (14, 2 * 14, 7 + 6)
    computed(matrix)
    assert counts(calls) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "wanted"),
    [
        ("matrix.alpha=[0.1, 0.2]", (0, 0, 0)),
        ("matrix.counts=[1, 2]", (0, 0, 0)),
        ("matrix.every_combination=true", (0, 0, 1)),
        ("run.alpha=0.9", (0, 0, 0)),
        ("run.template=A film of a", (0, 0, 7 + 6)),
        ("target.pooling=max", (14, 0, 0)),
        ("vlm.arguments.seed=3", (0, 14, 7)),
    ],
)
def test_only_what_a_change_determines_is_computed_again(
    matrix: Path, calls: dict[str, list[int]], override: str, wanted: tuple[int, int, int]
) -> None:
    computed(matrix)
    counts(calls)
    computed(matrix, override)
    assert counts(calls) == wanted


@pytest.mark.slow
def test_a_new_vlm_sees_the_images_and_nothing_else_is_computed(matrix: Path, calls: dict[str, list[int]]) -> None:
    computed(matrix)
    counts(calls)
    text = matrix.read_text()
    third = text[text.index("[[vlm]]") : text.index("[[concepts]]")].replace("other", "third").replace("2", "3")
    matrix.write_text(text + third)
    assert list(computed(matrix).runs) == ["factory", "other VLM", "third VLM"]
    assert counts(calls) == (0, 14, 6)


@pytest.mark.slow
def test_the_run_file_of_the_base_configuration_is_taken_over(matrix: Path, calls: dict[str, list[int]]) -> None:
    compute_run(matrix.parent / "run" / "tiny.toml")
    assert counts(calls) == (14, 14, 6)
    computed(matrix)
    assert counts(calls) == (0, 14, 1 + 6)


@pytest.mark.slow
def test_stopped_in_the_second_run_it_goes_on_there(
    matrix: Path, calls: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = models.TinyVLM.encode_images

    def stops(self: models.TinyVLM, batch: torch.Tensor) -> torch.Tensor:
        if len(calls["images"]) == 6:
            raise KeyboardInterrupt
        return encode(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(models.TinyVLM, "encode_images", stops)
        with pytest.raises(KeyboardInterrupt):
            computed(matrix)
    before = counts(calls)
    stopped = computed(matrix)
    after = counts(calls)
    assert before[0] + after[0] == 14
    assert before[1] + after[1] == 2 * 14
    for path in (matrix.parent / "out").glob("*.duckdb"):
        path.unlink()
    assert computed(matrix).cells == stopped.cells


@pytest.mark.slow
def test_encoders_encode_each_text_once(matrix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed(matrix)
    given: list[str] = []
    encode = models.TinyVLM.encode_texts
    monkeypatch.setattr(
        models.TinyVLM,
        "encode_texts",
        lambda self, texts: given.extend(texts) or encode(self, texts),  # type: ignore[func-returns-value]
    )
    result = computed(matrix, "matrix.own_encoder=true")
    assert result.encoders == ("vlm",)
    assert len(given) == len(set(given)) > 0
    for cell in result.cells:
        assert cell.evaluation.labels is not None
        assert set(cell.evaluation.labels.similarity) == {"vlm"}


@pytest.mark.slow
def test_a_layer_without_class_names_is_reported(matrix: Path) -> None:
    result = computed(matrix, "target.classes=[]")
    assert result.own.final is None
    assert any("class names" in reason for reason in result.missing)


@pytest.mark.parametrize(
    ("old", "new"),
    [("tiny_vlm", "tiny_vml"), ("alpha = [0.5]", 'encoders = { clip = "none" }')],
)
def test_a_vlm_or_encoder_that_is_missing_fails_before_anything_is_computed(
    matrix: Path, calls: dict[str, list[int]], old: str, new: str
) -> None:
    matrix.write_text(matrix.read_text().replace(old, new))
    with pytest.raises(ConfigError):
        computed(matrix)
    assert counts(calls) == (0, 0, 0)
