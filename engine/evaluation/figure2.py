"""The numbers of the paper's figure 2: what MAMMI's adaptive selection chooses for the final layer, and how α moves it.

It has three panels: how often the representative images and the probing set carry each label, how many representative
images each neuron has, and the scores along α. Beside each stand the numbers "without adaptive" selection: of the 40
most activating images of each neuron, as in table 2 (engine.methods.www). The paper's script, example_selection.py,
counts labels and images in the same way, but has no code for the fixed selection, and neither it nor the paper gives
figure 2 as numbers: ours cannot be compared with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import TAU, Cuts
from engine.evaluation.labels import LabelScorer, TextEncoder, final_layer
from engine.evaluation.published import FIXED_COUNT
from engine.evaluation.results import Figure, LabelScores
from engine.methods import www
from engine.names import compared, labels_of
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

ALPHAS = tuple(round(0.80 + 0.01 * step, 2) for step in range(20))
"""0.80 to 0.99: the published 0.93 and its neighbours"""
NO_LABEL = "no label"


@dataclass(frozen=True, slots=True)
class ClassShare:
    """How often the probing set and the representative images carry one label."""

    label: str
    """NO_LABEL for images without a label"""
    probing: float
    """Share of the probing set's images that carry it"""
    representatives: float
    """The same share among the representative images, where an image counts once for each neuron that it represents"""
    fixed: float
    """The same share among the images without adaptive selection"""


@dataclass(frozen=True, slots=True)
class NeuronCount:
    """How many representative images one neuron of the final layer has."""

    name: str
    """The neuron's class"""
    representatives: int
    fixed: int
    """How many images it has without adaptive selection: none if it is dead"""


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """MAMMI's scores at one α."""

    alpha: float
    representatives: float
    """Mean number over neurons"""
    scores: LabelScores


@dataclass(frozen=True, slots=True)
class Figure2:
    """The numbers of all three panels."""

    layer: str
    alpha: float
    beta: float
    classes: tuple[ClassShare, ...]
    """Most frequent in the probing set first; () if the probing set has no labels"""
    counts: tuple[NeuronCount, ...]
    sweep: tuple[SweepPoint, ...]
    """α ascending"""
    fixed_count: int
    """Images of a neuron without adaptive selection: 40, or all where the probing set has fewer"""
    fixed_scores: LabelScores
    """The scores without adaptive selection"""


def figure2(
    reader: RunReader,
    requery: Requery,
    encoders: Sequence[TextEncoder] = (),
    *,
    cuts: Cuts | None = None,
) -> Figure2 | None:
    """Figure 2 of an open run file at some cuts, by default the run's own; None without class names. It is about the
    images above τ, whatever the selection.

    Raises MammiError for an unknown concept set.
    """
    final = final_layer(reader)
    if final is None:
        return None
    cuts = replace(cuts or reader.info.cuts, selection=TAU)
    answers = [requery.neuron(final.name, unit, cuts) for unit in range(final.units)]
    fixed = www.load(www.Options(count=FIXED_COUNT), reader, requery)
    fixed_images = [fixed.images(final.name, unit) for unit in range(final.units)]
    counts = tuple(
        NeuronCount(name, len(answer.images), len(images))
        for name, answer, images in zip(final.unit_names, answers, fixed_images, strict=True)
    )
    scorer = LabelScorer([labels_of(name) for name in final.unit_names], encoders)
    sweep = tuple(_point(reader, requery, final, scorer, replace(cuts, alpha=step)) for step in ALPHAS)
    chosen = np.concatenate([answer.images for answer in answers])
    without = [fixed.neuron(final.name, unit, cuts) for unit in range(final.units)]
    return Figure2(
        *(final.name, cuts.alpha, cuts.beta),
        _classes(reader, chosen, np.concatenate(fixed_images)),
        counts,
        sweep,
        min(FIXED_COUNT, reader.image_count),
        scorer.score([list(map(compared, answer.concepts[: answer.annotated])) for answer in without]),
    )


def sweep_lines(figure: Figure2) -> dict[str, list[Figure]]:
    """The scores along α by name."""
    every = [_by_name(point.scores) for point in figure.sweep]
    return {name: [scores[name] for scores in every] for name in every[0]}


def fixed_lines(figure: Figure2) -> dict[str, Figure]:
    """The scores without adaptive selection by the same names."""
    return _by_name(figure.fixed_scores)


def _by_name(scores: LabelScores) -> dict[str, Figure]:
    cosines = {f"cosine, {name}": figure for name, figure in scores.similarity.items()}
    return {"hit rate": scores.hit_rate, "F1": scores.f1, **cosines}


def _classes(reader: RunReader, chosen: NDArray[np.int64], fixed: NDArray[np.int32]) -> tuple[ClassShare, ...]:
    names, table = reader.label_table()
    if not names:
        return ()
    table = np.column_stack([table, ~table.any(axis=1)])
    everywhere = table.mean(axis=0)
    among, among_fixed = (
        table[images].mean(axis=0) if len(images) else np.zeros(len(everywhere)) for images in (chosen, fixed)
    )
    order = [*np.argsort(-everywhere[:-1], kind="stable"), len(names)]
    return tuple(
        ClassShare([*names, NO_LABEL][i], float(everywhere[i]), float(among[i]), float(among_fixed[i])) for i in order
    )


def _point(reader: RunReader, requery: Requery, final: LayerInfo, scorer: LabelScorer, cuts: Cuts) -> SweepPoint:
    answers = [requery.neuron(final.name, unit, cuts) for unit in range(final.units)]
    annotations = [
        [compared(reader.concepts[concept]) for concept in answer.ranking[: answer.annotated]] for answer in answers
    ]
    return SweepPoint(cuts.alpha, float(np.mean([len(answer.images) for answer in answers])), scorer.score(annotations))
