"""A neuron's evidence for `mammi show --evidence`: lines of at most 80 cells, and JSON types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from rich.cells import cell_len

from engine.evidence.answers import NeuronEvidence
from engine.export import told
from engine.requery import NeuronAnswer
from mammi_tui.console.text_table import table
from mammi_tui.text import clean, decimal, fit, percent, probability, wrap

WIDTH = 80
_CONCEPT = 24
_LABEL = 24
_NAME = 24
_LABELS_TOLD = 5


def as_object(evidence: NeuronEvidence, answer: NeuronAnswer, concepts: Sequence[str]) -> dict[str, Any]:
    """The evidence as JSON types: null for what is not known, names for concepts; of concepts those that are told."""
    return {
        "trust": evidence.trust.name.lower(),
        "sentence": evidence.sentence,
        "patients": evidence.patients,
        "best": _name(evidence.best, concepts),
        "second": _name(evidence.second, concepts),
        "margin": _number(evidence.margin),
        "margin_interval": [_number(end) for end in evidence.margin_interval],
        "change_chance": _number(evidence.change_chance),
        "alpha_interval": [_number(evidence.alpha_low), _number(evidence.alpha_high)],
        "alpha_path": [
            {"low": step.low, "high": step.high, "best": _name(step.best, concepts), "representatives": step.count}
            for step in evidence.alpha_path
        ],
        "half_agreement": _number(evidence.half_agreement),
        "half_correlation": _number(evidence.half_correlation),
        "templates": [
            {"template": template, "best": _name(best, concepts)} for template, best in evidence.template_bests
        ],
        "template_agreement": _number(evidence.template_agreement),
        "tightness": _number(evidence.tightness),
        "base_tightness": _number(evidence.base_tightness),
        "groups": [
            {
                "best": _name(group.best, concepts),
                "images": group.images.tolist(),
                "tightness": _number(group.tightness),
            }
            for group in evidence.groups
        ],
        "labels": [
            {
                "label": label.label,
                "inside": label.inside,
                "outside": label.outside,
                "expected": label.expected,
                "p": label.p_value,
                "q": label.q_value,
            }
            for label in evidence.enrichments
        ],
        "confounds": [
            {
                "kind": found.kind,
                "value": found.value,
                "share": found.share,
                "base_share": found.base_share,
                "p": found.p_value,
            }
            for found in evidence.confounds
        ],
        "concepts": [
            {
                "concept": concepts[concept],
                "score": float(answer.scores[concept]),
                "centred_score": _number(evidence.centred_scores[concept]),
                "z": _number(evidence.z_scores[concept]),
                "p": _number(evidence.p_values[concept]),
                "adjusted_p": _number(evidence.adjusted_p_values[concept]),
                "q": _number(evidence.q_values[concept]),
                "beta_entry": _number(evidence.beta_entries[concept]),
            }
            for concept in _told(answer)
        ],
    }


def as_text(evidence: NeuronEvidence, answer: NeuronAnswer, concepts: Sequence[str]) -> Iterator[str]:
    """The evidence for a reader; every line is clean."""
    yield from wrap(clean(evidence.sentence), WIDTH)
    if not evidence.count:
        return
    yield ""
    yield from table(
        ("concept", "score", "centred", "z", "p", "q", "below β"),
        [
            (
                _short(concepts[concept], _CONCEPT),
                decimal(answer.scores[concept], 4),
                decimal(evidence.centred_scores[concept], 4),
                decimal(evidence.z_scores[concept], 1),
                probability(evidence.adjusted_p_values[concept]),
                probability(evidence.q_values[concept]),
                _decimal(evidence.beta_entries[concept], 3),
            )
            for concept in _told(answer)
        ],
    )
    yield "p: chance that a random image set does as well"
    yield "q: corrected over the layer's units of two images or more"
    yield "below β: where the concept is in the annotation"
    yield ""
    yield from table((), list(_figures(evidence, concepts)))
    yield ""
    yield from table(
        ("α", "first concept", "images"),
        [
            (_interval(step.low, step.high), _named(step.best, concepts), f"{step.count:,}")
            for step in reversed(evidence.alpha_path)
        ],
    )
    if evidence.enrichments:
        yield ""
        yield from table(
            ("label", "images", "by chance", "p", "q"),
            [
                (
                    _short(label.label, _LABEL),
                    f"{label.inside} of {evidence.count}",
                    decimal(label.expected, 1),
                    probability(label.p_value),
                    probability(label.q_value),
                )
                for label in evidence.enrichments[:_LABELS_TOLD]
            ],
        )
    if evidence.confounds:
        yield ""
        yield from table(
            ("most common", "", "share", "of all", "p"),
            [
                (
                    found.kind,
                    _short(found.value, _LABEL),
                    percent(found.share),
                    percent(found.base_share),
                    probability(found.p_value),
                )
                for found in evidence.confounds
            ],
        )


def _figures(evidence: NeuronEvidence, concepts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is known of the neuron as a whole: what it is, and its value."""
    low, high = evidence.margin_interval
    by = "patients" if any(found.kind == "patient" for found in evidence.confounds) else "images"
    if evidence.second >= 0:
        interval = f", in 95 % of draws {decimal(low, 4)} to {decimal(high, 4)}" if low == low else ""
        yield "before the second", f"{decimal(evidence.margin, 4)}{interval}"
    if evidence.change_chance == evidence.change_chance:
        yield f"{by} drawn anew", f"another concept is first in {percent(evidence.change_chance)}"
    if evidence.half_agreement == evidence.half_agreement:
        correlation = _decimal(evidence.half_correlation, 2)
        agree = f"agree in {percent(evidence.half_agreement)} of splits, correlation {correlation}"
        yield f"halves of the {by}", agree
    if evidence.alpha_low == evidence.alpha_low:
        yield "stays first", f"α {_interval(evidence.alpha_low, evidence.alpha_high)}"
    for template, best in evidence.template_bests:
        yield "other template", f"{_named(best, concepts)}   {_short(template, 30)}"
    if evidence.tightness == evidence.tightness:
        alike = f"mean cosine {decimal(evidence.tightness, 2)}, of all images {decimal(evidence.base_tightness, 2)}"
        yield "how alike the images are", alike
    for group in evidence.groups:
        alike = f"mean cosine {_decimal(group.tightness, 2)}"
        yield "one of two groups", f"{_named(group.best, concepts)}   {len(group.images)} images, {alike}"


def _told(answer: NeuronAnswer) -> list[int]:
    ranked: list[int] = answer.ranking.tolist()
    return ranked[: told(answer.annotated, len(ranked))]


def _interval(low: float, high: float) -> str:
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _named(concept: int, concepts: Sequence[str]) -> str:
    return "none" if concept < 0 else _short(concepts[concept], _NAME)


def _name(concept: int, concepts: Sequence[str]) -> str | None:
    return None if concept < 0 else concepts[concept]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _decimal(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else decimal(float(value), digits)


def _short(text: str, width: int) -> str:
    """Clean text of at most so many cells."""
    shown = clean(text)
    return shown if cell_len(shown) <= width else fit(shown, width)
