"""`mammi open`: the explorer over a run file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from mammi_tui import arguments


@click.command("open")
@arguments.run_file
@click.argument("neuron", metavar="[LAYER:UNIT]", required=False)
@arguments.alpha
@arguments.beta
@click.option(
    "--images",
    type=click.Choice(["auto", "kitty", "quadrant", "halfblock", "ascii", "off"]),
    default="auto",
    show_default=True,
    help="How films are drawn. kitty comes later.",
)
def open(run: Path, neuron: str | None, alpha: float | None, beta: float | None, images: str) -> None:  # noqa: A001
    """Open the explorer on a run file.

    Starts at LAYER:UNIT where one is given. Films are drawn as previews, not for diagnosis.
    """
    from engine.errors import MammiError

    path = arguments.existing_run(run)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise MammiError("open: needs a terminal. Without one, use `mammi show` or `mammi export`.")

    from mammi_tui.app import MammiApp
    from mammi_tui.images.choose import choose_backend

    backend = choose_backend(images, os.environ)
    MammiApp(path, neuron=neuron, alpha=alpha, beta=beta, backend=backend).run()
