"""Every kind of image file becomes the same upright 8-bit grey film."""

from __future__ import annotations

import io
import zlib
from contextlib import suppress

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.errors import UnreadableImage
from engine.probing import decoding
from engine.probing.decoding import decode
from tests.shared import shared_path

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

GREY = np.add.outer(np.arange(40) * 4, np.arange(30) * 3).astype(np.uint8)
"""40 rows of 30 pixels; the four corners differ"""
NOISE = np.random.default_rng(0).integers(0, 256, (40, 30), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def test_an_8_bit_grey_png_is_taken_as_it_is() -> None:
    film = decode(encoded(Image.fromarray(GREY)))
    assert film.dtype == np.uint8
    np.testing.assert_array_equal(film, GREY)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_grey_films_saved_with_colour_or_alpha_keep_their_values(mode: str) -> None:
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GREY).convert(mode))), GREY)


def test_bilevel_is_black_and_white() -> None:
    film = decode(encoded(Image.fromarray(GREY > 100)))
    np.testing.assert_array_equal(film, np.where(GREY > 100, 255, 0))


def test_colour_becomes_luminance() -> None:
    film = decode(encoded(Image.new("RGB", (2, 2), (255, 0, 0))))
    assert film[0, 0] == 76  # 0.299 · 255


def test_transparent_parts_are_black() -> None:
    image = Image.fromarray(GREY).convert("RGBA")
    image.putalpha(Image.fromarray(np.where(GREY > 100, 255, 0).astype(np.uint8)))
    np.testing.assert_array_equal(decode(encoded(image)), np.where(GREY > 100, GREY, 0))


@pytest.mark.parametrize("scale", [257, 16, 100])
def test_16_bit_is_windowed_from_darkest_to_brightest_whatever_bits_it_uses(scale: int) -> None:
    wide = GREY.astype(np.uint16) * scale
    full = GREY / GREY.max() * 255
    film = decode(encoded(Image.fromarray(wide)))
    assert film.min() == 0
    assert film.max() == 255
    np.testing.assert_allclose(film, full, atol=0.51)


@pytest.mark.parametrize(("kind", "channels"), [(4, 2), (2, 3), (6, 4)], ids=["grey and alpha", "colour", "both"])
def test_16_bit_colour_or_alpha_keeps_the_higher_8_bits(kind: int, channels: int) -> None:
    wide = np.stack([GREY.astype(np.uint16) * 256 + 77] * channels, axis=-1)
    if channels in (2, 4):
        wide[..., -1] = 65535
    np.testing.assert_array_equal(decode(png(30, 40, 16, kind, wide.astype(">u2"))), GREY)


@pytest.mark.parametrize(("mode", "level"), [("L", 100), ("P", 100)])
def test_one_level_declared_transparent_is_black(mode: str, level: int) -> None:
    film = decode(encoded(Image.fromarray(GREY).convert(mode), transparency=level))
    np.testing.assert_array_equal(film, np.where(level == GREY, 0, GREY))


def test_a_progressive_jpeg_is_the_same_film() -> None:
    film = decode(encoded(Image.fromarray(GREY), "JPEG", quality=98, progressive=True))
    np.testing.assert_allclose(film, GREY, atol=4)


def test_a_16_bit_film_of_one_value_is_not_divided_by_zero() -> None:
    assert decode(encoded(Image.fromarray(np.full((4, 4), 4000, np.uint16)))).max() == 0


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    bright = np.full((16, 16), 230, np.uint8)
    film = decode(encoded(Image.fromarray(bright).convert("CMYK"), "JPEG", quality=95))
    np.testing.assert_allclose(film, bright, atol=3)


ORIENTATIONS: dict[int, NDArray[np.uint8]] = {
    1: GREY,
    2: GREY[:, ::-1],
    3: GREY[::-1, ::-1],
    4: GREY[::-1],
    5: GREY.T,
    6: np.rot90(GREY, 1),
    7: np.rot90(GREY, 2).T,
    8: np.rot90(GREY, -1),
}
"""EXIF orientation -> how a camera stores the film that a viewer shows as GREY"""


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exif_orientation_is_undone(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(ORIENTATIONS[orientation]))
    np.testing.assert_array_equal(decode(encoded(stored, exif=exif.tobytes())), GREY)
    np.testing.assert_allclose(decode(encoded(stored, "JPEG", quality=98, exif=exif.tobytes())), GREY, atol=4)


def test_damaged_exif_does_not_stop_a_film() -> None:
    data = encoded(Image.fromarray(GREY), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert decode(data).shape == GREY.shape


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "WEBP", "JPEG2000"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_other_formats_are_the_same_film(kind: str, mode: str) -> None:
    lossless = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GREY).convert(mode), kind, **lossless)), GREY)


@pytest.mark.parametrize("settings", [{"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}])
@pytest.mark.parametrize("mode", ["P", "LA", "RGBA", "CMYK"])
def test_a_tiff_in_any_mode_is_the_same_film(mode: str, settings: dict[str, str]) -> None:
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GREY).convert(mode), "TIFF", **settings)), GREY)


def test_a_bilevel_tiff_is_black_and_white() -> None:
    film = decode(encoded(Image.fromarray(GREY > 100), "TIFF", compression="group4"))
    np.testing.assert_array_equal(film, np.where(GREY > 100, 255, 0))


