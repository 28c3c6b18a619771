"""The ways to name a neuron that the study compares."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.annotation.cuts import Cuts, Ranking, Selection
from engine.methods import clip_dissect, mammi
from engine.methods.base import Method, MethodAnswer
from engine.methods.panel import Panel
from engine.requery import Requery
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


RULES: tuple[Rule, ...] = tuple(
    Rule(ranking, Selection.parse(selection), alpha)
    for selection, alpha in (("tau", 0.93), ("tau", 0.85), ("top-40", 0.93), ("adaptive", 0.93))
    for ranking in ("score", "z")
)
MAPPED = ("netdissect", "tsi")
"""Methods that need maps; they choose among the labels of the films' boxes, whatever the concept set"""


class _AtRule:
    """MAMMI at a rule's cuts, whatever cuts are asked for, but for the concept set."""

    name = mammi.Mammi.name

    def __init__(self, rule: Rule, method: Method) -> None:
        self.title = rule.title
        self._cuts, self._method = rule.cuts, method

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        return self._method.neuron(layer, unit, replace(self._cuts, concept_set=cuts.concept_set))


def methods_of(reader: RunReader) -> list[Method]:
    """Every rule, CLIP-Dissect, and those of MAPPED that the run computed."""
    requery = Requery(reader)
    own = mammi.load(mammi.Options(), reader, requery)
    others = (clip_dissect.ClipDissect.name, *MAPPED)
    return [
        *(_AtRule(rule, own) for rule in RULES),
        *(method for method in Panel(reader, requery).methods if method.name in others),
    ]
