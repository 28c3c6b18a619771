"""The films of a probing set: their bytes, and the keys that stand for their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from operator import itemgetter

from engine.errors import MammiError, UnreadableImage
from engine.keys import content_key
from engine.probing.base import Image, ProbingSet, stamp
from engine.probing.decoding import READERS
from engine.store.parts import ImageKeys


@dataclass(frozen=True, slots=True)
class File:
    """The bytes of an image file, or the reason why they cannot be read."""

    data: bytes
    """Empty if the file cannot be read"""
    sha256: str
    """Hexadecimal; "" if the file cannot be read"""
    reason: str = ""

    @property
    def key(self) -> str:
        """The key of the content; for a file that cannot be read, a key of the reason."""
        return content_key("unreadable", self.reason) if self.reason else self.sha256


class Films:
    """Reads films, and remembers the keys of those it has read. Several threads may ask for different places."""

    def __init__(self, probing: ProbingSet, by_name: bool) -> None:
        """`by_name`: whether the VLM looks an image up by its name."""
        self.images = probing.images
        self._probing = probing
        self._by_name = by_name
        self._keys: list[ImageKeys | None] = [None] * len(self.images)

    def look_up(self, places: Sequence[int], threads: Executor, keep: bool) -> list[tuple[int, ImageKeys, File | None]]:
        """The place and the keys of each image at these places and, if `keep`, the file that was read to find them.

        A probing set may say what determines a film without reading it. Otherwise the key of a film is the hash of its
        bytes.
        """
        pieces = [places[start::READERS] for start in range(READERS)]
        found = [each for piece in threads.map(lambda piece: self._look_up(piece, keep), pieces) for each in piece]
        return sorted(found, key=itemgetter(0))

    def _look_up(self, places: Sequence[int], keep: bool) -> list[tuple[int, ImageKeys, File | None]]:
        found = []
        for place in places:
            keys, file = self._keys[place], None
            if keys is None:
                key, file = self._look(self.images[place])
                embedding = content_key(key, self.images[place].path) if self._by_name else key
                keys = self._keys[place] = ImageKeys(key, embedding)
            found.append((place, keys, file if keep else None))
        return found

    def read(self, place: int) -> File:
        """The file of an image that has been looked up.

        Raises MammiError when it is not the file that the image's keys stand for, or when the probing set says what
        determines the film but cannot give it.
        """
        image, keys = self.images[place], self._keys[place]
        key, file = self._look(image)
        if keys is None or keys.film != key:
            raise MammiError(f"{image.path} changed while the run was going on. Run it again.")
        if file is None:
            file = self._file(image)
            if file.reason:
                raise MammiError(f"probing: {image.path} is not available: {file.reason}.")
        return file

    def _look(self, image: Image) -> tuple[str, File | None]:
        """The key of an image's content, and its file if finding the key meant reading it."""
        try:
            content = self._probing.content(image)
        except UnreadableImage as error:
            file = File(b"", "", str(error))
            return file.key, file
        if content is not None:
            return content_key("content", content), None
        file = self._file(image)
        return file.key, file

    def _file(self, image: Image) -> File:
        try:
            data = self._probing.read(image)
        except UnreadableImage as error:
            return File(b"", "", str(error))
        return File(data, hashlib.sha256(data).hexdigest())

    def stamp(self, place: int) -> str:
        """engine.probing.base.stamp of the image at this place."""
        return stamp(self._probing, self.images[place])

    def states_content(self, place: int) -> bool:
        """Whether the probing set says what determines the film, so that looking it up reads nothing."""
        try:
            return self._probing.content(self.images[place]) is not None
        except UnreadableImage:
            return False

    def unknown(self) -> list[int]:
        """The places of the images that have not been looked up."""
        return [place for place, keys in enumerate(self._keys) if keys is None]

    def keys_at(self, place: int) -> ImageKeys | None:
        """The keys of an image; None if it has not been looked up."""
        return self._keys[place]

    def learn(self, looked_up: Iterable[tuple[int, ImageKeys]]) -> None:
        """Remembers the keys of images that another process has looked up, by their places."""
        for place, keys in looked_up:
            self._keys[place] = keys

    def all_keys(self) -> list[ImageKeys]:
        """The keys of all images that have been looked up, in order."""
        return [keys for keys in self._keys if keys is not None]


class UnchangedFilms:
    """The probing set of films that have been looked up, for what reads them once more in the same run."""

    def __init__(self, films: Films, probing: ProbingSet) -> None:
        self.images = probing.images
        self._films = films
        self._probing = probing
        self._places = {image.path: place for place, image in enumerate(probing.images)}

    def read(self, image: Image) -> bytes:
        """Raises MammiError where the film is no longer the one that was looked up."""
        return self._films.read(self._places[image.path]).data

    def content(self, image: Image) -> str | None:
        return self._probing.content(image)
