"""The film files below a place, wherever it is."""

from __future__ import annotations

from pathlib import Path

from engine.probing.files import FileTree, FilmTree
from engine.probing.places import Place


def film_tree(place: Place, key: str = "probing.folder") -> FilmTree:
    """Raises ConfigError, which names the configuration's key, where a folder does not exist. What is at an address is
    asked for when it is needed."""
    if isinstance(place, Path):
        return FileTree(place, key)
    from engine.probing.remote.tree import RemoteTree

    return RemoteTree(place, key)
