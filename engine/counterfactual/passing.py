"""Makes pairs of films and passes them through the target model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.config.settings import RunConfig
from engine.counterfactual.base import Change, Shown
from engine.device import precision
from engine.errors import ConfigError, UnreadableImage, failing_as
from engine.probing.base import Image
from engine.probing.decoding import READERS, decode
from engine.progress import Progress
from engine.run.inputs import RunInputs
from engine.targets.output_taps import OutputTaps
from engine.targets.taps import Taps

Floats = NDArray[np.float32]
OUTPUTS = ""
"""The key of the outputs among the layers"""
_FEWEST = 6
"""Pairs; of fewer no difference could have p < 0.05"""


@dataclass(slots=True, eq=False)
class Passed:
    """What the target model gave for some films, row by row."""

    rows: dict[str, list[Floats]] = field(default_factory=dict)
    """Layer, or OUTPUTS -> a row of each film"""

    def add(self, given: dict[str, Floats], place: int) -> None:
        for layer, values in given.items():
            self.rows.setdefault(layer, []).append(values[place])

    def stacked(self) -> dict[str, Floats]:
        """Layer, or OUTPUTS -> [n, units]"""
        return {layer: np.stack(rows) for layer, rows in self.rows.items()}


@dataclass(slots=True, eq=False)
class Pairs:
    """The pairs of one change."""

    change: Change
    first: Passed = field(default_factory=Passed)
    second: Passed = field(default_factory=Passed)
    differing: list[float] = field(default_factory=list)
    """Of each pair the share of the pixels that differ; 1 for films of two sizes"""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The films of one image as inputs, and which of them are asked for."""

    inputs: Tensor
    """[films, c, h, w]"""
    pairs: tuple[tuple[int, int, int, float], ...]
    """The place of the change, those of the two films, and the share of pixels that differ"""
    own: int | None
    """The place of the image's own film, where that is asked for"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which images are used for what, one of each patient."""

    images: tuple[int, ...]
    """In the order in which they are read"""
    changes: dict[int, tuple[int, ...]]
    """Image -> the places of the changes that it has a pair of"""
    own: frozenset[int]
    """Images whose own film is passed, to see how far units vary"""


def plan(images: Sequence[Image], changes: Sequence[Change], count: int, seed: int) -> Plan:
    """For each change the first `count` images, of a random order, that have a pair. Patients occur once in that order,
    so that pairs are independent.

    Raises ConfigError for a change that fewer images than _FEWEST have a pair of.
    """
    order = _patients_once(images, np.random.default_rng([seed, len(images)]).permutation(len(images)).tolist())
    chosen: dict[int, list[int]] = {}
    for number, change in enumerate(changes):
        able = (place for place in order if change.applies(images[place]))
        taken = list(islice(able, count))
        if len(taken) < _FEWEST:
            raise ConfigError(
                f"--pairs {change.name}: {len(taken)} of {len(order)} images (one of each patient) have such a pair; "
                f"{_FEWEST} are needed. Name other pairs or take more films."
            )
        for place in taken:
            chosen.setdefault(place, []).append(number)
    own = frozenset(order[:count])
    used = [place for place in order if place in chosen or place in own]
    return Plan(tuple(used), {place: tuple(chosen.get(place, ())) for place in used}, own)


def _patients_once(images: Sequence[Image], order: Sequence[int]) -> list[int]:
    """The places of images in this order, one of each patient; images without a patient all stay."""
    seen: set[str] = set()
    found = []
    for place in order:
        patient = images[place].patient
        if patient is None:
            found.append(place)
        elif patient not in seen:
            seen.add(patient)
            found.append(place)
    return found


