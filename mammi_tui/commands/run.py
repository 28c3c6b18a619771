"""`mammi run`: computes or resumes a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mammi_tui.console.compute import compute, compute_shard
from mammi_tui.console.say import say


class Workers(click.ParamType[str]):
    """`ray[:ADDRESS]`, as engine.config.workers.RayAddress reads it."""

    name = "workers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from engine.config.workers import RayAddress

        try:
            RayAddress.parse(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}.", param, ctx)
        return str(value)


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="Another value for a key of CONFIG.")
@click.option(
    "--keep",
    "kept",
    metavar="KEY=VALUE",
    multiple=True,
    help="Another value for a key of [keep]: what the run file keeps, such as embeddings=f16.",
)
@click.option("--shard", metavar="I/N", help="Compute the I-th of N shards of the films, for `mammi merge`.")
@click.option(
    "--workers",
    type=Workers(),
    default="",
    metavar="ray[:ADDRESS]",
    help="Compute the images on a Ray cluster: one of this machine alone (ray), or one that it is part of (ray:auto, "
    "ray:HOST:PORT).",
)
def run(config: Path, overrides: tuple[str, ...], kept: tuple[str, ...], shard: str | None, workers: str) -> None:
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
    chosen = (*overrides, *(f"keep.{each}" for each in kept))
    chosen += (f"workers.where={workers}",) if workers else ()
    if shard is not None:
        say(compute_shard(config, chosen, shard))
    else:
        say(compute(config, chosen, "mammi run"))
