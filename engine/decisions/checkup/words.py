"""Words that tell of the film and not of the chest: devices, markers, views and text."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from engine.decisions.checkup.base import Check, Finding, Material, Unit, counted

_FILE = Path(__file__).with_name("words_of_films.txt")


@cache
def words_of_films() -> dict[str, str]:
    """Each such word in lower case -> its kind, from words_of_films.txt."""
    found: dict[str, str] = {}
    kind = ""
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind = line.strip("[]")
        elif line and not line.startswith("#"):
            found[line] = kind
    return found


def kind_of(concept: str) -> str:
    """The kind of a concept that tells of the film, by any of its words; "" for other concepts."""
    words = words_of_films()
    text = concept.casefold().replace("_", " ")
    return words.get(text) or next((words[word] for word in text.replace("-", " ").split() if word in words), "")


def _look(material: Material) -> Finding:
    kinds = {number: kind for number, name in enumerate(material.reader.concepts) if (kind := kind_of(name))}
    if not kinds:
        unknown = "No concept of this run names a device, marker, view or text."
        return Finding(0, material.neurons, "no word of the concept set tells of devices, markers, views or text",
                       unknown=unknown)  # fmt: skip
    neurons: list[Unit] = []
    counts: Counter[str] = Counter()
    for layer in material.reader.layers:
        words = material.answer(layer.name).words
        of_unit: dict[int, set[str]] = {}
        for unit, concept in zip(words.owners.tolist(), words.concepts.tolist(), strict=True):
            if concept in kinds:
                of_unit.setdefault(unit, set()).add(material.reader.concepts[concept])
        for unit in sorted(of_unit):
            neurons.append((layer.name, unit))
            counts.update(of_unit[unit])
    told = f" ({counted(dict(counts))})" if counts else ""
    return Finding(
        len(neurons), material.neurons, f"have a word for a device, a marker, a view or text{told}", tuple(neurons)
    )


FILM_WORDS = Check("film-words", "Words of the film, not of the chest", "neurons", _look)
