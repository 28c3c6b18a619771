"""A folder of PNG and JPEG films, with an optional CSV of labels, patients and views."""

from __future__ import annotations

import csv
import difflib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TextIO

from pydantic import BaseModel, Field

from engine.errors import ConfigError, UnreadableImage
from engine.probing.base import Image

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_BYTES = 1 << 28
"""A larger file is set aside unread."""

_NAMED = 3
"""Films that a warning names."""

log = logging.getLogger(__name__)


class Options(BaseModel, extra="forbid", frozen=True):
    folder: Path
    """Searched with its subfolders."""
    csv: Path | None = None
    path_column: str = "path"
    """An image's path, relative to the folder."""
    labels_column: str = "labels"
    patient_column: str = "patient"
    view_column: str = "view"
    separator: str = Field(default="|", min_length=1)
    """Between the labels of one image."""


class Folder:
    """The probing set of a folder: its films sorted by path."""

    def __init__(self, images: list[Image], files: Mapping[str, Path]) -> None:
        self.images = images
        self._files = files

    def read(self, image: Image) -> bytes:
        file = self._files[image.path]
        try:
            with file.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise UnreadableImage(f"cannot be read: {error.strerror}") from None
        if len(data) > MAX_BYTES:
            raise UnreadableImage(f"too large: more than {MAX_BYTES >> 20} MB")
        return data


def load(options: Options, base: Path) -> Folder:
    """Lists the folder and reads the CSV. Raises ConfigError when either is missing or wrong."""
    folder = base / options.folder
    if not folder.is_dir():
        raise ConfigError(f"probing.folder: {folder} is not a folder.")
    files = dict(sorted(_films(folder)))
    if not files:
        raise ConfigError(f"probing.folder: {folder} holds no PNG or JPEG film.")
    if options.csv is None:
        return Folder([Image(path) for path in files], files)
    rows = _read_rows(base / options.csv, options)
    _warn(
        f"{base / options.csv}: rows without a film in {folder}, left out", [path for path in rows if path not in files]
    )
    _warn(
        f"{folder}: films that are not in {base / options.csv}, without labels",
        [path for path in files if path not in rows],
    )
    return Folder([rows.get(path, Image(path)) for path in files], files)


def _films(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of every film below the folder. Only links to files inside it are followed."""
    root = folder.resolve()
    outside: list[str] = []
    for parent, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            file = Path(parent, name)
            if name.startswith(".") or file.suffix.lower() not in SUFFIXES:
                continue
            if file.is_symlink() and not file.resolve().is_relative_to(root):
                outside.append(_shown(file.relative_to(root)))
            elif file.is_file():
                yield _shown(file.relative_to(root)), file
    _warn(f"{folder}: links that lead out of it, left out", sorted(outside))


def _shown(path: Path) -> str:
    """A path as text; bytes that are not UTF-8 are written as \\xNN."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _read_rows(path: Path, options: Options) -> dict[str, Image]:
    """The CSV's images by path."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _parse(stream, path, options)
    except OSError as error:
        raise ConfigError(f"probing.csv: cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"probing.csv: {path} is not text in UTF-8.") from None
    except csv.Error as error:
        raise ConfigError(f"probing.csv: {path} is not a CSV file: {error}.") from None


def _parse(stream: TextIO, path: Path, options: Options) -> dict[str, Image]:
    reader = csv.reader(stream, strict=True)
    header = [name.strip() for name in next(reader, [])]
    if not header:
        raise ConfigError(f"{path} is empty.")
    columns = _columns(header, path, options)
    images: dict[str, Image] = {}
    lines: dict[str, int] = {}
    for row in reader:
        if not any(row):
            continue
        if len(row) != len(header):
            raise ConfigError(
                f"{path}: line {reader.line_num} has not the header's {len(header)} columns but {len(row)}."
            )
        cells = {key: row[index].strip() for key, index in columns.items()}
        name = PurePosixPath(cells["path"].replace("\\", "/")).as_posix()
        if name in lines:
            raise ConfigError(f"{path}: line {reader.line_num} names {name!r}, which line {lines[name]} does already.")
        lines[name] = reader.line_num
        labels = (label.strip() for label in cells.get("labels", "").split(options.separator))
        images[name] = Image(
            path=name,
            patient=cells.get("patient") or None,
            view=cells.get("view") or None,
            labels=tuple(dict.fromkeys(label for label in labels if label)),
        )
    return images


def _columns(header: list[str], path: Path, options: Options) -> dict[str, int]:
    """Where each column is. A column that the configuration does not name may be missing, but for the path."""
    columns = {}
    for key in ("path", "labels", "patient", "view"):
        option = f"{key}_column"
        name: str = getattr(options, option)
        if name in header:
            columns[key] = header.index(name)
        elif key == "path" or option in options.model_fields_set:
            close = difflib.get_close_matches(name, header, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"its columns: {', '.join(header)}."
            raise ConfigError(f"{path} has no column {name!r} (probing.{option}); {hint}")
    return columns


def _warn(what: str, names: Sequence[str]) -> None:
    if names:
        rest = len(names) - _NAMED
        shown = ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
        log.warning("%s: %d (%s).", what, len(names), shown)
