"""`mammi report`: one file about the neurons that were judged."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mammi_tui.console import arguments
from mammi_tui.console.output import STDOUT, check_output, output_option
from mammi_tui.console.output import force as force_option
from mammi_tui.console.say import pass_on, say

if TYPE_CHECKING:
    from mammi_tui.report.contents import Report

MOST_FILMS = 100
LARGE = 30_000_000
"""Bytes of a page"""
NOTHING_FOUND = "The filter finds no neuron."
NOTHING_JUDGED = "No reader has judged a neuron yet: --all has every neuron."


@click.command("report")
@arguments.run_file
@output_option("The file to write; - is standard output.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["html", "md"]),
    default="html",
    show_default=True,
    help="A page with the films, made to be printed as well; or Markdown without films.",
)
@click.option("--all", "every", is_flag=True, help="All living neurons, not only those that a reader has judged.")
@arguments.neuron_filter
@arguments.order
@click.option(
    "--films",
    type=click.IntRange(0, MOST_FILMS),
    default=8,
    show_default=True,
    metavar="N",
    help="Show at most N films of a neuron.",
)
@click.option("--no-identifiers", is_flag=True, help="Leave out what may name a person or a place.")
@click.option("--keep-notes", is_flag=True, help="With --no-identifiers: keep notes and own labels.")
@arguments.cut_options
@force_option
def report(
    run: Path,
    output: Path,
    file_format: str,
    every: bool,
    query: str,
    order: str | None,
    films: int,
    no_identifiers: bool,
    keep_notes: bool,
    chosen: arguments.Chosen,
    force: bool,
) -> None:
    """Write one file to hand on: what was run, the verdicts, and a card for each neuron.

    It has the neurons that a reader has judged, or those of --filter or --all. The page needs no network and no other
    file. A verdict on another annotation than the one shown is called so.

    --no-identifiers leaves out the names of films, readers and the run file, the run's warnings, notes, and own labels
    that are no words of the run. Films stay as they are: look whether a name is burnt into one.
    --force overwrites an existing FILE, but never the run's own files.
    """
    from engine.errors import ConfigError, writing
    from engine.store.reader import RunReader
    from engine.store.work import work_path
    from mammi_tui.console.progress import run_progress
    from mammi_tui.console.run_health import warnings
    from mammi_tui.report.gather import Gathering, Wanted
    from mammi_tui.text import count
    from mammi_tui.verdicts.log import log_of, verdicts_path

    if every and query:
        raise ConfigError("--all, --filter: a filter looks among all neurons already. Leave one out.")
    if keep_notes and not no_identifiers:
        raise ConfigError("--keep-notes: notes are left out with --no-identifiers only. Leave it out.")
    run = arguments.existing_run(run)
    check_output(output, force, [run, work_path(run), verdicts_path(run)])
    with RunReader(run) as reader:
        wanted = Wanted(
            chosen.cuts(reader.info),
            *(arguments.checked_filter(query, reader.layers), every, arguments.chosen_order(order), films),
            *(not no_identifiers, keep_notes or not no_identifiers),
        )
        gathering = Gathering(reader, log_of(reader), wanted, warnings(reader))
        with run_progress(sys.stderr) as progress:
            parts = _writer(file_format)(gathering.report(progress))
            if output == STDOUT:
                for part in parts:
                    pass_on(part.encode())
                return
            with writing(f"--output {output}"):
                size = _write(output, parts)
    say(f"{count(len(gathering.neurons), 'neuron')}, {size / 1e6:.1f} MB, written to {output}", err=True)
    if not gathering.neurons:
        say(NOTHING_FOUND if query else NOTHING_JUDGED, err=True)
    elif size > LARGE:
        say("Browsers may open it slowly: --films N makes it smaller.", err=True)


def _writer(file_format: str) -> Callable[[Report], Iterator[str]]:
    from mammi_tui.report.html import page
    from mammi_tui.report.markdown import document

    return page if file_format == "html" else document


def _write(output: Path, parts: Iterable[str]) -> int:
    """Writes a file that replaces another only when it is whole. Returns its size in bytes."""
    from engine.store.whole_file import written_beside

    with written_beside(output) as path:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
        return path.stat().st_size
