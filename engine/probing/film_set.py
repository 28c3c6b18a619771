"""A probing set of films in files: which films it holds, in which order, and how it reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from engine.errors import ConfigError
from engine.names import compared
from engine.probing.base import Image
from engine.probing.files import Ambiguous, Film, LeadsOut, warn
from engine.probing.places import FilmFile, Place, file_stamp, read_film
from engine.probing.remote.options import Storage
from engine.text_files import short


class FilmOptions(BaseModel, extra="forbid", frozen=True):
    """The keys of every kind of probing set that is read from files."""

    storage: Storage | None = None
    """How films are reached that are not on this machine. It stands first, as Location looks at it."""
    sample: int | None = Field(default=None, ge=1)
    """How many films to draw from the set for a quicker run; all by default"""
    sample_seed: int = 0
    """Another seed draws other films"""

    @model_serializer(mode="wrap")
    def _without_unused(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves `storage` out where the configuration does not name it."""
        values: dict[str, Any] = serialize(self)
        return values if self.storage else {name: value for name, value in values.items() if name != "storage"}


class ViewOptions(FilmOptions, frozen=True):
    """The keys of kinds whose films have a view: those of FilmOptions and one more."""

    views: tuple[str, ...] = ()
    """The views to keep, such as PA and AP, in upper or lower case; all by default"""


class FilmSet:
    """Films, sorted by path, and the file of each."""

    def __init__(self, images: Iterable[Image], files: Mapping[str, FilmFile]) -> None:
        self.images: Sequence[Image] = sorted(images, key=lambda image: image.path)
        self._files = files

    def read(self, image: Image) -> bytes:
        """Raises UnreadableImage."""
        return read_film(self._files[image.path])

    def content(self, image: Image) -> None:
        """None: a file may change at any time, so its bytes must be read."""

    def stamp(self, image: Image) -> str:
        """The file's size and the time of its last change; "" if there is no such file."""
        return file_stamp(self._files[image.path])


def collect(
    named: Iterable[Image],
    find: Callable[[str], Film | None],
    options: FilmOptions,
    source: Place,
    folder: Place,
    complete: Callable[[Image, FilmFile], Image] | None = None,
) -> FilmSet:
    """The films of a table or list: `named` yields each image under the name that `source` gives it; `find` finds its
    file.

    An image takes the name of the file that was found, and what `complete` adds from the file. The same seed draws the
    same sample whatever the order; the files of films that are not drawn are not searched for. Warns of names without a
    film, of names that lead out of the folder, and of names that may mean several files. Raises ConfigError when no
    film is left or a film is named twice.
    """
    images: dict[str, Image] = {}
    files: dict[str, FilmFile] = {}
    names: dict[str, str] = {}
    missing: list[str] = []
    outside: list[str] = []
    ambiguous: list[str] = []
    for image in _in_order(named, options):
        try:
            film = find(image.path)
        except LeadsOut:
            outside.append(image.path)
            continue
        except Ambiguous as error:
            ambiguous.append(str(error))
            continue
        if film is None:
            missing.append(image.path)
            continue
        if film.name in images:
            both = f"as {short(names[film.name])!r} and {short(image.path)!r}: give it one name in all rows"
            raise ConfigError(
                f"{source} names {short(film.name)!r} twice{f', {both}' if image.path != names[film.name] else ''}."
            )
        names[film.name] = image.path
        image = replace(image, path=film.name)
        images[film.name] = complete(image, film.file) if complete else image
        files[film.name] = film.file
        if len(images) == options.sample:
            break
    if not images:
        first = next(iter(missing + outside), None)
        reason = f"the first, {short(first)!r}, is not there" if first is not None else "it names none"
        reason = ambiguous[0] if ambiguous else reason
        raise ConfigError(f"probing.folder: {folder} holds none of the films of {source}: {reason}.")
    warn(f"{source}: left out films that lead out of {folder}", outside)
    warn(f"{source}: left out films that are not in {folder}", missing)
    warn(f"{source}: left out films whose name may mean several files in {folder}", ambiguous)
    return FilmSet(images.values(), files)


def of_views(images: Iterable[Image], views: Sequence[str]) -> list[Image]:
    """The images that have one of the views, in upper or lower case; all images where no view is named.

    Raises ConfigError when no image is left.
    """
    every = list(images)
    wanted = {compared(view.strip()) for view in views}
    chosen = [image for image in every if compared(image.view or "") in wanted] if views else every
    if every and not chosen:
        present = sorted({image.view for image in every if image.view})
        hint = f"views: {', '.join(present)}" if present else "its films have no views"
        raise ConfigError(f"probing.views: no film has the view {' or '.join(views)}; {hint}.")
    return chosen


def _in_order(images: Iterable[Image], options: FilmOptions) -> Iterable[Image]:
    """The order to draw in. A sample is ordered by the hash of seed and name, so that adding a film to the set, or
    taking one away, changes nothing for the others."""
    if options.sample is None:
        return images
    seed = options.sample_seed
    return sorted(images, key=lambda image: hashlib.sha256(f"{seed} {image.path}".encode(errors="replace")).digest())
