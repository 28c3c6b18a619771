"""Opens an address on a server that is not trusted: where it may lead, how slow it may be, and what it may say."""

from __future__ import annotations

import http.client
import io
import socket
import time
import urllib.request
from typing import IO, Any
from urllib.parse import urlsplit

from engine.errors import ConfigError, MammiError, first_line

TIMEOUT = 30.0
"""Seconds without a byte after which an attempt fails"""
WINDOW, LEAST = 60.0, 60_000
"""Seconds in which an attempt must get so many bytes: no server drips for days"""

_SHOWN = 200
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def ask(url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    """The response to a request for the file at an address. Raises MammiError, and what urllib raises."""
    request = urllib.request.Request(url, headers={"User-Agent": "mammi", "Accept-Encoding": "identity", **headers})  # noqa: S310
    try:
        return _opener(url).open(request, timeout=TIMEOUT)  # type: ignore[no-any-return]
    except ValueError as error:
        raise MammiError(f"{url}: the server redirects to what is no address ({words(error)}): not followed.") from None


def words(said: object) -> str:
    """What a server says, or an error that quotes it, as one short line."""
    line = first_line(said)
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line[:_SHOWN])
    return f"{shown}…" if len(line) > _SHOWN else shown


def check_address(url: str) -> None:
    """Raises ConfigError for an address that is not HTTPS."""
    if urlsplit(url).scheme != "https" and not _is_loopback(url):
        raise ConfigError(f"{url}: weights are fetched over https:// only.")


class _Timed(io.RawIOBase):
    """What comes through a connection, unless it comes too slowly."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._since, self._bytes = time.monotonic(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count: int | None = self._raw.readinto(buffer)
        self._bytes += count or 0
        now = time.monotonic()
        if now - self._since > WINDOW:
            if count and self._bytes < LEAST:
                raise TimeoutError(f"{self._bytes:,} bytes in {now - self._since:.0f} seconds are too slow")
            self._since, self._bytes = now, 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        self.fp = io.BufferedReader(_Timed(self.fp.detach()))


class _Connection(http.client.HTTPConnection):
    response_class = _Response


class _SafeConnection(http.client.HTTPSConnection):
    response_class = _Response


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SafeConnection, req)


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
        fp.close()  # its body is not read: it may have no end
        if urlsplit(newurl).scheme != "https" and not (_is_loopback(req.full_url) and _is_loopback(newurl)):
            raise MammiError(
                f"{req.full_url}: the server redirects to {words(newurl)}, which is not HTTPS: not followed."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Speaks HTTP and HTTPS only, so that no redirect reaches files or FTP. Proxies are those of the environment."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler({} if _is_loopback(url) else None),
        _Http(),
        _Https(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK
