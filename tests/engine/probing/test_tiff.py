"""TIFF files of every layout become the film that they hold, and never another one without a word."""

from __future__ import annotations

import struct
import zlib
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import UnreadableImage
from engine.probing.decoding import decode

_FORMATS = {"u": 1, "i": 2, "f": 3}
_CHANCE = np.random.default_rng(0)
_SHAPE = (24, 17)


def tiff(
    planes: NDArray[np.generic], order: Literal["<", ">"], *, packed: bool, separate: bool = False, white: bool = False
) -> bytes:
    """A file of samples [s, h, w], in one strip for each plane where they are separate, else in one."""
    count, height, width = planes.shape
    stored = planes.astype(planes.dtype.newbyteorder(order))
    strips = [each.tobytes() for each in stored] if separate else [np.moveaxis(stored, 0, -1).tobytes()]
    strips = [zlib.compress(each) for each in strips] if packed else strips
    starts = np.cumsum([8, *map(len, strips)]).tolist()
    bits, kind = 8 * planes.itemsize, _FORMATS[planes.dtype.kind]
    photometric = 2 if count == 3 else 1 - white
    entries: list[tuple[int, str, list[int]]] = [
        *((256, "I", [width]), (257, "I", [height]), (258, "H", [bits] * count), (259, "H", [8 if packed else 1])),
        *((262, "H", [photometric]), (273, "I", starts[:-1]), (277, "H", [count]), (278, "I", [height])),
        *((279, "I", [*map(len, strips)]), (284, "H", [2 if separate else 1]), (339, "H", [kind] * count)),
    ]
    directory, place = starts[-1], starts[-1] + 2 + 12 * len(entries) + 4
    head, behind = struct.pack(f"{order}H", len(entries)), b""
    for tag, form, values in entries:
        held = struct.pack(f"{order}{len(values)}{form}", *values)
        if len(held) > 4:
            behind += held
            held = struct.pack(f"{order}I", place + len(behind) - len(held))
        head += struct.pack(f"{order}HHI", tag, {"H": 3, "I": 4}[form], len(values)) + held.ljust(4, b"\0")
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", directory) + b"".join(strips) + head + bytes(4) + behind


def windowed(values: NDArray[np.generic]) -> NDArray[np.float64]:
    wide = values.astype(np.float64)
    film: NDArray[np.float64] = 255 * (wide - wide.min()) / (wide.max() - wide.min())
    return film


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u2", "i1", "i2", "u4", "i4", "f4"])
def test_numbers_of_every_kind_are_what_they_are(kind: str, order: Literal["<", ">"], packed: bool) -> None:
    wide = np.dtype(kind)
    values = (
        _CHANCE.normal(size=_SHAPE)
        if wide.kind == "f"
        else _CHANCE.integers(np.iinfo(wide).min, np.iinfo(wide).max, _SHAPE, wide)
    ).astype(wide)
    data = tiff(values[None], order, packed=packed)
    if kind == "u4" and order == ">":
        with pytest.raises(UnreadableImage, match="kind of pixels is not supported"):
            decode(data)
        return
    np.testing.assert_allclose(decode(data), windowed(values), atol=0.51)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "samples"), [("u1", 1), ("u2", 1), ("u1", 3), ("u2", 3)])
def test_planes_of_their_own_are_read_as_they_are(
    kind: str, samples: int, order: Literal["<", ">"], packed: bool
) -> None:
    grey = _CHANCE.integers(0, 256, _SHAPE, np.uint8)
    grey[0, :2] = 0, 255
    values = grey.astype(kind) * (257 if kind == "u2" else 1)
    data = tiff(np.stack([values] * samples), order, packed=packed, separate=True)
    np.testing.assert_allclose(decode(data), grey, atol=0.51)


def test_signed_bytes_whose_least_value_is_white_are_no_other_film() -> None:
    with pytest.raises(UnreadableImage, match="kind of pixels is not supported"):
        decode(tiff(np.zeros((1, 4, 4), np.int8), "<", packed=False, white=True))
