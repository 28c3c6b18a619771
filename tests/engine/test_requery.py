"""Live answers equal the pure functions, for every neuron and any α and β."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from engine.annotation import scoring, selection
from engine.annotation.cuts import Cuts, Ranking, Selection
from engine.errors import MammiError
from engine.requery import Requery
from engine.store.batch import Batch
from engine.store.contents import ConceptSet, Layer, RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.shared import shared_path
from tests.support.runs import small_contents

CUTS = [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.93, 0.95), (0.93, 0.2), (0.5, 0.5)]


@dataclass
class Case:
    contents: RunContents
    embeddings: np.ndarray
    activations: dict[str, np.ndarray]
    requery: Requery


def _open(folder: Path, contents: RunContents, batches: list[Batch]) -> Iterator[Case]:
    path = folder / "run.duckdb"
    assemble(path, contents, batches)
    with RunReader(path) as reader:
        yield Case(
            contents,
            np.concatenate([batch.embeddings for batch in batches]),
            {
                layer.name: np.concatenate([batch.activations[layer.name] for batch in batches])
                for layer in contents.layers
            },
            Requery(reader),
        )


@pytest.fixture(params=[1, 2, 60, 256, 1500])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """Runs of a single image, of exactly one block of ranks, and of several blocks and rungs."""
    yield from _open(tmp_path, *small_contents(images=request.param, seed=request.param))


def _check(case: Case, layer: str, alpha: float, beta: float) -> None:
    contents, requery = case.contents, case.requery
    whole = requery.layer(layer, Cuts(alpha, beta))
    for unit, activations in enumerate(case.activations[layer].T):
        answer = requery.neuron(layer, unit, Cuts(alpha, beta))
        images = selection.representatives(activations, alpha)
        assert answer.threshold == selection.threshold(activations, alpha)
        assert answer.dead == (activations.max() == activations.min())
        assert answer.images.tolist() == images.tolist()
        assert answer.activations.tolist() == activations[images].tolist()
        assert whole.counts[unit] == len(images)
        if len(images) == 0:
            assert (len(answer.scores), len(answer.ranking), answer.annotated, answer.cut) == (0, 0, 0, 0.0)
            assert (whole.best[unit], whole.best_scores[unit], whole.annotated[unit]) == (-1, 0.0, 0)
            continue
        scores = scoring.concept_scores(case.embeddings[images], contents.text_embeddings, contents.template_embedding)
        annotation = scoring.annotate(scores, beta)
        np.testing.assert_allclose(answer.scores, scores, rtol=0, atol=1e-7)
        assert answer.ranking.tolist() == scoring.rank(scores).tolist()
        assert answer.ranking[: answer.annotated].tolist() == annotation.tolist()
        assert answer.cut == pytest.approx(beta * max(scores.max(), 0), abs=1e-7)
        assert whole.best[unit] == answer.ranking[0]
        assert whole.best_scores[unit] == pytest.approx(scores.max(), abs=1e-7)
        assert whole.annotated[unit] == len(annotation)
        assert whole.words.of_unit(unit) == tuple(annotation.tolist())


@pytest.mark.slow
def test_sets_of_images_are_those_of_the_neurons(case: Case) -> None:
    layer = case.requery._reader.layer("layer1")
    for alpha in (0.0, 0.5, 0.93, 1.0):
        means = case.requery.means(layer, Cuts(alpha, 0.95))
        units = np.flatnonzero(means.counts)[::2]
        sets = case.requery.image_sets(layer, units, means.counts[units])
        assert len(sets) == len(units)
        assert sets.counts.tolist() == means.counts[units].tolist()
        for index, unit in enumerate(units):
            images = selection.representatives(case.activations["layer1"][:, unit], alpha)
            assert sets.of(index).tolist() == images.tolist()
            assert np.count_nonzero(sets.rows == index) == len(images)
            expected = scoring.unit_rows(case.embeddings[images]).mean(axis=0)
            np.testing.assert_allclose(means.means[unit], expected, rtol=0, atol=1e-7)


def test_sets_are_filled_with_the_strongest_images_above_a_lower_cut(case: Case) -> None:
    for layer in case.requery._reader.layers:
        counts = case.requery.means(layer, Cuts(0.93, 0.95)).counts
        filled = case.requery.strongest(layer, np.arange(layer.units), counts, 20, 0.4)
        for unit, activations in enumerate(case.activations[layer.name].T):
            strongest = selection.representatives(activations, 0.4)[: max(20, counts[unit])]
            assert filled.of(unit).tolist() == strongest.tolist()


@pytest.mark.slow
def test_equal_to_the_pure_functions(case: Case) -> None:
    cuts = np.random.default_rng(5).random((6, 2)).tolist()
    for layer in case.activations:
        for alpha, beta in [*CUTS, *cuts]:
            _check(case, layer, alpha, beta)


def test_every_way_to_a_cut_gives_the_same_answer(tmp_path: Path) -> None:
    """By steps, by jumps, after other layers and rankings, and for the rows on screen alone."""
    ways = [(alpha, 0.9) for alpha in (0.95, 0.94, 0.3, 0.31, 0.0)] + [(0.94, 0.9), (0.94, 0.5)]
    kinds: list[tuple[str | None, Ranking, str]] = [
        (None, "score", "tau"),
        (None, "z", "tau"),
        ("some", "score", "adaptive"),
        (None, "z", "top-300"),
    ]
    contents, batches = small_contents(images=700, seed=5)
    sets = [*contents.concept_sets, ConceptSet("some", "word_list", (20, 3, 7, 1, 9))]
    for case in _open(tmp_path, replace(contents, concept_sets=sets), batches):
        for alpha, beta in ways:
            for (concept_set, ranking, chosen), layer in product(kinds, case.activations):
                cuts = Cuts(alpha, beta, concept_set, ranking, Selection.parse(chosen))
                whole, alone = case.requery.layer(layer, cuts), Requery(case.requery._reader).layer(layer, cuts)
                units = np.array([5, 0, 3, 3, 1])
                rows = case.requery.some(layer, units, cuts)
                for answer, of, places in ((alone, whole, np.arange(len(whole.best))), (rows, whole, units)):
                    assert answer.counts.tolist() == of.counts[places].tolist()
                    assert answer.best.tolist() == of.best[places].tolist()
                    np.testing.assert_allclose(answer.best_scores, of.best_scores[places], rtol=0, atol=1e-6)
                    np.testing.assert_allclose(answer.best_z, of.best_z[places], rtol=0, atol=1e-3)
                    words = [answer.words.of_unit(row) for row in range(len(places))]
                    assert words == [of.words.of_unit(unit) for unit in places.tolist()]


def test_a_threshold_that_float32_would_round(tmp_path: Path) -> None:
    """Unit 3's middle activation lies above τ, and equals τ rounded to float32."""
    contents, batches = small_contents(images=30, units=(5,), batch_size=64)
    activations = batches[0].activations["layer0"]
    activations[:, 3] = 0.0
    activations[7, 3], activations[9, 3] = 1.0, 0.1
    alpha = float(np.float32(0.1)) - 1e-12
    for case in _open(tmp_path, replace(contents, alpha=alpha), batches):
        _check(case, "layer0", alpha, 0.95)
        assert case.requery.layer("layer0", Cuts(alpha, 0.95)).counts[3] == 2
        assert case.requery.layer("layer0", Cuts(alpha, 0.9)).counts[3] == 2


