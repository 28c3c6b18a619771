"""What a neuron follows beside findings, in words: plain text, names as they stand in the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.auditing.layers import LayerTraits


def follows(of_layer: LayerTraits, unit: int, place: int, labels: Sequence[str]) -> str:
    """What a unit follows beside its finding, as a phrase: "follows device chest tube more than Pneumothorax (AUROC
    0.91 among films of the same findings and view, Pneumothorax 0.55 where device is equal)"."""
    (name, area), own = of_layer.named(unit, place), int(of_layer.own[unit])
    verb, than = ("follows", "") if area > 0.5 else ("goes down with", "it follows ")
    same = of_layer.held_equal[place]
    among = f"AUROC {area:.2f}{f' among films of the same {same}' if same else ''}"
    if own < 0:
        return f"{verb} {name} ({among})"
    within, plain = float(of_layer.finding_within[unit, place]), float(of_layer.finding_areas[unit])
    equal = f" where {of_layer.traits.found[place].attribute} is equal"
    beside = f"{plain:.2f}" if np.isnan(within) else f"{within:.2f}{equal}"
    return f"{verb} {name} more than {than}{labels[own]} ({among}, {labels[own]} {beside})"
