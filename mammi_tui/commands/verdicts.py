"""`mammi verdicts`: checks, merges and writes the verdicts on a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mammi_tui.commands.export import export
from mammi_tui.console import arguments
from mammi_tui.console.output import force as force_option
from mammi_tui.console.output import output_option
from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from mammi_tui.verdicts.entries import Entry
    from mammi_tui.verdicts.merging import Merged

MOST_TOLD = 20
"""Lines that did not fit which are told one by one"""


@click.group("verdicts")
def verdicts() -> None:
    """Check the verdicts on a run, merge another reader's, write them to a file."""


@verdicts.command("verify")
@arguments.run_file
@click.option("--head", metavar="HASH", help="A hash that this command printed before: its line must still be there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(run: Path, head: str | None, as_json: bool) -> None:
    """Find lines of the verdict log that were altered, dropped, moved or damaged.

    Each line holds the hash of the line before it, so that a change is found. An end that was cut off is found only
    by a hash that is known from before: one that you give with --head, or the last one that this machine saw. Keep the
    hash printed here where others cannot change it, such as in a lab book. The status is 1 if anything is wrong.
    """
    from engine.errors import MammiError
    from mammi_tui.text import count
    from mammi_tui.verdicts.heads import head_path, remember, remembered
    from mammi_tui.verdicts.log import VerdictLog, verdicts_path
    from mammi_tui.verdicts.verifying import faults, head_faults, unsealed

    run = arguments.existing_run(run)
    path = verdicts_path(run)
    entries = VerdictLog(run, "").entries()
    seen, wrong = remembered(path), faults(entries)
    cut = list(head_faults(entries, head, seen))
    remember(path, entries)
    if as_json:
        found = {
            "log": str(path),
            "lines": len(entries),
            "head": entries[-1].hash if entries else None,
            "without_hash": unsealed(entries),
            "imported": sum(1 for entry in entries if entry.line and entry.line.imported),
            "known_heads": {"given": head, "seen": seen.hash if seen else None},
            "faults": [{"line": fault.number, "what": fault.what} for fault in wrong],
            "cut_off": cut,
        }
        say_json(found)
    else:
        told = [*(f"line {fault.number}: {fault.what}" for fault in wrong), *cut]
        say(*_told(path, entries, told))
        if head is None and not seen and entries:
            say("No earlier hash is known here: an end that was cut off before now would not be found.")
    if wrong or cut:
        gone = seen is not None and not seen.is_in(entries)
        forget = f"; delete {head_path(path)} if the log was cut off on purpose" if gone else ""
        raise MammiError(f"{path}: {count(len(wrong) + len(cut), 'fault')}{forget}")


def _told(path: Path, entries: Sequence[Entry], wrong: Sequence[str]) -> Iterator[str]:
    from mammi_tui.text import clean, count
    from mammi_tui.verdicts.verifying import unsealed

    state = "" if wrong else ": none altered, dropped, moved or damaged"
    yield f"{clean(path.name)}: {count(len(entries), 'line')}{state}."
    yield from map(clean, wrong)
    if old := unsealed(entries):
        has = "has" if old == 1 else "have"
        yield (
            f"{count(old, 'line')} of an earlier version {has} no hash: "
            "the first line after them that has one tells whether they have changed since it was written."
        )
    if entries:
        yield f"head {clean(entries[-1].hash)}"


@verdicts.command("import")
@arguments.run_file
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def import_(run: Path, file: Path) -> None:
    """Merge the verdicts of FILE, JSON lines or CSV as `export` writes them, into those on the run.

    An act that is there already is left out, so that importing twice adds nothing. A line keeps its reader, its time
    and the hash it had. What does not fit is told and left out; the status is then 1.
    """
    from engine.errors import MammiError
    from engine.store.reader import RunReader
    from mammi_tui.text import count
    from mammi_tui.verdicts.incoming import read_incoming
    from mammi_tui.verdicts.log import log_of
    from mammi_tui.verdicts.merging import merge
    from mammi_tui.verdicts.places import place_of

    with RunReader(arguments.existing_run(run)) as reader:
        log = log_of(reader)
        found = merge(log, read_incoming(file), lambda neuron: place_of(reader.layers, neuron) is None)
    say(*_merged(found))
    say(*_left_out(found), err=True)
    if found.unfit:
        raise MammiError(f"{file}: {count(len(found.unfit), 'line')} left out")


def _merged(found: Merged) -> Iterator[str]:
    from mammi_tui.text import clean, count

    by_reader = Counter(line.reader for line in found.added)
    of = f": {', '.join(f'{clean(reader, 60)} {number:,}' for reader, number in by_reader.most_common())}"
    known = f"; {found.known:,} {'was' if found.known == 1 else 'were'} there already" if found.known else ""
    yield f"{count(len(found.added), 'line')} added{of if by_reader else ''}{known}."
    if found.unsealed:
        yield f"{count(found.unsealed, 'line')} of an earlier version had no hash: nothing tells whether they changed."


def _left_out(found: Merged) -> Iterator[str]:
    from mammi_tui.text import clean

    for each in found.unfit[:MOST_TOLD]:
        yield clean(f"line {each.number}: {each.why}")
    if len(found.unfit) > MOST_TOLD:
        yield f"and {len(found.unfit) - MOST_TOLD:,} more"


@verdicts.command("export")
@arguments.run_file
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="jsonl is the log as it stands; csv has a row for each line. `import` reads both.",
)
@output_option("The file to write; - is standard output.")
@force_option
@click.pass_context
def export_(context: click.Context, run: Path, file_format: str, output: Path, force: bool) -> None:
    """Write the verdicts on the run to FILE, for another reader to import.

    As `mammi export --what verdicts`, which also writes JSON and Parquet for other programs.
    """
    context.invoke(
        export, run=run, what="verdicts", file_format=file_format, output=output, alpha=None, beta=None,
        concept_set=None, force=force,
    )  # fmt: skip
