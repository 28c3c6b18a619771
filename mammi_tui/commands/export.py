"""`mammi export`: tables of a run for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mammi_tui.console import arguments
from mammi_tui.console.output import STDOUT, check_output, output_option
from mammi_tui.console.output import force as force_option
from mammi_tui.console.say import say

if TYPE_CHECKING:
    from engine.annotation.cuts import Cuts
    from engine.store.reader import RunReader


@click.command("export")
@arguments.run_file
@click.option(
    "--what",
    required=True,
    type=click.Choice(
        ["neurons", "concepts", "representatives", "evidence", "methods", "importance", "outputs", "audit", "verdicts"]
    ),
    help="The table. It has a row for each neuron (also in evidence), each annotated concept (in methods, of every "
    "method), each representative image, each verdict, each class and unit (importance), each image and class "
    "(outputs), or each figure of an output or neuron and an attribute (audit).",
)
@click.option(
    "--format",
    "file_format",
    required=True,
    type=click.Choice(["csv", "json", "parquet", "jsonl"]),
    help="The file's format. jsonl, for verdicts only, is the verdict log as it stands.",
)
@output_option("The file to write; - is standard output (all but parquet).")
@arguments.cut_options
@force_option
def export(
    run: Path,
    what: str,
    file_format: str,
    output: Path,
    chosen: arguments.Chosen,
    force: bool,
) -> None:
    """Write neurons, concepts, representatives, evidence, methods, importance, outputs, the audit or verdicts.

    Tables are at the run's own cuts unless you give others; each verdict keeps the cuts at which it was given.
    --force overwrites an existing FILE, but never the run's own files.
    """
    from engine.errors import ConfigError
    from engine.store.reader import RunReader
    from engine.store.work import work_path
    from mammi_tui.console.table_file import put_table
    from mammi_tui.verdicts.log import verdicts_path

    if output == STDOUT and file_format == "parquet":
        raise ConfigError("--output -: Parquet can only be written to a file. Use csv or json, or name a file.")
    if file_format == "jsonl" and what != "verdicts":
        raise ConfigError("--format jsonl: only verdicts are written as JSON lines. Use json.")
    run = arguments.existing_run(run)
    check_output(output, force, [run, work_path(run), verdicts_path(run)])
    useless = chosen.options if what in ("verdicts", "importance", "outputs", "audit") else ()
    if what == "representatives":
        useless = tuple(name for name in chosen.options if name not in ("--alpha", "--select"))
    if useless:
        why = "have their own cuts" if what == "verdicts" else "do not depend on them"
        raise ConfigError(f"{', '.join(useless)}: {what} {why}. Leave these options out.")
    with RunReader(run) as reader:
        cuts = chosen.cuts(reader.info)
        rows = put_table(output, file_format, lambda path: _write(reader, what, file_format, path, cuts))
        if output == STDOUT:
            return
        scores = f" ({reader.info.unsubtracted}: scores are mean cosines)" if reader.info.unsubtracted else ""
    say(f"{rows} rows written to {output}{scores}", err=True)


def _write(reader: RunReader, what: str, file_format: str, path: Path, cuts: Cuts) -> int:
    from engine.export import export as export_table

    if what == "verdicts":
        return _write_verdicts(reader, file_format, path)
    return export_table(reader, what, file_format, path, cuts)


def _write_verdicts(reader: RunReader, file_format: str, path: Path) -> int:
    """Writes every line of the run's verdict log in its order. `stands` says whether it is what its reader says at
    present."""
    from engine.store.tables import write_table
    from mammi_tui.verdicts.comparison import standing_lines
    from mammi_tui.verdicts.log import log_of
    from mammi_tui.verdicts.places import place_of
    from mammi_tui.verdicts.table import COLUMNS, row

    log = log_of(reader)
    entries, found = log.entries(), log.read()
    for warning in found.warnings():
        say(warning, err=True)
    if file_format == "jsonl":
        path.write_bytes(b"".join(entry.raw.rstrip(b"\r\n") + b"\n" for entry in entries))
        return len(entries)
    stand, run = standing_lines(log.standing), reader.info.content_hash
    places = {line.neuron: place_of(reader.layers, line.neuron) for line in found.lines}
    named = {neuron: (place[0].name, place[1]) if place else (None, None) for neuron, place in places.items()}
    rows = (
        row(entry, entry.line, named[entry.line.neuron], stand, run)
        for entry in entries
        if entry.line and log.is_ours(entry.line)
    )
    return write_table(path, file_format, COLUMNS, rows)
