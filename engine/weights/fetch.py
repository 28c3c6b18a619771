"""Fetches an entry of the catalogue into the weights folder and checks it."""

from __future__ import annotations

import shutil
from enum import Enum
from pathlib import Path

from engine.errors import ConfigError, MammiError, writing
from engine.progress import Progress
from engine.weights.download import Part, download
from engine.weights.entry import Entry, Published
from engine.weights.sums import read_sums, remember, sha256_of
from engine.weights.unpack import NoRoom, unpack


class State(Enum):
    """The state of an entry's file in the weights folder."""

    ABSENT = "absent"
    PARTLY = "partly fetched"
    PRESENT = "present"
    UNCHECKED = "present, not checked"
    """There is no checksum to compare it with: it was put there by hand"""
    DIFFERENT = "present, but different"


def state_of(entry: Entry, folder: Path) -> dict[str, State]:
    """The state of each file of the entry, by name. Reads the files to compare their checksums."""
    sums = _expected_sums(entry, folder)
    return {name: _state(entry, folder, name, sums.get(name)) for name in entry.names}


def _expected_sums(entry: Entry, folder: Path) -> dict[str, str]:
    """Checksums by name: the published ones, and those of earlier downloads for other files."""
    remembered = read_sums(folder)
    here = {name: remembered[key] for name in entry.names if (key := f"{entry.name}/{name}") in remembered}
    return here | {file.name: file.sha256 for file in entry.files if file.sha256 and not file.holds}


def _state(entry: Entry, folder: Path, name: str, expected: str | None) -> State:
    path = folder / entry.name / name
    if not path.is_file():
        parts = [path.with_name(f"{path.name}.part"), *folder.glob(f"{entry.name}.zip.part")]
        return State.PARTLY if any(part.is_file() for part in parts) else State.ABSENT
    if expected is None:
        return State.UNCHECKED
    return State.PRESENT if sha256_of(path) == expected else State.DIFFERENT


def fetch(
    entry: Entry, folder: Path, progress: Progress, *, sha256: str | None = None, force: bool = False
) -> dict[str, str]:
    """Downloads the missing files of the entry, and returns their checksums by path relative to `folder`.

    `sha256` is the checksum that the entry's one file must have. A checksum in the catalogue must always match. So must
    that of an earlier download, unless `force`, which also replaces existing files. Raises ConfigError for an entry
    that can only be fetched by hand, and MammiError when a file is not what it should be.
    """
    if not entry.files:
        raise ConfigError(
            f"{entry.name} can only be fetched by hand: put {', '.join(entry.by_hand)} from {entry.page} "
            f"into {folder / entry.name}."
        )
    if sha256 and len(entry.files) > 1:
        raise ConfigError(f"--sha256: {entry.name} has {len(entry.files)} files; one checksum cannot be right for all.")
    came: dict[str, str] = {}
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for file in entry.files:
            take = _take_zip if file.holds else _take_file
            came |= take(entry, file, folder, progress, sha256 or file.sha256, force)
    return came


def _take_file(
    entry: Entry, file: Published, folder: Path, progress: Progress, required: str | None, force: bool
) -> dict[str, str]:
    target = folder / entry.name / file.name
    key = f"{entry.name}/{file.name}"
    remembered = read_sums(folder).get(key)
    if target.exists() and not force:
        _stays(target, required or remembered, progress)
        return {}
    target.parent.mkdir(parents=True, exist_ok=True)
    part = download(file.url, target, progress, size=file.size)
    found = _checked(part, file, required)
    if remembered not in (None, found) and not (force or required):
        raise _changed(part, file)
    part.become(target)
    remember(folder, {key: found})
    return {key: found}


def _take_zip(
    entry: Entry, file: Published, folder: Path, progress: Progress, required: str | None, force: bool
) -> dict[str, str]:
    target = folder / entry.name
    remembered = {key: digest for key, digest in read_sums(folder).items() if key.startswith(f"{entry.name}/")}
    if target.exists() and not force:
        for name in file.holds:
            _stays(target / name, remembered.get(f"{entry.name}/{name}"), progress)
        return {}
    part = download(file.url, folder / f"{entry.name}.zip", progress, size=file.size)
    zip_digest = _checked(part, file, required)
    fresh = folder / f"{entry.name}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        unpack(part.path, fresh)
    except NoRoom:
        raise
    except MammiError:
        part.remove()
        raise
    found = {
        f"{entry.name}/{path.relative_to(fresh).as_posix()}": sha256_of(path)
        for path in sorted(fresh.rglob("*"))
        if path.is_file()
    }
    if remembered not in ({}, found) and not (force or required):
        shutil.rmtree(fresh)
        raise _changed(part, file)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    part.remove()
    remember(folder, found)
    return {file.name: zip_digest, **found}


def _stays(path: Path, expected: str | None, progress: Progress) -> None:
    """Notes that a file exists already. Raises MammiError when it is not what it should be."""
    if not path.is_file():
        raise MammiError(f"{path.parent} exists without {path.name}. Use --force to fetch all of it again.")
    found = sha256_of(path)
    if expected is None:
        progress.note(f"{path} exists already, put there by hand: SHA-256 {found}. --force fetches it again.")
    elif found == expected:
        progress.note(f"{path} exists already.")
    else:
        raise MammiError(f"{path} is not the expected file (SHA-256 {found}). Use --force to replace it.")


def _checked(part: Part, file: Published, required: str | None) -> str:
    found = sha256_of(part.path)
    if required and found != required.lower():
        part.remove()
        raise MammiError(
            f"{file.url}: the checksum is wrong, so the file was deleted.", f"SHA-256 {found}, not {required}."
        )
    return found


def _changed(part: Part, file: Published) -> MammiError:
    part.remove()
    return MammiError(f"{file.url}: not the file that was fetched before. Use --force to take the new one.")
