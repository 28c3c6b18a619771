"""Downloads a file over HTTPS. It is resumed where an earlier attempt broke off, and renamed only when it is whole."""

from __future__ import annotations

import http
import http.client
import json
import shutil
import socket
import ssl
import time
import urllib.error
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from engine.errors import MAKE_ROOM, MammiError, writing
from engine.progress import Progress
from engine.weights.asking import ask, check_address, words

TRIES, MOST_TRIES = 4, 100
"""Attempts in a row without GAIN new bytes, and attempts at all, after which a download fails"""
GAIN = 1 << 18
PAUSE = 1.0
"""Seconds before the second attempt, doubled before each further one"""
LARGEST = 20 * 10**9
"""The most bytes of a file whose size its server does not announce"""
MEGABYTE = 10**6

_BLOCK = 1 << 18
_LONGEST_NUMBER = 18
"""Digits of a length that a file can have"""
_PASSING = (408, 425, 429, 500, 502, 503, 504)


class _Broken(Exception):
    """This attempt failed, but another one may succeed."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What a server said about the content that the bytes in the part belong to."""

    url: str
    validator: str | None
    """A strong ETag or a date, for If-Range; None when the server gave neither"""
    size: int | None


class Part:
    """The bytes of a file so far, in `target`.part, and beside them the version that they belong to."""

    def __init__(self, target: Path, url: str) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._notes = target.with_name(f"{target.name}.part.json")
        self.version = self._read(url) or _Version(url, None, None)
        if self.version.validator is None:
            self.restart(self.version)

    def _read(self, url: str) -> _Version | None:
        try:
            version = _Version(**json.loads(self._notes.read_text("utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return version if version.url == url and self.path.is_file() else None

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def restart(self, version: _Version) -> None:
        """Drops the bytes; those to come belong to this version."""
        self.version = version
        self.path.write_bytes(b"")
        self._notes.write_text(json.dumps(asdict(version)), "utf-8")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def become(self, target: Path) -> None:
        """Gives the whole file its name."""
        self.path.replace(target)
        self._notes.unlink(missing_ok=True)


def download(url: str, target: Path, progress: Progress, *, size: int | None = None) -> Part:
    """Fetches a file to `target`.part, continuing an earlier download, and returns that part when it is whole.

    An interrupted download leaves it for the next one. `size` is the file's size as published, in bytes.
    Raises ConfigError for an address that is not HTTPS, and MammiError when the server refuses, announces another size,
    keeps breaking off, or the disk is too small.
    """
    check_address(url)
    part = Part(target, url)
    meter = _Meter(progress, target.name)
    failures = 0
    for _ in range(MOST_TRIES):
        before = part.size
        try:
            _attempt(url, part, meter, size)
            return part
        except _Broken as error:
            failures = 1 if part.size >= before + GAIN else failures + 1
            if failures >= TRIES:
                raise MammiError(f"{url}: {error}, {TRIES} times in a row. {_left(part)}") from error
            progress.note(f"{target.name}: {error}; trying again")
            time.sleep(PAUSE * 2 ** (failures - 1))
    raise MammiError(f"{url}: it broke off {MOST_TRIES} times. {_left(part)}")


def _left(part: Part) -> str:
    """A sentence about the part that a failed download leaves; an empty one is removed."""
    if part.size:
        return "The bytes so far are kept: try again later."
    part.remove()
    return "No bytes arrived: is this machine on the network?"


def _attempt(url: str, part: Part, meter: _Meter, size: int | None) -> None:
    """Completes the part. Raises _Broken when it could not."""
    have = part.size
    if have and have == part.version.size:
        return
    rest = {}
    if have and part.version.validator:
        rest = {"Range": f"bytes={have}-", "If-Range": part.version.validator}
    try:
        with ask(url, rest) as response:
            _check_content(url, response, size)
            version = _version(url, response)
            if not _continues(response, version, part):
                part.restart(version)
            _check_size(url, version.size, size)
            _check_space(part, version.size)
            meter.begin(part.size, version.size or size)
            _copy(response, part, meter, limit=version.size or size or LARGEST, url=url)
            whole = version.size or size
            if whole is not None and part.size < whole:
                raise _Broken(f"broke off after {part.size:,} of {whole:,} bytes")
            if not part.size:
                raise MammiError(f"{url}: the server sends an empty file: not fetched.")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.restart(_Version(url, None, None))
            raise _Broken("no longer has the bytes that are missing") from error
        if error.code in _PASSING:
            raise _Broken(f"answered {error.code} {words(error.reason)}") from error
        raise MammiError(f"{url}: the server answered {error.code} {words(error.reason)}.") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise MammiError(f"{url}: the server's certificate is not valid ({words(error.reason)}).") from error
        raise _Broken(f"not reached ({words(error.reason)})") from error
    except (http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError, socket.gaierror) as error:
        raise _Broken(f"broke off ({words(error)})") from error


def _version(url: str, response: http.client.HTTPResponse) -> _Version:
    """The version that a response belongs to; its size is the whole file's."""
    tag = response.headers.get("ETag", "")
    validator = tag if tag.startswith('"') else response.headers.get("Last-Modified")
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        size = _number(response.headers.get("Content-Range", "").rpartition("/")[2])
    else:
        size = _number(response.headers.get("Content-Length", ""))
    return _Version(url, validator, size)


def _continues(response: http.client.HTTPResponse, version: _Version, part: Part) -> bool:
    """Whether the response continues where the part ends, and belongs to the same version."""
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        return False
    start = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    if version != part.version or _number(start) != part.size:
        part.restart(_Version(version.url, None, None))
        raise _Broken("the file has changed on its server")
    return True


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _check_content(url: str, response: http.client.HTTPResponse, size: int | None) -> None:
    """Raises MammiError for a response that is not the file itself, or of which the end would not be known."""
    lengths = response.headers.get_all("Content-Length", [])
    if len(set(lengths)) > 1 or any(_number(each.strip()) is None for each in lengths):
        raise MammiError(f"{url}: the server announces a length that is none ({words(lengths[0])}): not fetched.")
    if (packed := response.headers.get("Content-Encoding", "identity").strip().lower()) != "identity":
        raise MammiError(f"{url}: the server sends the file packed ({words(packed)}), which was not asked for.")
    if response.headers.get_content_type() == "text/html":
        raise MammiError(f"{url}: the server sends a web page in place of the file: open the address in a browser.")
    if not lengths and size is None and not response.chunked:
        raise MammiError(f"{url}: the server does not say how long the file is, so its end is not known: not fetched.")


def _copy(response: IO[bytes], part: Part, meter: _Meter, limit: int, url: str) -> None:
    with part.path.open("ab", buffering=0) as file:
        while block := response.read(_BLOCK):
            if file.tell() + len(block) > limit:
                raise MammiError(f"{url}: the server sends more than the {limit:,} bytes that it should. Stopped.")
            rest = memoryview(block)
            with writing(part.path, f"{MAKE_ROOM}: the bytes so far are kept"):
                while rest:
                    rest = rest[file.write(rest) :]
            meter.add(len(block))


def _check_size(url: str, announced: int | None, expected: int | None) -> None:
    if announced is not None and expected is not None and announced != expected:
        raise MammiError(
            f"{url}: the server announces {announced:,} bytes, where the published file has {expected:,}: not fetched."
        )


def _check_space(part: Part, size: int | None) -> None:
    free = shutil.disk_usage(part.path.parent).free
    missing = (size or 0) - part.size
    if missing > free:
        raise MammiError(
            f"{part.path.parent} has {free / MEGABYTE:,.0f} MB free; {missing / MEGABYTE:,.0f} MB are needed."
        )


class _Meter:
    """Reports the progress in megabytes, as one stage that begins with the first response."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = f"{name} (MB)"
        self._reported: int | None = None
        self._bytes = 0

    def begin(self, have: int, size: int | None) -> None:
        self._bytes = have
        if self._reported is None or _megabytes(have) < self._reported:
            self._progress.stage(self._name, _megabytes(size if size is not None else LARGEST))
            self._reported = 0
            self._report(reused=True)

    def add(self, count: int) -> None:
        self._bytes += count
        self._report()

    def _report(self, reused: bool = False) -> None:
        new = _megabytes(self._bytes) - (self._reported or 0)
        if new > 0:
            self._progress.advance(new, new if reused else 0)
            self._reported = _megabytes(self._bytes)


def _megabytes(count: int) -> int:
    return -(-count // MEGABYTE)
