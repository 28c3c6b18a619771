"""A folder of DICOM films, however they are named, with an optional CSV of labels.

A run file holds nothing of name, dates or institution, and of its patient a number. But paths are kept as they are, and
writing that is burned into a film is in its thumbnail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pydantic import Field
from pydicom.datadict import tag_for_keyword

from engine.errors import ConfigError, UnreadableImage
from engine.probing.base import Image
from engine.probing.dicom.file import read_file, text
from engine.probing.files import FileTree, Film, warn
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.labels import LabelOptions, row_labels
from engine.probing.tables import Table

RADIOGRAPHS = ("", "CR", "DR", "DX", "MG", "OT", "RF", "RG", "SC", "XA", "XC")
"""Modalities (0008,0060) that a film may have; OT and SC are captured from another device, and may be anything."""

_READ = ("SOPClassUID", "SOPInstanceUID", "Modality", "PatientID", "ViewPosition", "Rows", "BurnedInAnnotation")
_TAGS = [tag for tag in map(tag_for_keyword, _READ) if tag is not None]
_THREADS = 8
"""Headers read at once, for disks that make one wait. Reading takes 0.3 ms of a processor for each file."""


class Options(ViewOptions, LabelOptions, frozen=True):
    """`[probing]` of a configuration with kind = "dicom". Views are those of View Position (0018,5101)."""

    folder: Path
    """Searched with its subfolders. Objects without pixels, such as reports and a DICOMDIR, are passed over."""
    pseudonyms: bool = True
    """Patients are numbered in the order of their films' paths. Otherwise their Patient ID is kept in the run file."""
    csv: Path | None = None
    """Labels. A film may have several rows, and then has the labels of all."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Between columns."""
    path_column: str = "path"
    """A film's path, its file name with or without suffix, or its SOP Instance UID."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of its film. All is empty where it cannot be read: decoding will tell why."""

    path: str
    kind: str = ""
    uid: str = ""
    modality: str = ""
    patient: str = ""
    view: str = ""
    has_pixels: bool = True
    has_writing: bool = False


def load(options: Options, base: Path) -> FilmSet:
    """Reads every file's header. Raises ConfigError where the folder or CSV is missing or wrong, or holds no film."""
    tree = FileTree(base / options.folder)
    films = {film.name: film for film in tree.films()}
    with ThreadPoolExecutor(_THREADS) as threads:
        headers = list(threads.map(_header, films.values()))
    found = [header for header in headers if header.has_pixels]
    if not found:
        raise ConfigError(f"probing.folder: {tree.folder} holds no DICOM film.")
    _tell(tree.folder, headers)
    images = _images(found, options.pseudonyms)
    if options.csv is not None:
        images = _labelled(images, found, base / options.csv, options)
    return collect(of_views(images, options.views), films.get, options, tree.folder, tree.folder)


def _header(film: Film) -> Header:
    if film.name.lower().endswith((".png", ".jpg", ".jpeg")):
        return Header(film.name, has_pixels=False)
    try:
        with Path(film.file).open("rb") as stream:
            read = read_file(stream, _TAGS)
    except (OSError, UnreadableImage):
        return Header(film.name)
    kind, uid, modality, patient, view = (text(read, keyword) for keyword in _READ[:5])
    writing = text(read, "BurnedInAnnotation") == "YES"
    return Header(film.name, kind, uid, modality.upper(), patient, view.upper(), "Rows" in read or not kind, writing)


def _tell(folder: Path, headers: Iterable[Header]) -> None:
    """What a reader should know of the films before they are in a run file."""
    films = [header for header in headers if header.has_pixels]
    others = [header.path for header in films if header.modality not in RADIOGRAPHS]
    warn(f"{folder}: files that are no DICOM films, left out", [each.path for each in headers if not each.has_pixels])
    warn(f"{folder}: films of another modality than a radiograph's", others)
    warn(
        f"{folder}: films with writing burned in, which may name the patient", [x.path for x in films if x.has_writing]
    )


def _images(headers: Sequence[Header], pseudonyms: bool) -> list[Image]:
    patients = dict.fromkeys(header.patient for header in headers if header.patient)
    digits = len(str(len(patients)))
    names = {patient: f"P{number:0{digits}}" if pseudonyms else patient for number, patient in enumerate(patients, 1)}
    return [Image(header.path, names.get(header.patient), header.view or None) for header in headers]


def _labelled(images: Sequence[Image], headers: Sequence[Header], path: Path, options: Options) -> list[Image]:
    """The images with the labels of their rows; without those that have an uncertain one and are to be left out."""
    table = Table(path, "probing.csv", options.delimiter)
    column = table.column(options.path_column, "probing.path_column")
    if not options.label_columns:
        table.column(options.labels_column, "probing.labels_column")
    labels = row_labels(table, options)
    films = _names(headers)
    present: dict[str, list[str]] = {}
    missing: list[str] = []
    uncertain: set[str] = set()
    for line, cells in table.rows():
        name = PurePosixPath(cells[column].replace("\\", "/")).as_posix()
        match films.get(name, ()):
            case ():
                missing.append(name)
            case (film,):
                told = labels(line, cells)
                present.setdefault(film, []).extend(told or ())
                if told is None:
                    uncertain.add(film)
            case (first, second, *_):
                raise ConfigError(
                    f"{path}: line {line} names {name!r}, which may be {first} or {second}; name the path."
                )
    if missing and not present:
        raise ConfigError(f"{path} names none of the films in probing.folder: the first, {missing[0]!r}, is not there.")
    warn(f"{path}: films that are not in the folder, left out", missing)
    warn(f"{path}: films that it does not name, without labels", [x.path for x in images if x.path not in present])
    warn(f"{path}: films with an uncertain label, left out", sorted(uncertain))
    labelled = (replace(image, labels=tuple(dict.fromkeys(present.get(image.path, ())))) for image in images)
    return [image for image in labelled if image.path not in uncertain]


def _names(headers: Iterable[Header]) -> Mapping[str, Sequence[str]]:
    """Each name that a film may go by, with the paths of those that do; a whole path is one film's."""
    names: dict[str, list[str]] = {}
    for header in headers:
        path = PurePosixPath(header.path)
        for name in {path.with_suffix("").as_posix(), path.name, path.stem, header.uid} - {""}:
            names.setdefault(name, []).append(header.path)
    return names | {header.path: [header.path] for header in headers}
