"""Folders nested deeper than functions may call one another, and links that lead to links."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LEVELS = 1_200


@contextmanager
def deep_folder(folder: Path, file: str, content: bytes) -> Iterator[str]:
    """Puts a file below LEVELS folders in `folder`, and takes it away again, as what removes trees may call itself.

    Gives the file's name relative to `folder`."""
    places = [folder / ("d/" * level) for level in range(1, LEVELS + 1)]
    for place in places:
        os.mkdir(place)  # noqa: PTH102 (Path.mkdir takes a second for it)
    path = places[-1] / file
    path.write_bytes(content)
    try:
        yield path.relative_to(folder).as_posix()
    finally:
        path.unlink()
        for place in reversed(places):
            place.rmdir()


def chain_of_links(folder: Path, name: str, to: Path) -> None:
    """A link `name` in a folder that leads to `to` by LEVELS other links."""
    before: Path = to
    for number in range(LEVELS):
        link = folder / f"link{number}.txt"
        link.symlink_to(before)
        before = link
    (folder / name).symlink_to(before)
