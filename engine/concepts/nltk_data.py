"""Reading a resource of NLTK's from a folder or a zip of its data, as its downloader leaves them."""

from __future__ import annotations

import shlex
import zipfile
import zlib
from pathlib import Path

from nltk import data

from engine.errors import MammiError, first_line

LARGEST = 1 << 28
"""Bytes of a file in a zip."""


class Resource:
    """A package of NLTK's data, such as taggers/averaged_perceptron_tagger_eng."""

    def __init__(self, category: str, package: str, what: str, nltk_data: Path | None) -> None:
        """`what` is how a message calls it. Raises MammiError with the command that gets it when it is not there.

        It is looked for in `nltk_data`, or else where NLTK keeps its data.
        """
        self._package = package
        option = f" -d {shlex.quote(str(nltk_data))}" if nltk_data else ""
        self.command = f"python -m nltk.downloader {package}{option}"
        roots = [nltk_data] if nltk_data else [Path(root) for root in data.path]
        for root in roots:
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
                return (self.path / name).read_text("utf-8")
            with zipfile.ZipFile(self.path) as archive, archive.open(f"{self._package}/{name}") as member:
                content = member.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise zipfile.BadZipFile(f"{name} is too large")
            return content.decode("utf-8")
        except (OSError, UnicodeDecodeError, KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise self.damaged(f"{name} cannot be read ({first_line(error)})") from error

    def damaged(self, fault: str) -> MammiError:
        """What to say when its content is not right."""
        return MammiError(f"{self.path}: {fault}. Get it again with: {self.command}")
