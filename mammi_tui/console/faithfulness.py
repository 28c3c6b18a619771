"""`mammi evaluate --faithfulness`: whether words say when units are active, as lines of at most 80 cells or as JSON."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.annotation.cuts import Cuts
from engine.evaluation.faithfulness.evaluate import BETWEEN_EXTREMES, EXTREME, evaluate_faithfulness
from engine.evaluation.faithfulness.metrics import METRICS, ON, Metric
from engine.evaluation.faithfulness.results import Faithfulness, LayerFaithfulness, MethodFaithfulness
from engine.evaluation.faithfulness.second import own, read_second
from engine.evaluation.results import Figure
from engine.methods.base import Method
from engine.progress import Silent
from engine.store.reader import RunReader
from mammi_tui.console.evaluation_text import heading
from mammi_tui.console.progress import run_progress
from mammi_tui.console.say import say, say_json
from mammi_tui.text import clean, decimal, fit

WIDTH = 80
_CELL = 9
_SHORT = {"ap_above_chance": "AP+", "responsiveness": "respons.", "precision": "precis."}
_TRUSTED = [metric for metric in METRICS if metric.trusted]
_OTHERS = [metric for metric in METRICS if not metric.trusted]
_BETWEEN = [metric for metric in METRICS if metric.name in BETWEEN_EXTREMES]


def print_faithfulness(
    reader: RunReader, methods: Sequence[Method], second: Path | None, cuts: Cuts, as_json: bool
) -> None:
    """Scores methods over an open run file, and prints the result. `second` is a run file or an .npz of embeddings."""
    vlm = own(reader) if second is None else read_second(second, reader)
    with run_progress(sys.stderr) if sys.stderr.isatty() else nullcontext(Silent()) as progress:
        found = evaluate_faithfulness(reader, methods, vlm, cuts=cuts, progress=progress)
    if as_json:
        say_json(as_object(found, reader))
        return
    say(*heading(found.cuts, reader), "", *as_text(found))


def as_object(found: Faithfulness, reader: RunReader) -> dict[str, Any]:
    """The whole result as JSON types, with the marks of the metrics."""
    scored = asdict(found)
    del scored["cuts"]
    return {
        "run": str(reader.path),
        "target": reader.info.target,
        "vlm": reader.info.vlm,
        **found.cuts.as_fields(),
        "second": {"vlm": scored.pop("vlm"), "circular": scored.pop("circular"), "images": scored.pop("images")},
        "metrics": [
            {
                "name": metric.name,
                "passes_missing_labels": metric.missing,
                "passes_extra_labels": metric.extra,
                "only_at_rest": metric.at_rest,
            }
            for metric in METRICS
        ],
        "on_share": ON,
        "extreme_share": EXTREME,
        **scored,
    }


def as_text(found: Faithfulness) -> Iterator[str]:
    """The whole result. Every line is clean."""
    yield from _legend(found)
    layers = list(dict.fromkeys(layer.layer for method in found.methods for layer in method.layers))
    for name in layers:
        of_layer = [(method, layer) for method in found.methods for layer in method.layers if layer.layer == name]
        yield ""
        yield fit(clean(name), WIDTH).rstrip()
        yield from _by_labels(of_layer)
        yield from _by_second(of_layer, found)
    if found.missing:
        yield ""
        yield from (line for text in found.missing for line in _wrapped(clean(text), "Not evaluated. "))


def _legend(found: Faithfulness) -> Iterator[str]:
    yield from _wrapped(
        f"Do words say when units are active? Means over units; a unit is on at the {ON:.0%} of the images where it is "
        "highest. A metric can be trusted if it falls when half of a word's images are taken away, and when as many "
        "others are added (Oikarinen et al. 2025):"
    )
    for title, metrics in (
        ("falls in both cases", [metric for metric in _TRUSTED if not metric.at_rest]),
        ("only for units that rest near 0", [metric for metric in _TRUSTED if metric.at_rest]),
        ("✗ not when images are taken away", [metric for metric in _OTHERS if not metric.missing]),
        ("✗ not when others are added", [metric for metric in _OTHERS if not metric.extra]),
    ):
        yield from _wrapped(f"{title}: {', '.join(_name(metric) for metric in metrics)}", "  ")
    circular = " This is circular: the same VLM chose the words. Name another with --second." if found.circular else ""
    for text in (
        "By labels: the units whose best concept names a label, view, parameter or attribute. Of all: Pearson when all "
        "others count 0. Chance: Pearson when units exchange their concepts. AP+: average precision above chance.",
        f"By {clean(found.vlm)}: Pearson of a unit's activation with the scores that this VLM gives the images for its "
        "best concept, and with the mean scores of its annotation (the simulation score); in brackets when units "
        f"exchange their concepts. The others compare the {EXTREME:.0%} of the images with the highest scores of the "
        f"best concept with as many of the lowest.{circular}",
    ):
        yield ""
        yield from _wrapped(text)


def _by_labels(layers: Sequence[tuple[MethodFaithfulness, LayerFaithfulness]]) -> Iterator[str]:
    scored = [(method, layer, layer.labels) for method, layer in layers if layer.labels is not None]
    if not scored:
        return
    yield ""
    yield _row("By labels", ["Pearson", "of all", "chance", *(_name(metric) for metric in _TRUSTED[1:])])
    for method, layer, labels in scored:
        yield _title(method)
        pearson = [_mean(labels.metrics["pearson"]), decimal(labels.of_all), decimal(labels.chance)]
        others = [_mean(labels.metrics[metric.name]) for metric in _TRUSTED[1:]]
        yield _row(f"  {labels.units:,} of {layer.units:,}", [*pearson, *others])
    yield ""
    yield _line("By labels ✗", [_name(metric) for metric in _OTHERS])
    for method, _, labels in scored:
        yield _title(method)
        yield _line("", [_mean(labels.metrics[metric.name]) for metric in _OTHERS])


def _by_second(layers: Sequence[tuple[MethodFaithfulness, LayerFaithfulness]], found: Faithfulness) -> Iterator[str]:
    scored = [(method, layer, layer.second) for method, layer in layers if layer.second is not None]
    if not scored:
        return
    yield ""
    simulation = fit("best concept", 16, right=True) + fit("annotation", 16, right=True)
    yield (
        fit("By own VLM" if found.circular else "By the VLM", 12)
        + simulation
        + "".join(fit(_name(metric), _CELL, right=True) for metric in _BETWEEN)
    )
    for method, layer, second in scored:
        pairs = ((second.best, second.best_chance), (second.annotation, second.annotation_chance))
        cells = "".join(fit(f"{_mean(figure)} ({decimal(chance)})", 16, right=True) for figure, chance in pairs)
        others = "".join(fit(_mean(second.metrics[metric.name]), _CELL, right=True) for metric in _BETWEEN)
        units = f"{second.units:,}" if second.units == layer.units else f"{second.units:,} of {layer.units:,}"
        yield _title(method)
        yield fit(f"  {units}", 12) + cells + others


def _name(metric: Metric) -> str:
    return _SHORT.get(metric.name, metric.title)


def _mean(figure: Figure) -> str:
    return decimal(figure.mean)


def _title(method: MethodFaithfulness) -> str:
    return fit(clean(f"{method.title} †" if method.among_labels else method.title), WIDTH).rstrip()


def _row(name: str, cells: Sequence[str]) -> str:
    return (fit(name, 16) + "".join(fit(cell, 8, right=True) for cell in cells)).rstrip()


def _line(name: str, cells: Sequence[str]) -> str:
    return (fit(name, 12) + "".join(fit(cell, _CELL, right=True) for cell in cells)).rstrip()


def _wrapped(text: str, start: str = "") -> Iterator[str]:
    yield from textwrap.wrap(f"{start}{text}", WIDTH, subsequent_indent="  " if start.strip() else f"{start}  ")
