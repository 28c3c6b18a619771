"""Damages texts by chance: bytes and structure, and packs some of them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import re
import zipfile
from collections.abc import Sequence

PIECES = (
    *(b"\0", b"\xff", b"\x1b]0;x\x07", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe",),
    *(b"\xe2\x80\xae", b"\xcc\x80" * 3000),
    *(b'"', b"'", b'"""', b"\\", b"\\u", b"\\ud800", b"\\u0000", b"\n", b"\r", b"\x0b", b"\xe2\x80\xa8",),
    *(b"\t", b" " * 3000),
    *(b"[", b"]", b"{", b"}", b"[[", b"[" * 3000, b"{" * 3000, b'{"a":' * 3000, b"a." * 3000, b"(" * 3000),
    *(b"9" * 5000, b"1e999", b"-1", b"NaN", b"Infinity", b"nan", b"0x10", b"1_000", b"null", b"true", b"=", b":", b"#"),
    *(b",", b";", b"|", b"," * 3000, b"a" * 200_000, b"x\n" * 2000, b"<!DOCTYPE a>", b"<!ENTITY a 'b'>",),
    *(b"&a;", b"<a>" * 3000),
    *(b"<![CDATA[", b"]]>", b'encoding="utf-16"', b"../", b"/etc/passwd", b"http://localhost/", b"__import__('os')"),
)  # fmt: skip
"""What is put into a text"""
_WORD = re.compile(rb"\w+|[^\w\s]")


def mutated(data: bytes, chance: random.Random, pieces: Sequence[bytes] = PIECES) -> bytes:
    """The text with one change or a few: bytes, words, lines, and whole parts that stand twice."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        place = chance.randrange(len(found) + 1)
        words = list(_WORD.finditer(bytes(found[:20_000])))
        match chance.choice(("insert", "insert", "cut", "byte", "word", "swap", "twice")):
            case "insert":
                found[place:place] = chance.choice(pieces)
            case "cut":
                del found[place : place + chance.randrange(1, 200)]
            case "byte" if place < len(found):
                found[place] = chance.randrange(256)
            case "word" if words:
                word = chance.choice(words)
                found[word.start() : word.end()] = chance.choice(pieces)
            case "swap" if words:
                one, other = sorted((chance.choice(words), chance.choice(words)), key=lambda match: match.start())
                if one.end() <= other.start():
                    middle = found[one.end() : other.start()]
                    found[one.start() : other.end()] = other[0] + middle + one[0]
            case "twice":
                part = bytes(found[place : place + chance.randrange(1, 400)])
                found[place:place] = part * chance.choice((1, 2, 500))
    return _packed(bytes(found), chance)


def _packed(data: bytes, chance: random.Random) -> bytes:
    """One of ten packed, and some of these damaged."""
    if chance.random() > 0.1:
        return data
    data = chance.choice(
        (gzip.compress, bz2.compress, lzma.compress, zipped, lambda each: gzip.compress(gzip.compress(each)))
    )(data)
    if chance.random() < 0.5:
        place = chance.randrange(len(data))
        data = data[:place] + bytes([chance.randrange(256)]) + data[place + chance.choice((0, 1, 1000)) :]
    return data


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("text", data)
    return out.getvalue()
