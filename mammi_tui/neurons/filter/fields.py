"""The fields of a filter, each declared once: `concept:effusion`, `unit:10-20`, `trust:strong`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.decisions.checkup.names import CHECK_NAMES
from engine.likeness import closest
from mammi_tui.neurons.figures import FIGURES, TRUST_WORDS
from mammi_tui.neurons.filter.facts import LayerFacts
from mammi_tui.neurons.filter.terms import (
    OPERATORS,
    Comparison,
    Follows,
    InCheck,
    InLayer,
    Marked,
    Term,
    UnitIn,
    Verdict,
    VerdictBy,
)
from mammi_tui.neurons.filter.texts import InConcepts, InSaid, InTexts

BY = "by:"
_RANGE = re.compile(r"(\d{1,9})?(-)?(\d{1,9})?")
_NUMBER = re.compile(r"([−-]?\d*+[.,]?\d*)(%?)")
_OPERATOR = re.compile("|".join(map(re.escape, OPERATORS)))
_ALIKE = 0.5
"""The least likeness of a word to the one that is suggested, as difflib has it"""


@dataclass(frozen=True, slots=True)
class Read:
    """What a value says: a term; a problem in words; or neither, while the value is still being typed."""

    term: Term | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """What a run offers as values, clean."""

    concepts: Sequence[str] = ()
    classes: Sequence[str] = ()
    findings: Sequence[str] = ()
    layers: Sequence[str] = ()
    readers: Sequence[str] = ()
    labels: Sequence[str] = ()
    """The reader's own"""
    attributes: Sequence[str] = ()
    """Of the films, with their values"""


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its word. `read` takes the value, folded, and is not called with an empty one."""

    word: str
    meaning: str
    read: Callable[[str], Read]
    values: Callable[[Vocabulary], Iterable[str]] = lambda _: ()


def nearest(word: str, words: Iterable[str]) -> str:
    """`; nearest: …` with the word most like one; "" if none is."""
    found = closest(word, list(words), n=1, cutoff=_ALIKE)
    return f"; nearest: {found[0]}" if found else ""


_VERDICTS: dict[str, Term] = {
    "accept": Verdict("accept"),
    "reject": Verdict("reject"),
    "unsure": Verdict("unsure"),
    "none": Verdict(""),
    "differ": Marked(lambda facts: facts.differ(), of_others=True),
    "hollow": Marked(lambda facts: facts.hollow()),
}
_OTHER_WORDS = {"accepted": "accept", "rejected": "reject", "undecided": "none"}


def _verdict(value: str) -> Read:
    if value.startswith(BY):
        name = value.removeprefix(BY)
        return Read(VerdictBy(name)) if name else Read()
    found = [word for word in _VERDICTS if word.startswith(value)]
    found = found or [other for word, other in _OTHER_WORDS.items() if word.startswith(value)]
    if found:
        return Read(_VERDICTS[found[0]]) if len(found) == 1 or value in _VERDICTS else Read()
    if BY.startswith(value):
        return Read()
    known = (*_VERDICTS, f"{BY}READER")
    return Read(problem=_unknown("verdict", value, _VERDICTS, f"{', '.join(known[:-1])} or {known[-1]}"))


def _unknown(field: str, value: str, known: Iterable[str], all_known: str) -> str:
    """Names the known value that is most like one, which fits into a line, or else all of them."""
    near = nearest(value, known)
    return f"no {field} {value}{near}" if near else f"{field} is {all_known}"


def _check(value: str) -> Read:
    found = [name for name in CHECK_NAMES if name.startswith(value)]
    if value in CHECK_NAMES or len(found) == 1:
        return Read(InCheck(value if value in CHECK_NAMES else found[0]))
    return Read() if found else Read(problem=_unknown("check", value, CHECK_NAMES, ", ".join(CHECK_NAMES)))


def _attribute(value: str) -> Read:
    """`device>0.8` or `chest tube>0.8`."""
    name, sign, digits = comparison_in(value)
    if not digits:
        return Read()
    if not name or not _NUMBER.fullmatch(digits):
        return Read(problem="attr compares an attribute with a number: attr:device>0.8")
    number = number_of(digits)
    return Read() if number is None else Read(Follows(name, sign, number))


def comparison_in(text: str) -> tuple[str, str, str]:
    """What stands before the first operator of a text, the operator, and what stands behind it; "" for all three where
    there is none."""
    found = _OPERATOR.search(text)
    return (text[: found.start()].rstrip(), found[0], text[found.end() :].lstrip()) if found else ("", "", "")


def _trust(value: str) -> Read:
    return compared("trust", "=", value)


def _unit(value: str) -> Read:
    ranges = []
    for part in filter(None, value.split(",")):
        found = _RANGE.fullmatch(part)
        if not found:
            return Read(problem="unit is a number or a range: unit:10-20")
        low, dash, high = found.groups()
        if low or high:
            least = float(low or 0)
            ranges.append((least, float(high or "inf") if dash else least))
    return Read(UnitIn(tuple(ranges))) if ranges else Read()


def _findings(facts: LayerFacts) -> Sequence[str]:
    return facts.findings


def _classes(facts: LayerFacts) -> Sequence[str]:
    return facts.classes


FIELDS: dict[str, Field] = {
    field.word: field
    for field in (
        Field("concept", "any annotated concept at the cuts on screen",
              lambda value: Read(InConcepts(value, best=False)), lambda found: found.concepts),
        Field("best", "the best concept",
              lambda value: Read(InConcepts(value, best=True)), lambda found: found.concepts),
        Field("label", "the finding: the label of most images",
              lambda value: Read(InTexts(value, _findings)), lambda found: found.findings),
        Field("class", "the class of a final layer's unit",
              lambda value: Read(InTexts(value, _classes)), lambda found: found.classes),
        Field("layer", "part of the layer's name, or a pattern such as *norm*",
              lambda value: Read(InLayer(value)), lambda found: found.layers),
        Field("unit", "a number, a range, or several: 5,10-20",
              _unit),
        Field("verdict", "accept, reject, unsure, none, differ (readers do, once V shows them), "
                         "hollow (another annotation was judged), by:READER",
              _verdict, lambda found: (*_VERDICTS, *(f"{BY}{reader}" for reader in found.readers))),
        Field("note", "your note; * any",
              lambda value: Read(InSaid(value, note=True))),
        Field("own", "your own label; * any",
              lambda value: Read(InSaid(value, note=False)), lambda found: found.labels),
        Field("check", "what a line of the check-up (D) has found, such as border or film-words",
              _check, lambda _: CHECK_NAMES),
        Field("attr", "how far up it goes with an attribute of the films, from 0 to 1: attr:device>0.8",
              _attribute, lambda found: found.attributes),
        Field("trust", "strong, fair, weak or unsupported; also trust>=fair",
              _trust, lambda _: TRUST_WORDS.values()),
    )
}  # fmt: skip
"""By word"""


def compared(name: str, sign: str, value: str) -> Read:
    """A comparison of a figure, or of `unit`, with a value."""
    if name == "trust":
        grades = [grade for grade, word in TRUST_WORDS.items() if word.startswith(value)]
        if len(grades) == 1:
            return Read(Comparison(FIGURES[name], sign, grades[0]))
        return Read() if grades else Read(problem=_unknown(name, value, _GRADES, FIGURES[name].meaning))
    if not _NUMBER.fullmatch(value):
        return Read(problem=f"{name} is compared with a number")
    number = number_of(value)
    return Read() if number is None else Read(Comparison(FIGURES[name], sign, number))


_GRADES = tuple(TRUST_WORDS.values())


def number_of(text: str) -> float | None:
    """A number or a percentage, such as 0.05, −1,5 or 5%; None for any other text."""
    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    digits, percent = found.groups()
    try:
        value = float(digits.replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    return value / 100 if percent else value
