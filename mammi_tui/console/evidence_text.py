"""A neuron's evidence for `mammi show --evidence`: lines of at most 80 cells, and JSON types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from engine.evidence.answers import NeuronEvidence
from engine.evidence.column import Column
from engine.evidence.columns import (
    ALPHA_INTERVAL,
    BEST,
    CANDIDATES,
    COLUMNS,
    SECOND,
    TEMPLATE_BESTS,
    TRUST,
)
from engine.evidence.image_columns import GROUP_COUNT, LABEL_Q_VALUE, PATIENT_SHARE, TIGHTNESS
from engine.evidence.written import number_or_none, plain
from engine.export import listed
from engine.requery import NeuronAnswer
from mammi_tui.console.text_table import table
from mammi_tui.neurons.evidence_lines import lines
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, count, decimal, fit, number, percent, probability, wrap

WIDTH = 80
_NAME, _TEMPLATE = 24, 40
_VALUE = 50
_LABELS = 5


def as_object(evidence: NeuronEvidence, answer: NeuronAnswer, concepts: Sequence[str]) -> dict[str, Any]:
    """The evidence as JSON types: null for what is missing, names for concepts. Details follow their figure."""
    details = _details(evidence, concepts)
    shown: dict[str, Any] = {}
    for column in COLUMNS:
        if column.in_json:
            shown[column.name] = plain(column.written, evidence[column], concepts)
        shown |= details.get(column, {})
    shown["concepts"] = [
        {
            "concept": concepts[concept],
            "score": float(answer.scores[concept]),
            "centred_score": number_or_none(evidence.centred_scores[concept]),
            "z": number_or_none(evidence.z_scores[concept]),
            "p": number_or_none(evidence.p_values[concept]),
            "adjusted_p": number_or_none(evidence.adjusted_p_values[concept]),
            "q": number_or_none(evidence.q_values[concept]),
            "beta_entry": number_or_none(evidence.beta_entries[concept]),
        }
        for concept in _listed(answer)
    ]
    return shown


def _details(evidence: NeuronEvidence, concepts: Sequence[str]) -> dict[Column[Any], dict[str, Any]]:
    """The details that JSON adds after a figure, by figure."""

    def name(concept: int) -> str | None:
        return None if concept < 0 else concepts[concept]

    return {
        TRUST: {"sentence": evidence.sentence},
        BEST: {"best": name(evidence.best), "second": name(int(evidence[SECOND]))},
        CANDIDATES: {
            "candidate_concepts": [
                {"concept": concepts[each.concept], "share": each.share} for each in evidence.candidate_concepts
            ]
        },
        ALPHA_INTERVAL: {
            "alpha_path": [
                {"low": step.low, "high": step.high, "best": name(step.best), "representatives": step.count}
                for step in evidence.alpha_path
            ]
        },
        TEMPLATE_BESTS: {
            "templates": [{"template": template, "best": name(best)} for template, best in evidence.template_bests]
        },
        TIGHTNESS: {"base_tightness": number_or_none(evidence.base_tightness)},
        GROUP_COUNT: {
            "groups": [
                {
                    "best": name(group.best),
                    "images": group.images.tolist(),
                    "tightness": number_or_none(group.tightness),
                }
                for group in evidence.groups
            ]
        },
        LABEL_Q_VALUE: {
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
            ]
        },
        PATIENT_SHARE: {
            "confounds": [
                {
                    "kind": found.kind,
                    "value": found.value,
                    "share": found.share,
                    "base_share": found.base_share,
                    "p": found.p_value,
                }
                for found in evidence.confounds
            ]
        },
    }


def as_text(evidence: NeuronEvidence, answer: NeuronAnswer, concepts: Sequence[str]) -> Iterator[str]:
    """The evidence for a reader. Every line is clean."""
    yield from wrap(clean(evidence.sentence), WIDTH)
    if not evidence.count:
        return
    names = ShortNames(concepts).within(_NAME)
    yield ""
    yield from _concepts(evidence, answer, names)
    figures = [(title, _short(text, _VALUE)) for _, title, text in lines(evidence, names)]
    for heads, rows in (
        ((), figures),
        (("α", "first concept", "images"), [] if evidence.cuts.selection.rule == "top" else _path(evidence, names)),
        (("another template", "first concept"), _templates(evidence, names)),
        (("group of images", "first concept"), _groups(evidence, names)),
        (("label", "images", "by chance", "p", "q"), _labels(evidence)),
        (("most common", "", "share", "of all", "p"), _confounds(evidence)),
    ):
        if rows:
            yield ""
            yield from table(heads, rows)


def _concepts(evidence: NeuronEvidence, answer: NeuronAnswer, names: Sequence[str]) -> Iterator[str]:
    yield from table(
        ("concept", "score", "centred", "z", "p", "q", "below β"),
        [
            (
                names[concept],
                decimal(answer.scores[concept], 4),
                decimal(evidence.centred_scores[concept], 4),
                decimal(evidence.z_scores[concept], 1),
                probability(evidence.adjusted_p_values[concept]),
                probability(evidence.q_values[concept]),
                number(float(evidence.beta_entries[concept]), 3),
            )
            for concept in _listed(answer)
        ],
    )
    yield "p: chance that some concept does as well in a random image set"
    yield "q: p, corrected over the layer's units of two images or more"
    yield "below β: the annotation holds the concept at any β below this"


Table = list[tuple[str, ...]]


def _path(evidence: NeuronEvidence, names: Sequence[str]) -> Table:
    return [
        (_stretch(step.low, step.high), _named(step.best, names), f"{step.count:,}")
        for step in reversed(evidence.alpha_path)
    ]


def _templates(evidence: NeuronEvidence, names: Sequence[str]) -> Table:
    templates = ShortNames(template for template, _ in evidence.template_bests).within(_TEMPLATE)
    bests = [_named(best, names) for _, best in evidence.template_bests]
    return list(zip(templates, bests, strict=True))


def _groups(evidence: NeuronEvidence, names: Sequence[str]) -> Table:
    return [
        (f"{count(len(group.images), 'image')}, mean cosine {number(group.tightness, 2)}", _named(group.best, names))
        for group in evidence.groups
    ]


def _labels(evidence: NeuronEvidence) -> Table:
    shown = evidence.enrichments[:_LABELS]
    names = ShortNames(label.label for label in shown).within(_NAME)
    return [
        (
            name,
            f"{label.inside} of {evidence.count}",
            decimal(label.expected, 1),
            probability(label.p_value),
            probability(label.q_value),
        )
        for name, label in zip(names, shown, strict=True)
    ]


def _confounds(evidence: NeuronEvidence) -> Table:
    return [
        (
            found.kind,
            _short(found.value),
            percent(found.share),
            percent(found.base_share),
            probability(found.p_value),
        )
        for found in evidence.confounds
    ]


def _listed(answer: NeuronAnswer) -> list[int]:
    ranked: list[int] = answer.ranking.tolist()
    return ranked[: listed(answer.annotated, len(ranked))]


def _stretch(low: float, high: float) -> str:
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _named(concept: int, names: Sequence[str]) -> str:
    return "none" if concept < 0 else names[concept]


def _short(text: str, width: int = _NAME) -> str:
    """Clean text of at most `width` cells."""
    shown = clean(text)
    return shown if cell_len(shown) <= width else fit(shown, width)
