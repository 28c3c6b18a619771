"""What a configuration names, loaded: the probing set, the models, the concepts and the captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from engine.config.leaves import Leaf, NamedLeaf
from engine.config.settings import RunConfig
from engine.device import choose_device
from engine.errors import ConfigError
from engine.methods import COMPUTED
from engine.probing.base import ProbingSet
from engine.progress import Progress
from engine.store.contents import ConceptSet, Layer
from engine.targets.base import TargetModel
from engine.targets.taps import LOGITS, resolve_layers
from engine.vlms.base import VLM


@dataclass(frozen=True, slots=True, eq=False)
class RunParts:
    device: torch.device
    probing: ProbingSet
    target: TargetModel
    layers: tuple[Layer, ...]
    """The tapped ones"""
    vlm: VLM
    concepts: tuple[str, ...]
    """Of all concept sets, each once"""
    concept_sets: tuple[ConceptSet, ...]
    captions: tuple[str, ...]
    """The sentences of reports that the methods ask for, each once"""


def load(config: RunConfig, progress: Progress) -> RunParts:
    """Raises MammiError where a part cannot be had, and ConfigError where it is empty or a method cannot do with it."""
    device = choose_device(config.run.device)
    progress.stage("loading", 4)
    probing: ProbingSet = config.probing.load(config.base)
    if not probing.images:
        raise ConfigError(f'probing: the probing set of kind "{config.probing.kind}" is empty.')
    progress.advance(1)
    target: TargetModel = config.target.load(config.base)
    names = resolve_layers(target.module, config.taps.layers)
    progress.advance(1)
    vlm: VLM = config.vlm.load(config.base, device)
    progress.advance(1)
    reports = [image.report for image in probing.images if image.report]
    concepts, concept_sets = _concepts(config.concepts, config.base, reports)
    captions = _captions(config.methods, config.base, reports)
    progress.advance(1)
    layers = tuple(Layer(name, config.taps.pooling, _unit_names(target, name)) for name in names)
    for leaf in config.methods:
        if leaf.kind in COMPUTED:
            leaf.module.check(leaf.options, probing.images, layers)
    return RunParts(device, probing, target, layers, vlm, concepts, concept_sets, captions)


def _concepts(
    leaves: Sequence[NamedLeaf], base: Path, reports: Sequence[str]
) -> tuple[tuple[str, ...], tuple[ConceptSet, ...]]:
    """The concepts of all concept sets, each once, and which of them each set holds."""
    places: dict[str, int] = {}
    sets = []
    for leaf in leaves:
        try:
            concepts: list[str] = leaf.load(base, reports)
        except ConfigError as error:
            if len(leaves) == 1:
                raise
            raise ConfigError(f"{leaf.table}: {error}") from None
        if not concepts:
            raise ConfigError(f'{leaf.table}: the concept set of kind "{leaf.kind}" is empty.')
        members = tuple(places.setdefault(concept, len(places)) for concept in dict.fromkeys(concepts))
        sets.append(ConceptSet(leaf.name, leaf.kind, members))
    return tuple(places), tuple(sets)


def _captions(methods: Sequence[Leaf], base: Path, reports: Sequence[str]) -> tuple[str, ...]:
    asking = [leaf for leaf in methods if hasattr(leaf.module, "captions")]
    return tuple(dict.fromkeys(text for leaf in asking for text in leaf.module.captions(leaf.options, base, reports)))


def _unit_names(target: TargetModel, layer: str) -> tuple[str, ...]:
    """The classes, for the layer whose units they are."""
    linear = [name for name, module in target.module.named_modules() if isinstance(module, nn.Linear)]
    return target.classes if layer in (LOGITS, *linear[-1:]) else ()
