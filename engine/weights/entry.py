"""What the catalogue says about published weights or a tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Published:
    """A file as its publisher offers it."""

    url: str
    size: int | None = None
    """Bytes"""
    sha256: str | None = None
    holds: tuple[str, ...] = ()
    """The files in it, when it is a zip to be unpacked"""
    within: str = ""
    """Folder inside the entry's own"""

    @property
    def name(self) -> str:
        return (PurePosixPath(self.within) / PurePosixPath(self.url).name).as_posix()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files that it leaves in the entry's folder."""
        return self.holds or (self.name,)


@dataclass(frozen=True, slots=True)
class Entry:
    """Weights or a tokenizer. Without `files` they can only be fetched by hand, from `page`."""

    name: str
    what: str
    page: str
    source: str
    files: tuple[Published, ...] = ()
    by_hand: tuple[str, ...] = ()
    """Names of the files to put into the entry's folder"""
    licence: str = "see its page"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files in its folder."""
        return tuple(name for file in self.files for name in file.names) + self.by_hand

    def paths(self, folder: Path) -> list[Path]:
        """The paths of its files, where `folder` is the folder of all weights."""
        return [folder / self.name / name for name in self.names]


def hugging_face(repository: str, revision: str, *names: str) -> tuple[Published, ...]:
    """Files of one commit on Hugging Face."""
    return tuple(Published(hugging_face_url(repository, revision, name)) for name in names)


def hugging_face_url(repository: str, revision: str, name: str) -> str:
    return f"https://huggingface.co/{repository}/resolve/{revision}/{name}"