@pytest.mark.parametrize("kind", ["TIFF", "JPEG2000"])
def test_16_bit_in_other_formats_is_windowed(kind: str) -> None:
    film = decode(encoded(Image.fromarray(GREY.astype(np.uint16) * 16), kind))
    np.testing.assert_allclose(film, GREY / GREY.max() * 255, atol=0.51)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
@pytest.mark.parametrize(("scale", "start"), [(1, 0), (10, 1_000_000), (1, -4000)])
def test_wide_and_decimal_values_are_windowed(dtype: type, scale: int, start: int) -> None:
    film = decode(encoded(Image.fromarray((GREY.astype(dtype) * scale + start).astype(dtype)), "TIFF"))
    np.testing.assert_allclose(film, GREY / GREY.max() * 255, atol=0.51)


def test_decimal_values_below_one_span_the_whole_range() -> None:
    values = GREY.astype(np.float32) / 1000
    values[5, :3] = np.nan, np.inf, -np.inf
    film = decode(encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(film[5, :3], 0)
    np.testing.assert_allclose(film[6:], (GREY / GREY.max() * 255)[6:], atol=0.51)
    with pytest.raises(UnreadableImage, match="none of its values is a number"):
        decode(encoded(Image.fromarray(np.full((4, 4), np.nan, np.float32)), "TIFF"))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_tiff_whose_zero_is_white_is_inverted(dtype: type) -> None:
    film = decode(encoded(Image.fromarray(GREY.astype(dtype)), "TIFF", tiffinfo={262: 0}))
    np.testing.assert_allclose(film, 255 - GREY / GREY.max() * 255, atol=0.51)


def test_a_tiff_whose_strips_hold_too_few_rows_is_refused() -> None:
    taller = encoded(Image.fromarray(GREY), "TIFF").replace(b"\x01\x01\x04\0\1\0\0\0\x28", LENGTH_80)
    with pytest.raises(UnreadableImage, match="damaged: rows of pixels are missing"):
        decode(taller)


def test_several_pages_are_refused_unless_they_are_smaller_copies() -> None:
    page = Image.fromarray(GREY)
    for kind in ("TIFF", "PNG", "WEBP"):
        with pytest.raises(UnreadableImage, match="several pages; save the one to read"):
            decode(encoded(page, kind, save_all=True, append_images=[Image.fromarray(255 - GREY)]))
    copy = page.resize((15, 20))
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    np.testing.assert_array_equal(decode(encoded(page, "TIFF", save_all=True, append_images=[copy])), GREY)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_orientation_of_other_formats_is_undone(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(ORIENTATIONS[orientation]))
    np.testing.assert_array_equal(decode(encoded(stored, "TIFF", exif=exif)), GREY)
    np.testing.assert_array_equal(decode(encoded(stored, "WEBP", exif=exif.tobytes(), lossless=True)), GREY)


LENGTH_80 = b"\x01\x01\x04\0\1\0\0\0\x50"
"""The TIFF tag ImageLength"""
BITS_24 = b"\x02\x01\x03\0\1\0\0\0\x18"
"""The TIFF tag BitsPerSample"""
DECODED = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "JPEG2000")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"<html>404</html>", "not a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM file"),
        (encoded(Image.fromarray(GREY), "GIF"), "a GIF picture, not a PNG"),
        (b"%PDF-1.7", "a PDF document, not a PNG"),
        (encoded(Image.fromarray(GREY), "PPM"), "not a PNG"),
        *((encoded(Image.fromarray(NOISE), kind)[:-300], "damaged") for kind in DECODED),
        (encoded(Image.fromarray(GREY))[:30], "damaged: its header"),
        (encoded(Image.fromarray(GREY), "TIFF").replace(b"\x02\x01\x03\0\1\0\0\0\x08", BITS_24), "a TIFF file that is"),
        (encoded(Image.fromarray(GREY).convert("RGB").convert("LAB"), "TIFF"), "its colours are LAB"),
    ],
)
def test_a_file_that_cannot_be_decoded_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        decode(data)


def test_flipped_bytes_never_escape_as_another_error(capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    sources = [encoded(Image.fromarray(GREY), kind) for kind in DECODED]
    for _ in range(900):
        data = bytearray(sources[rng.integers(len(sources))])
        for position in rng.integers(8, len(data), 3):
            data[position] = rng.integers(256)
        with suppress(UnreadableImage):
            assert decode(bytes(data)).dtype == np.uint8
    assert capfd.readouterr() == ("", "")


def png(width: int, height: int, depth: int, kind: int, rows: NDArray[np.generic] | None = None) -> bytes:
    """A PNG of the given bit depth and colour type, without pixels if there are no rows."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, kind, 0, 0, 0])
    lines = b"".join(b"\0" + row.tobytes() for row in rows) if rows is not None else b""
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(side: int) -> None:
    with pytest.raises(UnreadableImage, match="too large"):
        decode(png(side, side, 8, 0))


def test_the_limit_is_pillows_own() -> None:
    assert decoding.MAX_PIXELS == Image.MAX_IMAGE_PIXELS


def test_real_films_of_both_kinds_are_decoded() -> None:
    films = sorted(shared_path("data", "xray").rglob("*.png"))
    alpha = next(film for film in films if Image.open(film).mode == "RGBA")
    film = decode(alpha.read_bytes())
    assert film.shape == (1024, 1024)
    np.testing.assert_array_equal(film, np.asarray(Image.open(alpha).convert("RGB").convert("L")))
