"""`mammi evaluate --decisions`: deletion of units and the pointing game, as lines of at most 80 cells or as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from engine.errors import MammiError
from engine.evaluation.decisions.evaluate import DecisionEvaluation, evaluate_decisions
from engine.evaluation.decisions.pointing import MapsOf
from engine.evaluation.results import Figure
from engine.store.reader import RunReader
from mammi_tui.console.compute import need_engine
from mammi_tui.console.say import say, say_json
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, count, decimal, fit

WIDTH = 80
_NAME, _CELL = 24, 14
_SHOWN = 8
"""Points of a curve that are printed"""


def print_decisions(path: Path, config: Path | None, as_json: bool) -> DecisionEvaluation:
    """Evaluates a run file and prints the result. `config` is the run's configuration; without one, the maps with
    random weights come from the configuration in the run file, where that leads to the models and films."""
    with RunReader(path) as reader:
        random, reason = _random_maps(reader, config)
        found = evaluate_decisions(reader, random, reason)
        if as_json:
            say_json({"run": str(reader.path), **asdict(found)})
        else:
            say(*_lines(found, reader))
    return found


def _random_maps(reader: RunReader, config: Path | None) -> tuple[MapsOf | None, str]:
    """The maps with random weights, or the reason why there are none. Raises MammiError for a `config` that does not
    fit."""
    try:
        need_engine("mammi evaluate --decisions")
        from engine.evaluation.decisions.target_again import TargetAgain

        return TargetAgain(reader, config).random_maps, ""
    except MammiError as error:
        if config is not None:
            raise
        return None, f"{str(error).splitlines()[0]} Name the run's configuration: --config CONFIG.toml."


def _lines(found: DecisionEvaluation, reader: RunReader) -> Iterator[str]:
    yield fit(clean(f"{reader.path.name}   target {reader.info.target}"), WIDTH).rstrip()
    if found.deletion:
        yield from _deletion(found)
    if found.games:
        yield from _pointing(found)
    if found.missing:
        yield ""
        yield from (line for text in found.missing for line in _wrapped(clean(text), "Not evaluated. "))


def _deletion(found: DecisionEvaluation) -> Iterator[str]:
    where = f" of {clean(found.layer)}" if found.layer else ", which no tapped layer's neurons give"
    yield ""
    yield from _wrapped(
        f"Deleting the head's inputs{where}: a deleted unit has its mean value. What is left of a class's output over "
        "the films labelled with it, from 1 (all units) to 0 (none). The order comes from one half of the films and is "
        "tried on the other"
    )
    yield ""
    some = found.deletion[0].curves[0].deleted
    places = [round(place * (len(some) - 1) / (_SHOWN - 1)) for place in range(_SHOWN)]
    yield fit("units deleted", _NAME) + "".join(fit(f"{some[place]:.0%}", 6, right=True) for place in places)
    for order in (area.order for area in found.areas):
        curves = [curve for each in found.deletion for curve in each.curves if curve.order == order]
        means = [sum(curve.output[place] for curve in curves) / len(curves) for place in places]
        yield fit(f"  by {order}", _NAME) + "".join(fit(decimal(mean), 6, right=True) for mean in means)
    yield ""
    yield _row("area (lower is faster)", [area.order for area in found.areas])
    yield _row(f"  classes: {len(found.deletion)}", [_figure(area.area) for area in found.areas])
    yield _row("  more than importance", ["" if area.more is None else _figure(area.more) for area in found.areas])
    names = ShortNames(each.name for each in found.deletion).within(_NAME - 9)
    for name, each in zip(names, found.deletion, strict=True):
        yield _row(f"  {name} ({each.films:,})", [decimal(curve.area) for curve in each.curves])


def _pointing(found: DecisionEvaluation) -> Iterator[str]:
    findings = max(game.findings for game in found.games)
    yield ""
    yield from _wrapped(
        "Pointing game: the share of maps whose strongest cell lies in the finding's box or within 15/224 of the film, "
        "for the five units that tell the finding best: mean ± standard error over "
        f"{count(findings, 'finding')}; beside the layer's other units, the same maps of "
        "the model with random weights, and a cell drawn at random"
    )
    yield ""
    yield _row("", ["these units", "others", "randomised", "by chance"])
    for game in found.games:
        cells = [_figure(game.own), _figure(game.others), _figure(game.random), _figure(game.chance)]
        yield _row(clean(game.layer) or "class maps", cells)
    fell = [game for game in found.games if game.lost is not None]
    for game in fell:
        lost = game.lost
        if lost is not None and lost.mean <= 2 * lost.error:
            yield from _wrapped(f"{clean(game.layer)}: the share does not clearly fall with random weights.")


def _row(name: str, cells: list[str]) -> str:
    return (fit(name, WIDTH - 4 * _CELL) + "".join(fit(cell, _CELL, right=True) for cell in cells)).rstrip()


def _figure(figure: Figure | None) -> str:
    return "–" if figure is None else f"{decimal(figure.mean)} ± {decimal(figure.error)}"


def _wrapped(text: str, start: str = "") -> Iterator[str]:
    yield from textwrap.wrap(f"{start}{text}", WIDTH, subsequent_indent="  ")
