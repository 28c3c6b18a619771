"""Films in the tar files of WebDataset, here or in a bucket, each with what the small files beside it say.

A sample is what has the same name up to its first dot: 00000001_000.png, 00000001_000.json, … (see
github.com/webdataset/webdataset, "The WebDataset format"). Tar files are not unpacked: their headers say once where
each film lies, and a film is read from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import Field, field_validator

from engine.errors import ConfigError
from engine.probing.attribute_options import attribute_names
from engine.probing.base import Image
from engine.probing.files import Ambiguous, Film, FilmTree, LeadsOut, warn
from engine.probing.film_set import FilmSet, ViewOptions, collect, of_views
from engine.probing.places import Location, Part, Place, in_folder, readable
from engine.probing.trees import film_tree
from engine.probing.webdataset.shard import Shard, read_shard
from engine.probing.webdataset.shard_names import expanded
from engine.probing.webdataset.told import Told
from engine.text_files import short

KEY = "probing.shards"
_THREADS = 16
"""Tar files whose headers are read at once, because stores are slow to respond"""
_GLOB = "*?["


class Options(ViewOptions, frozen=True):
    """`[probing]` of a configuration with kind = "webdataset"."""

    folder: Location
    """Holds the tar files"""
    shards: str = Field(default="*.tar", min_length=1)
    """Their names in it, with * and ?, and braces: "nih-{000..112}.tar" """
    image: str | None = Field(default=None, min_length=1)
    """The extension of a sample's film, where it has several pictures, such as "cxr.png" """
    classes: tuple[str, ...] = ()
    """The labels that the numbers of .cls files stand for, from 0"""
    labels_key: str = "labels"
    """The key, in .json files, of a list of labels, a text with | or ; between them, or a table label -> 1 or 0"""
    patient_key: str = "patient"
    view_key: str = "view"
    report_key: str = "report"
    """A film without this key has its .txt file as its report"""
    attribute_keys: Mapping[str, str] = Field(default_factory=dict)
    """Attribute -> its key in .json files, such as sex = "Patient Sex" """

    @field_validator("shards")
    @classmethod
    def _can_be_expanded(cls, shards: str) -> str:
        expanded(shards)
        return shards

    @field_validator("image")
    @classmethod
    def _without_dot(cls, image: str | None) -> str | None:
        return image and image.lstrip(".").lower()

    @field_validator("attribute_keys")
    @classmethod
    def _have_names(cls, keys: Mapping[str, str]) -> Mapping[str, str]:
        return attribute_names(keys)


def load(options: Options, base: Path) -> FilmSet:
    """Reads the headers of the tar files, and the small files in them. Warns of what is left out. Raises ConfigError
    where a tar file is missing or cannot be read, or there is no film."""
    tree = film_tree(base / options.folder)
    places = _shards(tree, options.shards)
    with ThreadPoolExecutor(_THREADS) as threads:
        shards = list(threads.map(lambda place: read_shard(place, options.image, KEY), places.values()))
    told = Told(options)
    images: list[Image] = []
    films: dict[str, Film] = {}
    for (name, place), shard in zip(places.items(), shards, strict=True):
        for image, part in _films(name, place, shard, told):
            images.append(image)
            films[image.path] = Film(image.path, part)
    _warn(tree.folder, shards)
    told.warn(tree.folder)
    if not films:
        raise ConfigError(f"{KEY}: the {len(places)} tar files of {tree.folder} hold no film.")
    return collect(of_views(images, options.views), films.get, options, tree.folder, tree.folder)


def _shards(tree: FilmTree, pattern: str) -> dict[str, Place]:
    """The tar files by their names in the folder, sorted."""
    names: list[str] = []
    for name in expanded(pattern):
        if any(sign in name for sign in _GLOB):
            names += [str(place)[len(str(tree.folder)) + 1 :] for place in in_folder(tree.folder, name)]
        else:
            names.append(name)
    found: dict[str, Place] = {}
    for name in sorted(set(names)):
        try:
            film = tree.find(name)
        except (LeadsOut, Ambiguous) as error:
            raise ConfigError(f"{KEY}: {error}") from None
        if film is None:
            raise ConfigError(f"{KEY}: {tree.folder} has no {short(name)}.")
        found[film.name] = readable(film.file)
    if not found:
        listed = isinstance(tree.folder, Path) or tree.folder.listed
        hint = "" if listed else "; what is there is not listed, so write the names with braces: {000..112}"
        raise ConfigError(f"{KEY}: {tree.folder} has no {pattern}{hint}.")
    return found


def _films(name: str, place: Place, shard: Shard, told: Told) -> Iterable[tuple[Image, Part]]:
    for key, sample in shard.samples.items():
        if len(sample.films) > 1:
            raise ConfigError(
                f"probing.image is missing: the sample {short(key)} of {place} has several pictures, "
                f"{' and '.join(sorted(sample.films))}; name the one that is the film."
            )
        for extension, (start, size) in sample.films.items():
            yield told.image(f"{name}/{key}.{extension}", sample.beside), Part(place, start, size)
        if not sample.films:
            shard.leave_out("samples without a film", f"{name}/{key}")


def _warn(folder: Place, shards: Iterable[Shard]) -> None:
    left_out: dict[str, list[str]] = {}
    for shard in shards:
        for reason, names in shard.left_out.items():
            left_out.setdefault(reason, []).extend(names)
    for reason, names in left_out.items():
        warn(f"{folder}: left out {reason}", names)
