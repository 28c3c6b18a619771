"""The title of pane 2: the view, its subject, and the competing concept set; shortened where it does not fit.

A shortened neuron's name keeps its end, where the unit stands; a shortened set's name keeps its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len

from engine.store.reader import RunReader
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.questions.subjects import (
    ClassSubject,
    ComparisonSubject,
    ConceptSubject,
    FilmSearch,
    FilmSubject,
    RunSubject,
    Subject,
)
from mammi_tui.text import clean, fit
from mammi_tui.widgets.captions import identifier


class Named(NamedTuple):
    """A subject's name, clean."""

    name: str
    detail: str = ""
    """Left out first"""


def named(subject: Subject, reader: RunReader, rows: NeuronRows) -> Named:
    """The name that a subject has on screen."""
    match subject:
        case Neuron():
            random = "random" if rows.layers[subject.layer].untrained else ""
            return Named(clean(rows.name_of(subject)), random or clean(rows.class_of(subject)))
        case ClassSubject(name):
            return Named(clean(name))
        case FilmSubject(image):
            return Named(clean(identifier(reader.images([image])[0].path)))
        case FilmSearch(query=query):
            return Named(clean(query) or "the probing set")
        case RunSubject():
            return Named("the run")
        case ConceptSubject(concept):
            return Named(clean(reader.concepts[concept]))
        case ComparisonSubject(other):
            there = Path(other)
            name = "" if there == reader.path.absolute() and subject.cuts else there.stem
            return Named(clean(f"{reader.path.stem} → {name} {subject.cuts}".replace("  ", " ").rstrip()))


def pane_title(view: str, subject: Named, set_name: str, set_size: int, room: int) -> str:
    """A title of at most `room` cells; with an empty `set_name` it says nothing about concept sets."""
    full, short = f"2 {view} of ", "2 "
    name = f" · {set_name}" if set_name else ""
    size = f" ({set_size:,})" if set_name else ""
    choices: Sequence[str] = (
        f"{full}{subject.name} {subject.detail}".rstrip() + name + size,
        f"{full}{subject.name}{name}{size}",
        f"{short}{subject.name}{name}{size}",
        f"{short}{subject.name}{name}",
    )
    return next((title for title in choices if cell_len(title) <= room), _cut(short, subject.name, name, room))


def _cut(short: str, subject: str, set_name: str, room: int) -> str:
    """A title of `room` cells, half of them the concept set's where both names are long."""
    set_cells = min(cell_len(set_name), max(room // 2, room - cell_len(short + subject)))
    return short + fit(subject, room - len(short) - set_cells, keep_end=True) + fit(set_name, set_cells)
