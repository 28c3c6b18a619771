"""Who judges: the reader's name and role, and with which program."""

from __future__ import annotations

import getpass
import os
from contextlib import suppress
from functools import cache
from typing import NamedTuple


class Reader(NamedTuple):
    """Signs every line."""

    name: str
    role: str = ""
    """Such as "radiologist"; "" where none is set"""


def this_reader() -> Reader:
    """$MAMMI_READER, or the login name; $MAMMI_ROLE."""
    try:
        name = os.environ.get("MAMMI_READER", "").strip() or getpass.getuser()
    except (OSError, KeyError):
        name = f"uid {os.getuid()}"
    return Reader(_writable(name), _writable(os.environ.get("MAMMI_ROLE", "").strip()))


def _writable(text: str) -> str:
    """Text that can be written as UTF-8."""
    return text.encode(errors="replace").decode()


@cache
def program_version() -> str:
    """The version of this program; "" where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    with suppress(PackageNotFoundError):
        return version("mammi-explorer")
    return ""
