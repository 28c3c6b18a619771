"""What the cells of a label table say: whether a finding is present, which labels a cell lists, and numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

NOT_TOLD, ABSENT, UNCERTAIN, PRESENT = range(4)
"""What a cell says of a label: nothing, absent, uncertain, present. Where two rows of a film differ, the greater
counts."""
Meaning = Literal["present", "absent", "uncertain", ""]
"""What a configuration may say of a user's own word; "" is nothing said"""

_MEANINGS: dict[Meaning, int] = {"present": PRESENT, "absent": ABSENT, "uncertain": UNCERTAIN, "": NOT_TOLD}
_WORDS: dict[Meaning, tuple[str, ...]] = {
    "present": ("1", "yes", "y", "true", "t", "positive", "pos", "present"),
    "absent": ("0", "no", "n", "false", "f", "negative", "neg", "absent"),
    "uncertain": ("-1", "uncertain", "unsure", "unclear", "possible", "equivocal", "indeterminate", "hedge"),
    "": ("", "nan", "na", "n/a", "<na>", "none", "null", "missing", "blank", "not mentioned"),
}
VOCABULARY = "; ".join(
    f"{meaning or 'nothing said'}: {', '.join(filter(None, words))}" for meaning, words in _WORDS.items()
)
"""The words of truth cells, as a message lists them"""

_QUOTED = r"""[uUbB]?(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TEXT = rf"(?P<wrap>(?:np|numpy)\.str_\(\s*)?{_QUOTED}(?(wrap)\s*\))(?=[\s,;|\])}}])"
_BARE = r"""(?P<bare>[^\s\[\](){},;|'"](?:\([^()]*\)|[^\[\](){},;|'"]|(?<=\w)['"])*)"""
_TOKEN = re.compile(rf"\s*(?:{_TEXT}|(?P<sign>[\[\](){{}},;|])|{_BARE})", re.DOTALL)
_BETWEEN = ",;|"
_PAIRS = {"[": "]", "(": ")", "{": "}"}
_LIST = re.compile(r"""[\[{]|\(\s*(?:[uUbB]?['"]|\)$)""")
"""The start of a cell that is a list. A label may start with a parenthesis: "(left) effusion"."""
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)


class UnreadableCell(ValueError):
    """A cell does not say what it should."""


class Vocabulary(dict[str, int]):
    """What each cell says: vocabulary[cell] is NOT_TOLD, ABSENT, UNCERTAIN or PRESENT. Upper and lower case are the
    same; 1.0, 0,0 and −1.00 are numbers too.

    Raises UnreadableCell for a cell that is neither a word of every table nor one of the user's own, which come first.
    """

    def __init__(self, own: Mapping[str, Meaning] | None = None) -> None:
        super().__init__({word: _MEANINGS[meaning] for meaning, words in _WORDS.items() for word in words})
        self.update({_plain(word): _MEANINGS[meaning] for word, meaning in (own or {}).items()})

    def __missing__(self, cell: str) -> int:
        word = _plain(cell)
        if word not in self:
            value = _as_float(word)
            if value not in (0, 1, -1):
                raise UnreadableCell
            word = str(int(value))
        self[cell] = self[word]
        return self[cell]


def says_nothing(cell: str) -> bool:
    """Whether a cell is empty, or one of the words for that, such as nan."""
    return _plain(cell) in _WORDS[""]


def number(cell: str) -> float:
    """The number in a cell, which may have a decimal comma. Raises UnreadableCell for anything else, nan included."""
    value = _as_float(cell)
    if not math.isfinite(value):
        raise UnreadableCell
    return value


def _plain(word: str) -> str:
    return " ".join(word.split()).casefold()


def _as_float(text: str) -> float:
    """The number in a text; NaN if it is none, as 1_0 is, which Python takes for 10."""
    if "_" in text:
        return math.nan
    text = text.replace("\N{MINUS SIGN}", "-")
    try:
        return float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return math.nan


@lru_cache(1 << 10)
def labels_in(cell: str, separators: tuple[str, ...]) -> tuple[str, ...]:
    """The labels that a cell lists, each once, in order; items that say nothing, such as nan, are left out.

    The cell is a Python or JSON list, as `listed` reads it, or has one of the separators or the end of a line between
    labels. Raises ValueError for a list that is not whole.
    """
    if is_list(cell):
        items = listed(cell)
    elif cell.startswith(("'", '"')):
        items = _quoted(cell) or _split(cell, separators)
    else:
        items = _split(cell, separators)
    return tuple(dict.fromkeys(item for item in items if not says_nothing(item)))


def is_list(cell: str) -> bool:
    """Whether a cell begins like a list."""
    return _LIST.match(cell) is not None


def listed(text: str) -> list[str]:
    """The items of a list as Python, NumPy or JSON write it, those of lists inside it too.

    Items are texts in quotes, or bare words. Raises UnreadableCell where quotes or brackets do not fit. Nothing is
    evaluated.
    """
    items: list[str] = []
    closing: list[str] = []
    place = 0
    while not (place and not closing):
        token = _TOKEN.match(text, place)
        if token is None:
            raise UnreadableCell
        place = token.end()
        sign = token["sign"]
        if token["text"] is not None:
            items.append(_unescaped(token["text"][1:-1]).strip())
        elif token["bare"] is not None:
            items.append(token["bare"].strip())
        elif sign in _PAIRS:
            closing.append(_PAIRS[sign])
        elif sign not in _BETWEEN and (not closing or sign != closing.pop()):
            raise UnreadableCell
    if text[place:].strip():
        raise UnreadableCell
    return items


def _unescaped(text: str) -> str:
    """The text with the escapes of Python and JSON resolved; those of control characters become blanks."""
    if "\\" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code:
            return chr(int(code, 16))
        return " " if match[4] in "abfnrtv\n0" else match[4]

    try:
        found = _ESCAPE.sub(character, text)
        return found.encode("utf-16", "surrogatepass").decode("utf-16")  # joins the halves of JSON's surrogate pairs
    except ValueError:  # above U+10FFFF, or half a pair
        raise UnreadableCell from None


def _quoted(cell: str) -> list[str]:
    """The items of a list that lacks its brackets; none if the cell is not one."""
    try:
        return listed(f"[{cell}]")
    except UnreadableCell:
        return []


def _split(cell: str, separators: Sequence[str]) -> list[str]:
    first, *others = separators
    for separator in (*others, "\r", "\n"):
        cell = cell.replace(separator, first)
    return [item.strip() for item in cell.split(first)]
