"""A file in a store as a stream: each read beyond the buffer asks for the next range."""

from __future__ import annotations

import errno
import io
import os

from engine.probing.remote.access import StorageFault, read, size
from engine.probing.remote.path import RemotePath

AT_ONCE = 1 << 20
"""Bytes of a range"""


class _Ranges(io.RawIOBase):
    def __init__(self, path: RemotePath, length: int) -> None:
        self._path = path
        self._length = length
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._length}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        end = min(self._place + len(view), self._length)
        data = read(self._path, self._place, end)
        if len(data) < end - self._place:
            raise StorageFault(errno.EIO, "it is shorter than it was")
        view[: len(data)] = data
        self._place += len(data)
        return len(data)


def opened(path: RemotePath, at_once: int = AT_ONCE) -> io.BufferedReader:
    """The file as a stream that can be sought in. Raises StorageFault."""
    length = size(path)
    if length is None:
        raise StorageFault(errno.ENOENT, "there is no such file")
    return io.BufferedReader(_Ranges(path, length), at_once)
