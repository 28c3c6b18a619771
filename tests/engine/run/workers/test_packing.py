"""A piece of results arrives as it was sent."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from engine.run.image_worker import Piece
from engine.run.workers.packing import packed, unpacked
from engine.store.batch import Film
from engine.store.parts import Computed, FilmRows, ImageKeys, VectorRows
from engine.store.unit_maps import MapRows

PIECE = Piece(
    looked_up=((3, ImageKeys("a", "b")), (4, ImageKeys("é", "é"))),
    passed=1,
    images=2,
    computed=Computed(
        FilmRows("film", ("a", "é"), (Film(7, "f" * 64, 30, 20, b"\x00thumb"), Film(0, "", reason="cannot be read"))),
        (
            VectorRows("layer", ("a", "é"), ("", "not finite"), np.arange(5, dtype=np.float32).reshape(1, 5)),
            VectorRows("maps", ("a",), ("",), np.arange(3, dtype=np.uint8).reshape(1, 3)),
            VectorRows("none", ("a",), ("gone",), np.empty((0, 0), np.float32)),
        ),
        (
            MapRows(
                *("key", ("a", "a", "é"), np.array([2, 5, 1], np.int32)),
                *(np.array([0, 1, 2], np.float32), np.array([3, 4, 5], np.float32)),
                np.arange(12, dtype=np.uint8).reshape(3, 2, 2),
            ),
            MapRows.of_no_maps("other"),
        ),
    ),
)


def same(one: Any, other: Any) -> bool:
    if is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, each.name), getattr(other, each.name)) for each in fields(one)
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all())
    return bool(one == other)


def test_a_piece_arrives_as_it_was_sent() -> None:
    for piece in (PIECE, Piece((), 4, 0, None)):
        assert same(unpacked(packed(piece)), piece)
        assert same(unpacked(memoryview(packed(piece))), piece)


def test_other_bytes_are_refused() -> None:
    data = packed(PIECE)
    for bad in (data[:-1], data + b"x", data.replace(b'"<f4"', b'"|O8"'), b"\xff" * 40):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with them
            unpacked(bad)