def pass_pairs(
    config: RunConfig, inputs: RunInputs, changes: Sequence[Change], planned: Plan, progress: Progress
) -> tuple[list[Pairs], dict[str, Floats], int]:
    """The pairs of each change; by layer or OUTPUTS what the planned images' own films give [n, units]; and the number
    of images that could not be read.

    Raises MammiError when the model or its preprocessing fails.
    """
    pairs, own, unread = [Pairs(change) for change in changes], Passed(), 0
    module = inputs.target.module
    layers, taps = [layer.name for layer in inputs.layers], config.taps
    readings, last = inputs.readings, inputs.last_part
    progress.stage("pairs", len(planned.images))
    with (
        Taps(module, layers, taps.pooling, taps.channels, readings) as tapped,
        OutputTaps(module, last, taps.pooling, taps.channels) as ends,
    ):
        for part in _prepared(inputs, changes, planned, config.run.batch_size):
            whole = [prepared for prepared in part if prepared is not None]
            given = _forward(config, inputs, tapped, ends, [prepared.inputs for prepared in whole]) if whole else []
            for prepared, values in zip(whole, given, strict=True):
                if not all(np.isfinite(each).all() for each in values.values()):
                    unread += 1
                    continue
                if prepared.own is not None:
                    own.add(values, prepared.own)
                for number, first, second, share in prepared.pairs:
                    pairs[number].first.add(values, first)
                    pairs[number].second.add(values, second)
                    pairs[number].differing.append(share)
            unread += len(part) - len(whole)
            progress.advance(len(part))
    return pairs, own.stacked(), unread


def _prepared(
    inputs: RunInputs, changes: Sequence[Change], planned: Plan, batch: int
) -> Iterator[list[_Prepared | None]]:
    """The films of images, about `batch` films at once; None for an image that cannot be read."""
    images, target = inputs.probing.images, inputs.target

    def prepare(place: int) -> _Prepared | None:
        image, shown = images[place], Shown()
        try:
            found = [(number, *changes[number].pair(image, shown)) for number in planned.changes[place]]
            own = None
            if place in planned.own:
                own = shown.place("film", lambda: decode(inputs.probing.read(image)))
        except UnreadableImage:
            return None
        with failing_as(f"target: preprocessing {image.path} failed"):
            made = torch.stack([target.preprocess(film) for film in shown.films])
        shares = [_differing(shown.films[first], shown.films[second]) for _, first, second in found]
        return _Prepared(made, tuple((*each, share) for each, share in zip(found, shares, strict=True)), own)

    films = max(sum(2 * len(each) + 1 for each in planned.changes.values()) / max(len(planned.images), 1), 1)
    step = max(round(batch / films), 1)
    with ThreadPoolExecutor(READERS) as threads:
        for start in range(0, len(planned.images), step):
            yield list(threads.map(prepare, planned.images[start : start + step]))


def _differing(first: NDArray[Any], second: NDArray[Any]) -> float:
    return float((first != second).mean()) if first.shape == second.shape else 1.0


def _forward(
    config: RunConfig, inputs: RunInputs, tapped: Taps, ends: OutputTaps, films: Sequence[Tensor]
) -> list[dict[str, Floats]]:
    """What the model gives for the films of each image, [n, c, h, w]: layer, or OUTPUTS -> [n, units]."""
    with failing_as("target: the inputs of a batch cannot be stacked"):
        together = torch.cat(list(films))
    found: dict[str, list[Floats]] = {}
    for part in torch.split(together, config.run.batch_size):
        with torch.inference_mode(), precision(inputs.device, config.run.mixed_precision):
            with failing_as(f"target: the model failed on a batch of shape {list(part.shape)}"):
                tapped.forward(part.to(inputs.device))
            pooled, last = tapped.pooled(), ends.taken()
        given = pooled if last.outputs is None else {**pooled, OUTPUTS: last.outputs}
        for layer, values in given.items():
            found.setdefault(layer, []).append(values.detach().float().cpu().numpy())
    ends_at = np.cumsum([len(each) for each in films])[:-1]
    split = {layer: np.split(np.concatenate(parts), ends_at) for layer, parts in found.items()}
    return [{layer: parts[place] for layer, parts in split.items()} for place in range(len(films))]
