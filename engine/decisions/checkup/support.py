"""How many neurons the evidence supports, and how many are dead or random."""

from __future__ import annotations

import numpy as np

from engine.decisions.checkup.base import Check, Finding, Material, Unit
from engine.evidence.columns import TRUST
from engine.evidence.details import Trust


def _look(material: Material) -> Finding:
    unsupported: list[Unit] = []
    grades = np.zeros(len(Trust), dtype=np.int64)
    for layer in material.reader.layers:
        trust = material.evidence(layer.name)[TRUST]
        grades += np.bincount(trust, minlength=len(grades))
        units = np.flatnonzero((trust == Trust.UNSUPPORTED) & ~layer.dead)
        unsupported += [(layer.name, unit) for unit in units.tolist()]
    well = int(grades[Trust.FAIR] + grades[Trust.STRONG])
    says = f"have words without support; {well:,} are well or fairly supported, {int(grades[Trust.WEAK]):,} weakly"
    return Finding(len(unsupported), material.neurons, says, tuple(unsupported))


def _look_dead(material: Material) -> Finding:
    layers = material.reader.layers
    dead = [(layer.name, unit) for layer in layers for unit in np.flatnonzero(layer.dead).tolist()]
    random = [layer.name for layer in layers if layer.untrained]
    says = "are dead: their activation is the same on every film"
    if lost := sum(len(layer.numberless) for layer in layers):
        says += f", or, for {lost:,}, no number on any"
    if random:
        says += f"; the weights of {', '.join(random)} are random, so that their words mean nothing"
        dead += [(layer.name, unit) for layer in layers if layer.untrained for unit in range(layer.units)
                 if not layer.dead[unit]]  # fmt: skip
        order = {layer.name: place for place, layer in enumerate(layers)}
        dead.sort(key=lambda neuron: (order[neuron[0]], neuron[1]))
        says = f"are dead or random: {says.removeprefix('are dead: ')}"
    return Finding(len(dead), material.neurons, says, tuple(dead))


SUPPORT = Check("unsupported", "Words without support", "neurons", _look, slow=True)
DEAD = Check("dead", "Dead or random units", "neurons", _look_dead)
