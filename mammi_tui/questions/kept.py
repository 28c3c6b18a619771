"""What is looked at besides a neuron, as the state of a run keeps it: `film 12`, `class Pneumonia`."""

from __future__ import annotations

from engine.store.reader import RunReader
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.subjects import ClassSubject, ConceptSubject, FilmSearch, FilmSubject, RunSubject, Subject


def kept(subject: Subject | None, reader: RunReader) -> str:
    """A subject as a text; "" for a neuron, which the state keeps by itself, and for a comparison."""
    match subject:
        case FilmSubject(image, neuron):
            return f"{'film' if neuron is None else 'own-film'} {image}"
        case ClassSubject(name):
            return f"class {name}"
        case ConceptSubject(concept):
            return f"concept {reader.concepts[concept]}"
        case FilmSearch(query):
            return f"films {query}"
        case RunSubject():
            return "run"
        case _:
            return ""


def subject_kept(text: str, reader: RunReader, neuron: Neuron | None) -> Subject | None:
    """The subject that a text of `kept` names, beside this neuron; None where the run has none of that name."""
    kind, _, name = text.partition(" ")
    match kind:
        case "film" | "own-film" if name.isascii() and name.isdecimal() and int(name) < reader.image_count:
            return FilmSubject(int(name), neuron if kind == "own-film" else None)
        case "class" if name in reader.classes:
            return ClassSubject(name)
        case "concept" if name in reader.concepts:
            return ConceptSubject(reader.concepts.index(name))
        case "films":
            return FilmSearch(name)
        case "run":
            return RunSubject()
        case _:
            return None
