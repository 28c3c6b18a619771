"""Reads a resource of NLTK's data, from a folder or a zip file as NLTK's downloader leaves them."""

from __future__ import annotations

import shlex
import zipfile
import zlib
from pathlib import Path

from engine.errors import MammiError, first_line

LARGEST = 1 << 26
"""The most bytes of a file: WordNet's nouns have 15 million"""


class Resource:
    """A package of NLTK's data, such as taggers/averaged_perceptron_tagger_eng."""

    def __init__(self, category: str, package: str, what: str, nltk_data: Path | None) -> None:
        """Finds the package in `nltk_data`, or else in NLTK's own places. Messages call it `what`.

        Raises MammiError, with the command that fetches the package, when it is missing.
        """
        self._package = package
        option = f" -d {shlex.quote(str(nltk_data))}" if nltk_data else ""
        self.command = f"python -m nltk.downloader {package}{option}"
        for root in [nltk_data] if nltk_data else _own_places():
            for place in (root / category / package, root / category / f"{package}.zip"):
                if place.exists():
                    self.path = place
                    return
        where = f"in {nltk_data}" if nltk_data else "on this machine"
        raise MammiError(f"{what} is not {where}. Get it with: {self.command}")

    def read(self, name: str) -> str:
        """The text of one of its files. Raises MammiError when it cannot be read."""
        try:
            if self.path.is_dir():
                with (self.path / name).open("rb") as file:
                    return self._text(name, file.read(LARGEST + 1))
            with zipfile.ZipFile(self.path) as archive, archive.open(f"{self._package}/{name}") as member:
                return self._text(name, member.read(LARGEST + 1))
        except (OSError, UnicodeDecodeError, KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise self.damaged(f"{name} cannot be read ({first_line(error)})") from error

    def _text(self, name: str, content: bytes) -> str:
        if len(content) > LARGEST:
            raise zipfile.BadZipFile(f"{name} is too large")
        return content.decode("utf-8")

    def damaged(self, fault: str) -> MammiError:
        """The error for content that is not as it should be."""
        return MammiError(f"{self.path}: {fault}. Get it again with: {self.command}")


def _own_places() -> list[Path]:
    from nltk import data  # takes a second of CPU

    return [Path(root) for root in data.path]
