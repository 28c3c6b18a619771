"""Looks up the layer, neuron or concept set that a user names, and suggests the closest names if there is none; and
compares the names of classes and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from engine.errors import ConfigError
from engine.likeness import closest
from engine.likeness import likeness as likeness_of

LONGEST_SET_NAME = 32
"""Characters: the name appears in the explorer's pane, in exported columns and in `--set concepts.NAME.key`"""
_WORD = re.compile(r"\w+")
_ALIKE = 0.75
"""The least likeness of names that may mean the same, as difflib has it"""
_SET_NAME = re.compile(r"\w([\w -]*\w)?")


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str: ...


class NamedLayer(Named, Protocol):
    """A layer with the number of its units and their names, if they have any."""

    @property
    def units(self) -> int: ...
    @property
    def unit_names(self) -> tuple[str, ...]: ...


T = TypeVar("T", bound=Named)
L = TypeVar("L", bound=NamedLayer)


def find_named(name: str, things: Sequence[T], what: str) -> T:
    """Returns the thing with that name. Raises ConfigError, which says `what` it looked for and names the closest."""
    names = [thing.name for thing in things]
    if name in names:
        return things[names.index(name)]
    close = closest(name, names, n=3, cutoff=0.3) or names[:8]
    raise ConfigError(f"no {what} {name!r} in this run; nearest: {', '.join(close)}")


def parse_neuron(text: str, layers: Sequence[NamedLayer]) -> tuple[str, int]:
    """Splits "features.denseblock3:17" at its last colon into ("features.denseblock3", 17).

    The unit may be given by the name of its class, in any case. Raises ConfigError, which names the closest layers or
    classes, or the range of units.
    """
    name, colon, unit = text.rpartition(":")
    if colon and unit.isascii() and unit.isdigit():
        layer = find_layer(name, layers)
        find_unit(int(unit), layer)
        return layer.name, int(unit)
    if colon and unit:
        layer = find_layer(name, layers)
        if layer.unit_names:
            return layer.name, _unit_of_class(unit, layer)
    raise ConfigError(f"{text!r} is not a neuron: write layer:unit, such as {layers[0].name}:0")


def _unit_of_class(name: str, layer: NamedLayer) -> int:
    names = [unit_name.casefold() for unit_name in layer.unit_names]
    exact = [unit for unit, unit_name in enumerate(layer.unit_names) if unit_name == name]
    units = exact or [unit for unit, unit_name in enumerate(names) if unit_name == name.casefold()]
    if len(units) == 1:
        return units[0]
    if units:
        choices = ", ".join(f"{layer.name}:{unit}" for unit in units)
        raise ConfigError(f"{name!r} is the class of several units; write one of {choices}")
    close = closest(name.casefold(), names, n=3, cutoff=0.3)
    nearest = [layer.unit_names[names.index(match)] for match in close] or layer.unit_names[:8]
    raise ConfigError(f"layer {layer.name} has no unit of class {name!r}; nearest: {', '.join(nearest)}")


def find_layer(name: str, layers: Sequence[L]) -> L:
    """Returns the layer with that name. Raises ConfigError, which names the closest layers."""
    return find_named(name, layers, "layer")


def find_unit(unit: int, layer: NamedLayer) -> None:
    """Raises ConfigError, which gives the range of units, when the layer has no such unit."""
    if not 0 <= unit < layer.units:
        raise ConfigError(f"layer {layer.name} has no unit {unit}: its units are 0 to {layer.units - 1}")


def is_set_name(name: object) -> bool:
    """Whether a concept set may have this name: at most LONGEST_SET_NAME letters, digits, spaces, - and _."""
    return isinstance(name, str) and len(name) <= LONGEST_SET_NAME and _SET_NAME.fullmatch(name) is not None


def find_concept_set(name: str, sets: Sequence[T]) -> T:
    """Returns the concept set with that name. Raises ConfigError, which names the closest sets."""
    return find_named(name, sets, "concept set")


def find_concept(name: str, concepts: Sequence[str]) -> int:
    """The index of the concept with that name, in any case. Raises ConfigError, which names the closest concepts."""
    wanted = compared(name)
    found = [place for place, concept in enumerate(concepts) if compared(concept) == wanted]
    if found:
        return next((place for place in found if concepts[place] == name), found[0])
    near = closest(name, concepts, n=3, cutoff=0.3)
    raise ConfigError(f"no concept {name!r} in this run" + (f"; nearest: {', '.join(near)}" if near else ""))


def compared(text: str) -> str:
    """A concept or label in the form in which it is compared: lower-case, with blanks for underscores.

    The published evaluation lower-cases both and has its labels without underscores (ailab-kyunghee/MAMMI,
    dataset/nih_split/nih_labels.txt: "Pleural thickening").
    """
    return text.lower().replace("_", " ")


def labels_of(class_name: str) -> tuple[str, ...]:
    """The labels in a class name, as `compared`: "Pleural_Thickening" → "pleural thickening"."""
    return tuple(compared(label) for label in class_name.split(", "))


def labels_by_class(classes: Sequence[str], labels: Sequence[str]) -> list[list[int]]:
    """For each class the labels that its name names, by their index; [] where it names none of them."""
    spelt = [compared(label) for label in labels]
    return [[place for place, label in enumerate(spelt) if label in labels_of(name)] for name in classes]


def nearest_label(class_name: str, labels: Iterable[str]) -> str | None:
    """The label most like a class name, if one is: of which one has every word of the other, such as "Pleural Effusion"
    for "Effusion", before one that is only spelt alike."""
    name, words = compared(class_name), _words(class_name)

    def likeness(label: str) -> float:
        others = _words(label)
        within = bool(words and others) and (words <= others or words >= others)
        return within + likeness_of(name, compared(label))

    best = max(labels, key=likeness, default=None)
    return best if best is not None and likeness(best) >= _ALIKE else None


def with_nearest(label: str, labels: Iterable[str]) -> str:
    """A label that is none of these, with the one most like it, if one is."""
    near = nearest_label(label, labels)
    return f"{label}; nearest: {near}" if near else label


def _words(name: str) -> set[str]:
    """The words of a name, in the singular."""
    return {word.removesuffix("s") for word in _WORD.findall(compared(name))}
