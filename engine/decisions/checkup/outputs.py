"""Outputs of the model that fail on the probing set."""

from __future__ import annotations

import numpy as np

from engine.decisions.checkup.base import Check, Finding, Material, lacking
from engine.decisions.classes import class_figures

POOR = 0.7
"""The AUROC below which an output fails"""
FEWEST = 5
"""Labelled films of a class that is judged"""


def _look(material: Material) -> Finding:
    outcomes = material.outcomes
    if outcomes is None:
        why = lacking(material.reader, "outputs") or "The run does not hold the model's outputs."
        return Finding(0, 0, "not known: the run does not hold the model's outputs", unknown=why)
    judged, failing = 0, {}
    for number, name in enumerate(outcomes.classes):
        figures = class_figures(outcomes, number, material.metadata.clusters)
        if figures.area is None or figures.labelled < FEWEST:
            continue
        judged += 1
        value, low = figures.area.value, figures.area.low
        if value < POOR or low <= 0.5:
            failing[name] = f"AUROC {value:.2f}"
        elif not figures.predicted:
            failing[name] = "never predicted"
        elif figures.counts["false positive"] > figures.counts["true positive"]:
            failing[name] = (
                f"{figures.counts['false positive']:,} of {figures.predicted:,} predicted films are not labelled so"
            )
    if not judged:
        numbered = outcomes.classes == tuple(map(str, range(len(outcomes.classes))))
        remedy = (
            " They have no names. To add them: classes in [target], then mammi run CONFIG.toml." if numbered else ""
        )
        unknown = f"None of the outputs is a label of {FEWEST} films or more.{remedy}"
        return Finding(0, 0, "not known: no class has enough labelled films", unknown=unknown)
    told = "; ".join(f"{name}: {why}" for name, why in list(failing.items())[:3])
    more = f" and {len(failing) - 3} more" if len(failing) > 3 else ""
    says = f"fail on the probing set{f' ({told}{more})' if told else ''}"
    units = {
        (layer.name, unit)
        for layer in material.reader.layers
        for unit in np.flatnonzero([name in failing for name in layer.unit_names]).tolist()
    }
    return Finding(len(failing), judged, says, tuple(sorted(units)), tuple(failing))


OUTPUTS = Check("outputs", "Outputs that fail", "classes", _look)
