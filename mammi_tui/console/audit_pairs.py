"""`mammi audit CONFIG.toml --pairs`: what changes where films differ in one thing alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.errors import ConfigError
from mammi_tui.console.compute import need_engine, stoppable
from mammi_tui.console.output import check_output
from mammi_tui.console.say import say, say_json
from mammi_tui.console.table_file import put_table

COMMAND = "mammi audit"


def audit_pairs(
    path: Path,
    pairs: str,
    *,
    count: int,
    seed: int,
    overrides: Sequence[str],
    output: Path | None,
    as_json: bool,
    force: bool,
) -> None:
    """Prints what changes between the films of pairs, and writes it to `output` as a table.

    Raises MammiError, also when the engine is not installed.
    """
    file_format = _format(output)
    need_engine(COMMAND)

    from engine.config.settings import load_config
    from engine.store.work import work_path

    if path.suffix == ".duckdb":
        raise ConfigError(f"{path}: pairs are made from a run's configuration, CONFIG.toml, not from its run file.")
    config = load_config(path, overrides)
    if output is not None:
        check_output(output, force, [path, config.run.out, work_path(config.run.out)])

    from engine.counterfactual.audit import audit_with_pairs
    from mammi_tui.console.pairs_text import COLUMNS, as_lines, as_object, table_rows
    from mammi_tui.console.progress import run_progress

    with stoppable(COMMAND, kept=False), run_progress(sys.stderr) as progress:
        audit = audit_with_pairs(config, pairs, count, seed, progress)
    if as_json:
        say_json(as_object(audit))
    else:
        say(*as_lines(audit))
    if output is not None:
        from engine.store.tables import write_table

        rows = put_table(output, file_format, lambda file: write_table(file, file_format, COLUMNS, table_rows(audit)))
        say(f"{rows} rows written to {output}", err=True)


def _format(output: Path | None) -> str:
    """The format of a table, by its file's name. Raises ConfigError for others."""
    from engine.store.tables import FORMATS

    if output is None:
        return ""
    file_format = output.suffix.removeprefix(".").lower()
    if file_format not in FORMATS:
        raise ConfigError(f"--output {output}: write a table as {', '.join(f'.{each}' for each in FORMATS)}.")
    return file_format
