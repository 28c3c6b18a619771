"""Concepts against the class labels of the final layer, as the paper scores them.

Source: ailab-kyunghee/MAMMI, utils/med_metric_utils.py. Strings are compared exactly after lower-casing. A class named
"a, b" has two labels. A neuron without concepts predicts the single word "none". Underscores are blanks, as in the
published labels. The cosine of a neuron is the mean over all pairs of a predicted concept and a label, as bare names
without the template; its standard error is the population standard deviation over neurons, divided by √n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.evaluation import metrics
from engine.evaluation.results import Figure, LabelScores
from engine.evaluation.synonyms import Synonyms, with_synonyms
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

NO_CONCEPT = "none"
"""The prediction of a neuron without concepts, as published"""

Predicted = Sequence[Sequence[str]]
"""The concepts of each neuron, as `compared`"""


class TextEncoder(Protocol):
    """A text encoder, as engine.evaluation.encoders loads it."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encodes texts as unit vectors [len(texts), d]. The result of one text does not depend on the others."""
        ...


def final_layer(reader: RunReader) -> LayerInfo | None:
    """The last layer whose units carry class names; None if there is none."""
    return next((layer for layer in reversed(reader.layers) if layer.unit_names), None)


@dataclass(frozen=True, slots=True)
class LabelScorer:
    """Scores concepts of the final layer's neurons. Each text is encoded once."""

    truth: Sequence[tuple[str, ...]]
    """The labels of each neuron"""
    encoders: Sequence[TextEncoder] = ()
    synonyms: Synonyms | None = None
    _vectors: dict[str, dict[str, NDArray[np.float32]]] = field(default_factory=dict)
    """Vectors by encoder and text"""

    def score(self, predicted: Predicted) -> LabelScores:
        """Scores the concepts of each neuron, which may be none.

        Raises ValueError unless there is one list for each neuron, and MammiError when an encoder fails.
        """
        words = [tuple(concepts) or (NO_CONCEPT,) for concepts in predicted]
        return LabelScores(
            Figure(metrics.hit_rate(words, self.truth), metrics.hit_rate_error(words, self.truth)),
            Figure(*metrics.precision(words, self.truth)),
            Figure(*metrics.recall(words, self.truth)),
            Figure(*metrics.f1(words, self.truth)),
            {encoder.name: self._similarity(words, encoder) for encoder in self.encoders},
        )

    def score_synonyms(self, predicted: Predicted) -> LabelScores | None:
        """The scores without cosines when a synonym counts as its label; None without synonyms."""
        if self.synonyms is None:
            return None
        bare = replace(self, encoders=())
        return bare.score(with_synonyms(predicted, self.truth, self.synonyms))

    def _similarity(self, words: Predicted, encoder: TextEncoder) -> Figure:
        vectors = self._encoded(encoder, {text for texts in (*words, *self.truth) for text in texts})
        means = []
        for concepts, labels in zip(words, self.truth, strict=True):
            cosines = np.stack([vectors[text] for text in concepts]) @ np.stack([vectors[text] for text in labels]).T
            means.append(float(np.minimum(cosines, 1).mean()))
        return Figure(float(np.mean(means)), float(np.std(means)) / math.sqrt(len(means)))

    def _encoded(self, encoder: TextEncoder, texts: Iterable[str]) -> Mapping[str, NDArray[np.float32]]:
        vectors = self._vectors.setdefault(encoder.name, {})
        new = sorted(set(texts) - vectors.keys())
        if new:
            vectors.update(zip(new, encoder.encode(new), strict=True))
        return vectors
