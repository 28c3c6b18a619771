"""Film files below one folder. Their names are not trusted: no file outside the folder is ever opened."""

from __future__ import annotations

import errno
import logging
import os
import posixpath
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import unquote

from engine.errors import ConfigError, MammiError
from engine.probing.alike import folded
from engine.probing.places import FilmFile, Place
from engine.probing.suffixes import HEAD, begins_like_film, counted, kind_of_other, may_lack_suffix, split
from engine.text_files import short

_NAMED = 3
"""The most films that a warning names"""
_LISTINGS = 4096
"""The most folders whose entries are held at once"""
_OUTSIDE, _NOWHERE = "links that lead out of it", "links that lead nowhere"
_UNREADABLE_FOLDERS, _UNREADABLE_FILES = "folders that cannot be read", "files that cannot be read"

log = logging.getLogger(__name__)


class LeadsOut(MammiError):
    """A name refers to a file outside the folder."""


class Ambiguous(MammiError):
    """A name may mean any of several files."""


class Film(NamedTuple):
    """A film: its name as a reader sees it, relative to the folder with forward slashes, and its file."""

    name: str
    file: FilmFile


class FilmTree(Protocol):
    """Film files below a folder or an address: FileTree, RemoteTree (engine.probing.remote.tree)."""

    @property
    def folder(self) -> Place: ...
    def find(self, name: str) -> Film | None: ...
    def films(self, quiet: bool = False) -> list[Film]: ...


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
        self._listed: dict[str, dict[str, list[str]]] = {}

    def find(self, name: str) -> Film | None:
        """The film of a relative name, or of an absolute one inside the folder; None if no such file exists.

        Where no file has exactly this name, one is found whose path differs in nothing but letter case, Unicode form
        and the suffix of a film (CheXpert Plus names .jpg files and stores .png ones); and one whose name a table
        writes as in a web address, with %20 for a space. Raises Ambiguous where several files differ so, and LeadsOut
        where the name, or a link, leads out of the folder.
        """
        return as_written(name, self._find)

    def _find(self, name: str) -> Film | None:
        relative = self._relative(name)
        file = f"{self._root}/{relative}"
        return Film(_shown(relative), file) if self._is_file(file, name) else self._alike(relative, name)

    def _alike(self, relative: str, name: str) -> Film | None:
        """The file whose path is most like a relative one."""
        *folders, last = relative.split("/")
        places = [self._root]
        for part in folders:
            wanted = folded(part)
            places = [f"{place}/{each}" for place in places for each in self._entries(place, name).get(wanted, ())]
        stem, _ = split(last)
        files = (f"{place}/{each}" for place in places for each in self._entries(place, name).get(folded(stem), ()))
        best = closest(name, relative, (file[len(self._root) + 1 :] for file in files if self._is_file(file, name)))
        return None if best is None else Film(_shown(best), f"{self._root}/{best}")

    def _entries(self, folder: str, name: str) -> dict[str, list[str]]:
        """What is in a folder, by folded name, with and without the suffix of a film."""
        if folder not in self._listed:
            entries: dict[str, list[str]] = {}
            with suppress(OSError):
                if not self._holds(f"{folder}/"):
                    raise LeadsOut(f"{short(name)} leads out of {self.folder}.")
                for entry in os.scandir(folder):
                    for key in {folded(entry.name), folded(split(entry.name)[0])}:
                        entries.setdefault(key, []).append(entry.name)
            if len(self._listed) >= _LISTINGS:
                self._listed.clear()
            self._listed[folder] = entries
        return self._listed[folder]

    def films(self, quiet: bool = False) -> list[Film]:
        """Every film below the folder, sorted by name. Hidden files are skipped. Unless `quiet`, warns of what else is
        left out and is no document: links that lead out of the folder or nowhere, folders and files that cannot be
        read, and files of other kinds, by their number."""
        left_out = _LeftOut()
        found = sorted(self._walk(left_out))
        if quiet:
            return found
        for what, paths in left_out.paths.items():
            warn(f"{self.folder}: left out {what}", sorted(map(self._name, paths)))
        if others := left_out.kinds:
            log.warning("%s: left out %d files of other kinds: %s.", self.folder, len(others), counted(others))
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
                file = _resolved(file)
                mode = os.lstat(file).st_mode
            if not self._holds(file):
                raise LeadsOut(f"{short(name)} leads out of {self.folder}.")
            return stat.S_ISREG(mode)
        except (OSError, ValueError):  # ValueError: a name with a null character
            return False

    def _holds(self, path: str) -> bool:
        """Whether a path, whose last part is not a link, is inside the root. Looks at each folder on disk once."""
        parent, above = posixpath.dirname(path), []
        while parent not in self._inside:
            if len(parent) <= len(self._root) or parent == posixpath.dirname(parent):
                break
            above.append(parent)
            linked = stat.S_ISLNK(os.lstat(parent).st_mode)
            parent = posixpath.dirname(_resolved(parent) if linked else parent)
        inside = self._inside.get(parent, False)
        self._inside.update(dict.fromkeys(above, inside))
        return inside

    def _walk(self, left_out: _LeftOut) -> Iterator[Film]:
        """The films below the root, folder by folder: a folder may be nested deeper than functions may call another."""
        folders = [self._root]
        while folders:
            folder = folders.pop()
            try:
                entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
            except OSError:
                left_out.add(_UNREADABLE_FOLDERS, folder)
                continue
            folders += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            yield from self._films_of(entries, left_out)

    def _films_of(self, entries: Iterable[os.DirEntry[str]], left_out: _LeftOut) -> Iterator[Film]:
        """The films in one folder."""
        for entry in entries:
            film = bool(split(entry.name)[1])
            if entry.is_symlink() and self._leads_out(entry.path):
                if film or posixpath.isdir(entry.path):
                    left_out.add(_OUTSIDE, entry.path)
            elif not _is_file(entry):
                if film and entry.is_symlink():
                    left_out.add(_NOWHERE, entry.path)
            elif film or (may_lack_suffix(entry.name) and self._begins_like_film(entry.path, left_out)):
                yield Film(self._name(entry.path), entry.path)
            elif kind := kind_of_other(entry.name):
                left_out.kinds.append(_shown(kind))

    def _begins_like_film(self, file: str, left_out: _LeftOut) -> bool:
        try:
            with Path(file).open("rb") as stream:
                head = stream.read(HEAD)
        except OSError:
            left_out.add(_UNREADABLE_FILES, file)
            return False
        if begins_like_film(head):
            return True
        if b"\0" in head:  # not a text
            left_out.kinds.append("without a suffix")
        return False

    def _leads_out(self, link: str) -> bool:
        try:
            return not f"{_resolved(link)}/".startswith(f"{self._root}/")
        except OSError:  # a link that may not be read
            return True

    def _name(self, path: str) -> str:
        return _shown(path[len(self._root) + 1 :])


