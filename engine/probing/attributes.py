"""What headers and tables say of a film beside findings, as values of attributes (engine.probing.base.Image)."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Hashable, Iterable, Mapping

from engine.probing.base import NONE
from engine.probing.cells import UnreadableCell, number, says_nothing

OLDEST = 120
"""Years; a greater age is an error of its table, as NIH ChestX-ray14 has of 148, 411 and 414"""
LONGEST = 80
"""The most characters of a value"""

_SEXES = {
    "F": ("f", "female", "woman", "w"),
    "M": ("m", "male", "man"),
    "O": ("o", "other", "x"),
}
_SEX = {word: sex for sex, words in _SEXES.items() for word in words}
_AGE = re.compile(r"(\d{1,3})([dwmy])", re.IGNORECASE | re.ASCII)
"""An Age String of DICOM (PS3.5, section 6.2), such as 061Y; the first release of NIH ChestX-ray14 has them too"""
_PER_YEAR = {"d": 365.25, "w": 52.18, "m": 12.0, "y": 1.0}


def sex(cell: str) -> str:
    """F, M or O (other); "" where a cell does not say."""
    return _SEX.get(" ".join(cell.split()).casefold(), "")


def age(cell: str) -> str:
    """An age in whole years, as text; "" where a cell does not say.

    0 years is unknown too, as tables have it for patients without an age; 3 months are an age of 0.
    """
    text = cell.strip().removesuffix("+")  # "90+" is what tables have where the oldest are not told apart
    found = _AGE.fullmatch(text)
    try:
        count, unit = (float(found[1]), found[2].lower()) if found else (number(text), "y")
    except UnreadableCell:
        return ""
    years = math.floor(count / _PER_YEAR[unit])
    return str(years) if count >= 1 and years <= OLDEST else ""


def value(cell: str) -> str:
    """A cell as the value of an attribute: one line without control and invisible characters, of at most LONGEST
    characters; "" where it says nothing. "none" is NONE."""
    text = "".join(char for char in " ".join(cell.split()) if not unicodedata.category(char).startswith("C")).strip()
    if text.casefold() == NONE:
        return NONE
    return "" if says_nothing(text) else text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


READERS = {"sex": sex, "age": age}
"""Attributes with values of their own, and what reads a cell of them"""


def known(**values: str) -> dict[str, tuple[str, ...]]:
    """The attributes with one value each, without those whose value is "", which are unknown."""
    return {name: (each,) for name, each in values.items() if each}


def numbered(things: Iterable[Hashable], word: str) -> Mapping[Hashable, str]:
    """A name without meaning for each thing, such as "scanner 1", numbered in the order in which they first come."""
    return {thing: f"{word} {number}" for number, thing in enumerate(dict.fromkeys(things), start=1)}
