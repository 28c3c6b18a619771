"""Outputs that read an attribute of the film, such as a chest tube, and the neurons that carry it."""

from __future__ import annotations

import numpy as np

from engine.decisions.checkup.base import Check, Finding, Material, Unit, lacking

_TOLD = 3


def _look(material: Material) -> Finding:
    audit, outcomes = material.audit, material.outcomes
    judged = [each for each in audit.classes() if each.judged]
    if outcomes is None or not judged:
        return Finding(0, 0, "not known: no output could be compared", unknown=_unknown(material))
    reading = sorted((each for each in judged if each.reads), key=lambda each: -each.size)
    names = {outcomes.classes[each.number]: None for each in reading}
    told = [f"{outcomes.classes[each.number]}: {audit.traits.found[each.trait].name}" for each in reading]
    more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    says = "read an attribute of the film" + (f" ({'; '.join(told[:_TOLD])}{more})" if told else "")
    neurons: set[Unit] = {(carrier.layer, carrier.unit) for each in reading for carrier in audit.carriers(each)}
    for layer in material.reader.layers:
        neurons |= {
            (layer.name, unit) for unit in np.flatnonzero([name in names for name in layer.unit_names]).tolist()
        }
    order = {layer.name: layer.position for layer in material.reader.layers}
    found = tuple(sorted(neurons, key=lambda neuron: (order[neuron[0]], neuron[1])))
    return Finding(len(names), len({each.number for each in judged}), says, found, tuple(names))


def _unknown(material: Material) -> str:
    if material.outcomes is None:
        return lacking(material.reader, "outputs") or "The run does not hold the model's outputs."
    if not material.reader.has_attributes:
        return "The run records no attributes of its films, such as devices or sex. [probing.attributes] names them."
    return "No class has films enough with an attribute and without it."


SHORTCUTS = Check("shortcuts", "Outputs that read an attribute", "classes", _look, slow=True)
