"""A key of what determines a list of concepts or captions, without making the list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from engine.config.leaves import Leaf, NamedLeaf
from engine.probing.base import Image
from engine.store.keys import content_key


def concepts_key(leaves: Sequence[Leaf], base: Path, images: Sequence[Image]) -> str | None:
    """A key of the options, of the files that they name, and of the reports in the probing set.

    None where only loading can tell: a kind's `identity(options, base)` says so by None, and a kind outside this
    package may read what its options do not name.
    """
    keys = []
    for leaf in leaves:
        key = _leaf_key(leaf, base)
        if key is None:
            return None
        keys.append([leaf.name if isinstance(leaf, NamedLeaf) else "", key])
    return content_key(keys, [image.report for image in images])


def _leaf_key(leaf: Leaf, base: Path) -> str | None:
    module = leaf.module
    if hasattr(module, "identity"):
        own = module.identity(leaf.options, base)
        if own is None:
            return None
    elif module.__name__.startswith("engine."):
        own = getattr(module, "VERSION", 0)
    else:
        return None
    try:
        files = [_content(path) for path in _paths(leaf.options, base)]
    except OSError:
        return None
    return content_key(leaf.as_dict(), own, files)


def _paths(options: BaseModel, base: Path) -> Iterator[Path]:
    """The files and folders that options name."""
    for name in type(options).model_fields:
        value = getattr(options, name)
        for path in value if isinstance(value, tuple) else (value,):
            if isinstance(path, Path):
                yield base / path


def _content(path: Path) -> list[list[str]]:
    """The name and the hash of a file, or of each file in a folder, searched in depth."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return [[str(file.relative_to(path)), _hash(file)] for file in files]


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
