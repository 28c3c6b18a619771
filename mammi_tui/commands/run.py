"""`mammi run`: computes or resumes a run."""

from __future__ import annotations

from pathlib import Path

import click

from mammi_tui.console.compute import compute


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="Another value for a key of CONFIG.")
def run(config: Path, overrides: tuple[str, ...]) -> None:
    """Compute the run that CONFIG describes, or continue an earlier one.

    CONFIG is a TOML file; sample_configs/ has one for each use. Write a VALUE as in TOML; words need no quotes:

    \b
        mammi run phantom.toml --set target.pooling=max --set run.alpha=0.9
    """
    click.echo(compute(config, overrides, "mammi run"))
