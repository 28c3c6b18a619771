"""A DICOM file becomes the grey film that a radiology viewer shows, whatever its pixels, tables and compression."""

from __future__ import annotations

import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread, uid
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut

from engine.errors import MammiError, UnreadableImage
from engine.limits import Limits
from engine.probing.decoding import MAX_PIXELS, decode, decode_here
from engine.probing.dicom import codec, file
from tests.shared import shared_path
from tests.support.dicom import BY_GDCM, BY_PILLOW, as_bytes, compressed, frame_by_gdcm, radiograph

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

GREY = np.add.outer(np.arange(40) * 4, np.arange(30) * 3).astype(np.uint8)
"""40 rows of 30 pixels; the four corners differ"""
TWELVE = GREY.astype(np.uint16) * 16
WHOLE = np.rint(GREY / GREY.max() * 255)
"""TWELVE, scaled from its least value, 0, to its greatest"""


def film(pixels: NDArray[Any] = TWELVE, syntax: uid.UID = uid.ExplicitVRLittleEndian, **elements: Any) -> NDArray[Any]:
    """The film that stored values give, as signed numbers."""
    return decode(as_bytes(radiograph(pixels, syntax, **elements))).astype(int)


def table(entries: NDArray[Any], first: int = 0, bits: int = 12) -> Dataset:
    """A lookup table, as an item of a sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries) % 65536, first % 65536, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item


def palette(red: int, green: int, blue: int) -> dict[str, Any]:
    elements: dict[str, Any] = {}
    for name, top in {"Red": red, "Green": green, "Blue": blue}.items():
        elements[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        elements[f"{name}PaletteColorLookupTableData"] = np.linspace(0, top * 257, 256).astype("<u2").tobytes()
    return elements


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_twelve_bits_without_a_window_go_from_the_least_value_to_the_greatest(syntax: uid.UID) -> None:
    np.testing.assert_array_equal(film(TWELVE + 100, syntax, BitsStored=12), WHOLE)


def test_deflated_is_read() -> None:
    np.testing.assert_array_equal(film(TWELVE, uid.DeflatedExplicitVRLittleEndian), WHOLE)


def test_signed_values_are_read_as_such() -> None:
    np.testing.assert_array_equal(film(TWELVE.astype(np.int16) - 2048, BitsStored=12), WHOLE)


def test_eight_bits_without_a_window_are_taken_as_they_are() -> None:
    np.testing.assert_array_equal(film(GREY), GREY)
    np.testing.assert_array_equal(film(GREY, RescaleSlope=1, RescaleIntercept=0), GREY)


def test_one_value_everywhere_is_not_divided_by_zero() -> None:
    assert not film(np.full((4, 4), 900, np.uint16)).any()


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_bits_beside_the_stored_ones_are_ignored(dtype: type) -> None:
    stored = TWELVE.astype(dtype) - (2048 if dtype == np.int16 else 0)
    littered = (stored & 0x0FFF) | dtype(0x5000)
    np.testing.assert_array_equal(film(littered, BitsStored=12), WHOLE)
    high = (stored << 4) | dtype(0x0003)
    np.testing.assert_array_equal(film(high, BitsStored=12, HighBit=15), WHOLE)


@pytest.mark.parametrize("high", [3, 40, None])
def test_a_high_bit_that_cannot_be_is_ignored(high: int | None) -> None:
    np.testing.assert_array_equal(film(TWELVE, BitsStored=12, HighBit=high), WHOLE)


def test_monochrome1_and_inverse_turn_the_film_once() -> None:
    inverted = 255 - WHOLE
    np.testing.assert_array_equal(film(PhotometricInterpretation="MONOCHROME1"), inverted)
    np.testing.assert_array_equal(film(PresentationLUTShape="INVERSE"), inverted)
    both = film(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")
    np.testing.assert_array_equal(both, inverted)
    np.testing.assert_array_equal(film(PresentationLUTShape="IDENTITY"), WHOLE)


def test_the_whole_range_excludes_padding() -> None:
    collimated = TWELVE + 1000
    collimated[:5] = 0
    np.testing.assert_array_equal(film(collimated, PixelPaddingValue=0)[5:], film(TWELVE[5:]))
    collimated[:3] = 40
    padded = film(collimated, PixelPaddingValue=0, PixelPaddingRangeLimit=50)
    np.testing.assert_array_equal(padded[5:], film(TWELVE[5:]))
    assert not padded[:5].any()
    assert film(np.zeros((4, 4), np.uint16), PixelPaddingValue=0).shape == (4, 4)


WINDOWS = [
    {"WindowCenter": 1500, "WindowWidth": 1000},
    {"WindowCenter": 1500, "WindowWidth": 1},
    {"WindowCenter": [1500, 20], "WindowWidth": [1000, 30]},
    {"WindowCenter": 1500, "WindowWidth": 1000, "VOILUTFunction": "LINEAR_EXACT"},
    {"WindowCenter": 1500, "WindowWidth": 1000, "VOILUTFunction": "SIGMOID"},
    {"WindowCenter": "900.5", "WindowWidth": "700", "RescaleSlope": "0.5", "RescaleIntercept": "-100"},
]
TABLES: list[dict[str, Any]] = [
    {"VOILUTSequence": [table(np.arange(4096))]},
    {"VOILUTSequence": [table(np.arange(1000) ** 2 // 16, first=700, bits=16)]},
    {"VOILUTSequence": [table(4095 - np.arange(4096))], "WindowCenter": 9, "WindowWidth": 9},
    {"ModalityLUTSequence": [table(np.arange(4096) ** 2 // 256, bits=16)], "WindowCenter": 9000, "WindowWidth": 20000},
]


@pytest.mark.parametrize("elements", WINDOWS + TABLES)
@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian])
def test_windows_and_tables_give_what_pydicoms_own_functions_give(elements: dict[str, Any], syntax: uid.UID) -> None:
    dataset = radiograph(TWELVE, syntax, BitsStored=12, **elements)
    shown = apply_voi_lut(apply_modality_lut(TWELVE, dataset), dataset)
    if "VOILUTSequence" in elements:
        top = 2 ** elements["VOILUTSequence"][0].LUTDescriptor[2] - 1
    elif "ModalityLUTSequence" in elements:
        top = 65535  # pydicom's window ends with the range of the modality's table
    else:
        slope, intercept = float(elements.get("RescaleSlope", 1)), float(elements.get("RescaleIntercept", 0))
        low, high = sorted((intercept, 4095 * slope + intercept))
        shown, top = shown - low, high - low
    np.testing.assert_allclose(film(TWELVE, syntax, BitsStored=12, **elements), shown * (255 / top), atol=0.51)


def test_a_negative_slope_turns_the_film() -> None:
    window = {"WindowCenter": -2047, "WindowWidth": 4096}
    shown = film(RescaleSlope=-1, RescaleIntercept=0, **window)
    np.testing.assert_allclose(shown, 255 - TWELVE / 4095 * 255, atol=0.51)


@pytest.mark.parametrize("width", [0, -5, 0.5, None])
def test_a_window_without_width_is_ignored(width: float | None) -> None:
    np.testing.assert_array_equal(film(WindowCenter=100, WindowWidth=width), WHOLE)


def test_a_table_of_8_bit_entries_is_read_packed_or_not() -> None:
    entries = 255 - np.arange(256)
    packed = table(entries, bits=8)
    packed.LUTData = entries.astype(np.uint8).tobytes()
    for item in (table(entries, bits=8), packed):
        np.testing.assert_array_equal(film(GREY, VOILUTSequence=[item]), 255 - GREY.astype(int))


def test_a_table_may_start_below_zero() -> None:
    signed = TWELVE.astype(np.int16) - 2048
    item = table(np.arange(4096), first=-2048)
    np.testing.assert_allclose(film(signed, VOILUTSequence=[item]), TWELVE / 4095 * 255, atol=0.51)


@pytest.mark.parametrize("data", [b"", b"\1"])
def test_a_damaged_table_is_reported(data: bytes) -> None:
    item = table(np.arange(2))
    item.LUTData = data
    if data:
        del item.LUTDescriptor
    with pytest.raises(UnreadableImage, match=r"damaged: its lookup table \(LUTData\)"):
        film(VOILUTSequence=[item])


def test_colour_becomes_luminance() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    assert film(red)[0, 0] == 76  # 0.299 · 255
    assert film(red.astype(np.uint16) * 16, BitsStored=12)[0, 0] == 76
    planes = np.ascontiguousarray(red.transpose(2, 0, 1))
    assert film(red, PlanarConfiguration=1, PixelData=planes.tobytes())[0, 0] == 76
    yellow = np.full((4, 4, 3), (226, 1, 149), np.uint8)
    assert film(yellow, PhotometricInterpretation="YBR_FULL")[0, 0] == pytest.approx(226, abs=1)


def test_a_palette_becomes_luminance() -> None:
    elements = palette(255, 200, 50)
    colours = apply_color_lut(GREY, radiograph(GREY, PhotometricInterpretation="PALETTE COLOR", **elements)) / 257
    shown = film(GREY, PhotometricInterpretation="PALETTE COLOR", **elements)
    np.testing.assert_allclose(shown, colours @ [0.299, 0.587, 0.114], atol=1.01)


DISCRETE, LINEAR, INDIRECT = 0, 1, 2
SEGMENTS = {
    "one line": [DISCRETE, 1, 0, LINEAR, 255, 65280],
    "lines and entries": [DISCRETE, 2, 0, 300, LINEAR, 100, 30000, DISCRETE, 3, 9, 8, 7, LINEAR, 151, 65535],
    "a line that falls": [DISCRETE, 1, 65535, LINEAR, 255, 0],
    "repeated": [DISCRETE, 1, 5, LINEAR, 127, 60000, INDIRECT, 2, 0, 0],
    "too long": [DISCRETE, 1, 0, LINEAR, 999, 65280],
}
"""Tables in segments (DICOM PS3.3, C.7.9.2), as words of 16 bits"""


def segmented(words: list[int], bits: int = 16, order: str = "<") -> dict[str, Any]:
    elements: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name in ("Red", "Green", "Blue"):
        elements[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        data = np.array(words).astype("u1" if bits == 8 else f"{order}u2").tobytes()
        elements[f"Segmented{name}PaletteColorLookupTableData"] = data
    return elements


@pytest.mark.parametrize("case", SEGMENTS)
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_a_palette_in_segments_gives_what_pydicom_gives(case: str, syntax: uid.UID) -> None:
    elements = segmented(SEGMENTS[case], order="<" if syntax.is_little_endian else ">")
    colours = apply_color_lut(GREY, radiograph(GREY, syntax, **elements))[..., 0]
    np.testing.assert_allclose(film(GREY, syntax, **elements), colours / 257, atol=0.51)


def test_a_palette_in_segments_of_8_bits() -> None:
    elements = segmented([DISCRETE, 1, 255, LINEAR, 127, 128, INDIRECT, 2, 0, 0, 0, 0], bits=8)
    falling = 255 - np.arange(128)
    np.testing.assert_array_equal(film(GREY, **elements), np.concatenate([falling, falling])[GREY])


@pytest.mark.parametrize(
    "words",
    [
        [],
        [LINEAR, 5, 9],
        [7, 1, 1],
        [DISCRETE, 9, 1],
        [DISCRETE, 1, 4, INDIRECT, 1],
        [DISCRETE, 1, 4, INDIRECT, 1, 6, 0],
        [DISCRETE, 1, 4, INDIRECT, 65535, 65535, 65535],
        [DISCRETE, 0] * 50,
    ],
)
def test_damaged_segments_are_reported(words: list[int]) -> None:
    with pytest.raises(UnreadableImage, match="damaged: its lookup table"):
        film(GREY, **segmented(words))


def test_segments_that_repeat_without_end_are_cut() -> None:
    longest = [DISCRETE, 1, 4, LINEAR, 65535, 9, *[INDIRECT, 65535, 6, 0] * 1000]
    assert film(GREY, **segmented(longest)).shape == GREY.shape


def test_a_bilevel_mask_is_black_and_white() -> None:
    bits = np.packbits(GREY > 100, bitorder="little").tobytes()
    shown = film(GREY, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=bits)
    np.testing.assert_array_equal(shown, np.where(GREY > 100, 255, 0))


STORED = {
    "8 bits": (GREY, 8, GREY),
    "colour": (np.stack([GREY] * 3, axis=-1), 8, GREY),
    "12 bits": (TWELVE, 12, WHOLE),
    "16 bits": (TWELVE, 16, WHOLE),
    "signed": (TWELVE.astype(np.int16) - 2048, 12, WHOLE),
}
"""Kind of pixels -> stored values, Bits Stored, and the film"""
COMPRESSED = [
    *((syntax, kind) for syntax in (uid.RLELossless, *BY_GDCM) for kind in STORED),
    *((syntax, kind) for syntax in BY_PILLOW for kind in ("8 bits", "colour")),
    *((syntax, "16 bits") for syntax in (uid.JPEG2000, uid.JPEG2000Lossless)),
]


@pytest.mark.parametrize(("syntax", "kind"), COMPRESSED, ids=lambda value: getattr(value, "keyword", value))
def test_every_compression_gives_the_same_film(syntax: uid.UID, kind: str) -> None:
    pixels, bits, expected = STORED[kind]
    shown = decode(as_bytes(compressed(pixels, syntax, BitsStored=bits))).astype(int)
    np.testing.assert_allclose(shown, expected, atol=0 if "Lossless" in syntax.name else 2)


def test_jpeg_2000_that_pillow_refuses_is_decoded_by_gdcm() -> None:
    wide = np.stack([TWELVE] * 3, axis=-1)
    dataset = radiograph(wide, uid.JPEG2000Lossless, BitsStored=12)
    dataset.PixelData = encapsulate([frame_by_gdcm(wide, "JPEG2000Lossless", dataset)])
    np.testing.assert_array_equal(decode(as_bytes(dataset)), GREY)
    file = get_testdata_file("GDCMJ2K_TextGBR.dcm", download=False)  # tells a false number of tile-parts
    if file is not None:
        shown = decode(Path(file).read_bytes())
        red, green, blue = (shown[rows].astype(int) for rows in (slice(0, 130), slice(130, 230), slice(230, 400)))
        assert (red.min(), green.max(), blue.min()) == (76, 150, 29)  # the luminance of pure colours, on mid-grey


def test_without_gdcm_such_a_film_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "_gdcm_fault", lambda: "needs the package 'gdcm'")
    dataset = compressed(GREY, uid.JPEG2000Lossless)
    dataset.Rows += 8
    dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51"])
    with pytest.raises(UnreadableImage, match=r"^Pillow cannot decode its JPEG 2000 .* needs the package 'gdcm'$"):
        decode_here(as_bytes(dataset))


def test_jpeg_extended_of_12_bits_is_refused_with_advice() -> None:
    with pytest.raises(
        UnreadableImage, match="compressed as JPEG Extended with more than 8 bits, which is not supported"
    ):
        decode(as_bytes(compressed(GREY, uid.JPEGExtended12Bit, BitsStored=12)))


def test_a_transfer_syntax_without_decoder_is_named() -> None:
    data = compressed(GREY, uid.JPEGBaseline8Bit)
    data.file_meta.TransferSyntaxUID = uid.HTJ2KLossless
    with pytest.raises(UnreadableImage, match=r"compressed as High-Throughput JPEG 2000 .* decompress it"):
        decode(as_bytes(data))


def refusals() -> dict[str, tuple[dict[str, Any], str]]:
    return {
        "multi-frame": ({"NumberOfFrames": 12}, "multi-frame: 12 frames"),
        "no pixels": ({"PixelData": None}, "damaged: has no pixels"),
        "a report": (
            {"PixelData": None, "Rows": None, "SOPClassUID": uid.BasicTextSRStorage},
            "not a film but Basic Text SR Storage",
        ),
        "a document": ({"EncapsulatedDocument": b"%PDF"}, "not a film but a document"),
        "floats": ({"PixelData": None, "FloatPixelData": bytes(8)}, "its pixels are not whole numbers"),
        "too few pixels": ({"PixelData": bytes(100)}, "damaged: The number of bytes of pixel data is less"),
        "no rows": ({"Rows": 0}, "damaged: 30 × 0 pixels"),
        "no columns": ({"Columns": None}, "damaged: 0 × 40 pixels"),
        "a bomb": ({"Rows": 65535, "Columns": 65535}, "too large: 65535 × 65535 pixels"),
        "samples": ({"SamplesPerPixel": 4}, "4 values per pixel"),
        "32 bits": ({"BitsAllocated": 32}, "32 bits per value"),
        "more bits than there are": ({"BitsStored": 17}, "damaged: A .* 'Bits Stored' value of '17' is invalid"),
        "colours": ({"PhotometricInterpretation": "MOONLIGHT"}, "damaged: Unknown .*MOONLIGHT"),
        "no kind of grey": ({"PhotometricInterpretation": None}, "damaged: Missing required element"),
    }


@pytest.mark.parametrize("case", refusals())
def test_a_file_that_is_not_a_film_is_refused_with_the_reason(case: str) -> None:
    elements, reason = refusals()[case]
    with pytest.raises(UnreadableImage, match=reason):
        film(TWELVE, **elements)


def test_data_without_a_file_header_are_refused_with_advice() -> None:
    with pytest.raises(UnreadableImage, match="DICOM data without a file header: convert it to a DICOM file"):
        decode(as_bytes(radiograph(GREY))[132:])


def test_reasons_are_one_line_and_safe_to_show() -> None:
    dataset = radiograph(GREY, PhotometricInterpretation="X\x1b[31m\n\x9b\0Y" + "z" * 200)
    with pytest.raises(UnreadableImage) as raised:
        decode(as_bytes(dataset))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 120


def test_a_deflated_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MAX_INFLATED", 1 << 20)
    dataset = radiograph(GREY, uid.DeflatedExplicitVRLittleEndian)
    dataset.add_new(0x00990010, "LO", "nothing")
    dataset.add_new(0x00991001, "OB", bytes(1 << 21))
    with pytest.raises(UnreadableImage, match="too large: inflates to more than 1 MB"):
        decode_here(as_bytes(dataset))


def test_sequences_nested_without_end_are_refused() -> None:
    head = as_bytes(radiograph(GREY, uid.ImplicitVRLittleEndian))[:400]
    opened = struct.pack("<HHL", 0x0099, 0x1001, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    start = head.index(b"\x08\x00\x16\x00")
    with pytest.raises(UnreadableImage, match="damaged"):
        decode(head[:start] + opened * 5000)


def test_a_compressed_frame_of_another_size_is_refused() -> None:
    for syntax in (uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.RLELossless):
        dataset = compressed(GREY, syntax)
        dataset.Rows += 8
        with pytest.raises(UnreadableImage, match="damaged"):
            decode(as_bytes(dataset))


def test_without_gdcm_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(codec.importlib.util, "find_spec", lambda name: None)
    codec._gdcm_fault.cache_clear()
    request.addfinalizer(codec._gdcm_fault.cache_clear)
    with pytest.raises(MammiError, match=r"A film in JPEG Lossless.* pip install 'mammi-explorer\[dicom\]'") as raised:
        decode_here(as_bytes(compressed(GREY, uid.JPEGLosslessSV1)))
    assert not isinstance(raised.value, UnreadableImage)


def test_without_pydicom_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    for name in [name for name in sys.modules if name.startswith("engine.probing.dicom")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MammiError, match=r"A DICOM film needs the package 'pydicom'.*\[dicom\]") as raised:
        decode_here(as_bytes(radiograph(GREY)))
    assert not isinstance(raised.value, UnreadableImage)


def test_pydicom_is_loaded_only_for_a_dicom_film() -> None:
    code = "import sys; from engine.probing.decoding import decode; sys.exit('pydicom' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_flipped_bytes_never_escape_as_another_error(capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    voi = {"VOILUTSequence": [table(np.arange(256))], "ModalityLUTSequence": [table(np.arange(4096))]}
    sources = [as_bytes(radiograph(TWELVE, syntax, BitsStored=12, **voi)) for syntax in (uid.ImplicitVRLittleEndian,)]
    sources += [as_bytes(compressed(GREY, syntax)) for syntax in (uid.RLELossless, *BY_PILLOW)]
    sources.append(as_bytes(radiograph(GREY, PhotometricInterpretation="PALETTE COLOR", **palette(255, 200, 50))))
    for turn in range(700):
        data = bytearray(sources[turn % len(sources)])
        for position in rng.integers(132, len(data), rng.integers(1, 5)):
            data[position] = rng.integers(256)
        if turn % 5 == 0:
            del data[rng.integers(132, len(data)) :]
        with suppress(UnreadableImage):
            assert decode(bytes(data)).dtype == np.uint8
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_damaged_frames_cannot_end_the_program() -> None:
    """gdcm 3.2.6 aborts or writes out of bounds on one in a hundred frames like these."""
    rng = np.random.default_rng(2)
    for syntax in BY_GDCM:
        data = as_bytes(compressed(GREY, syntax))
        start = data.rindex(b"\xff\xd8")
        for _ in range(6):
            damaged = bytearray(data)
            for position in rng.integers(start, start + 60, 4):
                damaged[position] = rng.choice([0, 255, rng.integers(256)])
            with suppress(UnreadableImage):
                decode(bytes(damaged))


@pytest.mark.slow
def test_a_decoder_that_dies_or_hangs_sets_its_film_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = as_bytes(compressed(GREY, uid.JPEGLosslessSV1))
    script = tmp_path / "decoder.py"
    monkeypatch.setattr(codec, "_SCRIPT", script)
    monkeypatch.setattr(codec, "limits", lambda: Limits(film_seconds=1))
    for code, reason in {
        "import os; os.abort()": "damaged: its compressed pixels$",
        "print('short')": "damaged: its compressed pixels$",
        "import time; time.sleep(60)": r"damaged: its compressed pixels: not decoded within limits\.film_seconds",
    }.items():
        script.write_text(code)
        with pytest.raises(UnreadableImage, match=reason):
            decode_here(data)


@pytest.mark.parametrize(("name", "inverted"), [("rsna_sample.dcm", False), ("Fake_MONOHR1.dcm", True)])
def test_real_films_are_shown_as_by_pydicoms_own_functions(name: str, inverted: bool) -> None:
    file = shared_path("data", "dicom", name)
    dataset = dcmread(file)
    values = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset).astype(int)
    shown = decode(file.read_bytes())
    assert shown.shape == (1024, 1024)
    np.testing.assert_array_equal(shown, 255 - values if inverted else values)


def test_the_largest_film_is_the_same_for_every_kind_of_file() -> None:
    side = int(MAX_PIXELS**0.5)
    with pytest.raises(UnreadableImage, match="too large"):
        film(GREY, Rows=side + 1, Columns=side + 1)
    with pytest.raises(UnreadableImage, match="damaged: The number of bytes"):
        film(GREY, Rows=side, Columns=side)
