"""`mammi run`: computes or resumes a run."""

from __future__ import annotations

from pathlib import Path

import click

from mammi_tui.console.compute import compute, compute_shard


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="Another value for a key of CONFIG.")
@click.option("--shard", metavar="I/N", help="Compute the I-th of N shards of the films, for `mammi merge`.")
def run(config: Path, overrides: tuple[str, ...], shard: str | None) -> None:
    """Compute the run that CONFIG describes, or continue an earlier one.

    CONFIG is a TOML file; sample_configs/ has one for each use. Write a VALUE as in TOML; words need no quotes:

    \b
        mammi run phantom.toml --set target.pooling=max --set run.alpha=0.9

    \b
    To compute a run on several machines that share a folder, start one shard on each, then merge them:

    \b
        mammi run phantom.toml --shard 1/2        mammi run phantom.toml --shard 2/2
        mammi merge phantom.toml
    """
    if shard is not None:
        click.echo(compute_shard(config, overrides, shard))
    else:
        click.echo(compute(config, overrides, "mammi run"))
