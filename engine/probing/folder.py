"""A folder of films: every PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 and DICOM file in it and its
subfolders, with no labels."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ConfigError
from engine.probing.base import Image
from engine.probing.film_set import FilmOptions, FilmSet, collect
from engine.probing.places import Location
from engine.probing.suffixes import FORMATS
from engine.probing.trees import film_tree


class Options(FilmOptions, frozen=True):
    """`[probing]` of a configuration with kind = "folder"."""

    folder: Location
    """Searched with its subfolders"""


def load(options: Options, base: Path) -> FilmSet:
    """Lists the folder's films. Raises ConfigError when the folder is missing or holds no film."""
    tree = film_tree(base / options.folder)
    films = {film.name: film for film in tree.films()}
    if not films:
        raise ConfigError(f"probing.folder: {tree.folder} holds no {FORMATS} film.")
    return collect(map(Image, films), films.get, options, tree.folder, tree.folder)
