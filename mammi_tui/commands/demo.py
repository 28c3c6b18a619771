"""`mammi demo`: the embedded default, from phantom X-rays to the explorer."""

from __future__ import annotations

import os
import sys
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path

import click

from mammi_tui import arguments
from mammi_tui.commands.doctor import ENGINE_PACKAGES


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("mammi-demo"),
    show_default=True,
    help="Folder of the demo's run file; made if need be.",
)
@click.option("--no-open", is_flag=True, help="Compute only, and print the run file's path.")
def demo(out: Path, no_open: bool) -> None:
    """Compute a run on phantom X-rays and open it.

    Needs no network, no GPU and no data. A finished demo is opened at once the next time.
    """
    path = out / "demo.duckdb"
    if not _is_up_to_date(path):
        _compute(path)
    if no_open or not arguments.at_a_terminal():
        click.echo(path)
        return
    sys.stdout.flush()
    # A fresh process: this one holds torch, which the explorer has no use for.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "mammi_tui", "open", str(path)])  # noqa: S606


def _is_up_to_date(path: Path) -> bool:
    """Whether the run file is newer than every file of the engine, which then would only find that nothing is to do."""
    if not path.is_file():
        return False
    made = path.stat().st_mtime
    engine = Path(str(files("engine")))
    return all(file.stat().st_mtime < made for file in engine.rglob("*") if file.suffix != ".pyc" and file.is_file())


def _compute(path: Path) -> None:
    from engine.errors import ConfigError, MammiError

    missing = [package for package in ENGINE_PACKAGES if find_spec(package) is None]
    if missing:
        raise MammiError(
            f"The demo needs the engine, which is not installed ({', '.join(missing)} missing): "
            "pip install 'mammi-explorer[engine]'"
        )

    from engine import config as configuration
    from engine.run import run as run_engine
    from mammi_tui.progress import run_progress

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {path.parent}: cannot be made: {error.strerror}.") from error
    with as_file(files("engine.demo") / "demo.toml") as toml:
        settings = configuration.load(toml, [f"run.out={_toml_text(path)}"])
        with run_progress(sys.stderr) as progress:
            try:
                run_engine(settings, progress)
            except KeyboardInterrupt:
                raise MammiError("Stopped. The next `mammi demo` goes on from here.") from None
    path.touch()


def _toml_text(path: Path) -> str:
    """The path as a TOML string, whatever is in it."""
    import json

    return json.dumps(str(path.absolute()))
