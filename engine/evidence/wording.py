"""The words of engine.evidence.trust: why a neuron has its grade. Plain text; names stand as they are in the run.

Each function puts one reason or remark into words. It takes the evidence, and the run's concepts for their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.evidence.answers import NeuronEvidence
from engine.evidence.columns import (
    ALPHA_HIGH,
    ALPHA_LOW,
    CANDIDATES,
    CHANGE_CHANCE,
    HALF_AGREEMENT,
    PATIENTS,
    Q_VALUE,
    RIVAL,
)
from engine.evidence.details import MANY
from engine.evidence.image_columns import PATIENT_SHARE
from engine.evidence.written import percent

NUMBERS = ("no", "one", "two", "three", "four", "five")
"""Numbers of groups in words"""
_MOST_OF_ONE_VIEW = 0.8
_VIEW_BY_CHANCE, _LABEL_BY_CHANCE = 0.01, 0.05
_LABELS_NAMED = 3
_FAR_FROM_THE_BEST, _FIRST_PLACES = 0.8, 5
"""A share of the best concept's score; a number of concepts"""


def no_images(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return f"dead, {evidence.why_dead}" if evidence.why_dead else "no image lies above τ at this α"


def no_annotation(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    if evidence.cuts.beta >= 1:
        return "nothing lies above the β cut"
    by_z = evidence.cuts.ranking == "z"
    return "no concept scores above random image sets" if by_z else "no concept has a positive score"


def one_image(_: NeuronEvidence, __: Sequence[str]) -> str:
    return "only one image"


def all_of_one_patient(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return f"{'both' if evidence.count == 2 else f'all {evidence.count}'} images are of one patient"


def chance(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    return f"{_quoted(concepts, evidence.best)} does no better than in random image sets ({_q(evidence)})"


def two_images(_: NeuronEvidence, __: Sequence[str]) -> str:
    return "only two images"


def one_patient(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return f"{_part(float(evidence[PATIENT_SHARE]))} of its images are of one patient"


def few(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    if evidence[PATIENTS] == evidence.count:
        return f"only {evidence.count} images"
    return f"{evidence.count} images of only {evidence[PATIENTS]} patients"


def most_images(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return f"it responds to {evidence.count:,} of all {evidence.images:,} images"


def changes(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    often, rival = percent(evidence[CHANGE_CHANCE]), int(evidence[RIVAL])
    reason = f"in {often} of {_resamples(evidence)} another concept is first"
    if evidence[CANDIDATES] > MANY:
        return f"{reason}, and any of {evidence[CANDIDATES]:,} concepts may be the best"
    if rival < 0:
        return reason
    also = ", which is annotated too" if evidence.beta_entries[rival] > evidence.cuts.beta else ""
    return f"{reason}, most often {_quoted(concepts, rival)}{also}"


def changes_below(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return f"below α {evidence[ALPHA_LOW]:g} another concept is first"


def changes_above(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return f"above α {evidence[ALPHA_HIGH]:g} another concept is first"


def groups(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    *names, last = (_quoted(concepts, group.best) for group in evidence.groups)
    return f"its strongest images fall into {NUMBERS[len(evidence.groups)]} groups, {', '.join(names)} and {last}"


def halves(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return f"halves of its {_drawn(evidence)} seldom agree ({percent(evidence[HALF_AGREEMENT])} of splits)"


def templates(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    others = Counter(best for _, best in evidence.template_bests if best != evidence.best)
    most = others.most_common(1)[0][0]
    share = f"{others.total()} of {len(evidence.template_bests)}"
    return f"under {share} other templates another concept is first, such as {_quoted(concepts, most)}"


def hardly(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    return f"{_quoted(concepts, evidence.best)} hardly stands out from random image sets ({_q(evidence)})"


def support(evidence: NeuronEvidence, concepts: Sequence[str], significant: bool, seldom: bool, settled: bool) -> str:
    """What speaks for the best concept: it is highly significant, seldom changes, and stays near α; or ""."""
    stays = []
    if seldom:
        stays.append(f"in {percent(1 - evidence[CHANGE_CHANCE])} of {_resamples(evidence)}")
    if settled and evidence.cuts.selection.rule != "top" and evidence[ALPHA_HIGH] > evidence[ALPHA_LOW]:
        stays.append(f"from α {evidence[ALPHA_LOW]:g} to {evidence[ALPHA_HIGH]:g}")
    reasons = [f"stands out from random image sets ({_q(evidence)})"] if significant else []
    reasons += [f"stays first {' and '.join(stays)}"] if stays else []
    return f"{_quoted(concepts, evidence.best)} {' and '.join(reasons)}" if reasons else ""


def labels(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    """The most enriched labels among those that at least half of the images carry; or ""."""
    found = [
        label
        for label in evidence.enrichments
        if label.inside * 2 >= evidence.count and label.q_value < _LABEL_BY_CHANCE
    ][:_LABELS_NAMED]
    remark = ""
    for label in found:
        share, base = label.inside / evidence.count, percent(label.expected / evidence.count)
        if remark:
            remark += f", {_part(share)} {label.label} ({base})"
        else:
            remark = f"{_part(share)} of its images carry {label.label} ({base} of all images)"
    return remark + _far([label.label for label in found], evidence, concepts)


def view(evidence: NeuronEvidence) -> str:
    """The view that most of the images have, where chance does not explain it; or ""."""
    for found in evidence.confounds:
        if found.kind == "view" and found.p_value < _VIEW_BY_CHANCE and found.share >= _MOST_OF_ONE_VIEW:
            base = percent(found.base_share)
            return f"{_part(found.share)} of its images are {found.value} views ({base} of all images)"
    return ""


def follows(evidence: NeuronEvidence) -> str:
    """The attribute of the films that it follows more than its finding; or ""."""
    return f"it {evidence.follows}" if evidence.follows else ""


def _far(names: Sequence[str], evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    """The rank of the concept with the name of the first label, when no label's own concept scores near the best.

    Only labels that are among the concepts count. "" if none is, or if one is near.
    """
    entries = evidence.beta_entries
    called = _by_folded_name(tuple(concepts))
    folded = [name.replace("_", " ").casefold() for name in names]
    competing = [[each for each in called.get(name, ()) if not np.isnan(entries[each])] for name in folded]
    own = [each[-1] for each in competing if each]
    if not own or entries[own].max() >= _FAR_FROM_THE_BEST:
        return ""
    place = 1 + int(np.count_nonzero(entries > entries[own[0]]))
    return f", but {_quoted(concepts, own[0])} is only its concept number {place}" if place > _FIRST_PLACES else ""


@lru_cache(maxsize=2)
def _by_folded_name(concepts: tuple[str, ...]) -> dict[str, list[int]]:
    """The concepts with each name, whatever its case."""
    called: dict[str, list[int]] = {}
    for concept, name in enumerate(concepts):
        called.setdefault(name.casefold(), []).append(concept)
    return called


def _q(evidence: NeuronEvidence) -> str:
    q = float(evidence[Q_VALUE])
    return "q < 0.001" if q < 0.001 else f"q = {q:.2g}"


def _quoted(concepts: Sequence[str], concept: int) -> str:
    return f"'{concepts[concept]}'"


def _part(share: float) -> str:
    return {0.5: "half", 1.0: "all"}.get(share, percent(share))


def _drawn(evidence: NeuronEvidence) -> str:
    """What the bootstrap draws, and what is split into halves."""
    return "patients" if any(found.kind == "patient" for found in evidence.confounds) else "images"


def _resamples(evidence: NeuronEvidence) -> str:
    return f"{_drawn(evidence).removesuffix('s')} resamples"
