"""An evaluation as lines of at most 80 cells, for `mammi evaluate`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from engine.annotation.cuts import Cuts
from engine.evaluation.results import (
    Evaluation,
    Figure,
    LabelScores,
    LayerTruth,
    MethodEvaluation,
    NamedNeuron,
    TruthHits,
    TruthScores,
)
from engine.evaluation.truth import CLEAR, CRITERION, Criterion
from engine.store.reader import RunReader
from mammi_tui.film_labels import short_list
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, count, decimal, fit, in_words

WIDTH = 80
NEURONS_SHOWN = 20
_ROW = 16
_CELL = 16
_LABELS = 24
_AT_ONCE = (WIDTH - _ROW) // _CELL
_BY = {"annotation": "annotation", "best": "best concept"}
_CRITERIA: Mapping[Criterion, str] = {"pearson": "Pearson", "average_precision": "AP+", "auroc": "AUROC"}
"""What chooses among several truths"""

Scores = Callable[[MethodEvaluation, str], LabelScores | None]


def heading(cuts: Cuts, reader: RunReader) -> Iterator[str]:
    """Names the run, its models and the cuts."""
    yield _cut(f"{reader.path.name}   {in_words(cuts, '   ')}")
    yield from _wrapped(f"target {clean(reader.info.target)}, VLM {clean(reader.info.vlm)}")
    if reader.info.unsubtracted:
        yield f"{reader.info.unsubtracted}: MAMMI's scores are mean cosines"
    if cuts.ranking == "z":
        yield from _wrapped("Methods have rankings of their own: MAMMI ranks by Eq. 2's score, MAMMI by z by z")


def as_text(evaluation: Evaluation) -> Iterator[str]:
    """The whole evaluation. Every line is clean."""
    if evaluation.layer is not None and any(method.neurons for method in evaluation.methods):
        yield from _labels(evaluation)
    yield from _unique(evaluation)
    if evaluation.truths:
        yield ""
        yield from _wrapped(
            "Known truth: the share of units whose concepts name what the unit follows. In brackets: the same "
            "share when the units exchange their concepts at random (with p if chance does as well more than once "
            "in 20)"
        )
    for layer in evaluation.truths:
        yield from _truth(evaluation, layer)
    if evaluation.missing:
        yield ""
        yield from (line for text in evaluation.missing for line in _wrapped(clean(text), "Not evaluated. "))


def _labels(evaluation: Evaluation) -> Iterator[str]:
    scored = [method for method in evaluation.methods if method.neurons]
    neurons = scored[0].neurons
    yield ""
    yield _cut(f"Class labels: the {len(neurons)} neurons of {evaluation.layer}, mean ± standard error")
    yield from _wrapped(
        "* marks what the paper scores: the annotation for MAMMI, for WWW's selection and for FALCON (whose published "
        "F1 shows that several words were scored), and the best concept for the others"
    )
    if any(method.among_labels for method in scored):
        yield "† chooses only among the labels of the probing set, where a hit is far easier"
    yield from _label_table(scored, lambda method, by: getattr(method, by))
    yield from _ties(scored)
    yield from _first(scored)
    if scored[0].synonyms is not None:
        yield ""
        yield "The same when a synonym counts as its label"
        yield from _label_table(scored, lambda method, by: getattr(method, f"{by}_synonyms"))
    yield from _similarities(scored, evaluation.encoders)
    yield from _neurons(scored[0].title, neurons)


def _label_table(methods: Sequence[MethodEvaluation], scores: Scores) -> Iterator[str]:
    yield ""
    yield _cells("", ["hit rate", "precision", "recall", "F1"])
    for method, by, found in _rows(methods, scores):
        cells = [found.hit_rate, found.precision, found.recall, found.f1]
        yield from _row(method, by, [_figure(cell) for cell in cells])


def _similarities(methods: Sequence[MethodEvaluation], encoders: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(encoders), _AT_ONCE):
        part = encoders[start : start + _AT_ONCE]
        yield ""
        yield "Cosine similarity of concepts to class labels, by text encoder"
        yield ""
        yield _cells("", ShortNames(part).within(_CELL - 2))
        for method, by, found in _rows(methods, lambda method, by: getattr(method, by)):
            yield from _row(method, by, [_figure(found.similarity[name]) for name in part])


def _rows(methods: Sequence[MethodEvaluation], scores: Scores) -> Iterator[tuple[MethodEvaluation, str, LabelScores]]:
    """Each method in both ways of scoring it, the paper's first."""
    for method in methods:
        for by in ("annotation", "best") if method.by_annotation else ("best", "annotation"):
            found = scores(method, by)
            if found is not None:
                yield method, by, found


def _row(method: MethodEvaluation, by: str, cells: Sequence[str]) -> Iterator[str]:
    published = (by == "annotation") == method.by_annotation
    if published:
        yield _cut(_title(method))
    yield _cells(f"{'*' if published else ' '} {_BY[by]}", cells)


def _first(methods: Sequence[MethodEvaluation]) -> Iterator[str]:
    """The best method among those that choose from many concepts, and how MAMMI compares with it."""
    free = [method for method in methods if not method.among_labels]
    if len(free) < 2:
        return
    yield ""
    kinds: Mapping[str, Callable[[LabelScores], Figure]] = {
        "hit rate": lambda scores: scores.hit_rate,
        "F1": lambda scores: scores.f1,
    }
    for name, of in kinds.items():
        scored = [(method, of(method.labels).mean) for method in free if method.labels]
        highest = max(mean for _, mean in scored)
        best = " and ".join(_leader(method) for method, mean in scored if mean == highest)
        mine = [mean for method, mean in scored if method.method == "mammi"]
        behind = f"; MAMMI has {decimal(mine[0])}" if mine and mine[0] < highest else ""
        but = " except †" if len(free) < len(methods) else ""
        yield from _wrapped(f"{best}, {decimal(highest)}{behind}.", f"Highest {name}{but}: ")


