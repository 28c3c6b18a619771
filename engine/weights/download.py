"""Downloads a file over HTTPS. It is resumed where an earlier attempt broke off, and renamed only when it is whole."""

from __future__ import annotations

import http
import http.client
import json
import shutil
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from engine.errors import MAKE_ROOM, ConfigError, MammiError, first_line, writing
from engine.progress import Progress

TIMEOUT = 30.0
"""Seconds without a byte after which an attempt fails"""
TRIES = 4
"""Attempts in a row without a new byte after which a download fails"""
PAUSE = 1.0
"""Seconds before the second attempt, doubled before each further one"""
LARGEST = 20 * 10**9
"""The most bytes of a file whose size its server does not announce"""
MEGABYTE = 10**6

_BLOCK = 1 << 18
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
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
    _check_address(url)
    part = Part(target, url)
    meter = _Meter(progress, target.name)
    failures = 0
    while True:
        before = part.size
        try:
            _attempt(url, part, meter, size)
            return part
        except _Broken as error:
            failures = 1 if part.size > before else failures + 1
            if failures >= TRIES:
                raise MammiError(f"{url}: {first_line(error)}, {TRIES} times in a row. {_left(part)}") from error
            progress.note(f"{target.name}: {first_line(error)}; trying again")
            time.sleep(PAUSE * 2 ** (failures - 1))


def _left(part: Part) -> str:
    """A sentence about the part that a failed download leaves; an empty one is removed."""
    if part.size:
        return "The bytes so far are kept: try again later."
    part.remove()
    return "No bytes arrived: is this machine on the network?"


def _attempt(url: str, part: Part, meter: _Meter, size: int | None) -> None:
    """Completes the part. Raises _Broken when it could not."""
    request = urllib.request.Request(url, headers={"User-Agent": "mammi", "Accept-Encoding": "identity"})  # noqa: S310
    have = part.size
    if have and have == part.version.size:
        return
    if have and part.version.validator:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", part.version.validator)
    try:
        with _opener(url).open(request, timeout=TIMEOUT) as response:
            version = _version(url, response)
            if not _continues(response, version, part):
                part.restart(version)
            _check_size(url, version.size, size)
            _check_space(part, version.size)
            meter.begin(part.size, version.size or size)
            _copy(response, part, meter, limit=version.size or size or LARGEST, url=url)
            if version.size is not None and part.size < version.size:
                raise _Broken(f"broke off after {part.size:,} of {version.size:,} bytes")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.restart(_Version(url, None, None))
            raise _Broken("no longer has the bytes that are missing") from error
        if error.code in _PASSING:
            raise _Broken(f"answered {error.code} {error.reason}") from error
        raise MammiError(f"{url}: the server answered {error.code} {error.reason}.") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise MammiError(f"{url}: the server's certificate is not valid ({first_line(error.reason)}).") from error
        raise _Broken(f"not reached ({first_line(error.reason)})") from error
    except (http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
        raise _Broken(f"broke off ({first_line(error)})") from error


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
    return int(text) if text.isascii() and text.isdigit() else None


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


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to HTTPS, and redirects to this machine from this machine only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https" and not (_is_loopback(req.full_url) and _is_loopback(newurl)):
            raise MammiError(
                f"{req.full_url}: the server redirects to {newurl[:200]}, which is not HTTPS: not followed."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Speaks HTTP and HTTPS only, so that no redirect reaches files or FTP. Proxies are those of the environment."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler({} if _is_loopback(url) else None),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _check_address(url: str) -> None:
    if urlsplit(url).scheme != "https" and not _is_loopback(url):
        raise ConfigError(f"{url}: weights are fetched over https:// only.")


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK
