"""`mammi run`: compute or resume a run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.errors import MammiError


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="Another value for a key of CONFIG.")
def run(config: Path, overrides: tuple[str, ...]) -> None:
    """Compute the run that CONFIG describes, or what an earlier one left undone.

    CONFIG is a TOML file; see sample_configs/ for one of each kind. A value is written as in TOML, and words need no
    quotes:

    \b
        mammi run phantom.toml --set target.pooling=max --set run.alpha=0.9
    """
    from engine import config as configuration
    from engine.run import run as run_engine
    from mammi_tui.progress import run_progress

    settings = configuration.load(config, overrides)
    with run_progress(sys.stderr) as progress:
        try:
            path = run_engine(settings, progress)
        except KeyboardInterrupt:
            raise MammiError("Stopped. The next `mammi run` goes on from here.") from None
    click.echo(path)
