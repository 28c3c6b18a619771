"""The content of the paper's figure 3: a film, the two units that raise an output most, their maps and their words.

The paper chooses the units by their Shapley values (Khakzar et al. 2021). Here a unit's share is the first term of that
value's Taylor form: w_i · (h_i − mean_i) where the head is linear in the layer, and a_i · ∂y/∂a_i for layers whose
importance a run holds by gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.decisions.film import FilmDecision
from engine.decisions.outputs import output_named
from engine.errors import ConfigError, MammiError
from engine.evaluation.decisions.pointing import MapsOf
from engine.likeness import closest
from engine.methods.base import Method
from engine.names import compared
from engine.store.batch import Floats
from engine.store.probabilities import as_probabilities
from engine.store.reader import RunReader
from engine.store.records import ImageInfo, LayerInfo
from engine.store.thumbnails import decode

UNITS = 2
MOST_WORDS = 4
"""Words of one method"""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnUnit:
    """A unit that raises the output."""

    neuron: str
    share: float
    """By how much it raises the output"""
    map: Floats | None
    """[h, w]; None where there is none"""
    words: tuple[tuple[str, tuple[str, ...]], ...]
    """The title of each method, and its concepts"""


@dataclass(frozen=True, slots=True, eq=False)
class Figure3:
    """One film's panel."""

    info: ImageInfo
    film: NDArray[np.uint8]
    """[h, w], the run's thumbnail"""
    name: str
    """The class whose output is explained"""
    output: float
    probability: float
    units: tuple[DrawnUnit, ...]


def figure3(
    reader: RunReader, asked: str, class_name: str | None, methods: Sequence[Method], cuts: Cuts, maps: MapsOf | None
) -> Figure3:
    """The figure of the film that `asked` names. `maps` computes the maps that the run file does not hold.

    Raises ConfigError for an unknown film or class, and MammiError where the run does not hold outputs and importance.
    """
    image = find_film(asked, reader.paths())
    outputs = reader.outputs
    if outputs is None:
        raise MammiError(_lacking(reader, "outputs"))
    number = int(outputs[image].argmax()) if class_name is None else _class(class_name, reader.classes)
    layer, units, shares = _strongest(reader, image, number)
    pairs = [(unit, image) for unit in units]
    found = {pair: _stored(reader, layer, *pair) for pair in pairs}
    lacking = [pair for pair in pairs if found[pair] is None]
    if lacking and maps is not None:
        found |= maps(layer.name, lacking)
    drawn = tuple(
        DrawnUnit(f"{layer.name}:{unit}", share, found[unit, image], _words(methods, layer.name, unit, cuts))
        for unit, share in zip(units, shares, strict=True)
    )
    [info] = reader.images([image])
    probability = as_probabilities(outputs[image : image + 1], reader.probabilities)[0, number]
    film = decode(reader.thumbnail(image))
    return Figure3(info, film, reader.classes[number], float(outputs[image, number]), float(probability), drawn)


def find_film(asked: str, paths: Sequence[str | None]) -> int:
    """The image with this path, file name or file name without suffix. Raises ConfigError, which names the nearest."""
    for name in (str, lambda path: PurePosixPath(path).name, lambda path: PurePosixPath(path).stem):
        found = [image for image, path in enumerate(paths) if path is not None and name(path) == asked]
        if len(found) == 1:
            return found[0]
        if found:
            examples = ", ".join(str(paths[image]) for image in found[:3])
            raise ConfigError(f"--figure3 {asked}: names {len(found)} films ({examples}); give its whole path.")
    names = {PurePosixPath(path).name for path in paths if path}
    close = closest(asked, names, n=3, cutoff=0.5)
    hint = f" Nearest: {', '.join(close)}." if close else ""
    raise ConfigError(f"--figure3 {asked}: the run has no such film.{hint}")


def _class(asked: str, classes: tuple[str, ...]) -> int:
    number = output_named(classes, asked)
    if number is None:
        close = closest(compared(asked), [compared(name) for name in classes], n=3, cutoff=0.3)
        nearest = ", ".join(name for name in classes if compared(name) in close) or ", ".join(classes[:8])
        raise ConfigError(f"--class {asked}: the model has no such class. Nearest: {nearest}.")
    return number


def _strongest(reader: RunReader, image: int, number: int) -> tuple[LayerInfo, list[int], list[float]]:
    """The layer, the units that raise the output most, and their shares."""
    decision = FilmDecision.of(reader, None, image)
    shares = decision.shares(number)
    if shares is not None and decision.head is not None and decision.head.layer is not None:
        raising = np.argsort(-shares.shares, kind="stable")[:UNITS]
        return reader.layers[decision.head.layer], shares.units[raising].tolist(), shares.shares[raising].tolist()
    for found in decision.hidden:
        place = np.flatnonzero(found.classes == number)
        if len(place):
            own = found.shares[place[0]]
            order = np.argsort(-own, kind="stable")[:UNITS]
            return reader.layers[found.layer], found.units[place[0]][order].tolist(), own[order].tolist()
    raise MammiError(_lacking(reader, "importance", "films", "head"))


def _lacking(reader: RunReader, what: str, *behind: str) -> str:
    """Says that the run lacks something, and why: it is missing itself, else the first of those that are behind it."""
    found = sorted(
        (lack for lack in reader.missing if lack.what in (what, *behind, "outputs")),
        key=lambda lack: (what, *behind, "outputs").index(lack.what),
    )
    told = f"{found[0].why}{f' To add it: {found[0].remedy}.' if found[0].remedy else ''}" if found else ""
    return f"{reader.path}: the run does not hold the {what} of its films. {told}".rstrip()


def _stored(reader: RunReader, layer: LayerInfo, unit: int, image: int) -> Floats | None:
    kept = reader.unit_maps(layer.first_neuron + unit)
    place = [] if kept is None else np.flatnonzero(kept.images == image).tolist()
    return kept.maps[place[0]] if kept is not None and place else None


def _words(methods: Sequence[Method], layer: str, unit: int, cuts: Cuts) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each method's annotation; its best concept where the annotation is empty; () where it has none."""
    words = []
    for method in methods:
        answer = method.neuron(layer, unit, cuts)
        words.append((method.title, answer.concepts[: min(max(answer.annotated, 1), MOST_WORDS)]))
    return tuple(words)
