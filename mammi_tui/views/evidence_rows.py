"""One neuron's evidence as rows: a plain sentence, the first concepts, what the grade looks at, and the details.

The neuron's mark is the lowest of the marks below it; lines without one are not looked at by the grade. Lines stay in
their places from neuron to neuron.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from rich.cells import cell_len

from engine.evidence import wording
from engine.evidence.answers import NeuronEvidence, Trust
from engine.evidence.trust import RULES, SIGNIFICANT, Figures
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.text import clean, count, decimal, fit, number, percent, probability, wrap
from mammi_tui.views.alpha_track import step_rows, track
from mammi_tui.views.concept_figures import concept_rows
from mammi_tui.widgets.sheet import Row

Says = Callable[[NeuronEvidence, Sequence[str]], str]
"""What a rule of engine.evidence.trust says where it holds; by it the rules are known"""
SENTENCE = 260
"""Cells that are kept for it: what follows stays in its place"""
LABELS = 4
BLANK: Row = ()


def evidence_rows(evidence: NeuronEvidence, concepts: Sequence[str], own_alpha: float, width: int) -> Iterator[Row]:
    """Rows of `width` cells. `concepts` are clean, by index; `own_alpha` is the run's."""
    yield from summary_rows(evidence, width)
    if evidence.best < 0:
        return
    yield BLANK
    yield from concept_rows(evidence, concepts, width)
    yield BLANK
    yield from check_rows(evidence, concepts, width)
    yield BLANK
    yield _heads("α            first concept", ("images",), width)
    yield track(evidence.alpha_path, evidence.best, evidence.cuts.alpha, own_alpha, width)
    yield from step_rows(evidence.alpha_path, evidence.best, evidence.cuts.alpha, concepts, width)
    for title, rows in (
        (_heads("another template", ("first concept",), width), _template_rows(evidence, concepts, width)),
        (_heads("two groups", ("first concept",), width), _group_rows(evidence, concepts, width)),
        (_heads("label", ("images", "chance", "q"), width), _label_rows(evidence, width)),
        (_heads("most common", ("share", "of all", "p"), width), _confound_rows(evidence, width)),
    ):
        if found := list(rows):
            yield from (BLANK, title, *found)


