"""`mammi salvage`: takes over what is whole of a damaged run file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mammi_tui.console import arguments
from mammi_tui.console.say import say


@click.command()
@click.argument("run", metavar="RUN.duckdb", type=click.Path(path_type=Path))
def salvage(run: Path) -> None:
    """Take over what is whole of a damaged run file, so that `mammi run` computes only the rest.

    What can be read goes to RUN.duckdb.work, from where the next `mammi run` goes on. RUN.duckdb is renamed to
    RUN.damaged.duckdb, and nothing is deleted. Verdicts stay as they are: they hold for the run computed again, whose
    content is the same.

    A damaged work file or shard needs no salvage: `mammi run` and `mammi merge` take over what is whole.
    """
    from engine.run.salvaging import damaged_path
    from engine.run.salvaging import salvage as take_over
    from engine.store.verifying import damages
    from mammi_tui.console.progress import run_progress

    path = arguments.existing_run(run)
    if not any(damages(path)):
        say(f"{path}: every row is as it was written: there is nothing to salvage.")
        return
    with run_progress(sys.stderr) as progress:
        taken = take_over(path, progress)
    say(f"Taken over from {path}:", *(f"  {each}" for each in taken))
    say(f"The damaged file is kept as {damaged_path(path)}.")
    say("Now run `mammi run` with the run's configuration: it computes the rest.")
