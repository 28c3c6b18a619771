"""Scores what a run says of decisions: by deleting units, and by the pointing game."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decisions.outputs import Outcomes
from engine.evaluation.decisions.deletion import ACTIVATION, FEWEST, IMPORTANCE, RANDOM, ClassDeletion, deletion
from engine.evaluation.decisions.pointing import MapsOf, Pointing, pointing
from engine.evaluation.results import Figure
from engine.store.reader import RunReader


@dataclass(frozen=True, slots=True)
class Area:
    """The area under the deletion curve of one order, over classes; and how much more it is than by importance."""

    order: str
    area: Figure
    more: Figure | None
    """None for the order by importance itself"""


@dataclass(frozen=True, slots=True)
class Game:
    """The pointing game of a layer, or of class activation maps: means over findings."""

    layer: str
    """ "" for class activation maps"""
    findings: int
    own: Figure
    chance: Figure
    others: Figure | None
    random: Figure | None
    lost: Figure | None
    """How much the share falls with random weights"""


@dataclass(frozen=True, slots=True)
class DecisionEvaluation:
    """How far importance and maps say what the model does."""

    layer: str
    """The layer whose neurons give the head's inputs; "" where no tapped layer does"""
    areas: tuple[Area, ...]
    deletion: tuple[ClassDeletion, ...]
    games: tuple[Game, ...]
    pointing: tuple[Pointing, ...]
    missing: tuple[str, ...]
    """What was not evaluated and why, as sentences"""


def evaluate_decisions(
    reader: RunReader, random_maps: MapsOf | None = None, no_random_maps: str = ""
) -> DecisionEvaluation:
    """The evaluation of an open run file. `random_maps` gives the maps of the model with random weights;
    `no_random_maps` says why there are none."""
    outcomes, head = Outcomes.of(reader), reader.head
    deleted = deletion(reader, outcomes, head) if outcomes and head else ()
    pointed = pointing(reader, random_maps)
    layer = "" if head is None or head.layer is None else reader.layers[head.layer].name
    missing = tuple(_missing(reader, outcomes, deleted, pointed, "" if random_maps else no_random_maps))
    return DecisionEvaluation(layer, _areas(deleted), deleted, _games(pointed), pointed, missing)


def _areas(deleted: Sequence[ClassDeletion]) -> tuple[Area, ...]:
    if not deleted:
        return ()
    own = np.array([each.area(IMPORTANCE) for each in deleted])
    others = {order: np.array([each.area(order) for each in deleted]) for order in (ACTIVATION, RANDOM)}
    return (
        Area(IMPORTANCE, _figure(own), None),
        *(Area(order, _figure(areas), _figure(areas - own)) for order, areas in others.items()),
    )


def _games(pointed: Sequence[Pointing]) -> tuple[Game, ...]:
    games = []
    for layer in dict.fromkeys(each.layer for each in pointed):
        some = [each for each in pointed if each.layer == layer]
        others = [each.others.hits for each in some if each.others]
        random = [(each.own.hits, each.random.hits) for each in some if each.random]
        pairs = np.array(random).reshape(-1, 2)
        games.append(
            Game(
                *(layer, len(some)),
                _figure(np.array([each.own.hits for each in some])),
                _figure(np.array([each.own.chance for each in some])),
                _figure(np.array(others)) if others else None,
                _figure(pairs[:, 1]) if random else None,
                _figure(pairs[:, 0] - pairs[:, 1]) if random else None,
            )
        )
    return tuple(games)


def _figure(values: NDArray[np.float64]) -> Figure:
    return Figure(float(values.mean()), float(values.std() / np.sqrt(len(values))))


def _missing(
    reader: RunReader,
    outcomes: Outcomes | None,
    deleted: Sequence[ClassDeletion],
    pointed: Sequence[Pointing],
    no_random_maps: str,
) -> Iterator[str]:
    for lack in reader.missing:
        remedy = f" To add it: {lack.remedy}." if lack.remedy else ""
        yield f"{lack.what.capitalize()}: {lack.why}{remedy}"
    if outcomes is not None and reader.head is not None and not deleted:
        yield (
            "The inputs of the head are not kept: no deletion."
            if reader.head_inputs(0) is None
            else f"No class has {FEWEST} labelled films or more and higher outputs on them than on all: no deletion."
        )
    if not pointed:
        yield "No finding has boxes or outlines on enough films with maps: no pointing game."
    elif no_random_maps:
        yield f"No maps with random weights: {no_random_maps}"
