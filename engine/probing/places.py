"""Where films and tables are: on this machine, or at an address. What opens one opens the other."""

from __future__ import annotations

import errno
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Protocol

from pydantic import PlainSerializer, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from engine.errors import ConfigError, UnreadableImage, first_line
from engine.probing.plain import JPEG
from engine.probing.plain_png import stated_size
from engine.probing.remote.options import Storage
from engine.probing.remote.path import RemotePath
from engine.probing.suffixes import DICOM, DICOM_AT
from engine.text_files import short

MAX_BYTES = 1 << 28
"""Larger films are not read"""
Place = Path | RemotePath

_HEAD = 1 << 18
"""Bytes of a film in which its header is looked for"""
_ORIENTATION_TAG = 0x0112
_ON_THEIR_SIDE = (5, 6, 7, 8)
"""EXIF orientations of films whose width is stored as their height"""


def _located(value: Any, info: ValidationInfo) -> Place:
    if isinstance(value, (Path, RemotePath)):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("path_type", "Input is not a path")
    if "://" not in value:
        return Path(value)
    return RemotePath.parse(value, info.data.get("storage") or Storage())


Location = Annotated[Path | RemotePath, PlainValidator(_located), PlainSerializer(str, return_type=str)]
"""The type of an option that names a file or a folder: a path, or an address that is reached as the option `storage`
before it says. `base / option` is where it is."""


def in_folder(folder: Place, pattern: str) -> list[Place]:
    """What is in a folder by a pattern, sorted. Raises ConfigError for what is no pattern of names, and for folders
    that are nested too deep for one."""
    try:
        found: list[Place] = [*folder.glob(pattern)]
    except RecursionError:
        raise ConfigError(
            f"probing: folders in {folder} are nested too deep for the pattern {short(pattern)!r}."
        ) from None
    except (NotImplementedError, ValueError) as error:
        raise ConfigError(f"probing: {pattern!r} is no pattern of names in {folder}: {first_line(error)}.") from None
    return sorted(found, key=str)


class Stored(Protocol):
    """A film that is not a file of its own on this machine."""

    def read(self, most: int) -> bytes:
        """Its bytes, `most` of them at most. Raises OSError."""
        ...

    def stamp(self) -> str:
        """As file_stamp."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """A film that is a part of a file, such as a tar file, as it lies there."""

    place: Place
    start: int
    size: int

    def read(self, most: int) -> bytes:
        length = min(self.size, most)
        if isinstance(self.place, RemotePath):
            data = self.place.part(self.start, self.start + length)
        else:
            with self.place.open("rb") as stream:
                stream.seek(self.start)
                data = stream.read(length)
        if len(data) < length:
            raise OSError(errno.EIO, "its file is shorter than it was")
        return data

    def stamp(self) -> str:
        return part_stamp(self.place, f"{self.start} {self.size}")


def part_stamp(place: Place, part: str) -> str:
    """The stamp of a part of a file; "" where the file has none."""
    whole = place.stamp() if isinstance(place, RemotePath) else file_stamp(str(place))
    return f"{whole} {part}" if whole else ""


FilmFile = str | Stored
"""The file of a film: its whole path, or what reads it"""


def readable(file: FilmFile) -> Place:
    """Where a text is that a tree has found."""
    if isinstance(file, str):
        return Path(file)
    if isinstance(file, RemotePath):
        return file
    raise TypeError(f"{file!r} is no file of its own")


def read_film(file: FilmFile) -> bytes:
    """A film's bytes. Raises UnreadableImage."""
    try:
        data = _start(file, MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableImage(f"cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise UnreadableImage(f"too large: more than {MAX_BYTES >> 20} MB")
    return data


def file_stamp(file: FilmFile) -> str:
    """The size of a file and the time of its last change, or what its store says in place of that; "" if there is no
    such file, or the store has not been asked."""
    if not isinstance(file, str):
        return file.stamp()
    try:
        found = Path(file).stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def open_film(file: FilmFile) -> BinaryIO:
    """A film's bytes as a stream. Raises OSError."""
    if isinstance(file, (str, RemotePath)):
        return readable(file).open("rb")
    return io.BytesIO(file.read(MAX_BYTES))


def film_size(file: FilmFile) -> tuple[int, int] | None:
    """Width and height of the upright film in a file of PICTURES; None if that cannot be read and the film will be set
    aside, and for DICOM films.

    Only the beginning of a JPEG file is read, and of a PNG file that says it plainly. All others are decoded, within
    the limits that hold for films: Pillow may take any time and memory for the header alone of a damaged one.
    """
    from engine.probing.decoding import decode

    try:
        head = _start(file, _HEAD)
        if head.startswith(DICOM, DICOM_AT):
            return None
        size = _size_of_jpeg(head) if head.startswith(JPEG) else stated_size(head)
        if size is None:
            height, width = decode(read_film(file)).shape
            size = width, height
    except (OSError, UnreadableImage):
        return None
    return size


def _size_of_jpeg(head: bytes) -> tuple[int, int] | None:
    """None where the beginning of the file does not say it."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(head), formats=["JPEG"]) as image:
            turned = image.getexif().get(_ORIENTATION_TAG, 1) in _ON_THEIR_SIDE
            return image.size[::-1] if turned else image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _start(file: FilmFile, most: int) -> bytes:
    if not isinstance(file, str):
        return file.read(most)
    with Path(file).open("rb") as stream:
        return stream.read(most)
