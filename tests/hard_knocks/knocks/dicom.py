"""DICOM films: changed elements, lengths, sequences, transfer syntaxes and compressed frames."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from pydicom import Dataset, uid

from engine.limits import hold
from engine.probing.decoding import decode
from engine.probing.dicom.headers import read_headers
from engine.probing.files import Film
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.mutation import SIZES, mutated
from tests.hard_knocks.together import falls_of
from tests.shared import SHARED
from tests.support.dicom import BY_GDCM, BY_PILLOW, as_bytes, compressed, radiograph

SECONDS = 3
_PLAIN = (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.RLELossless)
_LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT", b"OF", b"UC")
_TYPES = (b"US", b"SS", b"UL", b"DS", b"IS", b"LO", b"CS", b"UI", b"PN", b"AT", b"FD", *_LONG)


def knock(setting: Setting) -> Outcomes:
    hold(film_seconds=SECONDS)
    chance, files = setting.chance, _films()
    tries = [(f"mutant {number}", _mutant(chance, files)) for number in range(setting.count(40, 500))]
    place = setting.folder / "film.dcm"

    def read(data: bytes) -> None:
        place.write_bytes(data)
        read_headers([Film("film.dcm", str(place))])
        decode(data)

    yield from falls_of(tries, read, setting, at_once=25)
    if setting.full:
        yield from falls_of(list(_bombs()), read, setting, at_once=1)


def _films() -> list[bytes]:
    """A film in each transfer syntax, with tables, palettes and sequences."""
    grey = np.add.outer(np.arange(60) * 4, np.arange(50) * 15).astype(np.uint16)
    eight = (grey >> 4).astype(np.uint8)
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [256, 0, 16], np.arange(0, 65536, 256, np.uint16).tobytes()
    palette: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name in ("Red", "Green", "Blue"):
        palette[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palette[f"{name}PaletteColorLookupTableData"] = np.arange(0, 65536, 256, np.uint16).tobytes()
    nested = Dataset()
    nested.ReferencedImageSequence = [table]
    made = [
        *(compressed(grey, syntax, BitsStored=12) for syntax in (uid.RLELossless,)),
        *(radiograph(grey, syntax, BitsStored=12, WindowCenter=300, WindowWidth=200) for syntax in _PLAIN[:3]),
        radiograph(grey, VOILUTSequence=[table], ModalityLUTSequence=[table], ReferencedStudySequence=[nested]),
        radiograph(eight, **palette),
        radiograph(np.stack([eight] * 3, axis=-1)),
        *(compressed(eight, syntax) for syntax in BY_PILLOW),
        *(compressed(grey, syntax, BitsStored=12) for syntax in BY_GDCM),
    ]
    files = [as_bytes(each) for each in made]
    files.append(_deflated(files[2]))
    real = sorted((SHARED / "data" / "dicom").glob("*.dcm")) if SHARED.is_dir() else []
    return files + [film.read_bytes() for film in real if film.stat().st_size < 400_000]


def _mutant(chance: random.Random, files: list[bytes]) -> bytes:
    """A film changed in the head of one of its elements, or anywhere."""
    data = chance.choice(files)
    places = [place for place in range(132, min(len(data) - 12, 4000)) if data[place : place + 2] in _TYPES]
    if not places or chance.random() < 0.4:
        return mutated(chance, data, files)
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2))):
        place = chance.choice(places)
        match chance.randrange(5):
            case 0:
                changed[place : place + 2] = chance.choice(_TYPES)
            case 1:
                struct.pack_into("<H", changed, place + 2, chance.choice(SIZES) & 0xFFFF)
            case 2:
                struct.pack_into("<I", changed, place + 4, chance.choice(SIZES))
            case 3:
                struct.pack_into("<H", changed, place - 2, chance.choice((*SIZES, 0x10, 0x11, 0x100, 2)) & 0xFFFF)
            case _:
                syntax = chance.choice([*BY_GDCM, *BY_PILLOW, *_PLAIN, uid.DeflatedExplicitVRLittleEndian])
                text = str(syntax).encode().ljust(24, b"\0")
                at = changed.find(b"1.2.840.10008.1.2", 200)
                changed[at : at + len(text)] = text
    return bytes(changed)


def _deflated(data: bytes) -> bytes:
    """An explicit film with its data set packed."""
    dataset = _dataset_place(data)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    syntax = str(uid.ExplicitVRLittleEndian).encode().ljust(20, b"\0")
    deflated = str(uid.DeflatedExplicitVRLittleEndian).encode()
    header = data[:dataset].replace(b"UI\x14\0" + syntax, b"UI" + struct.pack("<H", 22) + deflated)
    header = header[:140] + struct.pack("<I", int.from_bytes(header[140:144], "little") + 2) + header[144:]
    return header + packer.compress(data[dataset:]) + packer.flush()


def _dataset_place(data: bytes) -> int:
    return 144 + int.from_bytes(data[140:144], "little")


def _bombs() -> Iterator[tuple[str, bytes]]:
    grey = np.zeros((8, 8), np.uint8)
    film = as_bytes(radiograph(grey))
    start, rest = film[: _dataset_place(film)], film[_dataset_place(film) :]
    element = struct.pack("<HH2sH", 0x0009, 0x0010, b"LO", 0)
    yield "a million empty elements", start + element * 1_000_000 + rest
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    sequence = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
    yield "a sequence of a million items", start + sequence + struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 1_000_000 + rest
    yield "sequences 100,000 deep", start + (sequence + item) * 100_000 + rest
    yield (
        "many numbers in one text",
        start + struct.pack("<HH2sHI", 0x0009, 0x0010, b"UC", 0, 40_000_000) + b"1\\" * 20_000_000 + rest,
    )
    window = as_bytes(radiograph(grey, WindowCenter=["1"] * 8000, WindowWidth=["1"] * 8000))
    yield "a window of thousands of numbers", window
    yield "a window of huge numbers", as_bytes(radiograph(grey, RescaleSlope="1e308", RescaleIntercept="1e308"))
    large = compressed(np.zeros((3000, 3000), np.uint8), uid.JPEG2000Lossless)
    yield "a frame larger than its film", as_bytes(_with(large, Rows=8, Columns=8))
    yield "a film larger than its frame", as_bytes(_with(compressed(grey, uid.JPEGLSLossless), Rows=9000, Columns=9000))
    packed = _deflated(film)
    place = _dataset_place(packed)
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(600)) + packer.flush()
    yield "a data set that inflates to 600 MB", packed[:place] + bomb
    fragments = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 2_000_000
    many = compressed(grey, uid.JPEG2000Lossless)
    data = as_bytes(many)
    at = data.rindex(struct.pack("<HH", 0xFFFE, 0xE000))
    yield "a frame of two million fragments", data[:at] + fragments + data[at:]


def _with(dataset: Dataset, **elements: object) -> Dataset:
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset
