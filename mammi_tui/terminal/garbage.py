"""Python's collector of garbage, put off while the explorer starts: all that is made by then is there to stay."""

from __future__ import annotations

import gc


def put_off() -> None:
    """Collects nothing until `go_on` is called."""
    gc.disable()


def go_on() -> None:
    """Collects again, but never looks again at what is there now. Does nothing where collecting was not put off."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
