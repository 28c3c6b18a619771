"""Where a concept stands: neurons, near concepts and matching images."""

from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.annotation.scoring import unit_rows
from engine.decisions import concepts as standings
from engine.decisions.concepts import Concepts
from engine.decisions.contenders import NEAR
from engine.errors import MammiError
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.runs import small_run

OWN = Cuts(0.93, 0.95)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("run"), images=90, sets=2)


@pytest.fixture
def run(path: Path) -> tuple[RunReader, Requery, Concepts]:
    reader = RunReader(path)
    requery = Requery(reader)
    return reader, requery, Concepts(reader, requery)


Run = tuple[RunReader, Requery, Concepts]


@pytest.mark.parametrize(
    "cuts", [OWN, Cuts(0.93, 0.4), Cuts(0.7, 0.9), Cuts(0.5, 0.0), Cuts(0.93, 0.9, "set 1"), Cuts(0.6, 0.3, "set 0")]
)
def test_the_neurons_are_those_whose_answer_has_the_concept(run: Run, cuts: Cuts) -> None:
    reader, requery, asked = run
    for concept in (0, 7, 24):  # 0 and 24 have one text
        answer = asked.concept(concept, cuts)
        having, missing = {}, {}
        for layer in reader.layers:
            for unit in range(layer.units):
                one = requery.neuron(layer.name, unit, cuts)
                ranking = one.ranking.tolist()
                if concept in ranking:
                    rank, score = ranking.index(concept) + 1, one.scores[concept]
                    if rank <= one.annotated:
                        having[layer.position, unit] = rank
                    elif rank <= NEAR and score > 0:
                        missing[layer.position, unit] = rank
        assert {(found.layer, found.unit): found.rank for found in answer.having} == having
        assert {(found.layer, found.unit): found.rank for found in answer.missing} == missing
        assert answer.competes == (concept in requery.members(cuts.concept_set))


def test_z_is_that_of_the_evidence(run: Run) -> None:
    reader, requery, asked = run
    answer, evidence = asked.concept(7, Cuts(0.8, 0.5)), Evidence(reader, requery)
    assert answer.having
    for found in answer.having:
        of_neuron = evidence.neuron(reader.layers[found.layer].name, found.unit, answer.cuts)
        assert found.z == pytest.approx(of_neuron.z_scores[7], abs=1e-3)
        assert found.score == pytest.approx(
            requery.neuron(reader.layers[found.layer].name, found.unit, answer.cuts).scores[7], abs=1e-12
        )
        assert found.images == of_neuron.count


def test_a_concept_is_nearest_to_the_one_with_its_own_text(run: Run) -> None:
    reader, requery, asked = run
    nearest = asked.concept(0, OWN).nearest
    assert nearest[0].concept == 24
    assert nearest[0].cosine == pytest.approx(1)
    directions = unit_rows(requery.vectors().directions)
    expected = np.argsort(-(directions @ directions[0]))
    assert [found.concept for found in nearest][1:] == [other for other in expected if other not in (0, 24)][:11]
    words = [requery.layer(layer.name, OWN).words for layer in reader.layers]
    for found in nearest:
        assert found.annotated == sum((each.concepts == found.concept).sum() for each in words)


def test_what_no_neuron_has_is_listed_in_the_order_of_the_set(run: Run) -> None:
    reader, requery, asked = run
    cuts = Cuts(0.93, 0.95, "set 1")
    answer = asked.concept(7, cuts)
    taken = {concept for layer in reader.layers for concept in requery.layer(layer.name, cuts).words.concepts}
    members = requery.members("set 1").tolist()
    assert answer.unclaimed.tolist() == [concept for concept in members if concept not in taken]
    assert answer.competing == len(members)


def test_the_matching_images_have_the_highest_cosines_and_the_cold_ones_low_activations(run: Run) -> None:
    reader, _, asked = run
    matches = asked.concept(5, OWN, ("layer0", 4)).matches
    texts, _ = reader.arrays.text_embeddings()
    cosines = unit_rows(reader.arrays.image_embeddings()) @ unit_rows(texts)[5]
    assert matches.images.tolist() == np.argsort(-cosines)[:12].tolist()
    assert matches.cosines == pytest.approx(np.sort(cosines)[::-1][:12], abs=1e-6)
    values = reader.arrays.activations(reader.layers[0])[4]
    assert (values[matches.images] == matches.activations).all()
    assert matches.pool == 20
    pool = np.argsort(-cosines)[:20]
    cold = sorted((image for image in pool if values[image] < np.median(values)), key=lambda image: values[image])
    assert matches.cold.tolist()[:1] == cold[:1]
    assert set(matches.cold.tolist()) <= set(cold)
    assert matches.higher[0] == pytest.approx((values > values[matches.cold[0]]).mean())


def test_without_a_neuron_nothing_is_cold(run: Run) -> None:
    matches = run[2].concept(5, OWN).matches
    assert np.isnan(matches.activations).all()
    assert matches.pool == len(matches.cold) == 0


def test_many_concepts_are_scored_some_units_at_a_time(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [run[2].concept(7, cuts) for cuts in (OWN, Cuts(0.8, 0.5))]
    monkeypatch.setattr("engine.decisions.contenders._AT_ONCE", 60)
    monkeypatch.setattr("engine.decisions.contenders._READ_AT_ONCE", 60)
    monkeypatch.setattr(standings, "_MOST_ENTRIES", 0)
    parts = Concepts(run[0], run[1])
    for answer in whole:
        again = parts.concept(7, answer.cuts)
        assert [(each.layer, each.unit, each.rank) for each in again.having] == [
            (each.layer, each.unit, each.rank) for each in answer.having
        ]


def test_what_is_unknown_is_refused(run: Run) -> None:
    with pytest.raises(IndexError, match="25"):
        run[2].concept(25, OWN)
    with pytest.raises(MammiError, match="set 9"):
        run[2].concept(3, Cuts(0.9, 0.9, "set 9"))
