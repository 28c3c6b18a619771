"""`mammi export`: tables of a run for other programs."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mammi_tui.console import arguments
from mammi_tui.console.output import STDOUT, check_output
from mammi_tui.console.output import force as force_option

if TYPE_CHECKING:
    from engine.annotation.cuts import Cuts
    from engine.store.reader import RunReader

VERDICT_COLUMNS = {
    "time": "VARCHAR",
    "reader": "VARCHAR",
    "neuron": "VARCHAR",
    "layer": "VARCHAR",
    "unit": "INTEGER",
    "verdict": "VARCHAR",
    "alpha": "DOUBLE",
    "beta": "DOUBLE",
    "annotation": "VARCHAR[]",
    "stands": "BOOLEAN",
    "concept_set": "VARCHAR",
    "act": "VARCHAR",
    "text": "VARCHAR",
    "concept": "VARCHAR",
    "mark": "VARCHAR",
    "role": "VARCHAR",
    "this_run": "BOOLEAN",
}


@click.command("export")
@arguments.run_file
@click.option(
    "--what",
    required=True,
    type=click.Choice(["neurons", "concepts", "representatives", "evidence", "methods", "verdicts"]),
    help="The table. It has a row for each neuron (also in evidence), each annotated concept (in methods, of every "
    "method), each representative image or each verdict.",
)
@click.option(
    "--format", "file_format", required=True, type=click.Choice(["csv", "json", "parquet"]), help="The file's format."
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="The file to write; - is standard output (csv, json).",
)
@arguments.alpha
@arguments.beta
@arguments.concept_set
@force_option
def export(
    run: Path,
    what: str,
    file_format: str,
    output: Path,
    alpha: float | None,
    beta: float | None,
    concept_set: str | None,
    force: bool,
) -> None:
    """Write neurons, concepts, representatives, evidence, methods or verdicts to a file.

    Tables are at the run's own α and β unless you give others; each verdict keeps the α and β at which it was given.
    --force overwrites an existing FILE, but never the run's own files.
    """
    from engine.errors import ConfigError, writing
    from engine.store.reader import RunReader
    from engine.store.work import work_path
    from mammi_tui.verdicts.log import verdicts_path

    if output == STDOUT and file_format == "parquet":
        raise ConfigError("--output -: Parquet can only be written to a file. Use csv or json, or name a file.")
    check_output(output, force, [run, work_path(run), verdicts_path(run)])
    if what == "verdicts" and (alpha is not None or beta is not None):
        raise ConfigError("--alpha, --beta: verdicts have their own α and β. Leave these options out.")
    if what in ("representatives", "verdicts") and concept_set is not None:
        raise ConfigError(f"--concept-set: {what} do not depend on it. Leave it out.")
    folder = Path(tempfile.gettempdir()) if output == STDOUT else output.parent
    with RunReader(arguments.existing_run(run)) as reader:
        cuts = arguments.cuts(reader.info, alpha, beta, concept_set)
        with ExitStack() as stack:
            with writing(folder if output == STDOUT else f"--output {output}"):
                unfinished = stack.enter_context(tempfile.TemporaryDirectory(prefix=".mammi-export-", dir=folder))
                written = Path(unfinished) / f"table.{file_format}"
                rows = _write(reader, what, file_format, written, cuts)
                if output != STDOUT:
                    written.replace(output)
            if output == STDOUT:
                _print(written)
                return
        scores = f" ({reader.info.unsubtracted}: scores are mean cosines)" if reader.info.unsubtracted else ""
    click.echo(f"{rows} rows written to {output}{scores}", err=True)


def _write(reader: RunReader, what: str, file_format: str, path: Path, cuts: Cuts) -> int:
    from engine.export import export as export_table
    from engine.store.tables import write_table

    if what == "verdicts":
        return write_table(path, file_format, VERDICT_COLUMNS, verdict_rows(reader))
    return export_table(reader, what, file_format, path, cuts)


def verdict_rows(reader: RunReader) -> Iterator[tuple[object, ...]]:
    """Every line of the run's verdict log in its order; `stands` says whether it is what its reader says at present."""
    from mammi_tui.text import clean
    from mammi_tui.verdicts.log import log_of

    log = log_of(reader)
    found = log.read()
    if found.earlier:
        click.echo(clean(found.earlier), err=True)
    stand = log.standing.lines()
    for line in found.lines:
        deed, cuts = line.deed, line.seen.cuts
        yield (
            *(line.time, line.reader, line.neuron, *_neuron(reader, line.neuron), deed.verdict, cuts.alpha, cuts.beta),
            *(list(line.seen.annotation), line.identity in stand, cuts.concept_set),
            *(deed.act, deed.text, deed.concept, deed.mark, line.role, line.run == reader.info.content_hash),
        )


def _neuron(reader: RunReader, name: str) -> tuple[str | None, int | None]:
    """The layer and the unit; None for both if the run has no such neuron."""
    from engine.errors import MammiError
    from engine.names import parse_neuron

    try:
        return parse_neuron(name, reader.layers)
    except MammiError:
        return None, None


def _print(table: Path) -> None:
    """Copies a table to standard output. On a terminal, control characters are replaced."""
    from mammi_tui.text import clean

    if sys.stdout.isatty():
        with table.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                click.echo(clean(line.rstrip("\n"), limit=1 << 20))
    else:
        with table.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
