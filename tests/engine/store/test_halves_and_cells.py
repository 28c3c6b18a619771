"""Numbers in float16 with a scale, and maps in 8 bits: how far they are from the exact ones, and that they stay."""

from __future__ import annotations

import numpy as np
import pytest

from engine.store.class_maps import as_cells, packed, scaled, unpacked
from engine.store.decision_records import ROW_ERROR
from engine.store.halves import restored, scale_of, stored, to_halves


@pytest.mark.parametrize("largest", [0.0, 1e-42, 1e-30, 3e-6, 0.7, 1.0, 65504.0, 1e6, 3e37])
def test_a_row_is_near_what_it_was_whatever_its_size(largest: float) -> None:
    rng = np.random.default_rng(0)
    values = (largest * rng.uniform(-1, 1, 500) * 10.0 ** -rng.uniform(0, 12, 500)).astype(np.float32)
    values[0] = largest
    scale = scale_of(np.abs(values).max())
    assert np.log2(scale) % 1 == 0
    kept = restored(stored(values, scale), scale)
    assert np.isfinite(kept).all()
    off = np.abs(kept.astype(np.float64) - values)
    assert (off <= np.maximum(ROW_ERROR * np.abs(values), 2.0**-39 * largest)).all()
    np.testing.assert_array_equal(restored(stored(kept, scale), scale), kept)


def test_what_is_rounded_once_is_stored_and_read_as_it_is() -> None:
    values = np.random.default_rng(1).normal(size=1000).astype(np.float32)
    rounded = to_halves(values)
    assert (rounded != values).any()
    assert (np.abs(rounded - values) <= ROW_ERROR * np.abs(values)).all()
    scale = scale_of(np.abs(rounded).max())
    np.testing.assert_array_equal(restored(stored(rounded, scale), scale), rounded)


def test_maps_are_within_half_a_level_and_a_flat_map_is_exact() -> None:
    maps = np.random.default_rng(2).normal(size=(3, 4, 5, 6)).astype(np.float32)
    maps[1, 2] = -0.3
    lows, highs, cells = as_cells(maps)
    assert (cells[:, :, 0, 0].shape, cells.dtype) == ((3, 4), np.uint8)
    kept = scaled(cells, lows[..., None, None], highs[..., None, None])
    assert (np.abs(kept - maps) <= (highs - lows)[..., None, None] / 255 * 0.501).all()
    np.testing.assert_array_equal(kept[1, 2], maps[1, 2])
    found = unpacked(packed(maps)[2].tobytes(), 4)
    np.testing.assert_array_equal(found.lows, lows[2])
    np.testing.assert_array_equal(found.highs, highs[2])
    np.testing.assert_array_equal(found.cells, cells[2].reshape(-1))
