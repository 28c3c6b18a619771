"""`mammi evaluate --table`: computes and evaluates the runs of a matrix, then prints its tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from mammi_tui.console.compute import need_engine, stoppable
from mammi_tui.console.progress import run_progress
from mammi_tui.console.say import say, say_json

COMMAND = "mammi evaluate --table"
_LONGEST = 1 << 12


def print_tables(path: Path, out: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    """Computes or resumes the matrix that a TOML file describes, prints its tables and writes them to its folder.

    Raises MammiError on any failure, for example if the engine is not installed.
    """
    need_engine(COMMAND)

    from engine.evaluation import matrix_config
    from engine.evaluation.matrix import compute
    from engine.evaluation.table_files import as_markdown, as_object, write
    from engine.evaluation.tables import tables

    matrix = matrix_config.load(path, overrides, out)
    with stoppable(COMMAND), run_progress(sys.stderr) as progress:
        result = compute(matrix, progress)
    made = tables(result)
    written = write(matrix.settings.out, result, made)
    if as_json:
        say_json(as_object(result, made))
    else:
        say(*as_markdown(result, made).split("\n"))
    say(f"Written: {', '.join(map(str, written))}", err=True)
