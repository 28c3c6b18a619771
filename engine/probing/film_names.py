"""Finds films by the names that tables give them: a path or a file name, with or without suffix, or another name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import PurePosixPath

from engine.errors import ConfigError
from engine.probing.alike import Named
from engine.probing.files import Ambiguous, Film, FilmTree
from engine.text_files import short


def as_path(name: str) -> str:
    """A name with forward slashes, and without parts that lead nowhere, such as "./"."""
    path = name.replace("\\", "/")
    return posixpath.normpath(path) if "./" in path or "//" in path else path


class FilmNames:
    """The names by which each of several films may be called."""

    def __init__(self, films: Iterable[str], others: Iterable[tuple[str, str]] = ()) -> None:
        """`films` are the films' paths, `others` pairs of another name, or "", and the path of its film."""
        self._paths: Named[str] = Named()
        self._names: Named[str] = Named()
        for film in films:
            path = PurePosixPath(film)
            self._paths.add(film, film)
            for name in {path.with_suffix("").as_posix(), path.name, path.stem}:
                self._names.add(name, film)
        for name, film in others:
            if name:
                self._names.add(name, film)

    def find(self, name: str) -> str | None:
        """The path of the film with that name; a whole path is one film's. Raises Ambiguous when several have it."""
        films = sorted(set(self._paths.find(name) or self._names.find(name)))
        if len(films) > 1:
            raise Ambiguous(f"{short(name)} may be {short(films[0])} or {short(films[1])}")
        return films[0] if films else None


class NamedFilms:
    """The films of a folder, found by path or, where a table has no paths, by name."""

    def __init__(self, tree: FilmTree) -> None:
        self._tree = tree
        self._names: FilmNames | None = None
        self._films: dict[str, Film] = {}

    def find(self, name: str) -> Film | None:
        """As FileTree.find, and in any subfolder by file name with or without suffix. The folder is listed once such a
        film is asked for.

        Raises LeadsOut and Ambiguous as FileTree.find does.
        """
        film = self._tree.find(name)
        if film is not None:
            return film
        if self._names is None:
            self._films = {film.name: film for film in self._tree.films(quiet=True)}
            self._names = FilmNames(self._films)
        path = self._names.find(name)
        return None if path is None else self._films[path]


class FilmsByName:
    """A folder's films by file name without suffix, for sets in which these names are unique."""

    def __init__(self, tree: FilmTree) -> None:
        self._folder = tree.folder
        self._films: Named[Film] = Named()
        for film in tree.films():
            self._films.add(stem(film.name), film)

    @property
    def names(self) -> list[str]:
        return [films[0].name for films in self._films.groups()]

    def find(self, name: str) -> Film | None:
        """The film of that name, anywhere in the folder, or of one that differs in letter case or Unicode form only.
        Raises ConfigError when several films have it."""
        films = self._films.find(stem(name))
        if len(films) > 1:
            raise ConfigError(
                f"probing.folder: {self._folder} holds {films[0].name} and {films[1].name}; "
                "name the one folder to use, or keep one of the files."
            )
        return films[0] if films else None


def stem(name: str) -> str:
    """A file's name without its folders and suffix."""
    return posixpath.splitext(posixpath.basename(name))[0]
