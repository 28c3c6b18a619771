"""NIH ChestX-ray14 as published: 112,120 frontal films of 30,805 patients, 14 findings, 984 boxes.

Sources: Wang et al., "ChestX-ray8", CVPR 2017, and the files of its release: Data_Entry_2017*.csv, train_val_list.txt,
test_list.txt, BBox_List_2017.csv. Lists with labels, where each line is a film's name and 14 numbers, come from
github.com/zoogzog/chexnet and from the paper's models (github.com/lambert-x/medical_mae).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path

from engine.errors import ConfigError
from engine.limits import limits, named
from engine.probing.base import Box, Image
from engine.probing.drawn import Drawn
from engine.probing.files import warn
from engine.probing.film_names import FilmsByName, stem
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.findings import FINDINGS
from engine.probing.labels import JoinedLabels, listed_labels, present
from engine.probing.person_columns import PersonColumns
from engine.probing.places import Location, Place
from engine.probing.row_outlines import box_of
from engine.probing.tables import Table, read_lines
from engine.probing.trees import film_tree
from engine.text_files import short

NO_FINDING = "No Finding"
"""Not kept as a label: a film without findings has no label"""

BOX_SIDE = 1024
"""Side, in pixels, of the released films: the boxes are given on these"""
_BOX_LABELS = {"Infiltrate": "Infiltration"}
"""The one finding whose name in the boxes differs from that in the films' labels"""
_DATA_ENTRY = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
_BOXES = "BBox_List_2017.csv"
_SPLITS = {"train_val": "train_val_list.txt", "test": "test_list.txt"}
_NAME = re.compile(r"(\d{8})_\d{3}", re.ASCII)
"""The patient, and the number of the film among the patient's films"""


class Options(ViewOptions, frozen=True):
    """`[probing]` of a configuration with kind = "nih14"."""

    folder: Location
    """Holds the films, in images_001/images/… or any other subfolders, and the release's CSV files and lists"""
    split: str | None = None
    """"train_val" or "test" for the official lists, or the path of a list file; by default all films of the folder"""
    data_entry: Location | None = None
    """Labels, views, sexes and ages; by default Data_Entry_2017_v2020.csv or Data_Entry_2017.csv where the folder has
    it"""
    boxes: Location | None = None
    """By default BBox_List_2017.csv where the folder has it"""


@dataclass(frozen=True, slots=True)
class _Entry:
    labels: tuple[str, ...] | None = None
    """None if the file has no labels"""
    view: str | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load(options: Options, base: Path) -> FilmSet:
    """Finds the films, and what the release's tables say of them.

    Labels come from the list where it has any, else from Data_Entry. The patient is the first number of a film's name.
    Raises ConfigError when a file is missing or wrong.
    """
    tree = film_tree(base / options.folder)
    films = FilmsByName(tree)
    if not films.names:
        raise ConfigError(f"probing.folder: {tree.folder} holds no film.")
    entries_file = _given_or_found(base, options.data_entry, tree.folder, _DATA_ENTRY)
    entries = _read_entries(entries_file) if entries_file else {}
    list_file = _list_file(options.split, base, tree.folder)
    listed = _read_list(list_file) if list_file else dict.fromkeys(films.names, _Entry())
    boxes_file = _given_or_found(base, options.boxes, tree.folder, (_BOXES,))
    boxes = _read_boxes(boxes_file) if boxes_file else {}
    images = []
    for name, on_list in listed.items():
        key = stem(name)
        entry = entries.get(key, _Entry())
        labels = on_list.labels if on_list.labels is not None else entry.labels
        number = _NAME.fullmatch(key)
        patient = number[1] if number else None
        facts = (patient, entry.view, labels or (), boxes.get(key, ()))
        images.append(Image(name, *facts, attributes=entry.attributes))
    if entries_file:
        warn(f"{entries_file}: has no row for films", [name for name in listed if stem(name) not in entries])
    elif not any(entry.labels is not None for entry in listed.values()):
        warn(f"{tree.folder}: has no {' or '.join(_DATA_ENTRY)}, so the films have no labels", list(listed))
    source = list_file or entries_file or tree.folder
    drawn = Drawn(boxes_file, BOX_SIDE)
    found = collect(of_views(images, options.views), films.find, options, source, tree.folder, drawn.complete)
    drawn.warn()
    return found


def _given_or_found(base: Path, given: Place | None, folder: Place, names: Sequence[str]) -> Place | None:
    if given is not None:
        return base / given
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _list_file(split: str | None, base: Path, folder: Place) -> Place | None:
    if split is None:
        return None
    path = folder / _SPLITS[split] if split in _SPLITS else base / split
    if not path.is_file():
        raise ConfigError(f"probing.split: {path} is not a file; name a list of films, or {' or '.join(_SPLITS)}.")
    return path


def _read_list(path: Place) -> dict[str, _Entry]:
    """The films of a list: each line has a name, or a name and 14 numbers, 1 for a finding that is present."""
    entries: dict[str, _Entry] = {}
    most = limits().rows
    for line, text in enumerate(read_lines(path, "probing.split"), start=1):
        name, *numbers = text.split() or [""]
        if not name:
            continue
        if numbers and (len(numbers) != len(FINDINGS) or not set(numbers) <= {"0", "1"}):
            raise ConfigError(
                f"{path}: line {line} is neither a film's name nor a name and {len(FINDINGS)} numbers 0 or 1."
            )
        if name in entries:
            raise ConfigError(f"{path}: line {line} names {short(name)!r}, as an earlier line already does.")
        present = compress(FINDINGS, (number == "1" for number in numbers))
        entries[name] = _Entry(tuple(present) if numbers else None)
        if len(entries) > most:
            raise ConfigError(f"{path} names more than {most:,} films ({named('rows')}).")
    if not entries:
        raise ConfigError(f"{path} names no film.")
    return entries


def _read_entries(path: Place) -> dict[str, _Entry]:
    """The table's entries by stem. OriginalImage[Width,Height] is two columns, in the header as in the rows."""
    table = Table(path, "probing.data_entry")
    name, labels, view = (table.column(column) for column in ("Image Index", "Finding Labels", "View Position"))
    joined, people = JoinedLabels(path, "zeros"), PersonColumns(table, "Patient Gender", "Patient Age")
    views: dict[str, str | None] = {}
    for line, cells in table.rows():
        film = stem(cells[name])
        joined.add(film, present(listed_labels(table, line, cells, labels, ("|",))))
        people.add(film, cells)
        views[film] = views.get(film) or cells[view] or None
    found = {film: joined.of(film) or () for film in views}
    joined.warn()
    people.warn()
    return {
        film: _Entry(tuple(label for label in found[film] if label != NO_FINDING), view, people.of(film))
        for film, view in views.items()
    }


def _read_boxes(path: Place) -> dict[str, tuple[Box, ...]]:
    """The boxes by stem. The first six columns are taken by position: name, finding, left, top, width, height. Their
    names vary: `Bbox [x,y,w,h]` is split at its commas, and copies of the file have other names."""
    table = Table(path, "probing.boxes")
    boxes: dict[str, list[Box]] = {}
    for line, cells in table.rows():
        name, label, *place = cells[:6]
        found = box_of(path, line, place)
        if found is None:
            raise ConfigError(f"{path}: line {line} has no box.")
        box = Box(_BOX_LABELS.get(label, label), *found)
        boxes.setdefault(stem(name), []).append(box)
    return {name: tuple(found) for name, found in boxes.items()}
