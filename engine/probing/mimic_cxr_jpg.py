"""MIMIC-CXR-JPG: 377,110 films of 227,827 studies in PhysioNet's layout.

Sources: Johnson et al., "MIMIC-CXR-JPG", arXiv 1901.07042, and the files of its release: films such as
files/p10/p10000032/s50414267/02aa804e-….jpg, and mimic-cxr-2.0.0-metadata, -split, -chexpert and -negbio, each a CSV
file, gzipped or not. Reports are those of MIMIC-CXR, such as files/p10/p10000032/s50414267.txt.
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from engine.errors import ConfigError
from engine.probing import attributes
from engine.probing.base import Image
from engine.probing.files import Ambiguous, LeadsOut, warn
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.labels import JoinedLabels, Uncertain, chexpert_columns
from engine.probing.places import FilmFile, Location, Place, in_folder, readable
from engine.probing.tables import Table
from engine.probing.trees import film_tree
from engine.text_files import Encoding, TextFiles, UnreadableText

Labels = tuple[str, ...]
log = logging.getLogger(__name__)

_TOLD = {
    "procedure": "PerformedProcedureStepDescription",
    "position": "PatientOrientationCodeSequence_CodeMeaning",
}
"""Attribute -> its column in the metadata: such as CHEST (PORTABLE AP), and Erect. The release has no sex and
age; those of MIMIC-IV's patients can be added (engine.probing.attribute_tables)."""
MAX_REPORT = 1 << 20
"""The most characters of a report; the longest has a few thousand"""


class Options(ViewOptions, frozen=True):
    """`[probing]` of a configuration with kind = "mimic_cxr_jpg". Views: AP, PA, LATERAL, LL and rarer ones."""

    folder: Location
    """Holds the folder `files` and the release's tables"""
    split: Literal["train", "validate", "test"] | None = None
    """All films by default"""
    labels: Literal["chexpert", "negbio", "test-set-labeled", "none"] = "chexpert"
    """The table that labels come from; "test-set-labeled" holds a radiologist's labels for part of the test split"""
    uncertain: Uncertain = "zeros"
    """What the label -1 means: "zeros" absent, "ones" present; "ignore" leaves out the films of the study"""
    reports: Location | None = None
    """The folder that mimic-cxr-reports.zip unpacks to: it holds a folder `files`"""
    encoding: Encoding | None = None
    """The encoding of the reports; by default UTF-8"""


def load(options: Options, base: Path) -> FilmSet:
    """Reads the tables and finds the films. Raises ConfigError when they are missing or wrong."""
    tree = film_tree(base / options.folder)
    metadata = _table(tree.folder, "metadata")
    images = of_views(_images(metadata, tree.folder, options), options.views)
    if options.reports is None:
        return collect(images, tree.find, options, metadata.path, tree.folder)
    reports = _Reports(base / options.reports, options.encoding)
    films = collect(images, tree.find, options, metadata.path, tree.folder, reports.added)
    reports.warn()
    return films


def _table(folder: Place, name: str) -> Table:
    paths = [path for end in ("csv", "csv.gz") for path in in_folder(folder, f"mimic-cxr-2.*-{name}.{end}")]
    if not paths:
        raise ConfigError(f"probing.folder: {folder} has no mimic-cxr-2.0.0-{name}.csv or .csv.gz.")
    return Table(paths[0], "probing.folder")


def _images(metadata: Table, folder: Place, options: Options) -> Iterator[Image]:
    film, subject, study = (metadata.column(name) for name in ("dicom_id", "subject_id", "study_id"))
    view = metadata.column("ViewPosition")
    told = {name: metadata.column(column) for name, column in _TOLD.items() if metadata.has(column)}
    split = _films_of_split(folder, options.split) if options.split else None
    labels = _labels_by_study(folder, options) if options.labels != "none" else {}
    uncertain = []
    for line, cells in metadata.rows(unique=film):
        if split is not None and cells[film] not in split:
            continue
        if not (cells[subject].isdecimal() and cells[study].isdecimal()):
            raise ConfigError(f"{metadata.path}: line {line}: subject_id and study_id must be numbers.")
        path = f"files/p{cells[subject][:2]}/p{cells[subject]}/s{cells[study]}/{cells[film]}.jpg"
        present = labels.get(cells[study], ())
        if present is None:
            uncertain.append(path)
        else:
            said = attributes.known(**{name: attributes.value(cells[column]) for name, column in told.items()})
            yield Image(path, cells[subject], cells[view] or None, present, attributes=said)
    warn(f"{metadata.path}: left out films of studies with an uncertain label", uncertain)


def _films_of_split(folder: Place, split: str) -> set[str]:
    table = _table(folder, "split")
    film, place = table.column("dicom_id"), table.column("split")
    return {cells[film] for _, cells in table.rows(unique=film) if cells[place] == split}


def _labels_by_study(folder: Place, options: Options) -> dict[str, Labels | None]:
    """Each study's labels; None if its films are to be left out. The radiologist's table has no subject_id."""
    table = _table(folder, options.labels)
    study = table.column("study_id")
    columns = chexpert_columns(table)
    joined = JoinedLabels(table.path, options.uncertain)
    studies: dict[str, None] = {}
    for line, cells in table.rows():
        studies[cells[study]] = None
        joined.add(cells[study], columns.told(line, cells))
    labels = {each: joined.of(each) for each in studies}
    joined.warn("studies")
    return labels


class _Reports:
    """The reports of studies. A report stands beside the folder of its study's films and has the same name."""

    def __init__(self, folder: Place, encoding: str | None) -> None:
        self._tree = film_tree(folder, "probing.reports")
        self._texts = TextFiles(encoding, "probing.encoding")
        self._missing: list[str] = []
        self._unreadable: dict[str, None] = {}
        self._found = False

    def added(self, image: Image, file: FilmFile) -> Image:  # noqa: ARG002
        """The image with its study's report, where there is one."""
        path = f"{posixpath.dirname(image.path)}.txt"
        try:
            report = self._tree.find(path)
        except (LeadsOut, Ambiguous):
            report = None
        if report is None:
            self._missing.append(path)
            return image
        self._found = True
        try:
            return replace(image, report=self._texts.read(readable(report.file), "report_mb"))
        except UnreadableText as error:
            self._unreadable[str(error)] = None
            return image

    def warn(self) -> None:
        """Warns of films without a report, and of reports that cannot be read or are not UTF-8. Raises ConfigError when
        no film has one."""
        if not self._found:
            raise ConfigError(
                f"probing.reports: {self._tree.folder} has none of the films' reports, such as {self._missing[0]}."
            )
        warn(f"{self._tree.folder}: films without a report", self._missing)
        if self._unreadable:
            first = next(iter(self._unreadable))
            log.warning("%s: reports set aside: %d. %s", self._tree.folder, len(self._unreadable), first)
        self._texts.warn(self._tree.folder)
