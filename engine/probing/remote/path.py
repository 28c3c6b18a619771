"""A file or a folder in a bucket or on a web server, with as much of pathlib.Path's interface as probing sets use."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from engine.probing.remote.options import Storage

SCHEMES = ("s3", "gs", "http", "https")
WEB = ("http", "https")


@dataclass(frozen=True, slots=True, order=True)
class RemotePath:
    """An address, and how it is reached."""

    url: str
    """Without a slash at its end"""
    storage: Storage = field(default_factory=Storage, compare=False)
    mark: str = field(default="", compare=False, repr=False)
    """What a listing says of the file's content: its size and the store's own hash of it"""

    @classmethod
    def parse(cls, url: str, storage: Storage) -> RemotePath:
        """Raises ValueError for an address that cannot be used, or must not be kept."""
        scheme = url.partition("://")[0]
        if scheme not in SCHEMES:
            raise ValueError(f"{scheme}:// is none of what can be read: {', '.join(f'{each}://' for each in SCHEMES)}")
        if scheme in WEB:
            if not storage.http:
                raise ValueError("web servers are not asked unless [probing.storage] says http = true")
            parts = urlsplit(url)
            if not parts.hostname:
                raise ValueError("it is no address: write https://host/folder")
            if parts.username or parts.password or parts.query or parts.fragment:
                raise ValueError("an address has no user, password, ? or # in it: a run file keeps no secrets")
        path = cls(url.rstrip("/"), storage)
        if not path.bucket or "@" in path.bucket:
            raise ValueError(f"it names no bucket: write {scheme}://bucket/folder")
        return path

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]

    @property
    def key(self) -> str:
        """The bucket, or server, and what follows it."""
        return self.url.partition("://")[2]

    @property
    def bucket(self) -> str:
        return self.key.partition("/")[0]

    @property
    def listed(self) -> bool:
        """Whether the store is asked what it holds."""
        return self.storage.listing and self.scheme not in WEB

    @property
    def name(self) -> str:
        return posixpath.basename(self.key)

    @property
    def stem(self) -> str:
        return posixpath.splitext(self.name)[0]

    @property
    def parent(self) -> RemotePath:
        folder = posixpath.dirname(self.key) or self.key
        return RemotePath(f"{self.scheme}://{folder}", self.storage)

    def __truediv__(self, name: str | Path) -> RemotePath:
        relative = str(name).strip("/")
        return RemotePath(f"{self.url}/{quote(relative) if self.scheme in WEB else relative}", self.storage)

    def __rtruediv__(self, base: object) -> RemotePath:
        """An address is never relative, so `base / address` is the address."""
        return self

    def __str__(self) -> str:
        return self.url

    def is_file(self) -> bool:
        """Raises ConfigError where the store cannot be asked."""
        from engine.probing.remote.access import asked, size

        with asked(self):
            return size(self) is not None

    def is_dir(self) -> bool:
        """Whether anything is below it; True on a web server, which is not asked."""
        from engine.probing.remote.access import asked, entries

        if not self.listed:
            return True
        with asked(self):
            return bool(entries(self))

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        """What is below it by a pattern of names. Nothing is found where the store is not asked."""
        from engine.probing.remote.access import asked, entries

        first, _, rest = pattern.partition("/")
        if not self.listed:
            return
        with asked(self):
            there = entries(self)
        for name in there:
            if fnmatchcase(name, first):
                yield from (self / name).glob(rest) if rest else (self / name,)

    def open(self, mode: Literal["rb"] = "rb") -> io.BufferedReader:  # noqa: ARG002
        """A stream that reads the file by ranges. Raises OSError."""
        from engine.probing.remote.stream import opened

        return opened(self)

    def read(self, most: int) -> bytes:
        """The file's bytes, `most` of them at most. Raises OSError."""
        return self.part(0, most)

    def stamp(self) -> str:
        """As engine.probing.places.file_stamp."""
        return self.mark

    def part(self, start: int, end: int) -> bytes:
        """The file's bytes from `start` up to `end`, or its end. Raises OSError."""
        from engine.probing.remote.access import read

        return read(self, start, end)
