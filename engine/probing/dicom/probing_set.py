"""A folder of DICOM films, whatever their names, with an optional CSV file of labels.

A run file keeps no patient's name and no date, and numbers in place of the Patient ID, the institution and the scanner.
It keeps sex, age, view and the scanner's make. It keeps paths as they are, and text that is burned into a film is
visible in its thumbnail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from engine.errors import ConfigError
from engine.probing import attributes
from engine.probing.attributes import numbered
from engine.probing.base import NONE, Image
from engine.probing.drawn import Drawn
from engine.probing.files import Ambiguous, warn
from engine.probing.film_names import FilmNames
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.film_table import read_films
from engine.probing.places import Location, Place
from engine.probing.table_options import TableOptions
from engine.probing.tables import Table
from engine.probing.trees import film_tree

if TYPE_CHECKING:
    from engine.probing.dicom.headers import Header

NEEDS = ("pydicom",)
OLDEST_TOLD = 90
"""Years: the age of all older patients, as in the rules for data without names (45 CFR 164.514(b)(2)(i)(C))"""
RADIOGRAPHS = ("", "CR", "DR", "DX", "MG", "OT", "RF", "RG", "SC", "XA", "XC")
"""Modalities (0008,0060) that a film may have. OT and SC are captured from another device and may show anything."""


class Options(ViewOptions, TableOptions, frozen=True):
    """`[probing]` of a configuration with kind = "dicom". Views are those of View Position (0018,5101)."""

    folder: Location
    """Searched with its subfolders. Objects without pixels, such as reports and a DICOMDIR, are skipped."""
    pseudonyms: bool = True
    """Whether patients are numbered in the order of their films' paths, and ages above 90 count as 90. If not, the run
    file keeps their Patient ID and age."""
    csv: Location | None = None
    """A table of labels and boxes. A film that has several rows has the labels of all of them."""
    path_column: str = "path"
    """The column of a film's path, its file name with or without suffix, or its SOP Instance UID"""

    @model_validator(mode="after")
    def _keys_have_their_table(self) -> Self:
        of_table = [name for name in TableOptions.model_fields if name in self.model_fields_set]
        if of_table and self.csv is None:
            raise ValueError(f"{of_table[0]} is about the table that csv names; give csv too")
        return self


def load(options: Options, base: Path) -> FilmSet:
    """Reads the header of every file. Raises ConfigError when the folder or the CSV file is missing or wrong, or
    there is no film."""
    from engine.probing.dicom.headers import read_headers

    tree = film_tree(base / options.folder)
    films = {film.name: film for film in tree.films()}
    headers = read_headers(films.values())
    found = [header for header in headers if header.has_pixels]
    if not found:
        raise ConfigError(f"probing.folder: {tree.folder} holds no DICOM film.")
    _warn(tree.folder, headers)
    images = _images(found, options.pseudonyms)
    if options.csv is not None:
        images = _labelled(images, found, base / options.csv, options)
    drawn = Drawn(tree.folder if options.csv is None else base / options.csv, options.side)
    listed = collect(of_views(images, options.views), films.get, options, tree.folder, tree.folder, drawn.complete)
    drawn.warn()
    return listed


def _warn(folder: Place, headers: Iterable[Header]) -> None:
    """Warns of what the user should know before the films are in a run file."""
    films = [header for header in headers if header.has_pixels]
    others = [header.path for header in films if header.modality not in RADIOGRAPHS]
    warn(f"{folder}: left out files that are not DICOM films", [each.path for each in headers if not each.has_pixels])
    warn(f"{folder}: films whose modality is not a radiograph's", others)
    warn(f"{folder}: films with text burned in, which may name the patient", [x.path for x in films if x.has_text])


def _images(headers: Sequence[Header], pseudonyms: bool) -> list[Image]:
    patients = dict.fromkeys(header.patient for header in headers if header.patient)
    digits = len(str(len(patients)))
    names = {patient: f"P{number:0{digits}}" if pseudonyms else patient for number, patient in enumerate(patients, 1)}
    sites = numbered((header.site for header in headers if header.site), "site")
    scanners = numbered((header.scanner for header in headers if header.scanner), "scanner")
    return [
        Image(
            *(header.path, names.get(header.patient), header.view or None),
            attributes=attributes.known(
                sex=attributes.sex(header.sex),
                age=_age(header.age, pseudonyms),
                make=attributes.value(header.make),
                site=sites.get(header.site, ""),
                scanner=scanners.get(header.scanner, ""),
                annotation={"YES": "burnt in", "NO": NONE}.get(header.annotation, ""),
            ),
        )
        for header in headers
    ]


def _age(told: str, pseudonyms: bool) -> str:
    """The age in years. A greater one than OLDEST_TOLD may tell who the patient is."""
    years = attributes.age(told)
    return str(min(int(years), OLDEST_TOLD)) if years and pseudonyms else years


def _labelled(images: Sequence[Image], headers: Sequence[Header], path: Place, options: Options) -> list[Image]:
    """The images with what their rows say, without those that an uncertain label leaves out."""
    table = Table(path, "probing.csv", options.delimiter, options.texts())
    if not (options.label_columns or options.mask_column):
        table.column(options.labels_column, "probing.labels_column")
    names = FilmNames([header.path for header in headers], [(header.uid, header.path) for header in headers])
    missing: list[str] = []

    def film_of(line: int, name: str) -> str | None:
        try:
            film = names.find(name)
        except Ambiguous as error:
            raise ConfigError(f"{path}: line {line}: {error}; give the film's path.") from None
        if film is None:
            missing.append(name)
        return film

    rows = read_films(table, options, film_of, {})
    if missing and not rows:
        raise ConfigError(f"{path} names none of the films in probing.folder: the first, {missing[0]!r}, is not there.")
    warn(f"{path}: left out films that are not in the folder", missing)
    warn(f"{path}: films without labels, as it does not name them", [x.path for x in images if x.path not in rows])
    labelled = ((image, rows.get(image.path, image)) for image in images)
    return [
        replace(image, labels=said.labels, boxes=said.boxes, polygons=said.polygons)
        for image, said in labelled
        if said is not None
    ]
