"""Thumbnails keep a film's look at its shape, and damage is told."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.errors import UnreadableImage
from engine.store.thumbnails import LONGEST_SIDE, decode, encode


def _film(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return (110 + 70 * np.sin(5 * x) * np.cos(4 * y)).astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(1024, 1024), (1024, 840), (300, 900), (64, 56), (1, 1), (2000, 1)])
def test_the_shape_is_kept(height: int, width: int) -> None:
    thumbnail = decode(encode(_film(height, width)))
    longest = min(LONGEST_SIDE, max(height, width))
    assert thumbnail.dtype == np.uint8
    assert max(thumbnail.shape) == longest
    assert thumbnail.shape[0] == pytest.approx(max(1, height * longest / max(height, width)), abs=1)


def test_grey_levels_are_kept() -> None:
    film = _film(512, 512)
    small = Image.fromarray(film).resize((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    error = decode(encode(film)).astype(float) - np.asarray(small, dtype=float)
    assert np.sqrt((error**2).mean()) < 3


def test_damage_is_told() -> None:
    whole = encode(_film(100, 100))
    bitmap = io.BytesIO()
    Image.fromarray(_film(9, 9)).save(bitmap, "BMP")
    for damaged in (b"", whole[:40], b"RIFF" + bytes(60), bitmap.getvalue()):
        with pytest.raises(UnreadableImage):
            decode(damaged)


def test_a_picture_too_large_is_refused() -> None:
    large = io.BytesIO()
    Image.new("L", (5000, 5)).save(large, "WEBP")
    with pytest.raises(UnreadableImage, match="5000"):
        decode(large.getvalue())
