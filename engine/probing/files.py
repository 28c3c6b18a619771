"""Film files below one folder. Their names are not trusted: no file outside the folder is ever opened."""

from __future__ import annotations

import logging
import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError, MammiError, UnreadableImage

SUFFIXES = (".png", ".jpg", ".jpeg", ".dcm", ".dicom")
"""Suffixes of film files. A file without a suffix, or whose suffix is a number (as in a DICOM UID), is a film if it
begins like a DICOM file."""
MAX_BYTES = 1 << 28
"""Larger files are not read"""

_NAMED = 3
"""The most films that a warning names"""
_LONGEST = 120
"""The most characters of a name that a message shows"""
_DICOM_MARK = 128
"""Bytes before the letters DICM (DICOM PS3.10, section 7.1)"""

log = logging.getLogger(__name__)


class LeadsOut(MammiError):
    """A name refers to a file outside the folder."""


class Film(NamedTuple):
    """A film: its name as a reader sees it, relative to the folder with forward slashes, and its file's whole path."""

    name: str
    file: str


class FileTree:
    """A folder with its subfolders. Links are followed only where they lead to something inside it."""

    def __init__(self, folder: Path, key: str = "probing.folder") -> None:
        """Raises ConfigError, which names the configuration's key, where the folder does not exist."""
        if not folder.is_dir():
            raise ConfigError(f"{key}: {folder} is not a folder.")
        self.folder = folder
        self._root = os.path.realpath(folder)
        self._roots = (f"{self._root}/", f"{folder.absolute().as_posix()}/")
        self._inside = {self._root: True}
        """Folder -> whether it is inside the root once its links are resolved"""

    def find(self, name: str) -> Film | None:
        """The film of a relative name, or of an absolute one inside the folder; None if no such file exists.

        A film with another suffix is found too: CheXpert Plus names .jpg files and stores .png ones. Raises LeadsOut
        where the name, or a link, leads out of the folder.
        """
        relative = self._relative(name)
        stem, suffix = posixpath.splitext(relative)
        others = [stem + other for other in SUFFIXES if other != suffix] if suffix.lower() in SUFFIXES else []
        for candidate in (relative, *others):
            file = f"{self._root}/{candidate}"
            if self._is_file(file, name):
                return Film(_shown(candidate), file)
        return None

    def films(self, quiet: bool = False) -> list[Film]:
        """Every film below the folder, sorted by name. Hidden files are skipped. Warns of links that lead out of the
        folder, and of folders that cannot be read, unless `quiet`."""
        outside: list[str] = []
        unreadable: list[str] = []
        found = sorted(self._walk(self._root, outside, unreadable))
        if not quiet:
            warn(f"{self.folder}: left out links that lead out of it", sorted(outside))
            warn(f"{self.folder}: left out folders that cannot be read", sorted(unreadable))
        return found

    def _relative(self, name: str) -> str:
        path = posixpath.normpath(name.replace("\\", "/"))
        for root in self._roots:
            path = path.removeprefix(root)
        if path.startswith(("/", "../")) or path == "..":
            raise LeadsOut(f"{short(name)} leads out of {self.folder}.")
        return path

    def _is_file(self, file: str, name: str) -> bool:
        try:
            mode = os.lstat(file).st_mode
            if stat.S_ISLNK(mode):
                file = os.path.realpath(file)
                mode = os.lstat(file).st_mode
            if not self._holds(file):
                raise LeadsOut(f"{short(name)} leads out of {self.folder}.")
            return stat.S_ISREG(mode)
        except (OSError, ValueError):  # ValueError: a name with a null character
            return False

    def _holds(self, path: str) -> bool:
        """Whether a path, whose last part is not a link, is inside the root. Looks at each folder on disk once."""
        parent = posixpath.dirname(path)
        if parent not in self._inside:
            if len(parent) <= len(self._root) or parent == path:
                return False
            linked = stat.S_ISLNK(os.lstat(parent).st_mode)
            self._inside[parent] = self._holds(os.path.realpath(parent) if linked else parent)
        return self._inside[parent]

    def _walk(self, folder: str, outside: list[str], unreadable: list[str]) -> Iterator[Film]:
        try:
            entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
        except OSError:
            unreadable.append(self._name(folder))
            return
        for entry in entries:
            if entry.is_symlink() and self._leads_out(entry.path):
                if _named_as_film(entry.name) or posixpath.isdir(entry.path):
                    outside.append(self._name(entry.path))
            elif entry.is_dir(follow_symlinks=False):
                yield from self._walk(entry.path, outside, unreadable)
            elif _is_film(entry):
                yield Film(self._name(entry.path), entry.path)

    def _leads_out(self, link: str) -> bool:
        try:
            return not f"{os.path.realpath(link)}/".startswith(f"{self._root}/")
        except OSError:  # a link that may not be read
            return True

    def _name(self, path: str) -> str:
        return _shown(path[len(self._root) + 1 :])


class FilmsByName:
    """A folder's films by file name without suffix, for sets in which these names are unique."""

    def __init__(self, tree: FileTree) -> None:
        self._folder = tree.folder
        self._films: dict[str, list[Film]] = {}
        for film in tree.films():
            self._films.setdefault(stem(film.name), []).append(film)

    @property
    def names(self) -> list[str]:
        return [films[0].name for films in self._films.values()]

    def find(self, name: str) -> Film | None:
        """The film of that name, anywhere in the folder. Raises ConfigError when several films have it."""
        films = self._films.get(stem(name), [])
        if len(films) > 1:
            raise ConfigError(
                f"probing.folder: {self._folder} holds {films[0].name} and {films[1].name}; name the one folder to use."
            )
        return films[0] if films else None


def stem(name: str) -> str:
    """A file's name without its folders and suffix."""
    return posixpath.splitext(posixpath.basename(name))[0]


def read_film(file: str) -> bytes:
    """A film's bytes. Raises UnreadableImage."""
    try:
        with Path(file).open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableImage(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise UnreadableImage(f"too large: more than {MAX_BYTES >> 20} MB")
    return data


def film_size(file: str) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG file, from its header; None if that cannot be read and the film will be set
    aside."""
    from PIL import Image

    try:
        with Image.open(file, formats=("PNG", "JPEG")) as image:
            return image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def warn(what: str, names: Sequence[str]) -> None:
    """Logs a warning with the number of names and the first few; nothing where there are none."""
    if names:
        rest = len(names) - _NAMED
        shown = ", ".join(map(short, names[:_NAMED])) + (f" and {rest} more" if rest > 0 else "")
        log.warning("%s: %d (%s).", what, len(names), shown)


def short(name: str) -> str:
    """A name as a message shows it; a long name is cut."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _shown(path: str) -> str:
    """A path as text, with bytes that are not UTF-8 written as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _named_as_film(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _is_film(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file() and (_named_as_film(entry.name) or _is_dicom(entry))
    except OSError:
        return False


def _is_dicom(entry: os.DirEntry[str]) -> bool:
    suffix = posixpath.splitext(entry.name)[1]
    if (suffix and not suffix[1:].isdigit()) or entry.name == "DICOMDIR":
        return False
    with Path(entry.path).open("rb") as stream:
        stream.seek(_DICOM_MARK)
        return stream.read(4) == b"DICM"
