"""Makes visible what a text from outside would do unseen: steer a terminal, turn the direction of what stands around
it, take no room, or pile up marks."""

from __future__ import annotations

import unicodedata

HIDDEN = "�"
"""Stands for a character that shows nothing by itself and has no picture"""
MOST_MARKS = 4
"""Combining marks on one character; HIDDEN stands for all further ones"""
_BLANK = "\t\n\r"
_UNSEEN = frozenset(
    chr(code)
    for first, last in (
        *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164)),
        *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
    )
    for code in range(first, last + 1)
)
"""Fillers, blanks and variation selectors, which Unicode counts among letters, marks and symbols"""
_JOINED = frozenset(
    chr(code)
    for first, last in ((0x1161, 0x11FF), (0xD7B0, 0xD7FF), (0x1F3FB, 0x1F3FF))
    for code in range(first, last + 1)
)
"""Vowels and ends of Hangul syllables, and colours of skin, which stand in the cell of what is before them"""
_MARKS: set[str] = set()
"""The combining marks that have occurred"""


class _Shown(dict[int, str]):
    """The text shown for each code point, filled in as code points occur."""

    def __missing__(self, code: int) -> str:
        self[code] = shown = _shown(chr(code))
        return shown


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if char in _BLANK or category in {"Zl", "Zp"}:
        return " "
    if ord(char) < 0x20:
        return chr(0x2400 + ord(char))  # the control picture: ESC is ␛
    if char == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    if category in {"Cc", "Cf", "Cs", "Co", "Cn"} or char in _UNSEEN:
        return HIDDEN
    if category in {"Mn", "Me", "Mc"} or char in _JOINED:
        _MARKS.add(char)
    return char


_SHOWN = _Shown()


def visible(text: str) -> str:
    """One line without control characters, terminal escapes, bidi overrides, or characters that are not seen.

    A control character is shown as its picture, any other of these as HIDDEN. Joiners are among them: what is drawn as
    one picture of several people becomes several pictures.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = text.translate(_SHOWN)
    return shown if _MARKS.isdisjoint(shown) else _with_few_marks(shown)


def _with_few_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if char in _MARKS else 0
        if marks and not kept:
            kept.append("\N{DOTTED CIRCLE}")  # else it would change what stands before the text
        if marks <= MOST_MARKS:
            kept.append(char)
        elif marks == MOST_MARKS + 1:
            kept.append(HIDDEN)
    return "".join(kept)
