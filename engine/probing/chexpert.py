"""CheXpert: 224,316 films of 65,240 patients in Stanford's layout, full-size or small.

Sources: Irvin et al., "CheXpert", AAAI 2019, and the files of its release: train.csv, valid.csv and films such as
train/patient00001/study1/view1_frontal.jpg. A table's paths start with the name of the release, which is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.errors import ConfigError
from engine.probing.base import Image
from engine.probing.files import Film, FilmTree, warn
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.labels import JoinedLabels, Uncertain, chexpert_columns
from engine.probing.person_columns import PersonColumns
from engine.probing.places import Location, Place, in_folder
from engine.probing.tables import Table
from engine.probing.trees import film_tree
from engine.text_files import short

_PATH = re.compile(r"(?:.*?/)??((?:(?:train|valid|test)/)?(patient\d+)/study\d+/[^/]+)", re.ASCII)
"""A path of any release: the part from the split's folder on, and the patient"""


class Options(ViewOptions, frozen=True):
    """`[probing]` of a configuration with kind = "chexpert". Views: AP, PA, Lateral."""

    folder: Location
    """Holds train.csv and valid.csv with the folders train and valid, or the folders of the release's four batches"""
    split: str
    """The table's name: "train", "valid", "test", or another such as "train_visualCheXbert" """
    uncertain: Uncertain = "zeros"
    """What the label -1 means: "zeros" absent, "ones" present; "ignore" leaves the film out"""


def load(options: Options, base: Path) -> FilmSet:
    """Reads the split's table and finds its films. Raises ConfigError when they are missing or wrong."""
    tree = film_tree(base / options.folder)
    table = Table(_table_file(tree.folder, options.split), "probing.split")
    images = of_views(_images(table, options.uncertain), options.views)
    return collect(images, _Finder(tree).find, options, table.path, tree.folder)


def _table_file(folder: Place, split: str) -> Place:
    name = f"{split}.csv"
    places = [folder / name, *in_folder(folder, f"*batch 1*/{name}")] if "/" not in split else []
    for path in places:
        if path.is_file():
            return path
    tables = ", ".join(path.stem for path in in_folder(folder, "*.csv")) or "none"
    raise ConfigError(f"probing.split: {folder} has no {name}; its tables: {tables}.")


def _images(table: Table, uncertain: Uncertain) -> Iterator[Image]:
    path = table.column("Path")
    views = [table.column(name) for name in ("AP/PA", "Frontal/Lateral") if table.has(name)]
    columns = chexpert_columns(table)
    joined, people = JoinedLabels(table.path, uncertain), PersonColumns(table, "Sex", "Age")
    films: dict[str, tuple[str, str | None]] = {}
    """Film -> patient and view"""
    for line, cells in table.rows():
        parts = _PATH.fullmatch(cells[path].replace("\\", "/"))
        if parts is None:
            raise ConfigError(f"{table.path}: line {line} has {short(cells[path])!r}, which is not a CheXpert path.")
        joined.add(parts[1], columns.told(line, cells))
        people.add(parts[1], cells)
        films.setdefault(parts[1], (parts[2], next(filter(None, [cells[column] for column in views]), None)))
    joined.warn()
    people.warn()
    uncertain_films = []
    for film, (patient, view) in films.items():
        labels = joined.of(film)
        if labels is None:
            uncertain_films.append(film)
        else:
            yield Image(film, patient, view, labels, attributes=people.of(film))
    warn(f"{table.path}: left out films with an uncertain label", uncertain_films)


class _Finder:
    """Finds films below the folder of their split, or below the folders of a release's batches."""

    def __init__(self, tree: FilmTree) -> None:
        self._tree = tree
        self._batches = [f"{path.name}/" for path in in_folder(tree.folder, "CheXpert-v1.0 batch *") if path.is_dir()]

    def find(self, name: str) -> Film | None:
        """The film of that name. The batches of training films have no folder `train`."""
        names = [name, *(batch + part for batch in self._batches for part in (name, name.removeprefix("train/")))]
        return next((film for candidate in names if (film := self._tree.find(candidate))), None)