@pytest.mark.slow
@pytest.mark.parametrize("number", range(6))
def test_the_published_outputs(number: int, tmp_path: Path) -> None:
    golden = np.load(shared_path("goldens", f"mammi_{number}.npz"), allow_pickle=False)
    images, units = golden["activations"].shape
    contents, batches = small_contents(images=images, units=(1,), batch_size=images + 2)
    contents = replace(
        contents,
        layers=[Layer("layer", "mean")],
        concepts=[f"concept {index}" for index in range(len(golden["text_features"]))],
        text_embeddings=golden["text_features"],
        template_embedding=golden["template_feature"],
        alpha=0.5,
        beta=0.5,
    )
    batch = Batch(batches[0].images, golden["image_features"], {"layer": golden["activations"]})
    for case in _open(tmp_path, contents, [batch]):
        alpha, beta = float(golden["alpha"]), float(golden["beta"])
        whole = case.requery.layer("layer", Cuts(alpha, beta))
        assert whole.counts.tolist() == golden["count"].tolist()
        assert whole.annotated.tolist() == golden["concept_count"].tolist()
        selected = np.split(golden["selected"], np.cumsum(golden["count"])[:-1])
        concepts = np.split(golden["concept"], np.cumsum(golden["concept_count"])[:-1])
        sums = np.split(golden["weight_sum"], np.cumsum(golden["concept_count"])[:-1])
        for unit in range(units):
            answer = case.requery.neuron("layer", unit, Cuts(alpha, beta))
            annotation = answer.ranking[: answer.annotated]
            assert answer.images.tolist() == selected[unit].tolist()
            assert annotation.tolist() == concepts[unit].tolist()
            published = sums[unit] / max(len(selected[unit]), 1)
            np.testing.assert_allclose(answer.scores[annotation], published, rtol=0, atol=1e-6)


@pytest.fixture
def requery(tmp_path: Path) -> Iterator[Requery]:
    for case in _open(tmp_path, *small_contents()):
        yield case.requery


def test_many_threads_get_the_same_answers(requery: Requery) -> None:
    asked = [(unit, alpha) for unit in range(8) for alpha in (0.3, 0.6, 0.93)]
    alone = [requery.neuron("layer0", unit, Cuts(alpha, 0.9)).scores.tolist() for unit, alpha in asked]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda q: requery.neuron("layer0", q[0], Cuts(q[1], 0.9)).scores.tolist(), asked * 5))
    assert together == alone * 5


@pytest.mark.parametrize(("alpha", "beta"), [(-0.1, 0.5), (0.5, 1.1), (float("nan"), 0.5), (0.5, float("nan"))])
def test_cuts_outside_their_range_are_refused(requery: Requery, alpha: float, beta: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        requery.neuron("layer0", 0, Cuts(alpha, beta))
    with pytest.raises(ValueError, match="between 0 and 1"):
        requery.layer("layer0", Cuts(alpha, beta))


def test_an_unknown_neuron_is_told_what_is_near(requery: Requery) -> None:
    with pytest.raises(MammiError, match="layer0"):
        requery.neuron("leyer0", 0, Cuts(0.5, 0.5))
    with pytest.raises(MammiError, match="0 to 7"):
        requery.neuron("layer0", 8, Cuts(0.5, 0.5))
    with pytest.raises(MammiError, match="layer1"):
        requery.layer("layr1", Cuts(0.5, 0.5))


def test_torch_is_never_loaded() -> None:
    code = "import sys, engine.requery, engine.export; sys.exit('torch' in sys.modules or 'textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
