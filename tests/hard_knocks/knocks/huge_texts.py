"""Texts that are huge, endless, deep or slow to read, through every reader of text."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.hard_knocks.text_readers import FILMS, prepare, readers

ONLY_FULL = True
MB = 1 << 20
SECONDS = 60.0
"""For each try; the slowest takes 10 on a quiet core"""


def knock(setting: Setting) -> Outcomes:
    every, folder = readers(), setting.folder
    prepare(folder)
    for name, reader, content in _texts(setting.full):
        every[reader].write(folder, content)
        fall = fall_of(lambda reader=reader: every[reader].read(folder), folder, seconds=SECONDS)
        every[reader].write(folder)
        yield fall and f"{reader}, {name}: {fall}"


def _texts(full: bool) -> Iterator[tuple[str, str, bytes]]:
    """What it is, the reader that is given it, and its bytes. --quick has smaller ones, and leaves out the slowest."""
    size = MB if full else MB >> 2
    for sign in (
        " ",
        "\n \n",
        "- ",
        "a",
        "A ",
        "(",
        "'",
        '" ',
        "#",
        "1 ",
        "1.",
        "x,",
        "<b>",
        "à",
        "\u0301\u0323",
        "NO ",
        "Findings ",
    ):
        run = (sign * size)[:size]
        for reader in ("word list", "text report", "plain csv", "tsv report", "keys", "synonyms", "nih14 list"):
            yield f"a run of {sign!r}", reader, run.encode()
        yield f"a cell of {sign!r}", "plain csv", f"path,labels\n{FILMS[0]},{run[: size // 10]}\n".encode()
        yield (
            f"a list of {sign!r}",
            "plain csv",
            f'path,labels\n{FILMS[0]},"[\'{run[: size // 10].replace(chr(34), "")}"\n'.encode(),
        )
    yield from _tables(full, size)
    yield from _nested(size)
    yield "words in one line", "word list", b"pleural effusion, " * 20_000
    yield "words in many lines", "word list", b"".join(b"word%d\n" % number for number in range(200_000))
    yield "notes without end", "incoming lines", _packed(b"{}\n", 30 * MB if full else MB, pack=False)
    yield (
        "a long report",
        "text report",
        b"The heart is normal. A nodule - left; 1.5 cm.\n" * ((50 if full else 4) * MB // 46),
    )
    yield "a long XML text", "xml report", b"<a>" + b"<b>text</b>" * ((100 if full else 4) * MB // 11) + b"</a>"
    if full:
        yield "900 MB of JSON", "json report", _packed(b'{"train":[],"a":[0],', 900 * MB)
        yield "900 MB of lists", "json report", b'{"train":[' + b"[]," * (100 * MB // 3) + b"[]]}"
        yield "900 MB of JSON", "hugging face", b'{"a":[' + b"[]," * (900 * MB // 3) + b"[]]}"
        yield (
            "900 MB of characters",
            "json report",
            '{"train":[{"report":"\U0001f600'.encode() + b"a" * (900 * MB) + b'"}]}',
        )
        yield "900 MB in one line", "word list", _packed(b"word ", 900 * MB)
        yield "900 MB of lines", "word list", _packed(b"word\n", 900 * MB)
        yield "900 MB of text", "synonyms", _packed(b"a: b\n", 900 * MB)


def _tables(full: bool, size: int) -> Iterator[tuple[str, str, bytes]]:
    columns = 100_000 if not full else 400_000
    for reader in ("plain csv", "tsv report", "csv report", "nih14 entries", "incoming table", "attributes"):
        yield "a million columns", reader, b"," * columns + b"\n" + b"a\n" * columns
        yield "named columns", reader, b"report,path,labels" + b",a" * columns + b"\n" + b"a\n" * columns
        yield "an unfinished quote", reader, b'path,labels,report\n"' + b"a\n" * size
        yield "a long field", reader, b"path,labels,report\na," + b"a" * (2 * MB) + b",x\n"
        yield "names alike", reader, b",".join(b"pat" * (size // 20) + b"%d" % number for number in range(5)) + b"\n"
        yield "packed twice", reader, gzip.compress(gzip.compress(b"path,labels\n"))
    many = b"".join(b"%s,label %d\n" % (FILMS[0].encode(), number) for number in range(20_000 if not full else 200_000))
    yield "many labels of one film", "plain csv", b"path,labels\n" + many
    boxes = b"%s,Mass,1,2,3,4\n" % FILMS[0].encode() * (20_000 if not full else 200_000)
    yield "many boxes of one film", "nih14 boxes", b"a,b,c,d,e,f\n" + boxes
    if full:
        head = b"path,labels,report\n"
        for reader in ("plain csv", "attributes"):
            yield "endless rows", reader, gzip.compress(head) + _packed(FILMS[0].encode() + b",Mass,x\n", 3000 * MB)
        for reader in ("nih14 list", "csv report"):
            yield "endless line", reader, gzip.compress(head) + _packed(b"a", 3000 * MB)
            yield (
                "rows of many films",
                reader,
                head + b"".join(b"%d.png,Mass,x\n" % number for number in range(3_000_000)),
            )


def _nested(size: int) -> Iterator[tuple[str, str, bytes]]:
    deep = size // 8
    for reader in (
        "json report",
        "hugging face",
        "told of a sample",
        "chestx_det",
        "incoming lines",
        "state",
        "tagger",
    ):
        yield "nested lists", reader, b"[" * deep + b"]" * deep
        yield "open lists", reader, b"[" * deep
        yield "nested objects", reader, b'{"a":' * deep + b"1" + b"}" * deep
        yield "500 lists", reader, b'{"train":' + b"[" * 500 + b"]" * 500 + b"}"
        yield "a huge number", reader, b'{"train": [' + b"9" * deep + b"]}"
        yield "no number", reader, b'{"train": [{"report": NaN, "labels": NaN}]}'
        yield "half a pair", reader, b'{"train": [{"report": "\\ud800 mass"}], "labels": ["\\udfff"], "p": "\\ud800"}'
        yield "a key twice", reader, b'{"train": [], "train": [{"report": "mass"}], "labels": ["a"], "labels": ["b"]}'
        yield "an open quote", reader, b'{"train": "' + b'\\"' * deep
    for reader in ("keys", "configuration", "matrix"):
        yield "nested lists", reader, b"a = " + b"[" * deep
        yield "nested tables", reader, b"a = " + b"{a = " * deep
        yield "a dotted key", reader, b"a." * deep + b"a = 1\n"
        yield "dotted keys", reader, b"".join(b"a." * 800 + b"a%d = 1\n" % number for number in range(20))
        yield "a dotted table", reader, b"[" + b"a." * deep + b"a]\n"
        yield "a huge number", reader, b"a = " + b"9" * deep
        yield "a huge number of run", reader, b"[run]\nout = " + b"9" * 5000
        yield "many tables", reader, b"".join(b"[[a]]\n" for _ in range(deep))
    for head, body in {
        "laughs": b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>',
        "an entity outside": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x"><a/>',
        "deep elements": b"<a>" * deep,
        "many attributes": b"<a " + b" ".join(b'a%d="1"' % number for number in range(deep)) + b"/>",
        "an odd encoding": b'<?xml version="1.0" encoding="punycode"?><a>' + b"a" * size + b"-bcd</a>",
        "an escaping encoding": b'<?xml version="1.0" encoding="unicode_escape"?><a>\\ud800</a>',
        "an open comment": b"<!--" + b"-" * size,
    }.items():
        yield head, "xml report", body


def _packed(piece: bytes, size: int, pack: bool = True) -> bytes:
    """Many of a piece, gzipped: some MB packed once, and that many times."""
    many = piece * (8 * MB // len(piece))
    return gzip.compress(many, 1) * (size // len(many)) if pack else piece * (size // len(piece))
