"""Film files below one address. Their names are not trusted: nothing outside the address is ever asked for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property

from engine.errors import ConfigError
from engine.probing.alike import folded
from engine.probing.files import Film, LeadsOut, as_written, closest, log, warn
from engine.probing.remote.access import StorageFault, asked, listing
from engine.probing.remote.path import RemotePath
from engine.probing.suffixes import HEAD, begins_like_film, counted, kind_of_other, may_lack_suffix, split
from engine.text_files import short

_ADDRESS = re.compile(r"[A-Za-z][\w+.-]*:/")
_THREADS = 16
"""Files without a suffix that are looked at at once"""


class RemoteTree:
    """What is below an address, found as engine.probing.files.FileTree finds it. The store is asked once, as asking for
    each film of a table would take a request for each; one that is not asked has what a table names."""

    def __init__(self, folder: RemotePath, key: str = "probing.folder") -> None:
        self.folder = folder
        self._key = key

    @cached_property
    def _files(self) -> dict[str, str]:
        """The mark of each file, by its name."""
        with asked(self.folder, self._key):
            found = listing(self.folder)
        if not found:
            raise ConfigError(f"{self._key}: {self.folder} has no files, or does not exist.")
        return {name: mark for name, mark in found.items() if not name.endswith("/")}

    @cached_property
    def _alike(self) -> dict[str, list[str]]:
        """Names by what stays of them without letter case, Unicode form and the suffix of a film."""
        found: dict[str, list[str]] = {}
        for name in self._files:
            if not _is_hostile(name):
                found.setdefault(_plain(name), []).append(name)
        return found

    def find(self, name: str) -> Film | None:
        """As FileTree.find, with its errors. Raises ConfigError where the store cannot be asked."""
        return as_written(name, self._find)

    def _find(self, name: str) -> Film | None:
        relative = self._relative(name)
        if not self.folder.listed or relative in self._files:
            return self._film(relative)
        best = closest(name, relative, self._alike.get(_plain(relative), ()))
        return None if best is None else self._film(best)

    def films(self, quiet: bool = False) -> list[Film]:
        """As FileTree.films. Raises ConfigError where the store cannot be asked, and for one that is not to be."""
        if not self.folder.listed:
            raise ConfigError(
                f"{self._key}: what is below {self.folder} is not listed, so its films are not known: name them in a "
                'table (kind = "csv" or "parquet"), or take tar files (kind = "webdataset").'
            )
        hostile = [name for name in self._files if _is_hostile(name)]
        seen = [name for name in self._files if not (_is_hostile(name) or _is_hidden(name))]
        films = [name for name in seen if split(name)[1]]
        others = [name for name in seen if not split(name)[1]]
        bare = [name for name in others if may_lack_suffix(posixpath.basename(name))]
        with ThreadPoolExecutor(_THREADS) as threads:
            begins = threads.map(self._begins_like_film, bare)
            films += [name for name, is_film in zip(bare, begins, strict=True) if is_film]
        if not quiet:
            warn(f"{self.folder}: left out names that lead out of it", sorted(hostile))
            if kinds := [kind for name in others if (kind := kind_of_other(posixpath.basename(name)))]:
                log.warning("%s: left out %d files of other kinds: %s.", self.folder, len(kinds), counted(kinds))
        return [self._film(name) for name in sorted(films)]

    def _film(self, name: str) -> Film:
        path = self.folder / name
        return Film(name, replace(path, mark=self._files[name]) if self.folder.listed else path)

    def _begins_like_film(self, name: str) -> bool:
        try:
            return begins_like_film((self.folder / name).read(HEAD))
        except StorageFault:
            return False

    def _relative(self, name: str) -> str:
        path = name.replace("\\", "/")
        for root in (f"{self.folder}/", f"{self.folder.scheme}:/{self.folder.key}/"):  # an address, or one made a path
            path = path.removeprefix(root)
        path = posixpath.normpath(path)
        if path.startswith(("/", "../")) or path == ".." or _ADDRESS.match(path) or "\0" in path:
            raise LeadsOut(f"{short(name)} leads out of {self.folder}.")
        return path


def _is_hostile(name: str) -> bool:
    """Whether a name has parts that lead elsewhere where names are paths."""
    parts: Sequence[str] = name.replace("\\", "/").split("/")
    return any(part in ("", ".", "..") for part in parts) or "\0" in name


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _plain(name: str) -> str:
    return "/".join(map(folded, split(name)[0].split("/")))
