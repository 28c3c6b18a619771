"""Concepts ranked by z and images chosen by number: live answers and stored ones equal their definitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from engine.annotation import scoring, selection
from engine.annotation.cuts import TAU, Cuts, Selection
from engine.requery import Requery
from engine.store.contents import RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.runs import small_contents

SELECTIONS = [TAU, Selection("top", 7), Selection("top", 300), Selection("top", 10_000), Selection("adaptive")]
IMAGES = 700


@dataclass
class Case:
    contents: RunContents
    embeddings: np.ndarray
    activations: np.ndarray
    path: Path
    requery: Requery

    def images(self, unit: int, cuts: Cuts) -> np.ndarray:
        """The unit's representative images, by the definition of each selection."""
        values = self.activations[:, unit]
        order = np.argsort(-values, kind="stable")
        above = len(selection.representatives(values, cuts.alpha))
        count = {"tau": above, "top": cuts.selection.top, "adaptive": min(max(above, 35), 47)}[cuts.selection.rule]
        return order[: count if values.max() > values.min() else 0]

    def z(self, images: np.ndarray) -> np.ndarray:
        """z of every concept for a set of images, from the scores of all images."""
        directions = scoring.concept_directions(self.contents.text_embeddings, self.contents.template_embedding)
        scores = scoring.unit_rows(self.embeddings) @ directions.T
        total, count = len(scores), len(images)
        errors = scores.std(axis=0) * np.sqrt((total - count) / (total - 1) / count)
        centred = scores[images].mean(axis=0) - scores.mean(axis=0)
        return np.divide(centred, errors, out=np.zeros_like(centred), where=errors > 1e-9)


@pytest.fixture(scope="module", params=[("z", "adaptive"), ("z", "top-30"), ("score", "tau")])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A run with a ranking and a selection of its own, so that some answers are stored and others are computed."""
    contents, batches = small_contents(images=IMAGES, seed=4)
    ranking, chosen = request.param
    contents = replace(contents, ranking=ranking, selection=Selection.parse(chosen))
    path = tmp_path_factory.mktemp("run") / "run.duckdb"
    assemble(path, contents, batches)
    embeddings = np.concatenate([batch.embeddings for batch in batches])
    activations = np.concatenate([batch.activations["layer1"] for batch in batches])
    with RunReader(path) as reader:
        yield Case(contents, embeddings, activations, path, Requery(reader))


@pytest.mark.parametrize("chosen", SELECTIONS, ids=str)
@pytest.mark.parametrize("ranking", ["score", "z"])
def test_answers_follow_their_definitions(case: Case, ranking: str, chosen: Selection) -> None:
    own = case.contents.alpha
    for alpha, beta in ((own, 0.95), (0.4, 0.7), (1.0, 0.95)):
        cuts = Cuts(alpha, beta, None, ranking, chosen)  # type: ignore[arg-type]
        layer = case.requery.layer("layer1", cuts)
        for unit in range(case.activations.shape[1]):
            images, answer = case.images(unit, cuts), case.requery.neuron("layer1", unit, cuts)
            assert answer.images.tolist() == images.tolist()
            assert layer.counts[unit] == len(images)
            if len(images) == 0:
                assert (answer.annotated, layer.annotated[unit]) == (0, 0)
                assert (layer.best[unit], layer.best_z[unit]) == (-1, 0.0)
                continue
            rows = case.embeddings[images]
            texts, template = case.contents.text_embeddings, case.contents.template_embedding
            scores, z = scoring.concept_scores(rows, texts, template), case.z(images)
            np.testing.assert_allclose(answer.scores, scores, rtol=0, atol=1e-7)
            np.testing.assert_allclose(answer.z_scores, z, rtol=1e-4, atol=1e-3)
            ranked = answer.z_scores if ranking == "z" else answer.scores
            annotation = scoring.annotate(ranked, beta).tolist()
            assert answer.ranking.tolist() == scoring.rank(ranked).tolist()
            assert answer.ranking[: answer.annotated].tolist() == annotation
            assert list(layer.words.of_unit(unit)) == annotation
            assert layer.best[unit] == answer.ranking[0]
            assert layer.best_scores[unit] == pytest.approx(answer.scores[answer.ranking[0]], abs=1e-7)
            assert layer.best_z[unit] == pytest.approx(answer.z_scores[answer.ranking[0]], abs=1e-4)


def test_the_threshold_of_a_chosen_number_is_the_lowest_activation_taken(case: Case) -> None:
    cuts = Cuts(0.93, 0.95, None, "z", Selection("top", 7))
    unit = int(np.flatnonzero(case.activations.max(axis=0) > case.activations.min(axis=0))[0])
    answer = case.requery.neuron("layer1", unit, cuts)
    assert answer.threshold == answer.activations[-1] == np.sort(case.activations[:, unit])[-7]


def test_the_files_views_have_the_runs_own_annotations(case: Case) -> None:
    own = case.requery._reader.info.cuts
    with duckdb.connect(str(case.path), read_only=True) as connection:
        for unit in range(case.activations.shape[1]):
            answer = case.requery.neuron("layer1", unit, own)
            found = connection.execute(
                "SELECT concept FROM annotations WHERE layer = 'layer1' AND unit = ?", [unit]
            ).fetchall()
            words = [case.contents.concepts[concept] for concept in answer.ranking[: answer.annotated]]
            assert sorted(concept for (concept,) in found) == sorted(words)
            images = connection.execute(
                "SELECT image FROM representatives WHERE layer = 'layer1' AND unit = ? ORDER BY rank", [unit]
            ).fetchall()
            assert [image for (image,) in images] == answer.images.tolist()


def test_a_concept_with_the_same_score_on_every_image_has_no_z(tmp_path: Path) -> None:
    contents, batches = small_contents(images=60, seed=1)
    texts = contents.text_embeddings.copy()
    texts[3] = contents.template_embedding  # its direction is zero
    path = tmp_path / "run.duckdb"
    assemble(path, replace(contents, text_embeddings=texts), batches)
    with RunReader(path) as reader:
        answer = Requery(reader).neuron("layer1", 1, Cuts(0.5, 0.0, None, "z"))
        assert answer.z_scores[3] == 0.0
        assert np.isfinite(answer.z_scores).all()
