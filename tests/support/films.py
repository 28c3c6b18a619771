"""Small films and tables in the layouts of public data sets."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

from engine.probing.base import Image, ProbingSet
from tests.support.models import write_film


def write_films(folder: Path, names: Iterable[str], side: int = 16) -> None:
    """Writes one film of noise for each name, no two alike."""
    for seed, name in enumerate(names):
        write_film(folder / name, seed, side)


def write_table(path: Path, *lines: str, packed: bool = False) -> Path:
    """Writes a text file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def paths(probing: ProbingSet) -> list[str]:
    return [image.path for image in probing.images]


def by_path(probing: ProbingSet) -> dict[str, Image]:
    return {image.path: image for image in probing.images}
