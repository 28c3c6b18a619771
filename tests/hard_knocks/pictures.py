"""Pictures of every kind that films come as, and changes that know how their files are made."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image

from tests.hard_knocks.mutation import SIZES, mutated
from tests.shared import SHARED

MOST_BYTES = 60_000
"""Larger real films are left out: their mutants would all be damaged pixels"""
_PNG = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"tRNS", b"PLTE", b"IDAT", b"IHDR")


@cache
def pictures() -> list[bytes]:
    """A file of each kind, in grey, colour, with transparency, of 16 bits and of decimal numbers."""
    chance = np.random.default_rng(0)
    coarse = chance.integers(0, 256, (9, 7), np.uint8)
    grey = Image.fromarray(coarse).resize((150, 190), Image.Resampling.BICUBIC)
    wide = Image.fromarray(np.asarray(grey).astype(np.uint16) * 16)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a film"
    modes = {mode: grey.convert(mode) for mode in ("L", "RGB", "RGBA", "LA", "P", "1", "CMYK")}
    real = {"F": Image.fromarray(np.asarray(grey).astype(np.float32)), "I;16": wide}
    wanted = [
        *(("PNG", mode, {}) for mode in ("L", "RGB", "RGBA", "LA", "P", "1", "I;16")),
        *(("PNG", "L", {"exif": exif.tobytes(), "icc_profile": bytes(3000)}), ("PNG", "P", {"transparency": 3})),
        *(("JPEG", mode, {"exif": exif.tobytes(), "progressive": late}) for mode in ("L", "RGB") for late in (0, 1)),
        *(("JPEG", "CMYK", {}), ("JPEG", "RGB", {"restart_marker_blocks": 3, "comment": b"x" * 99})),
        *(("TIFF", mode, {}) for mode in ("L", "RGB", "RGBA", "P", "1", "CMYK", "F", "I;16")),
        *(("TIFF", "L", {"compression": f"tiff_{kind}"}) for kind in ("lzw", "adobe_deflate", "jpeg")),
        *(("TIFF", "1", {"compression": kind}) for kind in ("group3", "group4", "tiff_ccitt", "packbits")),
        *(("TIFF", "I;16", {"compression": "tiff_lzw", "tiffinfo": {317: 2}}), ("TIFF", "L", {"compression": "zstd"})),
        *(("BMP", mode, {}) for mode in ("L", "RGB", "RGBA", "1", "P")),
        *(("WEBP", mode, {"lossless": exact}) for mode in ("L", "RGBA") for exact in (False, True)),
        *(("JPEG2000", mode, {"irreversible": loss}) for mode in ("L", "RGBA", "I;16") for loss in (False, True)),
        *(("JPEG2000", "L", {"no_jp2": True, "tile_size": (64, 64), "num_resolutions": 3}),),
        *(("JPEG2000", "L", {"quality_layers": [80, 40, 20], "progression": "RPCL", "codeblock_size": (16, 16)}),),
    ]
    made = [encoded({**modes, **real}[mode], kind, **settings) for kind, mode, settings in wanted]
    pages = [grey.rotate(90), grey.rotate(180)]
    made += [encoded(grey, kind, save_all=True, append_images=pages) for kind in ("TIFF", "PNG", "WEBP")]
    films = sorted((SHARED / "data").rglob("*.png")) if SHARED.is_dir() else []
    return made + [film.read_bytes() for film in films if film.stat().st_size < MOST_BYTES][:3]


def encoded(image: Image.Image, kind: str, **settings: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **settings)
    return data.getvalue()


def mutant(chance: random.Random, files: list[bytes]) -> bytes:
    """One of the files, changed in its structure or anywhere."""
    data = chance.choice(files)
    if chance.random() < 0.5:
        if data.startswith(_PNG):
            return _png(chance, data)
        if data.startswith(b"\xff"):
            return _markers(chance, data)
        if data[:2] in (b"II", b"MM"):
            return _tiff(chance, data)
        if b"\xff\x4f\xff\x51" in data[:200]:
            start = data.index(b"\xff\x4f\xff\x51")
            return data[:start] + _markers(chance, data[start:])
    return mutated(chance, data, files)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png(chance: random.Random, data: bytes) -> bytes:
    """Chunks with other contents, left out, twice, in another order or new, all with sums that are right."""
    chunks: list[tuple[bytes, bytes]] = []
    place = len(_PNG)
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    for _ in range(chance.choice((1, 2, 3))):
        at = chance.randrange(len(chunks))
        kind, content = chunks[at]
        match chance.randrange(5):
            case 0:
                chunks[at] = kind, mutated(chance, content or b"\0", [data])
            case 1 if len(chunks) > 1:
                del chunks[at]
            case 2:
                chunks[at : at + 1] *= chance.choice((2, 3, 200))
            case 3:
                chunks[at] = chance.choice(_TEXTS), content
            case _:
                new = chance.choice((bytes(40), b"a\0\0" + zlib.compress(bytes(3_000_000)), chance.randbytes(60)))
                chunks.insert(at, (chance.choice(_TEXTS), new))
    return _PNG + b"".join(chunk(*each) for each in chunks)


def _markers(chance: random.Random, data: bytes) -> bytes:
    """Segments of JPEG and JPEG 2000 files with other contents and lengths, left out, twice, or in another order."""
    pieces, place = [data[:2]], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] not in (0xDA, 0x93, 0xD9):
        length = 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        pieces.append(data[place : place + length])
        place += length
    rest = data[place:]
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(1, len(pieces)) if len(pieces) > 1 else 0
        match chance.randrange(6):
            case 0 | 1 | 2:
                segment = bytearray(pieces[at])
                where, width = chance.randrange(len(segment)), chance.choice((1, 2, 4))
                number = chance.choice((*SIZES, chance.randrange(1 << 16))) & ((1 << 8 * width) - 1)
                segment[where : where + width] = number.to_bytes(width, "big")
                pieces[at] = bytes(segment)
            case 3 if len(pieces) > 2:
                del pieces[at]
            case 4:
                pieces[at] *= chance.choice((2, 500))
            case _:
                rest = mutated(chance, rest, [data]) if chance.random() < 0.6 else rest[:-2] * 60 + rest[-2:]
    return b"".join(pieces) + rest


def _tiff(chance: random.Random, data: bytes) -> bytes:
    """Entries of the first page with another tag, type, count or value."""
    order = "<" if data[:2] == b"II" else ">"
    changed = bytearray(data)
    start = struct.unpack_from(f"{order}I", data, 4)[0]
    entries = struct.unpack_from(f"{order}H", data, start)[0] if start + 2 <= len(data) else 0
    for _ in range(chance.choice((1, 1, 2, 4))):
        entry = start + 2 + 12 * chance.randrange(entries + 1)
        field, kind = chance.choice(((0, "H"), (2, "H"), (4, "I"), (8, "I")))
        if entry + 12 > len(data):
            continue
        number = chance.choice(
            (*SIZES, chance.randrange(len(data)), chance.choice((256, 258, 259, 273, 277, 322, 330)))
        )
        struct.pack_into(f"{order}{kind}", changed, entry + field, number & (0xFFFF if kind == "H" else 0xFFFFFFFF))
    return bytes(changed)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files of much work, each with what it is."""
    side = 9400
    zeros = zlib.compress(bytes(side * (1 + 8 * side)), 9)
    for name, depth, kind, width in (("grey", 8, 0, 1), ("16-bit grey", 16, 0, 2), ("16-bit RGBA", 16, 6, 8)):
        header = struct.pack(">IIBBBBB", side, side, depth, kind, 0, 0, 0)
        size = side * (1 + width * side)
        pixels = zeros if width == 8 else zlib.compress(bytes(size), 9)
        yield (
            f"a {name} PNG of {side} × {side}",
            _PNG + b"".join((chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))),
        )
    small = encoded(Image.new("L", (8, 8)), "PNG")
    start, rest = small[:33], small[33:]
    yield "a PNG of a million chunks", start + chunk(b"abCd", b"") * 1_000_000 + rest
    yield "a PNG of a million chunks of pixels", start + chunk(b"IDAT", b"") * 1_000_000 + rest
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 20), 9))
    yield "a PNG of 20,000 packed texts", start + text * 20_000 + rest
    yield "a PNG with a packed profile of 256 MB", start + chunk(b"iCCP", b"a\0\0" + _packed_zeros(1 << 28)) + rest
    yield "a PNG with an orientation in 30 MB of XMP", start + _xmp(30_000_000) + rest
    large = encoded(Image.new("L", (6000, 6000)), "JPEG", progressive=True, quality=30)
    yield "a progressive JPEG of many scans", _scans(large, 3_000)
    plain = encoded(Image.new("L", (6000, 6000)), "JPEG", quality=30)
    yield "a JPEG of many scans", _scans(plain, 60)
    yield "a JPEG of many segments", plain[:2] + b"\xff\xe1\0\x08Exif\0\0" * 1_000_000 + plain[2:]
    yield "a TIFF of many empty tags", _tags(60_000)
    yield "a JPEG 2000 of tiny tiles", _tiles()


def _packed_zeros(size: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


def _xmp(size: int) -> bytes:
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"<x " + b"tiff:Orientation" * (size // 16) + b"/>")


def _scans(data: bytes, count: int) -> bytes:
    """The last scan of a JPEG file again and again."""
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def _tags(count: int) -> bytes:
    entries = b"".join(struct.pack("<HHII", tag, 2, 1000, 8) for tag in range(300, 300 + count))
    size = b"".join(struct.pack("<HHII", tag, 4, 1, 64) for tag in (256, 257))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", count + 2) + size + entries + bytes(4)


def _tiles() -> bytes:
    """A code stream whose header speaks of tiles of one pixel."""
    data = bytearray(encoded(Image.new("L", (64, 64)), "JPEG2000", no_jp2=True))
    place = data.index(b"\xff\x51")
    for offset, number in ((6, 9000), (10, 9000), (22, 1), (26, 1)):
        struct.pack_into(">I", data, place + offset, number)
    return bytes(data)
