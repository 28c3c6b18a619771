"""The evidence of layers and neurons of whole run files, the awkward ones too. No warning may come up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.evidence.answers import NeuronEvidence
from engine.evidence.columns import (
    CENTRED_BEST,
    CHANGE_CHANCE,
    COLUMNS,
    HALF_AGREEMENT,
    MARGIN,
    MARGIN_INTERVAL,
    P_VALUE,
    PATIENTS,
    Q_VALUE,
    SECOND,
    Z_SCORE,
)
from engine.evidence.details import Trust
from engine.evidence.image_columns import (
    GROUP_CONCEPTS,
    LABEL,
    LABEL_Q_VALUE,
    PATIENT_SHARE,
    TIGHTNESS,
    TWO_GROUPS,
    VIEW_SHARE,
)
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.batch import Batch
from engine.store.contents import ConceptSet, RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.runs import small_contents, with_evidence

pytestmark = pytest.mark.filterwarnings("error")
CUTS = [(0.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.93, 0.95), (0.93, 1.0), (1.0, 0.95)]


@contextmanager
def _evidence(folder: Path, contents: RunContents, batches: list[Batch]) -> Iterator[Evidence]:
    path = folder / "run.duckdb"
    assemble(path, contents, batches)
    with RunReader(path) as reader:
        yield Evidence(reader, Requery(reader))


def _with(contents: RunContents, **changes: Any) -> RunContents:
    return replace(contents, images=[replace(image, **changes) for image in contents.images])


def _check(evidence: Evidence, layer: str, units: int, alpha: float, beta: float, concept_set: str | None) -> None:
    """A layer has the figures of its neurons, and every figure lies in its range."""
    whole = evidence.layer(layer, Cuts(alpha, beta, concept_set))
    assert (whole.layer, whole.cuts) == (layer, Cuts(alpha, beta, concept_set))
    for unit in range(units):
        neuron = evidence.neuron(layer, unit, Cuts(alpha, beta, concept_set))
        best = neuron.best

        def of_best(values: np.ndarray, best: int = best) -> float:
            return float(values[best]) if best >= 0 else np.nan

        pairs = [
            (whole[P_VALUE], of_best(neuron.adjusted_p_values)),
            (whole[Q_VALUE], of_best(neuron.q_values)),
            (whole[Z_SCORE], of_best(neuron.z_scores)),
            *((whole[column], neuron[column]) for column in COLUMNS),
        ]
        for column, value in pairs:
            np.testing.assert_equal(column[unit], value)
        assert whole[TWO_GROUPS][unit] == (len(neuron.groups) > 1)
        concepts = whole[GROUP_CONCEPTS][unit]
        assert concepts[concepts >= 0].tolist() == [group.best for group in neuron.groups]
        if whole[LABEL][unit]:
            assert (whole[LABEL][unit], whole[LABEL_Q_VALUE][unit]) == (
                neuron.enrichments[0].label,
                pytest.approx(neuron.enrichments[0].q_value),
            )
        shares = {found.kind: found.share for found in neuron.confounds}
        for kind, column in (("patient", whole[PATIENT_SHARE]), ("view", whole[VIEW_SHARE])):
            np.testing.assert_equal(float(column[unit]), shares.get(kind, np.nan))
        if best >= 0:
            centred = np.where(np.isnan(neuron.centred_scores), -np.inf, neuron.centred_scores)
            assert centred[whole[CENTRED_BEST][unit]] == pytest.approx(centred.max())
        _check_neuron(neuron)


def _check_neuron(neuron: NeuronEvidence) -> None:
    assert neuron.sentence
    if neuron.count == 0:
        assert (neuron.trust, neuron.best, neuron[SECOND], neuron[PATIENTS]) == (Trust.UNSUPPORTED, -1, -1, 0)
        assert all(np.isnan(values).all() for values in (neuron.z_scores, neuron.p_values, neuron.q_values))
        return
    competing = ~np.isnan(neuron.centred_scores)
    z, p, adjusted, q = (
        values[competing] for values in (neuron.z_scores, neuron.p_values, neuron.adjusted_p_values, neuron.q_values)
    )
    assert np.isfinite(z).all()
    for chances in (p, adjusted, q):
        assert ((chances >= 0) & (chances <= 1)).all()
    assert (p <= adjusted).all()
    assert (adjusted <= q + 1e-12).all()
    if neuron.count == 1:
        assert neuron.trust is Trust.UNSUPPORTED
        assert (p == 1).all()
        assert (q == 1).all()
    if neuron[PATIENTS] < 2:
        assert np.isnan([neuron[CHANGE_CHANCE], neuron[HALF_AGREEMENT], *neuron[MARGIN_INTERVAL]]).all()
    else:
        assert 0 <= neuron[CHANGE_CHANCE] <= 1
        assert 0 <= neuron[HALF_AGREEMENT] <= 1
    if neuron[SECOND] < 0:
        assert np.isnan(neuron[MARGIN])
    else:
        assert neuron[MARGIN] >= 0


@pytest.mark.slow
@pytest.mark.parametrize("images", [1, 2, 3, 60, 700])
def test_a_layer_and_its_neurons_have_the_same_figures(images: int, tmp_path: Path) -> None:
    contents, batches = small_contents(images=images, seed=images, sets=2)
    contents = with_evidence(contents, (8, 14), images, 2, 0, {})
    with _evidence(tmp_path, contents, batches) as evidence:
        for alpha, beta in CUTS:
            _check(evidence, "layer1", 14, alpha, beta, None)
        _check(evidence, "layer0", 8, 0.8, 0.9, "set 1")


@pytest.mark.slow
@pytest.mark.parametrize("images", [1, 60, 700])
def test_a_neuron_has_the_same_evidence_alone_and_with_its_layer(images: int, tmp_path: Path) -> None:
    contents, batches = small_contents(images=images, seed=images, sets=2)
    with _evidence(tmp_path, *(with_evidence(contents, (8, 14), images, 2, 0, {}), batches)) as alone:
        together = Evidence(alone._reader, alone._requery)
        for concept_set in (None, "set 1"):
            for alpha in (0.0, 0.5, 0.93, 1.0):
                cuts = Cuts(alpha, 0.95, concept_set)
                together.layer("layer1", cuts)
                for unit in range(14):
                    one, other = (evidence.neuron("layer1", unit, cuts) for evidence in (alone, together))
                    np.testing.assert_equal(astuple(one), astuple(other))
        assert not alone._tables


def test_what_was_computed_at_cuts_of_long_ago_is_not_kept(tmp_path: Path) -> None:
    with _evidence(tmp_path, *small_contents(images=20, seed=1)) as evidence:
        for alpha in (0.5, 0.6, 0.7, 0.8, 0.9):
            for layer in ("layer0", "layer1"):
                evidence.layer(layer, Cuts(alpha, 0.95))
        assert len(evidence._tables) == 6, "two at the present cuts, and four from before"
        table = evidence._tables[next(iter(evidence._tables))]
        evidence.layer("layer0", Cuts(0.7, 0.95))
        assert list(evidence._tables.values())[-1] is table, "whoever comes back finds the last ones"


def _awkward() -> dict[str, tuple[RunContents, list[Batch]]]:
    contents, batches = small_contents(images=90, seed=4)
    constant = [replace(batch, embeddings=np.ones_like(batch.embeddings)) for batch in batches]
    zero = [replace(batch, embeddings=np.zeros_like(batch.embeddings)) for batch in batches]
    one = replace(
        contents,
        concepts=contents.concepts[:1],
        text_embeddings=contents.text_embeddings[:1],
        concept_sets=[ConceptSet("one", "word_list", (0,))],
    )
    same = np.tile(contents.text_embeddings[:1], (len(contents.concepts), 1))
    as_template = np.tile(contents.template_embedding, (len(contents.concepts), 1))
    return {
        "constant embeddings": (contents, constant),
        "zero embeddings": (contents, zero),
        "one concept": (one, batches),
        "all concepts alike": (replace(contents, text_embeddings=same), batches),
        "concepts like the template": (replace(contents, text_embeddings=as_template), batches),
        "one patient": (_with(contents, patient="p"), batches),
        "no patients": (_with(contents, patient=None), batches),
        "no views": (_with(contents, view=None), batches),
        "no labels": (_with(contents, labels=()), batches),
        "one label on all": (_with(contents, labels=("Mass",)), batches),
    }


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted(_awkward()))
def test_awkward_runs(case: str, tmp_path: Path) -> None:
    with _evidence(tmp_path, *_awkward()[case]) as evidence:
        for alpha, beta in ((0.0, 0.5), (0.6, 0.9), (0.93, 0.95), (1.0, 1.0)):
            _check(evidence, "layer1", 14, alpha, beta, None)


@pytest.mark.slow
def test_where_nothing_differs_nothing_is_significant(tmp_path: Path) -> None:
    for case in ("constant embeddings", "zero embeddings", "concepts like the template"):
        folder = tmp_path / case
        folder.mkdir()
        with _evidence(folder, *_awkward()[case]) as evidence:
            p = evidence.layer("layer1", Cuts(0.6, 0.9))[P_VALUE]
            assert (p[~np.isnan(p)] == 1).all()


def test_concepts_alike_share_their_figures_and_are_no_rivals(tmp_path: Path) -> None:
    """The first and the last concept have one embedding."""
    with _evidence(tmp_path, *small_contents(images=90, seed=4)) as evidence:
        for unit in range(1, 14):
            found = evidence.neuron("layer1", unit, Cuts(0.7, 0.95))
            for values in (found.z_scores, found.p_values, found.adjusted_p_values, found.q_values):
                assert values[0] == values[-1]
            assert (found.best, found[SECOND]) != (0, len(found.z_scores) - 1)


def test_a_neuron_that_follows_a_concept_is_trusted(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    contents, batches = small_contents(images=400, seed=3)
    direction = contents.text_embeddings[7] / np.linalg.norm(contents.text_embeddings[7])
    moved = []
    for batch in batches:
        shift = np.where(rng.random(len(batch.embeddings)) < 0.1, 8.0, 0.0).astype(np.float32)
        values = batch.activations["layer0"].copy()
        values[:, 4] = shift / 8 + 0.02 * rng.random(len(shift))
        activations = {**batch.activations, "layer0": values}
        moved.append(replace(batch, embeddings=batch.embeddings + shift[:, None] * direction, activations=activations))
    with _evidence(tmp_path, contents, moved) as evidence:
        found = evidence.neuron("layer0", 4, Cuts(0.7, 0.95))
        assert (found.best, found.trust) == (7, Trust.STRONG)
        assert found.adjusted_p_values[7] < 1e-4
        assert found[HALF_AGREEMENT] == 1
        assert found[TIGHTNESS] > found.base_tightness + 0.2
        assert found[MARGIN_INTERVAL][0] > 0


def test_the_lead_is_in_what_ranks_the_concepts(tmp_path: Path) -> None:
    contents, batches = small_contents(images=200, seed=9)
    with _evidence(tmp_path, contents, batches) as evidence:
        by_z = evidence.neuron("layer0", 4, Cuts(0.7, 0.95, ranking="z"))
        best, second = by_z.z_scores[by_z.best], by_z.z_scores[int(by_z[SECOND])]
        low, high = by_z[MARGIN_INTERVAL]
        assert by_z[MARGIN] == pytest.approx(best - second)
        assert low < by_z[MARGIN] < high
        assert high - low > 1


@pytest.mark.slow
def test_it_is_the_same_every_time_and_in_every_thread(tmp_path: Path) -> None:
    contents, batches = small_contents(images=300, seed=9)
    with _evidence(tmp_path, contents, batches) as evidence:
        asked = [("layer1", unit, Cuts(alpha, 0.9)) for alpha in (0.5, 0.7, 0.93) for unit in range(14)]
        alone = [evidence.neuron(*question) for question in asked]
    with RunReader(tmp_path / "run.duckdb") as reader:
        again = Evidence(reader, Requery(reader))
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda question: again.neuron(*question), asked))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_equal(astuple(one), astuple(other))


def test_wrong_questions_are_refused(tmp_path: Path) -> None:
    with _evidence(tmp_path, *small_contents()) as evidence:
        for alpha, beta in ((-0.1, 0.5), (0.5, 1.1), (float("nan"), 0.5), (0.5, float("nan"))):
            with pytest.raises(ValueError, match="between 0 and 1"):
                evidence.layer("layer0", Cuts(alpha, beta))
            with pytest.raises(ValueError, match="between 0 and 1"):
                evidence.neuron("layer0", 0, Cuts(alpha, beta))
        with pytest.raises(MammiError, match="layer0"):
            evidence.layer("leyer0", Cuts(0.5, 0.5))
        with pytest.raises(MammiError, match="0 to 7"):
            evidence.neuron("layer0", 8, Cuts(0.5, 0.5))
        with pytest.raises(MammiError, match="concept set"):
            evidence.layer("layer0", Cuts(0.5, 0.5, "none such"))


def test_torch_is_never_loaded() -> None:
    code = "import sys, engine.evidence.live; sys.exit('torch' in sys.modules or 'textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
