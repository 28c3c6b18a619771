"""The parts of a comparison beside brute force: representative images among some films, their means, the assignment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from engine.annotation import selection
from engine.annotation.scoring import unit_rows
from engine.comparing import side as side_of
from engine.comparing.films import SharedFilms, shared_films
from engine.comparing.matching import FLOOR, assigned, paired_layers
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
