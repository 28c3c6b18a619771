"""Neurons nearly all of whose representative images share a view, a patient or a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np

from engine.decisions.checkup.base import Check, Finding, Material, Unit, counted
from engine.evidence.column import Column
from engine.evidence.confounds import confounds
from engine.evidence.image_columns import LABEL_SHARE, PATIENT_SHARE, VIEW_SHARE

SHARE = 0.9
"""The share of the images that is nearly all"""
FEWEST = 3
"""Images of a neuron that is looked at"""
CHANCE = 0.01
"""The chance, in random images, below which a share counts: most films of many sets have one view"""


def _look(material: Material, kind: str, column: Column[np.float64], says: str) -> Finding:
    known: Callable[[], bool] = {
        "view": lambda: bool(material.metadata.views.names),
        "patient": lambda: bool(material.metadata.patients.names),
        "label": lambda: bool(material.metadata.labels),
    }[kind]
    if not known():
        unknown = f"The probing set records no {kind}s."
        return Finding(0, material.neurons, f"{says}: no {kind} is recorded", unknown=unknown)
    neurons: list[Unit] = []
    counts: Counter[str] = Counter()
    for layer in material.reader.layers:
        evidence = material.evidence(layer.name)
        images = material.answer(layer.name).counts
        units = np.flatnonzero((np.nan_to_num(evidence[column]) >= SHARE) & (images >= FEWEST))
        sets = material.requery.image_sets(layer, units, images[units])
        for place, unit in enumerate(units.tolist()):
            found = next((each for each in confounds(sets.of(place), material.metadata) if each.kind == kind), None)
            if found is not None and found.p_value < CHANCE:
                neurons.append((layer.name, unit))
                counts[found.value] += 1
    told = f" ({counted(dict(counts))})" if counts else ""
    return Finding(len(neurons), material.neurons, f"{says}{told}", tuple(neurons))


def _check(kind: str, title: str, column: Column[np.float64]) -> Check:
    says = f"have {100 * SHARE:.0f} % of their images from one {kind}" if kind != "label" else (
        f"have one label on {100 * SHARE:.0f} % of their images")  # fmt: skip
    return Check(f"one-{kind}", title, "neurons", partial(_look, kind=kind, column=column, says=says), slow=True)


ONE_VIEW = _check("view", "Nearly all of one view", VIEW_SHARE)
ONE_PATIENT = _check("patient", "Nearly all of one patient", PATIENT_SHARE)
ONE_LABEL = _check("label", "Nearly all with one label", LABEL_SHARE)
