"""Unpacks a zip from outside into a new folder, whole or not at all."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from engine.errors import MammiError, first_line

MEMBERS = 10_000
"""The most files in a zip"""
BYTES = 20 * 10**9
"""The most bytes unpacked"""
DEPTH = 64
"""The most parts of a name. Functions that make and remove folders call themselves for each."""
RATIO = 100
"""The most times that the content may exceed the zip's size. Deflate reaches 1032; weights stay near 1."""

_BLOCK = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)


class NoRoom(MammiError):
    """The disk has no room for what an archive holds."""


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks the zip's regular files into `folder`, which must not exist yet.

    Raises MammiError, and leaves no folder behind, for a zip that is damaged or encrypted, that holds links or names
    leading out of the folder, or that would exceed the limits or the free disk space.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(archive, opened, folder)
            folder.mkdir()
            for member, path in members:
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(archive, opened, member, path)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, _DAMAGED):
            raise MammiError(f"{archive} is not a sound zip ({first_line(error)}): not unpacked.") from error
        raise


def _checked(archive: Path, opened: zipfile.ZipFile, folder: Path) -> list[tuple[zipfile.ZipInfo, Path]]:
    """The files in the zip with their targets, after a check that all of them are harmless."""
    infos = opened.infolist()
    if len(infos) > MEMBERS:
        raise MammiError(f"{archive} holds {len(infos):,} files, more than {MEMBERS:,}: not unpacked.")
    files = [(info, _inside(archive, info, folder)) for info in infos if not info.is_dir()]
    names = [Path(str(path).casefold()) for _, path in files]
    if len(set(names)) < len(names) or set(names) & {parent for name in names for parent in name.parents}:
        raise MammiError(f"{archive} holds a name twice: not unpacked.")
    total = sum(info.file_size for info, _ in files)
    limit = min(BYTES, RATIO * archive.stat().st_size)
    if total > limit:
        raise MammiError(f"{archive} would grow to {total:,} bytes, more than {limit:,}: not unpacked.")
    free = shutil.disk_usage(archive.parent).free
    if total > free:
        raise NoRoom(
            f"{archive} needs {total:,} bytes unpacked; {free:,} are free in {archive.parent}.",
            "Make room, and run the same command again: the download is kept.",
        )
    return files


def _inside(archive: Path, info: zipfile.ZipInfo, folder: Path) -> Path:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise MammiError(f"{archive} holds {info.filename!r}, which is a link or not a regular file: not unpacked.")
    # zipfile turns the "\\" of other systems into "/" where it separates folders; any that is left is part of a name.
    name = PurePosixPath(info.filename)
    parts = name.parts
    if (
        name.is_absolute()
        or not parts
        or ".." in parts
        or len(parts) > DEPTH
        or not info.filename.isprintable()
        or set(info.filename) & {*"\\:"}
    ):
        raise MammiError(
            f"{archive} holds {info.filename!r}, which leads out of its folder or is not a name: not unpacked."
        )
    return folder.joinpath(*parts)


def _write(archive: Path, opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    left = info.file_size
    with opened.open(info) as source, path.open("xb") as file:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise MammiError(f"{archive} holds more in {info.filename!r} than it announces: not unpacked.")
            file.write(block)