def _leader(method: MethodEvaluation) -> str:
    by_ties = method.ties is not None and not method.by_annotation
    return f"{clean(method.title)} (as its ties fall)" if by_ties else clean(method.title)


def _ties(methods: Sequence[MethodEvaluation]) -> Iterator[str]:
    """How many best concepts owe their place to the concept set's order, and the hit rate if chance broke the ties."""
    for method in methods:
        if method.ties is not None and method.best is not None:
            yield ""
            yield from _wrapped(
                f"{clean(method.title)}: in {method.ties.neurons:,} of {count(len(method.neurons), 'neuron')} several "
                "concepts share the best score, and their order in the concept set decides. If one of them is "
                f"drawn at random, the best concept's hit rate is {decimal(method.ties.hit_rate)}, "
                f"not {decimal(method.best.hit_rate.mean)}."
            )


def _neurons(title: str, neurons: Sequence[NamedNeuron]) -> Iterator[str]:
    yield ""
    yield _cut(f"Their concepts by {title}; + marks those with the label among them")
    yield ""
    shown = neurons[:NEURONS_SHOWN]
    names = ShortNames(label for neuron in shown for label in neuron.labels)
    for neuron in shown:
        sign = "+" if set(neuron.labels) & set(neuron.annotation) else " "
        concepts = ", ".join(neuron.annotation) or "no annotation"
        labels = short_list([*map(clean, neuron.labels)], _LABELS, names)
        yield _cut(f"{sign} {fit(labels, _LABELS)}  {concepts}")
    if len(neurons) > NEURONS_SHOWN:
        yield f"  and {len(neurons) - NEURONS_SHOWN:,} more: --json has all of them"


def _unique(evaluation: Evaluation) -> Iterator[str]:
    yield ""
    yield "Different concepts, counted over best concepts and over all annotated"
    yield ""
    for place, of_layer in enumerate(evaluation.methods[0].unique if evaluation.methods else ()):
        yield _line(of_layer.layer, ["with concepts", "best", "annotated"], _CELL - 2)
        for method in evaluation.methods:
            found = method.unique[place]
            yield _line(
                f"  {_title(method)}",
                [f"{found.annotated_units:,}", f"{found.best:,}", f"{found.annotated:,}"],
                _CELL - 2,
            )


def _truth(evaluation: Evaluation, layer: LayerTruth) -> Iterator[str]:
    yield ""
    yield _cut(layer.layer)
    yield from _wrapped(
        f"{layer.clear:,} of {layer.units:,} units clearly follow a known truth (AUROC {CLEAR:g} or more; of several "
        "the one with the highest Pearson correlation): "
        + (", ".join(f"{clean(name)} {units}" for name, units in layer.followed.items()) or "none")
        + "."
    )
    if layer.unnamed:
        yield from _wrapped(f"No concept names {', '.join(map(clean, layer.unnamed))}: those units are not scored.")
    scored = [(method, scores) for method in evaluation.methods for scores in _of_layer(method, layer.layer)]
    if scored:
        yield ""
        yield _line(f"hit rate over {count(scored[0][1].units, 'unit')}", ["best concept", "annotation"], _CELL + 6)
    for method, scores in scored:
        cells = [_hits(scores.best), _hits(scores.annotation)]
        yield _line(f"  {_title(method)}", cells, _CELL + 6)
    if scored and layer.clear:
        yield from _by_criterion(layer, [method for method, _ in scored])


def _by_criterion(layer: LayerTruth, methods: Sequence[MethodEvaluation]) -> Iterator[str]:
    """Whether the figures depend on what chooses among several truths that are clear for a unit."""
    changes = [f"{_CRITERIA[name]} for {units:,}" for name, units in layer.changed.items() if units]
    if not changes:
        return
    yield ""
    yield from _wrapped(f"Chooses another truth: {', '.join(changes)}. The best concept's hit rate by each:")
    yield _line("", _CRITERIA.values(), _CELL - 4)
    for method in methods:
        by = {CRITERION: method.truth, **method.truth_by}
        found = [[scores for scores in by.get(name, ()) if scores.layer == layer.layer] for name in _CRITERIA]
        cells = [decimal(scores[0].best.hit_rate.mean) if scores else "–" for scores in found]
        yield _line(f"  {_title(method)}", cells, _CELL - 4)


def _of_layer(method: MethodEvaluation, layer: str) -> list[TruthScores]:
    return [scores for scores in method.truth if scores.layer == layer]


def _hits(hits: TruthHits) -> str:
    doubt = "" if hits.p_value < 0.05 else f" p {hits.p_value:.2f}"
    return f"{decimal(hits.hit_rate.mean)} ({decimal(hits.chance)}){doubt}"


def _figure(figure: Figure) -> str:
    return f"{decimal(figure.mean)} ± {decimal(figure.error)}"


def _cells(name: str, cells: Sequence[str]) -> str:
    return (fit(clean(name), _ROW) + "".join(fit(cell, _CELL, right=True) for cell in cells)).rstrip()


def _line(name: str, cells: Collection[str], width: int = _CELL) -> str:
    return fit(clean(name), WIDTH - width * len(cells)) + "".join(fit(cell, width, right=True) for cell in cells)


def _title(method: MethodEvaluation) -> str:
    return f"{method.title} †" if method.among_labels else method.title


def _cut(text: str) -> str:
    return fit(clean(text), WIDTH).rstrip()


def _wrapped(text: str, start: str = "") -> Iterator[str]:
    yield from textwrap.wrap(f"{start}{text}", WIDTH, subsequent_indent="  ")
