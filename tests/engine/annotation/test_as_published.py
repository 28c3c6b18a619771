"""MAMMI beside the published functions on the same arrays: images, scores, annotations and metrics are equal."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.annotation.scoring import annotate, concept_scores, unit_rows
from engine.annotation.selection import representatives
from engine.config.settings import load_config
from engine.evaluation.labels import LabelScorer
from engine.progress import Silent
from engine.requery import Requery
from engine.run.pipeline import run
from engine.store.reader import RunReader
from tests.support import published_code
from tests.support.models import tiny_project

SEEDS = range(5)


def arrays(seed: int) -> tuple[NDArray[np.float32], ...]:
    """Activations [p, units], image embeddings [p, d], prompted concepts [m, d] near the template, the template [d]."""
    rng = np.random.default_rng(seed)
    activations = rng.standard_normal((400, 40)).astype(np.float32) * rng.uniform(0.1, 50, 40).astype(np.float32)
    activations[:, ::4] = np.maximum(activations[:, ::4], 0)  # as after a ReLU
    common = rng.standard_normal(32)
    images = (common + rng.standard_normal((400, 32))).astype(np.float32)
    template = (common + 0.3 * rng.standard_normal(32)).astype(np.float32)
    words = (template + rng.standard_normal((150, 32))).astype(np.float32)
    return activations, images, words, template


@pytest.mark.parametrize("percent", [85, 90, 93, 95, 99])
@pytest.mark.parametrize("seed", SEEDS)
def test_representative_images(seed: int, percent: int) -> None:
    activations, *_ = arrays(seed)
    for values in activations.T:
        assert representatives(values, percent / 100).tolist() == published_code.selected(values, percent).tolist()


@pytest.mark.parametrize("subtracted", [True, False], ids=["--adaptive yes", "--adaptive no"])
@pytest.mark.parametrize("seed", SEEDS)
def test_scores_and_annotations(seed: int, subtracted: bool) -> None:
    activations, images, words, template = arrays(seed)
    selected = [published_code.selected(values, 93) for values in activations.T]
    counts = [len(chosen) for chosen in selected]
    rows = published_code.similarities(images[np.concatenate(selected)], words, template if subtracted else None)
    published = published_code.discovered(rows, counts, 95)
    zero_or_template = template if subtracted else np.zeros_like(template)
    for values, concepts, sums in zip(activations.T, published, np.split(rows, np.cumsum(counts)[:-1]), strict=True):
        chosen = representatives(values, 0.93)
        scores = concept_scores(images[chosen], words, zero_or_template)
        np.testing.assert_allclose(scores, sums.mean(axis=0), rtol=0, atol=1e-6)
        assert annotate(scores, 0.95).tolist() == concepts


class Words:
    """A text encoder whose vectors are drawn from a text's hash."""

    name = "words"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        drawn = [np.random.default_rng(zlib.crc32(text.encode())).standard_normal(16) for text in texts]
        return unit_rows(drawn).astype(np.float32)


def test_metrics() -> None:
    rng = np.random.default_rng(0)
    labels = [f"label {number}" for number in range(14)]
    truth = [(label,) if number % 5 else (label, "second") for number, label in enumerate(labels)]
    for _ in range(20):
        drawn = [rng.permutation([*labels, "second", "none"])[: rng.integers(0, 6)].tolist() for _ in truth]
        predicted = [words or ["none"] for words in drawn]
        ours = LabelScorer(truth, [Words()]).score(drawn)
        assert ours.hit_rate.mean == published_code.hits(predicted, truth)
        for name, (mean, error) in published_code.scores(predicted, truth).items():
            figure = getattr(ours, name)
            assert (figure.mean, figure.error) == pytest.approx((mean, error), abs=1e-12)
        cosine = published_code.text_similarity(predicted, truth, lambda text: Words().encode([text])[0])
        found = ours.similarity["words"]
        assert (found.mean, found.error) == pytest.approx(cosine, abs=1e-6)


@pytest.mark.parametrize(
    ("overrides", "subtracted"),
    [((), True), (("run.subtract_template=false",), False), (("run.template=",), False)],
    ids=["base", "--adaptive no", "--template_ver no"],
)
def test_a_whole_run(overrides: tuple[str, ...], subtracted: bool, tmp_path: Path) -> None:
    """Every neuron of every layer, from what the run file holds."""
    project = tiny_project(tmp_path, films=40)
    path = run(load_config(project, ["run.parity=published", *overrides]), Silent())
    with RunReader(path) as reader:
        images = reader.arrays.image_embeddings()
        words, template = reader.arrays.text_embeddings()
        requery = Requery(reader)
        for layer in reader.layers:
            activations = reader.arrays.activations(layer)
            selected = [published_code.selected(values, 93) for values in activations]
            rows = published_code.similarities(
                images[np.concatenate(selected)], words, template if subtracted else None
            )
            published = published_code.discovered(rows, [len(chosen) for chosen in selected], 95)
            for unit, concepts in enumerate(published):
                answer = requery.neuron(layer.name, unit, reader.info.cuts)
                assert answer.images.tolist() == selected[unit].tolist()
                assert answer.ranking[: answer.annotated].tolist() == concepts