def summary_rows(evidence: NeuronEvidence, width: int) -> Iterator[Row]:
    """How far the neuron's words can be trusted: a mark, and the sentence."""
    mark, style = TRUST_MARKS[evidence.trust]
    lines = list(wrap(clean(evidence.sentence, 2000), width - 2))
    for place, line in enumerate(lines):
        yield (fit("" if place else mark, 2), style), (line, "line--text")
    yield from [BLANK] * (1 + SENTENCE // (width - 2) - len(lines))


def check_rows(evidence: NeuronEvidence, concepts: Sequence[str], width: int) -> Iterator[Row]:
    """What the grade looks at, each marked with the best grade that it allows; and what else is worth a look."""
    figures = Figures.of(evidence)
    held = {rule.says: rule.cap for rule in reversed(RULES) if rule.holds(figures)[0]}

    def check(label: str, value: str, *rules: Says) -> Row:
        """A line, marked by those rules that look at it; without any, or without a value, it has no mark."""
        cap = min((held[says] for says in rules if says in held), default=Trust.STRONG)
        mark, style = TRUST_MARKS[cap] if rules and not value.startswith("–") else ("", "line--text")
        value_cells = min(cell_len(value), width - 16)
        return (
            (fit(mark, 2), style),
            (fit(label, width - 3 - value_cells) + " ", "line--muted"),
            (fit(value, value_cells), "line--text" if cap is Trust.STRONG else style),
        )

    patient = next((found for found in evidence.confounds if found.kind == "patient"), None)
    drawn = "patients" if patient else "images"
    of_patients = f" of {count(evidence.patients, 'patient')}" if patient else ""
    few = (wording.one_image, wording.two_images, wording.few, wording.most_images)
    yield check("Images above τ", f"{evidence.count:,}{of_patients}", *few)
    if patient:
        one = (wording.one_patient, wording.all_of_one_patient)
        yield check("Of the most common patient", percent(patient.share), *one)
    yield check("Concepts above the β cut", f"{figures.annotated[0]:,}", wording.no_annotation)
    q = probability(float(figures.q_values[0]))
    yield check("Random images do as well", f"q {q}", wording.chance, wording.hardly)
    change = percent(evidence.change_chance)
    yield check("Draws with another first", change, wording.changes)
    interval = _interval(evidence.alpha_low, evidence.alpha_high, 2)
    yield check("Stays first for α", interval, wording.changes_below, wording.changes_above)
    yield check(f"Halves of {drawn} agree", percent(evidence.half_agreement), wording.halves)
    if evidence.template_bests:
        agree = sum(best == evidence.best for _, best in evidence.template_bests)
        yield check("Other templates agree", f"{agree} of {len(evidence.template_bests)}", wording.templates)
    yield check("Groups that differ", "two" if evidence.groups else "none", wording.groups)
    yield check("Lead over the second", number(evidence.margin, 4))
    yield check("in 95 % of draws", _interval(*evidence.margin_interval, 3))
    yield check("Halves correlate", number(evidence.half_correlation, 2))
    yield check("Stands out most", concepts[int(np.nanargmax(evidence.centred_scores))])
    yield check("Images alike", f"{number(evidence.tightness, 3)}, all {number(evidence.base_tightness, 3)}")


def _interval(low: float, high: float, digits: int) -> str:
    return number(low) if np.isnan(low) else f"{number(low, digits)} … {number(high, digits)}"


NUMBERS = 8
"""Cells of each column of numbers"""


def _heads(name: str, heads: Sequence[str], width: int) -> Row:
    cells = NUMBERS if len(heads) > 1 else len(heads[0])
    numbers = "".join(fit(head, cells, right=True) for head in heads)
    return ((fit(f"  {name}", width - len(numbers)) + numbers, "line--faint"),)


def _line(name: str, values: Sequence[str], width: int, style: str = "line--text") -> Row:
    """A name, and values in columns; a single value takes what it needs."""
    cells = NUMBERS if len(values) > 1 else min(cell_len(values[0]), width - 12)
    numbers = "".join(fit(value, cells, right=True) for value in values)
    return (fit(f"  {name}", width - cell_len(numbers) - 1) + " ", "line--muted"), (numbers, style)


def _template_rows(evidence: NeuronEvidence, concepts: Sequence[str], width: int) -> Iterator[Row]:
    for template, best in evidence.template_bests:
        same = best == evidence.best
        yield _line(clean(template), [_name(best, concepts)], width, "line--text" if same else "line--unsure")


def _group_rows(evidence: NeuronEvidence, concepts: Sequence[str], width: int) -> Iterator[Row]:
    for group in evidence.groups:
        alike = f"{count(len(group.images), 'image')}, cosine {number(group.tightness, 2)}"
        yield _line(alike, [_name(group.best, concepts)], width)


def _label_rows(evidence: NeuronEvidence, width: int) -> Iterator[Row]:
    """The labels that the images carry more often than by chance; the first one where none does."""
    enriched = [label for label in evidence.enrichments if label.q_value < SIGNIFICANT][:LABELS]
    for label in enriched or evidence.enrichments[:1]:
        values = [f"{label.inside:,}", decimal(label.expected, 1), probability(label.q_value)]
        style = "line--good" if label.q_value < SIGNIFICANT else "line--muted"
        yield _line(clean(label.label), values, width, style)


def _confound_rows(evidence: NeuronEvidence, width: int) -> Iterator[Row]:
    for found in evidence.confounds:
        values = [percent(found.share), percent(found.base_share), probability(found.p_value)]
        yield _line(f"{found.kind} {clean(found.value)}", values, width)


def _name(concept: int, concepts: Sequence[str]) -> str:
    return "–" if concept < 0 else concepts[concept]
