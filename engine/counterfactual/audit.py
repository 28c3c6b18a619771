"""The audit of a configuration's target model by pairs of films."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.config.settings import RunConfig
from engine.counterfactual.asked import asked_changes
from engine.counterfactual.effects import Found, effects_of
from engine.counterfactual.passing import OUTPUTS, pass_pairs, plan
from engine.counterfactual.words import UnitWords, words_from
from engine.progress import Progress
from engine.run.inputs import RunInputs
from engine.run.notes import Notes


@dataclass(frozen=True, slots=True, eq=False)
class PairsAudit:
    """What pairs of films show of a target model."""

    target: str
    films: int
    """Films of the probing set by whose spread changes are measured"""
    unread: int
    """Images that were left out as they cannot be read, or give what is not a number"""
    found: tuple[Found, ...]
    classes: tuple[str, ...]
    """Of the outputs; their numbers where they have no names"""
    unit_names: Mapping[str, tuple[str, ...]]
    """Layer -> a name for each unit, or ()"""
    words: UnitWords


def audit_with_pairs(config: RunConfig, asked: str, count: int, seed: int, progress: Progress) -> PairsAudit:
    """Makes `count` pairs of each kind that is asked for, passes them through the target model, and compares.

    Raises ConfigError for pairs that there are not, and MammiError when the model or its films fail.
    """
    inputs = RunInputs(config, None, Notes())
    changes = asked_changes(asked, config, inputs.probing, seed)
    planned = plan(inputs.probing.images, changes, count, seed)
    last, target = inputs.last_part, inputs.target
    pairs, own, unread = pass_pairs(config, inputs, changes, planned, progress)
    outputs = own[OUTPUTS].shape[1] if OUTPUTS in own else 0
    named = len(target.classes) == outputs
    return PairsAudit(
        target.name,
        len(next(iter(own.values()), ())),
        unread,
        tuple(effects_of(pairs, own, last.probabilities)),
        target.classes if named else tuple(map(str, range(outputs))),
        {layer.name: layer.unit_names for layer in inputs.layers},
        words_from(config, target.identity, [layer.name for layer in inputs.layers]),
    )
