"""A Piece as bytes, for sending between machines: numbers, texts and arrays of numbers, nothing that runs when read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.run.image_worker import Piece
from engine.store.batch import Film
from engine.store.parts import Computed, FilmRows, ImageKeys, VectorRows
from engine.store.unit_maps import MapRows

_TYPES = ("<f4", "<f2", "<i4", "<i8", "|u1")
_LENGTH = 8
"""Bytes of the number of bytes of the header, little-endian"""


def packed(piece: Piece) -> bytes:
    """The bytes of which `unpacked` makes the piece again: a header in JSON, and the arrays one after the other."""
    arrays: list[NDArray[Any]] = []

    def put(values: NDArray[Any]) -> int:
        arrays.append(np.ascontiguousarray(values, values.dtype.newbyteorder("<")))
        return len(arrays) - 1

    computed = None
    if piece.computed is not None:
        films, thumbnails = piece.computed.films, [film.thumbnail for film in piece.computed.films.films]
        computed = {
            "films": [films.part, films.images, [_facts(film) for film in films.films], list(map(len, thumbnails))],
            "thumbnails": put(np.frombuffer(b"".join(thumbnails), np.uint8)),
            "vectors": [[each.part, each.images, each.reasons, put(each.values)] for each in piece.computed.vectors],
            "maps": [
                [each.key, *_numbered(each.images, put), *map(put, _arrays(each))] for each in piece.computed.maps
            ],
        }
    header = {
        "looked_up": [[place, *keys] for place, keys in piece.looked_up],
        "counts": [piece.passed, piece.images],
        "computed": computed,
        "arrays": [[array.dtype.str, array.shape] for array in arrays],
    }
    written = json.dumps(header).encode()
    return b"".join([len(written).to_bytes(_LENGTH, "little"), written, *(array.tobytes() for array in arrays)])


def _arrays(maps: MapRows) -> tuple[NDArray[Any], ...]:
    return maps.units, maps.lows, maps.highs, maps.cells


def _numbered(images: tuple[str, ...], put: Callable[[NDArray[Any]], int]) -> tuple[list[str], int]:
    """Each key once, and what `put` gives for the place of each image's key: many maps are of one image."""
    places: dict[str, int] = {}
    numbers = [places.setdefault(image, len(places)) for image in images]
    return list(places), put(np.array(numbers, np.int32))


def _facts(film: Film) -> list[Any]:
    return [film.size_bytes, film.sha256, film.width, film.height, film.reason]


def unpacked(data: bytes | memoryview) -> Piece:
    """The piece of these bytes; its arrays are views of them. Raises ValueError for bytes of another form."""
    header, arrays = _opened(memoryview(data))
    looked_up = tuple((int(place), ImageKeys(film, embedding)) for place, film, embedding in header["looked_up"])
    passed, images = header["counts"]
    found = header["computed"]
    computed = None if found is None else _computed(found, arrays)
    return Piece(looked_up, int(passed), int(images), computed)


def _computed(found: Any, arrays: list[NDArray[Any]]) -> Computed:
    part, images, facts, lengths = found["films"]
    thumbnails = _cut(arrays[found["thumbnails"]].tobytes(), lengths)
    films = tuple(
        Film(size, sha256, width, height, thumbnail, reason)
        for (size, sha256, width, height, reason), thumbnail in zip(facts, thumbnails, strict=True)
    )
    vectors = tuple(
        VectorRows(part, tuple(images), tuple(reasons), arrays[values])
        for part, images, reasons, values in found["vectors"]
    )
    maps = tuple(
        MapRows(key, tuple(names[number] for number in arrays[numbers]), *(arrays[place] for place in places))
        for key, names, numbers, *places in found["maps"]
    )
    return Computed(FilmRows(part, tuple(images), films), vectors, maps)


def _cut(data: bytes, lengths: list[int]) -> Iterator[bytes]:
    start = 0
    for length in lengths:
        yield data[start : start + length]
        start += length


def _opened(data: memoryview) -> tuple[Any, list[NDArray[Any]]]:
    """The header and the arrays."""
    start = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    header = json.loads(bytes(data[_LENGTH:start]))
    arrays = []
    for kind, shape in header["arrays"]:
        if kind not in _TYPES:
            raise ValueError(f"not an array of numbers: {kind}")
        dtype, count = np.dtype(kind), int(np.prod(shape, dtype=np.int64))
        arrays.append(np.frombuffer(data, dtype, count, start).reshape(shape))
        start += count * dtype.itemsize
    if start != len(data):
        raise ValueError(f"{len(data)} bytes, where the header says {start}")
    return header, arrays
