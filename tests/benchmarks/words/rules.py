"""The ways to name a neuron that the study compares."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.annotation.cuts import RANKINGS, Cuts, Ranking, Selection
from engine.methods import clip_dissect, mammi
from engine.methods.base import Method, MethodAnswer
from engine.methods.panel import Panel
from engine.requery import LayerAnswer, Requery
from engine.store.reader import RunReader

BETA = 0.95
BASE = "Eq. 2, above τ, α 0.93"
"""The paper's own: what the others are compared with"""


@dataclass(frozen=True, slots=True)
class Rule:
    """A ranking of concepts with a selection of images."""

    ranking: Ranking
    selection: Selection
    alpha: float

    @property
    def title(self) -> str:
        score = "Eq. 2" if self.ranking == "score" else "z"
        images = {"tau": f"above τ, α {self.alpha:g}", "top": f"top {self.selection.top}"}
        return f"{score}, {images.get(self.selection.rule, str(self.selection))}"

    @property
    def cuts(self) -> Cuts:
        return Cuts(self.alpha, BETA, ranking=self.ranking, selection=self.selection)


_BOTH = (("tau", 0.93), ("tau", 0.85), ("top-40", 0.93), ("adaptive", 0.93))
_BY_Z_ALONE = (("top-20", 0.93), ("top-80", 0.93))
RULES: tuple[Rule, ...] = (
    *(Rule(ranking, Selection.parse(name), alpha) for name, alpha in _BOTH for ranking in RANKINGS),
    *(Rule("z", Selection.parse(name), alpha) for name, alpha in _BY_Z_ALONE),
)
MAPPED = ("netdissect", "tsi")
"""Methods that need maps; they choose among the labels of the films' boxes, whatever the concept set"""


class _AtRule:
    """MAMMI at a rule's cuts, whatever cuts are asked for, but for the concept set. Answers of a whole layer are kept:
    they cost less than one of each neuron."""

    name = mammi.Mammi.name

    def __init__(self, rule: Rule, reader: RunReader, requery: Requery) -> None:
        self.title = rule.title
        self._cuts, self._concepts, self._requery = rule.cuts, reader.concepts, requery
        self._kept: dict[tuple[str, str | None], LayerAnswer] = {}

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        key = layer, cuts.concept_set
        if key not in self._kept:
            self._kept[key] = self._requery.layer(layer, replace(self._cuts, concept_set=cuts.concept_set))
        answer = self._kept[key]
        words, best = answer.words.of_unit(unit), int(answer.best[unit])
        named = words or (best,) * (best >= 0)
        scores = np.full(len(named), -np.inf)
        scores[:1] = answer.best_scores[unit]
        return MethodAnswer(self.name, tuple(self._concepts[each] for each in named), scores, len(words))


def methods_of(reader: RunReader) -> list[Method]:
    """Every rule, CLIP-Dissect, and those of MAPPED that the run computed."""
    requery = Requery(reader)
    others = (clip_dissect.ClipDissect.name, *MAPPED)
    return [
        *(_AtRule(rule, reader, requery) for rule in RULES),
        *(method for method in Panel(reader, requery).methods if method.name in others),
    ]
