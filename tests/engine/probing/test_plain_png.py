"""Plain PNG films are decoded faster, to the same pixels; about every other file Pillow decides."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.errors import UnreadableImage
from engine.probing.decoding import decode
from engine.probing.places import film_size
from engine.probing.plain_png import decode_plain, stated_size
from tests.shared import shared_path

pytest.importorskip("kornia_rs", reason="the extra `engine` is not installed")

MOST = 10_000
LEVELS = np.random.default_rng(3).normal(0, 6, (40, 30)).cumsum(0).cumsum(1).astype(np.uint8)
"""Levels that change a little from pixel to pixel, as a film's do: each row has the filter that suits it best"""


def encoded(image: Image.Image, kind: str = "PNG", **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes = b"", wrong: int = 0) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content) ^ wrong)


PLAIN = encoded(Image.fromarray(LEVELS))
HEADER, PIXELS = PLAIN[:33], PLAIN[33:-12]
END = PLAIN[-12:]


@pytest.mark.parametrize("level", range(10))
def test_a_plain_film_keeps_its_pixels(level: int) -> None:
    film = decode_plain(encoded(Image.fromarray(LEVELS), compress_level=level), MOST)
    assert film is not None
    np.testing.assert_array_equal(film, LEVELS)


def test_real_films_have_pillows_pixels() -> None:
    plain = 0
    for path in sorted(shared_path("data/xray").rglob("*.png"))[::6]:
        with Image.open(path) as image:
            as_pillow: NDArray[np.uint8] = np.asarray(image.convert("L"))
        film = decode_plain(path.read_bytes(), 2**24)
        plain += film is not None
        np.testing.assert_array_equal(as_pillow if film is None else film, as_pillow)
    assert plain > 5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PLAIN[:8],
        PLAIN[:30],
        PLAIN[:-12],
        PLAIN[:-30] + END,
        PLAIN + b"more",
        HEADER + END,
        HEADER + chunk(b"tEXt", b"Raw profile type exif\0x") + PIXELS + END,
        HEADER + chunk(b"tRNS", b"\0\7") + PIXELS + END,
        HEADER + chunk(b"tIME", b"1234567", wrong=1) + PIXELS + END,
        HEADER + PIXELS[:-1] + bytes([PIXELS[-1] ^ 1]) + END,
        HEADER + PIXELS + chunk(b"tIME", b"1234567") + PIXELS + END,
        HEADER + chunk(b"IDAT", zlib.compress(bytes(31 * 39))) + END,
        HEADER[:16] + struct.pack(">II", 30, 2**31 - 1) + HEADER[24:] + PIXELS + END,
        encoded(Image.fromarray(LEVELS).resize((101, 101))),
        encoded(Image.fromarray(LEVELS).convert("RGB")),
        encoded(Image.fromarray(LEVELS.astype(np.uint16))),
        encoded(Image.fromarray(LEVELS), "JPEG"),
    ],
)
def test_every_other_file_is_left_to_pillow(data: bytes) -> None:
    assert decode_plain(data, MOST) is None


def test_what_is_taken_is_what_pillow_gives_however_a_file_is_damaged() -> None:
    chance = np.random.default_rng(5)
    taken = 0
    for _ in range(400):
        data = bytearray(HEADER + chunk(b"tIME", b"1234567") + PIXELS + END)
        place = int(chance.integers(len(data)))
        data[place] ^= int(chance.integers(1, 256)) if chance.random() < 0.9 else 0
        film = decode_plain(bytes(data), MOST)
        if film is not None:
            taken += 1
            np.testing.assert_array_equal(film, LEVELS)
    assert 0 < taken < 100


def test_a_film_is_the_same_without_the_faster_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = decode(PLAIN)
    monkeypatch.setattr("engine.probing.plain_png._decoder", lambda: None)
    assert decode_plain(PLAIN, MOST) is None
    np.testing.assert_array_equal(decode(PLAIN), fast)


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16"])
def test_zeros_in_place_of_the_rest_are_no_black_half(mode: str) -> None:
    """As a transfer leaves them that made room for a file and then ended."""
    wide = Image.fromarray(LEVELS.astype(np.uint16) * 16)
    whole = encoded(wide if mode == "I;16" else Image.fromarray(LEVELS).convert(mode))
    for kept in range(80, len(whole) - 20, max(1, len(whole) // 20)):
        with pytest.raises(UnreadableImage, match=r"^damaged: "):
            decode(whole[:kept] + bytes(len(whole) - kept))


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "1"])
def test_the_size_of_a_png_is_told_from_its_beginning(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(data: bytes) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("engine.probing.decoding.decode", refused)
    assert film_size(io.BytesIO(encoded(Image.new(mode, (700, 300))))) == (700, 300)


def test_the_size_of_a_png_that_is_turned_is_that_of_the_upright_film(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("L", (70, 30)), exif=exif)
    assert stated_size(data) is None
    (tmp_path / "film.png").write_bytes(data)
    assert film_size(str(tmp_path / "film.png")) == decode(data).shape[::-1] == (30, 70)


@pytest.mark.parametrize("cut", [0, 8, 20, 33, 40])
def test_a_png_that_is_cut_off_states_no_size(cut: int) -> None:
    assert stated_size(encoded(Image.new("L", (70, 30)))[:cut]) is None
