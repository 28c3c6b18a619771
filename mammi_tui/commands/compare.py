"""`mammi compare`: what changed between two runs, or between two cuts of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from mammi_tui.console import arguments
from mammi_tui.console.output import STDOUT, check_output
from mammi_tui.console.output import force as force_option
from mammi_tui.console.say import as_json as in_json
from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from engine.annotation.cuts import Ranking, Selection
    from engine.comparing.compare import Row

Value = TypeVar("Value")


class OneOrTwo(click.ParamType[tuple[Value, Value]], Generic[Value]):
    """A value for both sides, or two with a comma between them."""

    def __init__(self, of_each: click.ParamType[Value], name: str) -> None:
        self.of_each = of_each
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Value, Value]:
        parts = [part.strip() for part in str(value).split(",")]
        if len(parts) > 2:
            self.fail(f"{value!r}: one value, or two with a comma between them.", param, ctx)
        first, *second = (self.of_each.convert(part, param, ctx) for part in parts)
        return first, second[0] if second else first


def _cut(name: str, sign: str) -> Callable[[Any], Any]:
    help_text = f"{sign}, from 0 to 1, or one for each side; each run's own by default."
    return click.option(f"--{name}", type=OneOrTwo(arguments.Fraction(), "number"), metavar="A[,B]", help=help_text)


@click.command("compare")
@click.argument("first", metavar="A.duckdb", type=click.Path(path_type=Path))
@click.argument("second", metavar="[B.duckdb]", type=click.Path(path_type=Path), required=False)
@_cut("alpha", "α")
@_cut("beta", "β")
@click.option(
    "--concept-set",
    "concept_sets",
    type=OneOrTwo(click.STRING, "text"),
    metavar="NAME[,NAME]",
    help="Let only the concepts of this set compete, or of one for each side; all of a run's by default.",
)
@click.option(
    "--ranking",
    "rankings",
    type=OneOrTwo(click.Choice(arguments.RANKINGS), "text"),
    metavar="score|z[,…]",
    help="Rank and cut concepts by Eq. 2's score or by z, or one for each side; each run's own by default.",
)
@click.option(
    "--select",
    "selections",
    type=OneOrTwo(arguments.Selected(), "rule"),
    metavar="RULE[,RULE]",
    help="Which images a neuron is annotated from: tau, top-N or adaptive, or one for each side; each run's own by "
    "default.",
)
@click.option("--layer", metavar="NAME", help="Only this layer of A; every layer by default.")
@click.option(
    "--filter",
    "query",
    default="",
    metavar="QUERY",
    help="Only the neurons that a filter finds, such as 'because:texts moved<-0.02 !fluid'.",
)
@click.option("--sort", "order", metavar="NAME", default="change", show_default=True, help="The order of the neurons.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["text", "csv", "json", "parquet"]),
    default="text",
    show_default=True,
    help="Text to read, or a table with a row for each neuron.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=STDOUT,
    help="The file to write; standard output by default.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: what differs, the layers, the neurons.")
@force_option
def compare(
    first: Path,
    second: Path | None,
    alpha: tuple[float, float] | None,
    beta: tuple[float, float] | None,
    concept_sets: tuple[str, str] | None,
    rankings: tuple[Ranking, Ranking] | None,
    selections: tuple[Selection, Selection] | None,
    layer: str | None,
    query: str,
    order: str,
    file_format: str,
    output: Path,
    as_json: bool,
    force: bool,
) -> None:
    """Show what changed between two runs: for each neuron its words before and after, and because of what.

    Runs of one target model are compared unit by unit. Of other models the units are matched by the correlation of
    their activations over the films that both runs have. Then images, texts, activations and each cut are
    exchanged between the runs one at a time (of cuts: α, β, the ranking, the selection of images). What changes the
    words alone is their cause.

    Without B, A is compared with itself at two values: --alpha 0.93,0.85 or --ranking score,z. The text lists the
    neurons that changed, or all that --filter finds.
    """
    from engine.comparing.compare import Comparison
    from engine.comparing.side import Side
    from engine.errors import ConfigError
    from engine.store.reader import RunReader
    from mammi_tui.changes.filter import parse
    from mammi_tui.changes.order import ORDERS, in_order

    found_filter = parse(query.strip())
    if found_filter.problem:
        raise ConfigError(f"--filter {query!r}: {found_filter.problem}.")
    if order not in ORDERS:
        raise ConfigError(f"--sort {order!r}: no such order. There are: {', '.join(ORDERS)}.")
    if as_json and file_format != "text":
        raise ConfigError("--json, --format: one object or a table. Leave one out.")
    if file_format == "parquet" and output == STDOUT:
        raise ConfigError("--format parquet: Parquet can only be written to a file. Name one with --output.")
    pairs = [
        pair for pair in (alpha, beta, concept_sets, rankings, selections) if pair is not None and pair[0] != pair[1]
    ]
    if second is None and not pairs:
        raise ConfigError(
            f"{first}: nothing to compare it with. Name a second run file, or two values such as --alpha 0.93,0.85."
        )
    paths = [arguments.existing_run(path) for path in (first, second) if path is not None]
    check_output(output, force, _own_files(paths))
    with ExitStack() as stack:
        readers = [stack.enter_context(RunReader(path)) for path in paths]
        before, after = readers[0], readers[-1]
        sides = []
        for run, reader in enumerate((before, after)):
            chosen = arguments.Chosen(
                alpha[run] if alpha else None,
                beta[run] if beta else None,
                concept_sets[run] or None if concept_sets else None,
                rankings[run] if rankings else None,
                selections[run] if selections else None,
            )
            sides.append(Side(reader, chosen.cuts(reader.info)))
        comparison = Comparison(sides[0], sides[1])
        layers, left_out = comparison.changes(layer)
        for each in left_out:
            say(f"{each.first.name} is left out: {each.reason}", err=True)
        rows = in_order([row for each in layers for row in each.rows if found_filter.keeps(row)], ORDERS[order])
        if file_format == "text":
            from mammi_tui.changes.report import as_object, as_text

            shown = rows if query.strip() else [row for row in rows if row.changed or not row.is_matched]
            if as_json and output == STDOUT:
                say_json(as_object(comparison, layers, rows))
            elif as_json:
                _write_text(output, in_json(as_object(comparison, layers, rows)))
            else:
                _write_text(output, as_text(comparison, layers, shown))
        else:
            _write_table(output, file_format, rows)


def _own_files(runs: Sequence[Path]) -> list[Path]:
    """The files of runs that are never overwritten."""
    from engine.store.work import work_path
    from mammi_tui.verdicts.log import verdicts_path

    return [file for run in runs for file in (run, work_path(run), verdicts_path(run))]


def _write_text(output: Path, text: str) -> None:
    from engine.errors import writing
    from engine.store.whole_file import written_beside

    if output == STDOUT:
        say(*text.split("\n"))
        return
    with writing(f"--output {output}"), written_beside(output) as written:
        written.write_text(f"{text}\n", encoding="utf-8")


def _write_table(output: Path, file_format: str, rows: Sequence[Row]) -> None:
    from engine.store.tables import write_table
    from mammi_tui.changes.table import COLUMNS, table_rows
    from mammi_tui.console.table_file import put_table

    written = put_table(output, file_format, lambda path: write_table(path, file_format, COLUMNS, table_rows(rows)))
    if output != STDOUT:
        say(f"{written} rows written to {output}", err=True)
