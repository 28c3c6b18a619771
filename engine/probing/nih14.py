"""NIH ChestX-ray14 as it is published: 112,120 frontal films of 30,805 patients, 14 findings, 984 boxes.

Sources: Wang et al., "ChestX-ray8", CVPR 2017, and the files of its release: Data_Entry_2017*.csv, train_val_list.txt,
test_list.txt, BBox_List_2017.csv. Lists that tell labels too, a film's name and 14 numbers a line, are those of
github.com/zoogzog/chexnet and of the paper's models (github.com/lambert-x/medical_mae).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.errors import ConfigError
from engine.probing.base import Box, Image
from engine.probing.files import FileTree, FilmsByName, short, stem, warn
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views, scaled
from engine.probing.findings import FINDINGS
from engine.probing.labels import split_labels
from engine.probing.tables import Table, read_lines

NO_FINDING = "No Finding"
"""Not kept as a label: a film without findings has none."""

BOX_SIDE = 1024
"""Pixels a side of the released films, on which boxes are given."""
_BOX_LABELS = {"Infiltrate": "Infiltration"}
"""The one finding that the boxes name otherwise than the films' labels."""
_DATA_ENTRY = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
_BOXES = "BBox_List_2017.csv"
_SPLITS = {"train_val": "train_val_list.txt", "test": "test_list.txt"}
_NAME = re.compile(r"(\d{8})_\d{3}", re.ASCII)
"""Patient, and the number of the film among that patient's."""


class Options(ViewOptions, frozen=True):
    """`[probing]` of a configuration with kind = "nih14"."""

    folder: Path
    """Holds the films, as images_001/images/… or in any other subfolders, and the release's CSV files and lists."""
    split: str | None = None
    """"train_val" or "test" for the official lists, or a list file; without it the set is every film in the folder."""
    data_entry: Path | None = None
    """Labels and views; by default Data_Entry_2017_v2020.csv or Data_Entry_2017.csv in the folder, if there."""
    boxes: Path | None = None
    """By default BBox_List_2017.csv in the folder, if there."""


@dataclass(frozen=True, slots=True)
class _Entry:
    labels: tuple[str, ...] | None = None
    """None where they are not told."""
    view: str | None = None


def load(options: Options, base: Path) -> FilmSet:
    """Finds the films and all that the release tells of them.

    Labels are the list's where it tells them, else those of Data_Entry; the patient is the first number of a film's
    name. Raises ConfigError where a file is missing or wrong.
    """
    tree = FileTree(base / options.folder)
    films = FilmsByName(tree)
    if not films.names:
        raise ConfigError(f"probing.folder: {tree.folder} holds no film.")
    entries_file = _given_or_there(base, options.data_entry, tree.folder, _DATA_ENTRY)
    entries = _read_entries(entries_file) if entries_file else {}
    list_file = _list_file(options.split, base, tree.folder)
    listed = _read_list(list_file) if list_file else dict.fromkeys(films.names, _Entry())
    boxes_file = _given_or_there(base, options.boxes, tree.folder, (_BOXES,))
    boxes = _read_boxes(boxes_file) if boxes_file else {}
    images = []
    for name, told in listed.items():
        key = stem(name)
        entry = entries.get(key, _Entry())
        labels = told.labels if told.labels is not None else entry.labels
        number = _NAME.fullmatch(key)
        patient = number[1] if number else None
        images.append(Image(name, patient, entry.view, labels or (), boxes.get(key, ())))
    if entries_file:
        warn(f"{entries_file}: has no row for films", [name for name in listed if stem(name) not in entries])
    elif not any(entry.labels is not None for entry in listed.values()):
        warn(f"{tree.folder}: no {' or '.join(_DATA_ENTRY)}, so that films have no labels", list(listed))
    source = list_file or entries_file or tree.folder
    return collect(
        of_views(images, options.views), films.find, options, source, tree.folder, partial(scaled, side=BOX_SIDE)
    )


def _given_or_there(base: Path, given: Path | None, folder: Path, names: Sequence[str]) -> Path | None:
    if given is not None:
        return base / given
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _list_file(split: str | None, base: Path, folder: Path) -> Path | None:
    if split is None:
        return None
    path = folder / _SPLITS[split] if split in _SPLITS else base / split
    if not path.is_file():
        raise ConfigError(f"probing.split: {path} is no file; name a list of films, or {' or '.join(_SPLITS)}.")
    return path


def _read_list(path: Path) -> dict[str, _Entry]:
    """A film's name a line, or name and 14 numbers, 1 for a finding that is present."""
    entries: dict[str, _Entry] = {}
    for line, text in enumerate(read_lines(path, "probing.split"), start=1):
        name, *numbers = text.split() or [""]
        if not name:
            continue
        if numbers and (len(numbers) != len(FINDINGS) or not set(numbers) <= {"0", "1"}):
            raise ConfigError(
                f"{path}: line {line} is not a film's name, alone or with {len(FINDINGS)} numbers 0 or 1."
            )
        if name in entries:
            raise ConfigError(f"{path}: line {line} names {short(name)!r}, which an earlier line does already.")
        # Not strict: a list of names alone has no numbers.
        present = (label for label, number in zip(FINDINGS, numbers, strict=False) if number == "1")
        entries[name] = _Entry(tuple(present) if numbers else None)
    if not entries:
        raise ConfigError(f"{path} names no film.")
    return entries


def _read_entries(path: Path) -> dict[str, _Entry]:
    """By stem. The header's OriginalImage[Width,Height] falls into two columns, as its rows do."""
    table = Table(path, "probing.data_entry")
    name, labels, view = (table.column(column) for column in ("Image Index", "Finding Labels", "View Position"))
    entries = {}
    for _, cells in table.rows(unique=name):
        findings = (label for label in split_labels(cells[labels], "|") if label != NO_FINDING)
        entries[stem(cells[name])] = _Entry(tuple(findings), cells[view] or None)
    return entries


def _read_boxes(path: Path) -> dict[str, tuple[Box, ...]]:
    """By stem. The header `Bbox [x,y,w,h]` falls into four, and copies of the file name its columns otherwise, so that
    the first six count by place: name, finding, left, top, width, height."""
    table = Table(path, "probing.boxes")
    boxes: dict[str, tuple[Box, ...]] = {}
    for line, cells in table.rows():
        try:
            name, label, *corner = cells[:6]
            x, y, width, height = map(float, corner)
        except ValueError:
            raise ConfigError(f"{path}: line {line} is not name, finding, left, top, width, height.") from None
        if not (all(map(math.isfinite, (x, y, width, height))) and width > 0 and height > 0):
            raise ConfigError(f"{path}: line {line} has a box without width or height.")
        box = Box(_BOX_LABELS.get(label, label), x, y, width, height)
        boxes[stem(name)] = (*boxes.get(stem(name), ()), box)
    return boxes
