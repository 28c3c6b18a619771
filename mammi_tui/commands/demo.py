"""`mammi demo`: computes a run on phantom X-rays and opens the explorer on it."""

from __future__ import annotations

import os
import sys
from importlib.resources import as_file, files
from pathlib import Path
from shlex import quote

import click

from engine.errors import ConfigError, RunFileError, writing
from mammi_tui.console import arguments
from mammi_tui.console.compute import compute
from mammi_tui.console.say import say


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("mammi-demo"),
    show_default=True,
    help="Folder for the demo's run file, created if needed.",
)
@click.option("--no-open", is_flag=True, help="Compute only, and print the run file's path.")
def demo(out: Path, no_open: bool) -> None:
    """Compute a run on phantom X-rays and open it.

    The demo needs no network, no GPU and no data. A finished demo is checked, not computed again.
    """
    path = out / "demo.duckdb"
    _check_whole(path)
    _compute(path)
    if no_open or not arguments.at_a_terminal():
        say(path)
        return
    sys.stdout.flush()
    # A fresh process, because this one has loaded torch, which the explorer does not need.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "mammi_tui", "open", str(path)])  # noqa: S606


def _check_whole(path: Path) -> None:
    from engine.store.reader import RunReader

    if path.is_file():
        try:
            RunReader(path).close()
        except RunFileError as error:
            raise RunFileError(error.fault, _what_to_do(path)) from error


def _what_to_do(path: Path) -> str:
    """What helps where a demo's run file cannot be opened."""
    from engine.store.database import LogBeside
    from engine.store.parts_reader import PartsReader

    try:
        PartsReader(path).close()
    except LogBeside:  # which says it
        return ""
    except RunFileError:  # another file, or one of which nothing can be read
        return "Move it away, or use --out."
    command = f"mammi salvage {quote(str(path))}"
    return f"`{command}` keeps what is whole, and `mammi demo` then computes the rest; or use --out."


def _compute(path: Path) -> None:
    with writing(f"--out {path.parent}", fault="cannot be made", kind=ConfigError):
        path.parent.mkdir(parents=True, exist_ok=True)
    with as_file(files("engine.demo") / "demo.toml") as toml:
        compute(toml, [f"run.out={_toml_text(path)}"], "mammi demo")


def _toml_text(path: Path) -> str:
    """The path as a TOML string, whatever characters it holds."""
    import json

    return json.dumps(str(path.absolute()))
