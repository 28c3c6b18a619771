"""Guards the files that a command replaces: never an input, and any other file only with --force."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os.path import realpath
from pathlib import Path
from typing import Any

import click

from engine.errors import ConfigError
from mammi_tui.console.listed import as_listed

STDOUT = Path("-")

force = click.option("--force", is_flag=True, help="Overwrite existing files.")


def output_option(about: str) -> Callable[[Any], Any]:
    """The option `output`: a file, or STDOUT. `about` is its help."""
    kind = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
    return click.option("-o", "--output", required=True, metavar="FILE", type=kind, help=about)


def check_output(
    output: Path, force: bool, kept: Iterable[Path], option: str = "--output", *, made: bool = False
) -> None:
    """Checks a file that a command is about to write; messages name the `option` that asked for it.

    Raises ConfigError when `output` is one of the files `kept`, when it exists and `force` is not given or it is no
    file, when it is a link to nothing, or when its folder is missing, unless that will be `made`.
    """
    if output == STDOUT:
        return
    listed = realpath(as_listed(output))
    for path in kept:
        if listed == realpath(as_listed(path)) or (output.exists() and path.exists() and output.samefile(path)):
            raise ConfigError(f"{option} {output}: is {path}, which is never overwritten. Name another file.")
    if output.is_symlink() and not output.exists():
        raise ConfigError(f"{option} {output}: is a link that leads to no file. Remove it, or name another file.")
    if output.exists() and not output.is_file():
        raise ConfigError(f"{option} {output}: is not a file. Name one, or - for standard output.")
    if output.exists() and not force:
        raise ConfigError(f"{option} {output}: exists already. Use --force to overwrite it.")
    if not output.parent.is_dir() and not made:
        raise ConfigError(f"{option} {output}: there is no folder {output.parent}.")
