"""Decoded films, kept while they are likely to be shown again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from engine.store.thumbnails import decode
from mammi_tui.images.base import Grey


class Films:
    """Reads and decodes films by image index. Safe to call from several threads.

    `read` returns an image's encoded thumbnail (RunReader.thumbnail). The `capacity` films used last are kept (25 KB
    each).
    """

    def __init__(self, read: Callable[[int], bytes], capacity: int = 512) -> None:
        self._read = read
        self._capacity = capacity
        self._kept: OrderedDict[int, Grey] = OrderedDict()
        self._lock = Lock()

    def get(self, image: int) -> Grey:
        """The film [h, w]. Raises MammiError when it cannot be read or decoded."""
        with self._lock:
            if (film := self._kept.get(image)) is not None:
                self._kept.move_to_end(image)
                return film
        film = decode(self._read(image))
        with self._lock:
            self._kept[image] = film
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return film
