"""Sorted activations come back to the last bit, also through SQL; ranks are those of the pure functions."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import duckdb
import numpy as np
import pytest

from engine.annotation.scoring import unit_rows
from engine.store.arrow import ArrowColumns
from engine.store.ladder import inverse_lengths, rungs
from engine.store.rung_sums import partial_sums
from engine.store.sorted_activations import AS_REAL, activations, codes, ranked
from engine.store.spill import TOGETHER, LayerSpill, Spill


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    """Float32 numbers of all sizes and signs."""
    bits = np.random.default_rng(0).integers(0, 1 << 32, 20_000).astype(np.uint32).view(np.float32)
    info = np.finfo(np.float32)
    edges = np.float32([0.0, -0.0, info.max, info.min, info.tiny, -info.tiny, info.smallest_subnormal, 1.0, -1.0])
    return np.concatenate([bits[np.isfinite(bits)], edges, -info.smallest_subnormal[None]]).astype(np.float32)


def test_a_code_is_its_activation_and_grows_as_that_falls(numbers: np.ndarray) -> None:
    assert activations(codes(numbers)).tobytes() == numbers.tobytes()
    falling = np.unique(numbers)[::-1]
    assert (np.diff(codes(falling).astype(np.int64)) > 0).all()


def test_sql_gives_the_same_numbers(numbers: np.ndarray) -> None:
    with duckdb.connect() as connection, ArrowColumns({"code": codes(numbers).astype(np.int64)}) as columns:
        connection.register("stored", columns)
        found = connection.execute(f"SELECT {AS_REAL} AS activation FROM stored").fetchnumpy()["activation"]  # noqa: S608
    assert np.ma.getdata(found).tobytes() == numbers.tobytes()


def test_ranks_are_those_of_a_stable_sort(numbers: np.ndarray) -> None:
    columns = np.stack([numbers, np.round(np.tanh(numbers), 1), np.zeros_like(numbers)])
    columns[2, ::3] = -0.0
    order, values = ranked(columns)
    assert (order == np.argsort(-columns, axis=1, kind="stable")).all()
    assert values.tobytes() == np.take_along_axis(columns, order, axis=1).tobytes()


def test_partial_sums_are_those_of_the_sorted_embeddings() -> None:
    rng = np.random.default_rng(1)
    embeddings = (rng.normal(size=(20_000, 24)) * rng.uniform(0.5, 2, (20_000, 1)) + 0.3).astype(np.float32)
    order = np.stack([rng.permutation(len(embeddings)) for _ in range(3)])
    ranks = rungs(len(embeddings))
    assert np.diff(ranks).max() <= 1024
    steps = np.empty(order.shape, np.uint16)
    np.put_along_axis(steps, order, np.repeat(np.arange(len(ranks)), np.diff(ranks, prepend=0))[None], axis=1)
    found = partial_sums(embeddings, inverse_lengths(embeddings), steps, len(ranks))
    for sums, images in zip(found, order, strict=True):
        exact = np.cumsum(unit_rows(embeddings[images]), axis=0)[ranks - 1]
        assert (np.linalg.norm(sums - exact, axis=1) < 1e-6 * np.linalg.norm(exact, axis=1)).all()


@pytest.mark.parametrize("images", [1, TOGETHER - 1, TOGETHER, 2 * TOGETHER + 5])
def test_a_layer_waits_in_a_file_and_gives_its_units_and_its_images(tmp_path: Path, images: int) -> None:
    values = np.random.default_rng(2).normal(size=(images, 7)).astype(np.float32)
    with ExitStack() as stack:
        layer, rows = LayerSpill(tmp_path, stack), Spill(tmp_path, stack)
        for start in range(0, images, 300):
            layer.append(values[start : start + 300])
            rows.append(values[start : start + 300])
        layer.append(values[:0])
        assert layer.shape == rows.shape == values.shape
        assert (layer.units(2, 5) == values.T[2:5]).all()
        assert (np.concatenate(list(layer.pieces())) == values).all()
        assert [len(piece) for piece in layer.pieces()] == [len(piece) for piece in rows.pieces()]
        for spill in (layer, rows):
            assert (spill.largest == np.abs(values).max(axis=0)).all()
        chosen = np.array([images - 1, 0, images // 2])
        assert (rows[chosen] == values[chosen]).all()
        assert (rows[1:3] == values[1:3]).all()
        assert rows.held(values.nbytes - 1) is rows
        assert (rows.held(values.nbytes) == values).all()  # type: ignore[comparison-overlap]


def test_columns_reach_duckdb_as_they_are() -> None:
    rng = np.random.default_rng(3)
    columns = {
        "number": rng.normal(size=5),
        "flag": np.array([True, False, True, True, False]),
        "text": np.array(["", "é␛", "a", "b" * 400, "c"], dtype=object),
        "strided": np.arange(30, dtype=np.int32).reshape(5, 6)[:, ::2],
        "missing": np.array([[1.0, np.nan], [np.inf, -0.0], [1, 2], [3, 4], [5, 6]], np.float32),
    }
    with duckdb.connect() as connection, ArrowColumns(columns) as incoming:
        connection.register("incoming", incoming)
        found = connection.execute("SELECT * FROM incoming").fetchnumpy()
    for name, values in columns.items():
        np.testing.assert_array_equal(np.stack(list(found[name])), values)
    with pytest.raises(ValueError, match="different lengths"):
        ArrowColumns({"one": np.zeros(1), "two": np.zeros(2)})
