"""Units of a layer that respond to the same films: one of them says nothing new."""

from __future__ import annotations

import numpy as np

from engine.decisions.checkup.base import Check, Finding, Material, Unit
from engine.store.ladder import sum_rows

COSINE = 0.98
"""The cosine between the means of two units' representative images, less the mean of all images, from which on they are
duplicates"""
FEWEST = 3
"""Images of a unit that is looked at"""
_ROWS = 512


def _look(material: Material) -> Finding:
    vectors = material.requery.vectors()
    images = np.arange(len(vectors.embeddings))
    whole = sum_rows(vectors.embeddings, vectors.inverse_lengths, images) / len(images)
    neurons: list[Unit] = []
    closest: tuple[float, str] = (0.0, "")
    for layer in material.reader.layers:
        means = material.requery.means(layer, material.cuts)
        units = np.flatnonzero(means.counts >= FEWEST)
        centred = means.means[units] - whole
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        centred = np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)
        nearest = np.zeros(len(units))
        for start in range(0, len(units), _ROWS):
            cosines = centred[start : start + _ROWS] @ centred.T
            rows = np.arange(len(cosines))
            cosines[rows, rows + start] = -1
            if not cosines.size:
                continue
            other = cosines.argmax(axis=1)
            nearest[start : start + _ROWS] = cosines[rows, other]
            best = int(nearest[start : start + _ROWS].argmax())
            if cosines[best, other[best]] > closest[0]:
                pair = f"{layer.name}:{units[start + best]} and {units[other[best]]}"
                closest = (float(cosines[best, other[best]]), pair)
        neurons += [(layer.name, unit) for unit in units[nearest >= COSINE].tolist()]
    told = f" (closest: {closest[1]}, cosine {closest[0]:.3f})" if closest[1] else ""
    return Finding(len(neurons), material.neurons, f"have a double in their layer{told}", tuple(neurons))


DUPLICATES = Check("duplicates", "Duplicated units", "neurons", _look)
