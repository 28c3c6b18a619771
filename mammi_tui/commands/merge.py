"""`mammi merge`: makes a run file of its shards."""

from __future__ import annotations

from pathlib import Path

import click

from mammi_tui.console import compute
from mammi_tui.console.say import say


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="As it was given to the shards.")
@click.option("--keep", "kept", metavar="KEY=VALUE", multiple=True, help="As it was given to the shards.")
@click.option("--keep-shards", is_flag=True, help="Keep the files of the shards.")
def merge(config: Path, overrides: tuple[str, ...], kept: tuple[str, ...], keep_shards: bool) -> None:
    """Make the run file of CONFIG from its shards (`mammi run CONFIG --shard I/N`).

    No film that a shard has seen is read again, unless its size or the time of its last change differs. Where films are
    lacking, the status is 1, and the message names the shards to run.
    """
    say(compute.merge(config, (*overrides, *(f"keep.{each}" for each in kept)), keep_shards))
