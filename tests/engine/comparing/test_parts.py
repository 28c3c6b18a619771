"""The parts of a comparison beside brute force: representative images among some films, their means, the assignment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from engine.annotation import selection
from engine.annotation.cuts import Selection
from engine.annotation.scoring import annotate, concept_directions, unit_rows
from engine.comparing import side as side_of
from engine.comparing.compare import Comparison, causes
from engine.comparing.exchange import FIRST, Exchange
from engine.comparing.films import SharedFilms, shared_films
from engine.comparing.matching import FLOOR, LayerMatch, assigned, paired_layers
from engine.comparing.selecting import means, representatives
from engine.comparing.side import Side
from engine.errors import MammiError
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.method_runs import LAYER, Opened, opened_run
from tests.support.runs import small_contents


@pytest.mark.parametrize("alpha", [0.93, 0.5, 0.0])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.02])
def test_representative_images_among_some(tmp_path: Path, alpha: float, share: float) -> None:
    with opened_run(tmp_path, images=600) as opened:
        among = np.random.default_rng(0).random(600) < share
        reader = opened.reader
        found = representatives(reader, reader.layer(LAYER), alpha, None if share == 1 else among)
        allowed = np.flatnonzero(among)
        for unit, values in enumerate(opened.activations[LAYER].T):
            expected = allowed[selection.representatives(values[allowed], alpha)]
            assert sorted(found.of(unit)) == sorted(expected)
        if share < 1:
            assert not representatives(reader, reader.layer(LAYER), alpha, np.zeros(600, bool)).counts.any()


@pytest.mark.parametrize("rule", ["top-7", "top-300", "top-1000", "adaptive"])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.02])
def test_a_selection_takes_images_among_some(tmp_path: Path, rule: str, share: float) -> None:
    chosen = Selection.parse(rule)
    with opened_run(tmp_path, images=600) as opened:
        among = np.random.default_rng(0).random(600) < share
        reader, allowed = opened.reader, np.flatnonzero(among)
        found = representatives(reader, reader.layer(LAYER), 0.9, None if share == 1 else among, chosen)
        for unit, values in enumerate(opened.activations[LAYER].T):
            of = values[allowed]
            above = len(selection.representatives(of, 0.9))
            count = int(chosen.taken(np.array(above), len(allowed))) if of.max() > of.min() else 0
            assert found.of(unit).tolist() == allowed[np.argsort(-of, kind="stable")[:count]].tolist()


@pytest.mark.parametrize("shared", [True, False])
def test_z_is_that_of_the_images_that_can_be_chosen(tmp_path: Path, shared: bool) -> None:
    """Images of one run and texts of another, against means and deviations over the images themselves."""
    (tmp_path / "other").mkdir()
    with opened_run(tmp_path) as one, opened_run(tmp_path / "other", seed=3) as two:
        sides = tuple(Side(each.reader, replace(each.reader.info.cuts, ranking="z")) for each in (one, two))
        films = (
            SharedFilms(np.arange(40), np.arange(40), (60, 60))
            if shared
            else SharedFilms(*(np.arange(60),) * 2, (60, 60))
        )
        pair = one.reader.layer(LAYER), two.reader.layer(LAYER)
        units = np.arange(pair[0].units)
        match = LayerMatch(*pair, "by correlation", units, np.ones(len(units)))
        source = FIRST._replace(texts=1, activations=1, ranking=1)
        found = Exchange(sides, films, match, other_images=True).answers(source)
        images = unit_rows(one.embeddings)
        texts = concept_directions(two.contents.text_embeddings, two.contents.template_embedding)
        allowed = np.arange(40 if shared else 60)
        scores = images[allowed] @ texts.T
        for unit, values in enumerate(two.activations[LAYER].T):
            chosen = selection.representatives(values[allowed], 0.93)
            if not len(chosen):
                assert found.words[unit] == ()
                continue
            z = (scores[chosen].mean(axis=0) - scores.mean(axis=0)) / scores.std(axis=0)
            assert found.words[unit] == tuple(two.reader.concepts[each] for each in annotate(z, 0.95))
            assert found.scores[unit] == pytest.approx(scores[chosen].mean(axis=0)[z.argmax()])


def test_one_run_at_another_ranking_and_selection_has_its_own_words_and_the_cause(tmp_path: Path) -> None:
    with opened_run(tmp_path) as opened:
        reader = opened.reader
        own = reader.info.cuts
        for name, cuts in (
            ("ranking", replace(own, ranking="z")),
            ("selection", replace(own, selection=Selection("top", 9))),
        ):
            comparison = Comparison(Side(reader, own), Side(reader, cuts))
            assert [each.what for each in comparison.differences if each.differs] == [name]
            rows = [row for pair in comparison.layers for row in comparison.layer(pair).rows]
            assert causes(rows).keys() == {name}
            for layer in reader.layers:
                expected = opened.requery.layer(layer.name, cuts)
                for row in (row for row in rows if row.layer == layer.name):
                    words = expected.words.of_unit(row.unit)
                    assert row.after == tuple(reader.concepts[concept] for concept in words)
                    if words:
                        assert row.score_after == pytest.approx(expected.best_scores[row.unit])


def test_means_are_the_same_in_memory_and_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_of, "PIECE", 7)
    with opened_run(tmp_path) as opened:
        reader = opened.reader
        sets = [representatives(reader, layer, 0.5) for layer in reader.layers]
        kept = Side(reader, reader.info.cuts, Requery(reader).vectors())
        for side in (Side(reader, reader.info.cuts), kept):
            for found, each in zip(means(side, sets), sets, strict=True):
                assert np.allclose(found, [mean_of(opened, each.of(row)) for row in range(len(each))])


def mean_of(opened: Opened, images: np.ndarray) -> np.ndarray:
    vectors = unit_rows(opened.embeddings)[images]
    return vectors.mean(axis=0) if len(images) else np.zeros(vectors.shape[1])


@pytest.mark.parametrize("shape", [(30, 30), (12, 20), (20, 12)])
def test_the_assignment_is_the_best_one(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(shape))
    found = rng.random(shape)
    found[3] = np.nan
    partners, shown = assigned(found)
    rows, columns = linear_sum_assignment(-np.nan_to_num(found, nan=-1.0))
    best = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    for row, partner in enumerate(partners.tolist()):
        if row in best and found[row, best[row]] >= FLOOR:
            assert partner == best[row]
            assert shown[row] == found[row, partner]
        else:
            assert partner == -1
    assert np.isnan(shown[3])


def test_units_of_equal_worth_keep_their_numbers() -> None:
    partners, _ = assigned(np.ones((6, 6)))
    assert partners.tolist() == list(range(6))


def test_films_are_paired_by_their_hashes_each_once(tmp_path: Path) -> None:
    paths = []
    for name, images in (("first", 60), ("second", 40)):
        contents, batches = small_contents(images=images)
        paths.append(tmp_path / f"{name}.duckdb")
        assemble(paths[-1], contents, batches)
    with RunReader(paths[0]) as first, RunReader(paths[1]) as second:
        films = shared_films(first, second)
        digests = first.digests(), second.digests()
        assert np.array_equal(digests[0][films.first], digests[1][films.second])
        assert len(set(films.second.tolist())) == len(films) == 40 - films.alone[1]
        assert films.across(1)[films.second].tolist() == films.first.tolist()
        assert isinstance(shared_films(first, first), SharedFilms)
        assert shared_films(first, first).all_shared


def test_layers_are_paired_by_name_else_by_size(tmp_path: Path) -> None:
    contents, batches = small_contents(units=(8, 14))
    renamed = replace(contents, layers=[replace(contents.layers[0], name="other"), contents.layers[1]])
    other = [
        replace(batch, activations={"other": batch.activations["layer0"], "layer1": batch.activations["layer1"]})
        for batch in batches
    ]
    assemble(tmp_path / "one.duckdb", contents, batches)
    assemble(tmp_path / "two.duckdb", renamed, other)
    narrow, few = small_contents(units=(5,))
    assemble(
        tmp_path / "three.duckdb",
        replace(narrow, layers=[replace(narrow.layers[0], name="narrow")]),
        [replace(batch, activations={"narrow": batch.activations["layer0"]}) for batch in few],
    )
    with RunReader(tmp_path / "one.duckdb") as one, RunReader(tmp_path / "two.duckdb") as two:
        pairs = [(first.name, second.name) for first, second in paired_layers(one, two)]
        assert pairs == [("layer0", "other"), ("layer1", "layer1")]
        with RunReader(tmp_path / "three.duckdb") as three, pytest.raises(MammiError, match="no layer to compare"):
            paired_layers(one, three)
