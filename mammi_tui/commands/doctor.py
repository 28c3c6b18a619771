"""`mammi doctor`: what is installed, what the terminal can do, and whether a run file is sound."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from engine.own_files import others_of
from mammi_tui.console import arguments
from mammi_tui.console.compute import ENGINE_PACKAGES, INSTALL_ENGINE
from mammi_tui.console.say import say

if TYPE_CHECKING:
    from engine.annotation.cuts import Selection
    from engine.store.reader import RunReader

EXPLORER_PACKAGES = ("click", "duckdb", "numpy", "pillow", "textual")

Fact = tuple[str, str]

_NAMED = 10
"""The most units of a layer without numbers that are named"""


@click.command("doctor")
@click.argument("run", metavar="[RUN.duckdb]", required=False, type=click.Path(path_type=Path))
@click.option("--deep", is_flag=True, help="Go over every row of the file, and say what is damaged and what is whole.")
def doctor(run: Path | None, deep: bool) -> None:
    """Check the installation, the terminal and a run file.

    With RUN.duckdb it also lists what the run holds, what it does not keep and what adds that, which images were set
    aside and why, and what is likely wrong with its films or preprocessing. The status is 1 when something is wrong
    with the run file. It may also be the file of an unfinished run (RUN.duckdb.work) or a folder of shards.

    By default it looks at some rows of each kind. --deep takes seconds for each GB.
    """
    _print("Installed", installed())
    _print("Terminal", terminal())
    if run is None:
        return

    from mammi_tui.console import part_health

    if parts := part_health.files(run):
        _check_parts(run, parts)
        return

    from engine.store.reader import RunReader
    from mammi_tui.console import decision_health
    from mammi_tui.console.run_health import faults, warnings

    path = arguments.existing_run(run)
    if deep:
        _check_deep(path)
    with RunReader(path) as reader:
        _print("Run", [*contents(reader), *([("whole", reader.whole_hash)] if deep else [])])
        _print("Not kept", decision_health.lacking(reader))
        _print("Set aside", [(image.path, image.reason) for image in reader.set_aside()])
        _print("Verdicts", verdicts(reader))
        _print("Warnings", [("", text) for text in warnings(reader)])
        found = list(faults(reader))
    _stop_at(run, found)
    say("The run file is sound.")


def _check_deep(run: Path) -> None:
    """Goes over every row of a run file. Raises RunFileError where some are damaged."""
    from engine.errors import RunFileError
    from mammi_tui.console.deep_health import check
    from mammi_tui.console.progress import run_progress

    with run_progress(sys.stderr) as progress:
        found = check(run, progress)
    if found.damaged:
        _print("Damaged", [("", text) for text in found.damaged])
        _print("Whole", [("", text) for text in found.whole] or [("", "nothing that could be taken over")])
        raise RunFileError(
            f"{run}: it is not as it was written; `mammi salvage {quote(str(run))}` takes over what is whole, "
            "so that `mammi run` computes only the rest"
            if found.whole
            else f"{run}: it is not as it was written; move it away, and compute the run again with `mammi run`"
        )
    _stop_at(run, found.faults)
    say("Every row is as it was written, and every stored answer follows from them.", found.content, "")


def _stop_at(run: Path, faults: Sequence[str]) -> None:
    """Prints the faults of a run file, and raises RunFileError where there are any."""
    from engine.errors import RunFileError
    from mammi_tui.text import count

    _print("Wrong", [("", fault) for fault in faults])
    if faults:
        raise RunFileError(f"{run}: {count(len(faults), 'fault')}; compute the run again with `mammi run`")


def _check_parts(run: Path, paths: Sequence[Path]) -> None:
    """Checks the files of an unfinished run. Raises RunFileError where one is damaged."""
    from engine.errors import RunFileError
    from mammi_tui.console import part_health
    from mammi_tui.text import count

    damaged = 0
    for path in paths:
        found = list(part_health.health(path))
        _print(str(path), found)
        damaged += any(name == part_health.DAMAGED for name, _ in found)
    if damaged:
        raise RunFileError(
            f"{run}: {count(damaged, 'damaged file')}; the next `mammi run`, or `mammi merge` for shards, takes over "
            "what is whole and says what to compute again"
        )
    say(f"{count(len(paths), 'file')} of an unfinished run: as they were written.")


def installed() -> Iterator[Fact]:
    """Versions of the packages, and the device that a run would use."""
    yield "mammi", _version("mammi-explorer")
    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "explorer", ", ".join(f"{package} {_version(package)}" for package in EXPLORER_PACKAGES)
    missing = [package for package in ENGINE_PACKAGES if _version(package) == "missing"]
    if missing:
        yield "engine", f"not installed ({', '.join(missing)} missing): {INSTALL_ENGINE}"
        return
    yield "engine", ", ".join(f"{package} {_version(package)}" for package in ENGINE_PACKAGES)

    from engine.device import choose_device

    yield "device", choose_device("auto").type


def terminal() -> Iterator[Fact]:
    """What the explorer finds out about the terminal."""
    from mammi_tui.images.asked import asked
    from mammi_tui.images.fitting import IMAGES_OPTIONS, IMAGES_VARIABLE, colours, speaks_utf8

    columns, rows = shutil.get_terminal_size()
    images = os.environ.get(IMAGES_VARIABLE) or "auto"
    seen = ("TERM", "COLORTERM", "NO_COLOR", IMAGES_VARIABLE, "LC_ALL", "LC_CTYPE", "LANG")
    yield "terminal", f"{columns} × {rows}" if sys.stdout.isatty() else "none: the output is redirected"
    yield "variables", ", ".join(f"{name}={os.environ[name]}" for name in seen if name in os.environ) or "none set"
    yield "inside", ", ".join(name for name, key in (("tmux", "TMUX"), ("SSH", "SSH_TTY")) if key in os.environ) or "-"
    yield "colours", colours(os.environ)
    yield "UTF-8", "yes" if speaks_utf8(os.environ) else "no"
    if images not in IMAGES_OPTIONS:
        yield "films", f"{IMAGES_VARIABLE}: {images!r} is none of {', '.join(IMAGES_OPTIONS)}"
        return
    with asked(images, os.environ, screen=1) as question:
        fit = question.fit()
    if question.replies is not None:
        yield "says", str(question.replies) or "nothing"
    yield "films", f"{fit} ({IMAGES_VARIABLE}={images})" if images != "auto" else str(fit)
    if fit.warning:
        yield "", fit.warning


def _chosen(selection: Selection) -> str:
    """Which images a neuron is annotated from."""
    match selection.rule:
        case "tau":
            return "those above τ"
        case "top":
            return f"the {selection.top:,} most activating"
        case "adaptive":
            return "those above τ, but neither very few nor very many"


def contents(reader: RunReader) -> Iterator[Fact]:
    """What a run file holds."""
    from mammi_tui.console import decision_health

    info = reader.info
    others = others_of(reader.path)
    may_read = f"; {others} may read it" if others else ""
    yield "file", f"{reader.path} ({reader.path.stat().st_size / 1e6:.1f} MB{may_read})"
    yield "schema", str(info.schema_version)
    yield "content", info.content_hash
    yield "created", info.created
    yield "with", ", ".join(f"{name} {number}" for name, number in info.versions.items()) or "unknown versions"
    yield "target", info.target
    yield "VLM", f"{info.vlm}, {info.dimension} dimensions"
    yield "α, β", f"{info.alpha:g}, {info.beta:g}"
    yield "ranking", "score (Eq. 2)" if info.ranking == "score" else "z (a score above those of random image sets)"
    yield "images", f"{info.selection}: {_chosen(info.selection)}"
    note = ": scores are mean cosines" if info.unsubtracted else ""
    yield "template", f"{info.template or 'none'}{', not subtracted' if info.template and note else ''}{note}"
    settings = info.config.get("run")
    if isinstance(settings, dict) and settings.get("parity") == "published":
        yield "VLM sees", "the target model's view of a film, saved as JPEG, as the paper's code showed it"
    yield "concepts", f"{len(reader.concepts):,}"
    for concept_set in reader.concept_sets:
        kind = f" ({concept_set.kind})" if concept_set.kind != concept_set.name else ""
        yield "set", f"{concept_set.name}{kind}: {len(concept_set.concepts):,} concepts"
    if reader.other_templates:
        yield "templates", f"{len(reader.other_templates):,} others: {'; '.join(reader.other_templates)}"
    if reader.captions:
        yield "captions", f"{len(reader.captions):,} sentences of reports"
    if reader.methods:
        yield "methods", ", ".join(_method(reader, method.name) for method in reader.methods)
    yield from decision_health.held(reader)
    yield "images", f"{reader.image_count:,} usable, {len(reader.set_aside()):,} set aside"
    yield from decision_health.attributes(reader)
    for layer in reader.layers:
        dead = int(layer.dead.sum())
        untrained = f"; random: {layer.untrained}" if layer.untrained else ""
        yield "layer", f"{layer.name}: {layer.units:,} units, {dead:,} dead, pooled by {layer.pooling}{untrained}"
        if layer.numberless:
            more = f" and {len(layer.numberless) - _NAMED} more" if len(layer.numberless) > _NAMED else ""
            named = ", ".join(f"{layer.name}:{unit}" for unit in layer.numberless[:_NAMED])
            yield "layer", f"{layer.name}: no number for any image: {named}{more}"


def _method(reader: RunReader, name: str) -> str:
    """The method's name and, if it was computed with the run, the number of neurons that it scored."""
    from engine.methods import is_computed

    if not is_computed(name):
        return name
    scores = [score for layer in reader.layers for score in reader.method_scores(name, layer.name)]
    return f"{name} (scores for {len({(score.layer, score.unit) for score in scores}):,} neurons)"


def verdicts(reader: RunReader) -> Iterator[Fact]:
    """The state of the verdict file beside a run."""
    from mammi_tui.verdicts.log import log_of

    log = log_of(reader)
    if not log.path.exists():
        yield "file", "none yet"
        return
    found = log.read()
    yield "file", str(log.path)
    yield "lines", f"{len(found.lines)} of this run, {found.other_runs} of other runs, {found.damaged} damaged"
    judged = {neuron for of_reader in log.standing.judgements.values() for neuron in of_reader}
    yield "judged", f"{len(judged)} neurons"


def _print(title: str, facts: Iterator[Fact] | list[Fact]) -> None:
    lines = [f"  {name:<10}  {text}".rstrip() for name, text in facts]
    if lines:
        say(title, *lines, "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
