"""The pointing game: does a map's strongest cell lie in the finding's box?

Source: Zhang et al., "Top-Down Neural Attention by Excitation Backprop", ECCV 2016. A hit is a map whose strongest cell
has its centre in the box or within 15 pixels of it, where a film is 224 pixels wide and high. A map of a few cells hits
a large box by chance. So each share stands beside what a cell drawn at random would hit, beside the layer's other
units, and beside the same maps of the model with random weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.truth import aurocs
from engine.names import compared
from engine.store.batch import Floats
from engine.store.reader import RunReader
from engine.store.records import ImageInfo, LayerInfo

UNITS = 5
"""Units of a finding: those whose activation separates the films with the finding best from the others"""
TOLERANCE = 15 / 224
"""As published, as a share of the film's side"""
FEWEST = 5
"""Pairs of a unit and a film, or films, on which a share is based"""

Pair = tuple[int, int]
"""A unit of a layer and an image"""
MapsOf = Callable[[str, Sequence[Pair]], Mapping[Pair, Floats]]
"""The maps [h, w] of a layer's units on images"""


@dataclass(frozen=True, slots=True)
class Share:
    """How often the strongest cell lies in the box."""

    hits: float
    """The share"""
    pairs: int
    """Maps that it is a share of"""
    chance: float
    """The share of all cells of these maps that would be hits"""


@dataclass(frozen=True, slots=True)
class Pointing:
    """The pointing game of one finding in one layer, or of its class activation maps."""

    layer: str
    """ "" for class activation maps"""
    finding: str
    units: tuple[int, ...]
    own: Share
    others: Share | None = None
    """The layer's other units on the films that activate them most and have the finding"""
    random: Share | None = None
    """The same units and films, the model with random weights"""


def pointing(reader: RunReader, random_maps: MapsOf | None = None) -> tuple[Pointing, ...]:
    """The game for each layer with maps and each finding with boxes or outlines, and for class activation maps.

    `random_maps` gives the maps of the layers with random weights.
    """
    found: list[Pointing] = []
    names, labelled = reader.label_table()
    marked = _marked(reader, np.flatnonzero(labelled.any(axis=1)))
    findings = sorted({label for of_film in marked.values() for label in of_film})
    for layer in reader.layers:
        maps = _stored_maps(reader, layer)
        if maps and findings:
            found += _of_layer(reader, layer, maps, findings, marked, names, labelled, random_maps)
    return (*found, *_of_classes(reader, findings, marked))


def _marked(reader: RunReader, films: NDArray[np.int64]) -> dict[int, dict[str, list[NDArray[np.float64]]]]:
    """Image -> finding -> the corners [k, 2] (x, y as shares of the film) of each place that is marked."""
    found: dict[int, dict[str, list[NDArray[np.float64]]]] = {}
    for info in reader.images(films.tolist()):
        places = dict(_places(info))
        if places:
            found[info.image] = places
    return found


def _places(info: ImageInfo) -> Iterator[tuple[str, list[NDArray[np.float64]]]]:
    size = np.array([info.width, info.height], dtype=np.float64)
    of: dict[str, list[NDArray[np.float64]]] = {}
    for box in info.boxes:
        right, below = box.x + box.width, box.y + box.height
        corners = [(box.x, box.y), (right, box.y), (right, below), (box.x, below)]
        of.setdefault(box.label, []).append(np.array(corners, dtype=np.float64) / size)
    for polygon in info.polygons:
        of.setdefault(polygon.label, []).append(np.array(polygon.points, dtype=np.float64) / size)
    yield from of.items()


def hits(places: Sequence[NDArray[np.float64]], height: int, width: int) -> NDArray[np.bool_]:
    """Which cells of a map [h, w] are hits: those whose centre lies within TOLERANCE of the bounding box of a place,
    whose corners [k, 2] are shares of the film's width and height."""
    found = np.zeros((height, width), dtype=np.bool_)
    across, down = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    for corners in places:
        (left, top), (right, below) = corners.min(axis=0) - TOLERANCE, corners.max(axis=0) + TOLERANCE
        found |= ((down >= top) & (down <= below))[:, None] & (across >= left) & (across <= right)
    return found


def _share(maps: Sequence[Floats], places: Sequence[Sequence[NDArray[np.float64]]]) -> Share | None:
    """The share of hits. A map that is the same everywhere has no strongest cell and counts as chance does."""
    if len(maps) < FEWEST:
        return None
    scored, chances = [], []
    for each, of_film in zip(maps, places, strict=True):
        cells = hits(of_film, *each.shape)
        chances.append(float(cells.mean()))
        strongest = each == each.max()
        scored.append(float(cells[strongest].mean()))
    return Share(float(np.mean(scored)), len(maps), float(np.mean(chances)))


def _stored_maps(reader: RunReader, layer: LayerInfo) -> dict[Pair, Floats]:
    found: dict[Pair, Floats] = {}
    for unit in range(layer.units):
        maps = reader.unit_maps(layer.first_neuron + unit)
        if maps is not None and not layer.dead[unit]:
            found |= {(unit, image): each for image, each in zip(maps.images.tolist(), maps.maps, strict=True)}
    return found


def _of_layer(
    reader: RunReader,
    layer: LayerInfo,
    maps: Mapping[Pair, Floats],
    findings: Sequence[str],
    marked: Mapping[int, Mapping[str, list[NDArray[np.float64]]]],
    names: Sequence[str],
    labelled: NDArray[np.bool_],
    random_maps: MapsOf | None,
) -> Iterator[Pointing]:
    columns = {name: column for name, column in zip(names, labelled.T, strict=True) if 0 < column.sum() < len(column)}
    known = [finding for finding in findings if finding in columns]
    if not known:
        return
    areas = aurocs(reader.arrays.activations(layer), np.stack([columns[finding] for finding in known]))
    for finding, of_units in zip(known, areas.T, strict=True):
        units = np.argsort(-of_units, kind="stable")[:UNITS].tolist()
        pairs = [pair for pair in maps if finding in marked.get(pair[1], {})]
        own = [pair for pair in pairs if pair[0] in units]
        places = {pair: marked[pair[1]][finding] for pair in pairs}
        share = _share([maps[pair] for pair in own], [places[pair] for pair in own])
        if share is None:
            continue
        rest = [pair for pair in pairs if pair[0] not in units]
        others = _share([maps[pair] for pair in rest], [places[pair] for pair in rest])
        again = random_maps(layer.name, own) if random_maps else {}
        random = _share([again[pair] for pair in own if pair in again], [places[pair] for pair in own if pair in again])
        yield Pointing(layer.name, finding, tuple(units), share, others, random)


def _of_classes(
    reader: RunReader, findings: Sequence[str], marked: Mapping[int, Mapping[str, list[NDArray[np.float64]]]]
) -> Iterator[Pointing]:
    by_name = {compared(finding): finding for finding in findings}
    for number, name in enumerate(reader.classes):
        finding = by_name.get(compared(name))
        if finding is None:
            continue
        films = [image for image in sorted(marked) if finding in marked[image]]
        maps = {image: found for image in films if (found := reader.class_map(image, number)) is not None}
        share = _share(list(maps.values()), [marked[image][finding] for image in maps])
        if share is not None:
            yield Pointing("", name, (number,), share)
