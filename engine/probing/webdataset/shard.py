"""What a tar file holds: where each film lies in it, and the small files beside films. Films are not read for it."""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import ConfigError, first_line
from engine.probing.places import Place
from engine.probing.remote.path import RemotePath
from engine.probing.suffixes import SUFFIXES

BESIDE = ("json", "txt", "cls")
"""Extensions of what is said of a film"""
MOST_TEXT = 1 << 20
"""The most bytes of one of these"""

_AT_ONCE = 1 << 16
"""Bytes that are asked of a store at once: a header, and the small files that follow it"""
_MOST_HEADER = 1 << 24
"""The most bytes of a header; a longer name is an attack"""
_BLOCK = 512
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}
_FAULTS = (tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError)
"""What tarfile raises for damaged headers: it follows sizes of any number, and headers that describe headers"""
_UID = re.compile(r"[\d.]+", re.ASCII)


@dataclass(slots=True)
class Sample:
    """The files of one key: a film, and what is said of it."""

    films: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Extension -> where the film's bytes begin in the tar file, and how many they are"""
    beside: dict[str, bytes] = field(default_factory=dict)
    """Extension in BESIDE -> the file's bytes"""


@dataclass(slots=True)
class Shard:
    """The samples of one tar file by their keys, and what is left out, by reason."""

    samples: dict[str, Sample] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, reason: str, name: str) -> None:
        self.left_out.setdefault(reason, []).append(name)


def read_shard(place: Place, image: str | None, key: str) -> Shard:
    """The samples of a tar file. `image`: the extension of films; by default that of any film.

    Raises ConfigError, which names the configuration's key, for a file that is missing, cannot be read, is packed or is
    no tar file.
    """
    shard = Shard()
    try:
        with _opened(place) as stream:
            for magic, kind in _PACKED.items():
                if stream.peek(len(magic)).startswith(magic):
                    raise ConfigError(f"{key}: {place} is packed with {kind}, where no film can be found: unpack it.")
            length = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            _read(stream, length, image, shard, place, key)
    except OSError as error:
        raise ConfigError(f"{key}: {place} cannot be read: {error.strerror or first_line(error)}.") from None
    return shard


def _read(stream: io.BufferedReader, length: int, image: str | None, shard: Shard, place: Place, key: str) -> None:
    try:
        archive = tarfile.TarFile(fileobj=_Headers(stream))  # type: ignore[arg-type]
    except _FAULTS as error:
        if length == 0:
            raise ConfigError(f"{key}: {place} is empty.") from None
        raise ConfigError(f"{key}: {place} is no tar file: {first_line(error)}.") from None
    try:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would keep every member
            _add(member, stream, length, image, shard)
        stream.seek(archive.offset)
        block = stream.read(_BLOCK)
        if block.strip(b"\0"):
            raise tarfile.ReadError("bad header")
        if not block:
            shard.leave_out("files that may be cut off, as they have no end mark", str(place))
    except _FAULTS:
        shard.leave_out("what follows a damaged place", f"{place}, byte {archive.offset:,}")


def _add(member: tarfile.TarInfo, stream: io.BufferedReader, length: int, image: str | None, shard: Shard) -> None:
    name = os.fsencode(member.name).decode("utf-8", "backslashreplace")
    if member.isdir():
        return
    parts = name.removeprefix("./").split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in member.name or "\0" in name:
        shard.leave_out("names that lead out of it", name)
        return
    if any(part.startswith(".") for part in parts):
        return
    stem, extension = _split("/".join(parts))
    is_film = extension == image if image else f".{extension}" in SUFFIXES
    if not (is_film or extension in BESIDE):
        return
    if not member.isreg() or member.issparse():
        shard.leave_out("links and other files without bytes of their own", name)
    elif member.offset_data + member.size > length:
        shard.leave_out("files that are cut off", name)
    elif not is_film and member.size > MOST_TEXT:
        shard.leave_out(f"texts of more than {MOST_TEXT >> 20} MB", name)
    else:
        sample = shard.samples.setdefault(stem, Sample())
        if extension in (sample.films if is_film else sample.beside):
            shard.leave_out("files of a name that an earlier one has", name)
        elif is_film:
            sample.films[extension] = member.offset_data, member.size
        else:
            stream.seek(member.offset_data)
            sample.beside[extension] = stream.read(member.size)


def _split(name: str) -> tuple[str, str]:
    """The key and the extension of a name, which are parted by the first dot after the last slash, as WebDataset does
    it; by the last dot where all before it is a DICOM UID."""
    folder, slash, last = name.rpartition("/")
    stem, _, extension = last.partition(".")
    uid, _, end = last.rpartition(".")
    if _UID.fullmatch(uid) and not end.isdecimal():
        stem, extension = uid, end
    return f"{folder}{slash}{stem}", extension.lower()


@contextmanager
def _opened(place: Place) -> Iterator[io.BufferedReader]:
    if isinstance(place, Path):
        with place.open("rb") as stream:
            yield stream
    else:
        from engine.probing.remote.stream import opened

        assert isinstance(place, RemotePath)  # noqa: S101
        with opened(place, _AT_ONCE) as stream:
            yield stream


class _Headers:
    """A stream for tarfile, which reads a header as long as it says it is."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self.tell, self.seek = stream.tell, stream.seek

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _MOST_HEADER:
            raise tarfile.ReadError("a header is too long")
        return self._stream.read(size)
