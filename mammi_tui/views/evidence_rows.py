"""One neuron's evidence as rows: a plain sentence, the first concepts, the figures, and the details.

A figure that the grade looks at has a mark; the neuron's mark is the lowest of them. Where there is room, lines stay in
their places from neuron to neuron.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from engine.evidence.answers import NeuronEvidence
from engine.evidence.details import Trust
from engine.evidence.trust import RULES, SIGNIFICANT
from mammi_tui.neurons.evidence_lines import GRADED, NONE, lines
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, count, decimal, fit, number, percent, probability, wrap
from mammi_tui.views.alpha_track import step_rows, track
from mammi_tui.views.concept_figures import concept_rows
from mammi_tui.widgets.sheet import Row

SENTENCE = 260
"""Cells kept for the sentence, so that what follows stays in its place"""
LABELS = 4
NUMBERS = 8
"""Cells of each column of numbers"""
BLANK: Row = ()


def evidence_rows(
    evidence: NeuronEvidence, concepts: ShortNames, own_alpha: float, width: int, *, steady: bool = True
) -> Iterator[Row]:
    """Rows of `width` cells. `concepts` are all of the run, `own_alpha` is the run's.

    `steady` rows keep their places from neuron to neuron, however long the sentence is.
    """
    yield from summary_rows(evidence, width, SENTENCE if steady else 0)
    if evidence.best < 0:
        return
    yield BLANK
    yield from concept_rows(evidence, concepts, width)
    yield BLANK
    yield from check_rows(evidence, concepts, width)
    if evidence.cuts.selection.rule != "top":
        yield BLANK
        yield _heads("α            first concept", ("images",), width)
        yield track(evidence.alpha_path, evidence.best, evidence.cuts.alpha, own_alpha, width)
        yield from step_rows(evidence.alpha_path, evidence.best, evidence.cuts.alpha, concepts, width)
    for title, rows in (
        (_heads("another template", ("first concept",), width), _template_rows(evidence, concepts, width)),
        (_heads("group of images", ("first concept",), width), _group_rows(evidence, concepts, width)),
        (_heads("label", ("images", "chance", "q"), width), _label_rows(evidence, width)),
        (_heads("most common", ("share", "of all", "p"), width), _confound_rows(evidence, width)),
    ):
        if found := list(rows):
            yield from (BLANK, title, *found)


def summary_rows(evidence: NeuronEvidence, width: int, reserved: int) -> Iterator[Row]:
    """How far the neuron's annotation can be trusted: a mark, and the sentence, in at least `reserved` cells."""
    mark, style = TRUST_MARKS[evidence.trust]
    room = max(2, width - 2)
    lines = list(wrap(clean(evidence.sentence, 2000), room))
    for place, line in enumerate(lines):
        yield (fit("" if place else mark, 2), style), (line, "line--text")
    yield from [BLANK] * (reserved // room + 1 - len(lines))


def check_rows(evidence: NeuronEvidence, concepts: ShortNames, width: int) -> Iterator[Row]:
    """The figures, a line each. A figure that the grade looks at is marked with the best grade that it allows."""
    caps = {rule.column: rule.cap for rule in reversed(RULES) if rule.holds(evidence)}
    for column, title, text in lines(evidence, concepts):
        cap = caps.get(column, Trust.STRONG)
        mark, style = TRUST_MARKS[cap] if column in GRADED and not text.startswith(NONE) else ("", "line--text")
        cells = min(cell_len(text), max(width // 3, width - 3 - cell_len(title)))
        yield (
            (fit(mark, 2), style),
            (fit(title, width - 3 - cells) + " ", "line--muted"),
            (concepts.fit(text, cells), "line--text" if cap is Trust.STRONG else style),
        )


def _heads(name: str, heads: Sequence[str], width: int) -> Row:
    cells = NUMBERS if len(heads) > 1 else len(heads[0])
    numbers = "".join(fit(head, cells, right=True) for head in heads)
    return ((fit(f"  {name}", width - len(numbers)) + numbers, "line--faint"),)


def _line(name: str, values: Sequence[str], width: int, names: ShortNames, style: str = "line--text") -> Row:
    """A name, and values in columns of NUMBERS cells; a single value takes as many cells as it needs.

    `names` are those that stand in the same column.
    """
    cells = NUMBERS if len(values) > 1 else min(cell_len(values[0]), width - 12)
    numbers = "".join(fit(value, cells, right=True) for value in values)
    room = width - cell_len(numbers) - 3
    return ("  " + names.fit(name, room) + " ", "line--muted"), (numbers, style)


def _template_rows(evidence: NeuronEvidence, concepts: ShortNames, width: int) -> Iterator[Row]:
    names = ShortNames(template for template, _ in evidence.template_bests)
    for name, (_, best) in zip(names, evidence.template_bests, strict=True):
        style = "line--text" if best == evidence.best else "line--unsure"
        yield _line(name, [_name(best, concepts)], width, names, style)


def _group_rows(evidence: NeuronEvidence, concepts: ShortNames, width: int) -> Iterator[Row]:
    names = ShortNames(
        f"{count(len(group.images), 'image')}, cosine {number(group.tightness, 2)}" for group in evidence.groups
    )
    for name, group in zip(names, evidence.groups, strict=True):
        yield _line(name, [_name(group.best, concepts)], width, names)


def _label_rows(evidence: NeuronEvidence, width: int) -> Iterator[Row]:
    """The labels that the images carry more often than by chance; if there are none, the first label."""
    enriched = [label for label in evidence.enrichments if label.q_value < SIGNIFICANT][:LABELS]
    shown = enriched or evidence.enrichments[:1]
    names = ShortNames(label.label for label in shown)
    for name, label in zip(names, shown, strict=True):
        values = [f"{label.inside:,}", decimal(label.expected, 1), probability(label.q_value)]
        style = "line--good" if label.q_value < SIGNIFICANT else "line--muted"
        yield _line(name, values, width, names, style)


def _confound_rows(evidence: NeuronEvidence, width: int) -> Iterator[Row]:
    names = ShortNames(f"{found.kind} {found.value}" for found in evidence.confounds)
    for name, found in zip(names, evidence.confounds, strict=True):
        values = [percent(found.share), percent(found.base_share), probability(found.p_value)]
        yield _line(name, values, width, names)


def _name(concept: int, concepts: ShortNames) -> str:
    return NONE if concept < 0 else concepts[concept]