def _resolved(link: str) -> str:
    """Where a link leads. Raises OSError for one link after another without end, which the system does not follow, and
    realpath follows each time anew."""
    try:
        os.stat(link)  # noqa: PTH116 (a path as text)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise
    return os.path.realpath(link)


def as_written(name: str, find: Callable[[str], Film | None]) -> Film | None:
    """The film of a name as it stands; else of one that is written as in a web address, with %20 for a space."""
    film = find(name)
    return find(unquote(name)) if film is None and "%" in name else film


def closest(name: str, relative: str, files: Iterable[str]) -> str | None:
    """The one of several files alike, relative paths, that is most like the path that `name` means; None for no files.

    The same suffix is closer than another one, and that the same path beside it. Raises Ambiguous for several.
    """
    stem, suffix = split(relative)
    likeness: dict[tuple[bool, bool], list[str]] = {}  # (another suffix, another path beside that) -> files
    for each in files:
        found, ending = split(each)
        other = ending.lower() != suffix.lower()
        likeness.setdefault((other, other and found != stem), []).append(each)
    if not likeness:
        return None
    best, *others = sorted(likeness[min(likeness)])
    if others:
        raise Ambiguous(f"{short(name)} may be {short(_shown(best))} or {short(_shown(others[0]))}")
    return best


class _LeftOut:
    """What a listing leaves out: paths by reason, and the kinds of files that are not films."""

    def __init__(self) -> None:
        self.paths: dict[str, list[str]] = {}
        self.kinds: list[str] = []

    def add(self, reason: str, path: str) -> None:
        self.paths.setdefault(reason, []).append(path)


def warn(what: str, names: Sequence[str]) -> None:
    """Logs a warning with the number of names and the first few; nothing where there are none."""
    if names:
        rest = len(names) - _NAMED
        shown = ", ".join(map(short, names[:_NAMED])) + (f" and {rest} more" if rest > 0 else "")
        log.warning("%s: %d (%s).", what, len(names), shown)


def _shown(path: str) -> str:
    """A path as text, with bytes that are not UTF-8 written as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link to one."""
    try:
        return entry.is_file()
    except OSError:
        return False
