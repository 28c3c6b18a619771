"""Nouns that name a film's attributes beside its view (parameter_words.py): sex, age, devices and markers.

The words for devices are those of grammar.py and of the same things in other reports.
"""

from __future__ import annotations

from engine.probing.phantom.parameter_words import ParameterWords

_PEOPLE = {"F": ("woman", "female", "female patient"), "M": ("man", "male", "male patient")}
SEX_WORDS: dict[str, tuple[str, ...]] = {"F": (*_PEOPLE["F"], "women"), "M": (*_PEOPLE["M"], "men")}


def _aged(age: str) -> tuple[str, ...]:
    """The people of one age, as reports name them: "elderly woman"."""
    return (age, *(f"{age} {person}" for people in _PEOPLE.values() for person in people), f"{age} patient")


AGE_WORDS = ParameterWords(("age",), high=_aged("elderly"), low=_aged("young"))

ANY_DEVICE = ("device", "devices", "support device", "support devices")
"""Words for any device"""
_TUBES, _LINES = ("tube", "tubes"), ("line", "lines", "catheter", "catheters")
DEVICE_WORDS: dict[str, tuple[str, ...]] = {
    "pacemaker": ("pacemaker", "cardiac pacemaker", "pacer", "lead", "leads", "pacemaker lead", "pacemaker leads"),
    "endotracheal tube": ("endotracheal tube", "tracheal tube", *_TUBES),
    "nasogastric tube": ("nasogastric tube", "gastric tube", "feeding tube", *_TUBES),
    "central line": ("central line", "central venous line", "venous line", "central venous catheter", *_LINES),
    "chest tube": ("chest tube", "chest drain", "drain", *_TUBES),
    "sternal wires": ("sternal wires", "sternal wire", "wires", "wire", "midline sternal wires"),
}

_MARKER = ("marker", "side marker", "letter", "letters")
MARKER_WORDS: dict[str, tuple[str, ...]] = {
    "L": (*_MARKER, "left marker", "left side marker"),
    "R": (*_MARKER, "right marker", "right side marker"),
    "AP": (*_MARKER, "ap"),
    "PORTABLE": (*_MARKER, "portable"),
}
