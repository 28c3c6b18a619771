"""Builds a library's classifier with as many outputs as its weights have, and loads them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from engine.errors import ConfigError, MammiError
from engine.targets.preprocessing import MOST_CHANNELS
from engine.weights.fitting import IGNORE_KEYS, load_strictly, not_ignored, read_fitting
from engine.weights.heads import Head, find_head

log = logging.getLogger(__name__)


class WeightOptions(Protocol):
    """The keys of [target] that say where a classifier's weights are, and what they must fit."""

    @property
    def weights(self) -> Path: ...
    @property
    def weights_key(self) -> str | None: ...
    @property
    def ignore_keys(self) -> tuple[str, ...]: ...
    @property
    def classes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class LoadedClassifier:
    """A classifier with its weights."""

    module: nn.Module
    file: str
    """The name of the file of weights, with the key in it where that is no usual one"""
    untrained: frozenset[str]
    """The names of the module's tensors that have no weights from the file"""


def load_classifier(
    build: Callable[[int], nn.Module], options: WeightOptions, base: Path, channels: int
) -> LoadedClassifier:
    """`build(outputs)` with the weights; the last tensor of its state dict is the final layer's.

    The number of outputs is that of `classes`, or of the weights, or one. What `ignore_keys` leaves without weights is
    the same from run to run. Raises MammiError when the weights cannot be read, one that lists the keys when they do
    not fit, and ConfigError when the first layer takes another number of channels than `channels`.
    """
    path, ignored, classes = base / options.weights, options.ignore_keys, options.classes
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        own = build(1).state_dict()
        fitting = read_fitting(path, own, options.weights_key, ignored)
        weights = fitting.tensors
        _check_channels(own, weights, path, ignored, channels)
        head = find_head(own, weights, path, ignored, len(classes))
        if head is not None:
            weights = head.renamed(weights)
        final = list(own)[-1]
        found = head.outputs if head else len(weights[final]) if final in weights and weights[final].ndim else 0
        if classes and found and found != len(classes) and not_ignored([final], ignored):
            raise ConfigError(f"target.classes names {len(classes)} classes; {path} has {found}: list as many.")
        module = build(len(classes) or found or 1)
        if head is not None:
            head.put_into(module)
    untrained = load_strictly(module, weights, path, ignored, IGNORE_KEYS)
    if head is not None:
        head.tell(path)
    elif ignored:
        _tell_passed_over(own, weights, path, untrained, len(classes))
    return LoadedClassifier(module, f"{path.name}: {fitting.key}" if fitting.key else path.name, untrained)


def _check_channels(
    own: Mapping[str, Tensor], weights: Mapping[str, Tensor], path: Path, ignored: Sequence[str], channels: int
) -> None:
    """Raises ConfigError when the weights of the first convolution take another number of channels."""
    stem = next((name for name, value in own.items() if value.ndim == 4), None)
    if stem is None or stem not in weights or not not_ignored([stem], ignored):
        return
    built, given = own[stem].shape, weights[stem].shape
    if len(given) != 4 or given[1] == built[1] or (given[0], *given[2:]) != (built[0], *built[2:]):
        return
    hint = f"set it to {given[1]}" if 1 <= given[1] <= MOST_CHANNELS else f"at most {MOST_CHANNELS} can be given"
    raise ConfigError(
        f"target.preprocessing.channels = {channels}: the weights in {path} take {given[1]} ({stem}): {hint}."
    )


def _tell_passed_over(
    own: Mapping[str, Tensor], weights: Mapping[str, Tensor], path: Path, untrained: frozenset[str], classes: int
) -> None:
    """Warns where ignore_keys passes over a head that the model could take."""
    head: Head | None = None
    if list(own)[-1] in untrained:
        try:
            head = find_head(own, weights, path, (), classes)
        except MammiError:
            return
    if head is not None:
        log.warning(
            "%s passes over the head in %s (%s), which fits: take it out of the list.",
            *(IGNORE_KEYS, path.name, " and ".join(head.layers)),
        )
