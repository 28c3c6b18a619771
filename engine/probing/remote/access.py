"""Asks object stores and web servers, by fsspec. What is transient is asked again, and a fault has one short reason.

A fault of one file is a StorageFault, which is an OSError. A fault of all files raises MammiError at once: credentials
that are missing or have run out, and a store that has answered nothing for STOPS_AFTER files in a row.
"""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, TypeVar

from engine.errors import ConfigError, MammiError, first_line
from engine.extras import missing
from engine.probing.remote.options import Storage
from engine.probing.remote.path import WEB, RemotePath
from engine.probing.remote.web import NoParts, web_part

ATTEMPTS = 5
FIRST_WAIT = 0.25
"""Seconds before the second attempt; each further wait is twice as long, and all are spread by half"""
LATEST = 60.0
"""Seconds after which no further attempt is made"""
TIMEOUT = 30
"""Seconds without a byte after which an attempt has failed"""
STOPS_AFTER = 20
"""Files in a row that cannot be had, after which the store itself is taken to be at fault"""

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}
_AGAIN = (408, 425, 429)
"""Statuses below 500 that may be another at the next attempt"""
_NO_CREDENTIALS = (
    *("ExpiredToken", "TokenRefreshRequired", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"),
    *("RequestTimeTooSkewed", "AuthFailure", "UnauthorizedAccess"),
)
"""Codes of S3 that are about who asks, not about what is asked for"""
_CREDENTIAL_ERRORS = (
    *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound"),
    *("TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError", "DefaultCredentialsError"),
    *("RefreshError", "NoAuthTokenError", "ConfigNotFound"),
)
"""Types of botocore and google.auth that say the same; these packages are not imported for it"""
_NO_ANSWER = (
    *("EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError", "HTTPClientError"),
    *("ResponseStreamingError", "IncompleteReadError", "ResponseParserError", "ClientPayloadError", "TimeoutError"),
    *("ServerTimeoutError", "ServerDisconnectedError", "ClientConnectorError", "ClientOSError", "IncompleteRead"),
)
"""Types of botocore and aiohttp for a connection that is not made, or breaks off"""

Result = TypeVar("Result")


class StorageFault(OSError):
    """A file cannot be had. `strerror` is the reason."""


@cache
def _filesystem(scheme: str, storage: Storage, _process: int) -> Any:
    """The file system of a store; one for each process, as its connections do not survive a fork."""
    package = _PACKAGES[scheme]
    for name in ("fsspec", package):
        if find_spec(name) is None:
            raise ConfigError(f"probing: {scheme}:// {missing(name)}.")
    import fsspec

    options: dict[str, Any] = {"use_listings_cache": False}
    if scheme == "s3":
        options |= {"anon": storage.anon, "endpoint_url": storage.endpoint_url, "profile": storage.profile}
        options["config_kwargs"] = {
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            "connect_timeout": TIMEOUT,
            "read_timeout": TIMEOUT,
            "max_pool_connections": 32,
        }
    elif scheme == "gs":
        options |= {"token": "anon" if storage.anon else None, "endpoint_url": storage.endpoint_url}
        options["requests_timeout"] = TIMEOUT
    else:
        import aiohttp

        options["client_kwargs"] = {"timeout": aiohttp.ClientTimeout(connect=TIMEOUT, sock_read=TIMEOUT)}
        options["encoded"] = True
    filesystem = fsspec.filesystem(scheme, skip_instance_cache=True, **options)
    if scheme == "s3":
        filesystem.retries = 1  # asking again is decided here, for all stores in the same way
    return filesystem


def _of(path: RemotePath) -> tuple[Any, str]:
    """The file system of a path, and the path as it takes it."""
    web = path.scheme in WEB
    return _filesystem("http" if web else path.scheme, path.storage, os.getpid()), path.url if web else path.key


def read(path: RemotePath, start: int, end: int) -> bytes:
    """The bytes of a file from `start` up to `end`, or its end. Raises StorageFault, and MammiError where no file can
    be had."""
    if end <= start:
        return b""
    filesystem, name = _of(path)
    try:
        # by name: the second argument of s3fs is a version
        part = partial(web_part, filesystem) if path.scheme in WEB else filesystem.cat_file
        data: bytes = _health(path).counted(partial(_again, path, lambda: part(name, start=start, end=end)))
    except _Empty:
        return b""
    return data[: end - start]


def size(path: RemotePath) -> int | None:
    """The bytes of a file; None where there is none. Raises as `read` does."""
    filesystem, name = _of(path)
    try:
        info: dict[str, Any] = _again(path, lambda: filesystem.info(name))
    except StorageFault as error:
        if error.errno == errno.ENOENT:
            return None
        raise
    if info["type"] != "file":
        return None
    if info["size"] is None:
        raise StorageFault(errno.EIO, "its server does not say how long it is")
    return int(info["size"])


def entries(folder: RemotePath) -> list[str]:
    """The names in a folder, sorted; none where there is no such folder. Raises as `read` does."""
    filesystem, name = _of(folder)
    try:
        found: list[str] = _again(folder, lambda: filesystem.ls(name, detail=False))
    except StorageFault as error:
        if error.errno == errno.ENOENT:
            return []
        raise
    return sorted({each.rstrip("/")[len(name) + 1 :] for each in found if each.startswith(f"{name}/")} - {""})


def listing(folder: RemotePath) -> dict[str, str]:
    """Every file below a folder, by its name relative to it, with its mark (RemotePath). Raises as `read` does."""
    filesystem, name = _of(folder)
    found: dict[str, Any] = _again(folder, lambda: filesystem.find(name, detail=True))
    start = len(name) + 1
    return {each[start:]: _mark(info) for each, info in found.items() if each.startswith(f"{name}/")}


def _mark(info: dict[str, Any]) -> str:
    own = info.get("ETag") or info.get("md5Hash") or info.get("etag")
    return f"{info['size']} {own}" if own else ""


@contextmanager
def asked(path: RemotePath, key: str = "probing") -> Iterator[None]:
    """Turns a StorageFault in the block, which asks for `path`, into a ConfigError that names the key."""
    try:
        yield
    except StorageFault as error:
        raise ConfigError(f"{key}: {path}: {error.strerror}.") from None


class _Empty(Exception):
    """A part was asked for of a file without any bytes."""


def _again(path: RemotePath, ask: Callable[[], Result]) -> Result:
    """What `ask` gives, asked again while it fails by what may pass."""
    began = time.monotonic()
    attempts = 1 if path.scheme == "gs" else ATTEMPTS  # gcsfs asks again by itself
    for attempt in range(1, attempts + 1):
        try:
            return ask()
        except (MammiError, StorageFault):
            raise
        except NoParts:
            raise StorageFault(errno.EIO, "its server gives no parts of files") from None
        except Exception as error:  # noqa: BLE001 (fsspec passes on the errors of several packages that have no common type)
            fault = _fault(path, error)
            if fault.errno != errno.EAGAIN:
                raise fault from None
            if attempt == attempts or time.monotonic() - began > LATEST:
                raise StorageFault(errno.EIO, fault.strerror) from None
        time.sleep(FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
    raise AssertionError


def _fault(path: RemotePath, error: BaseException) -> StorageFault:
    """The fault that an error of fsspec means; its number is EAGAIN where it may pass. Raises MammiError for one that
    holds for every file."""
    status, code = _status(error)
    kinds = {type(each).__name__ for each in _causes(error)}
    if code in _NO_CREDENTIALS or status == 401 or kinds & set(_CREDENTIAL_ERRORS):
        raise MammiError(_credentials(path, code or first_line(error))) from None
    if kinds & set(_NO_ANSWER):
        return StorageFault(errno.EAGAIN, "its store does not answer, or breaks off")
    if status is not None and (status >= 500 or status in _AGAIN):
        return StorageFault(errno.EAGAIN, f"its store answers {status}")
    if status == 416 or code == "InvalidRange":
        raise _Empty
    if isinstance(error, FileNotFoundError) or status in (404, 410):
        what = "bucket" if code == "NoSuchBucket" else "file"
        return StorageFault(errno.ENOENT, f"there is no such {what}")
    if isinstance(error, PermissionError) or status == 403 or str(error).startswith("Forbidden"):
        return StorageFault(errno.EACCES, "its store denies access")
    if status is not None:
        return StorageFault(errno.EIO, f"its store answers {status}{f' ({code})' if code else ''}")
    if isinstance(error, OSError):
        return StorageFault(errno.EAGAIN, "its store does not answer, or breaks off")
    return StorageFault(errno.EIO, f"{type(error).__name__}: {first_line(error)}")


def _credentials(path: RemotePath, reason: str) -> str:
    if path.scheme == "s3":
        return (
            f"probing: s3://{path.bucket} cannot be read with the credentials here ({reason[:120]}). Set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or probing.storage.profile; for a public bucket, "
            "probing.storage.anon = true."
        )
    if path.scheme == "gs":
        return (
            f"probing: gs://{path.bucket} cannot be read with the credentials here ({reason[:120]}). Set "
            "GOOGLE_APPLICATION_CREDENTIALS; for a public bucket, probing.storage.anon = true."
        )
    return f"probing: {path.bucket} asks who is there ({reason[:120]}); http is for what needs no password."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> tuple[int | None, str]:
    """The HTTP status behind an error, and S3's code; (None, "") where there was no answer."""
    for each in _causes(error):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return status, str(response.get("Error", {}).get("Code", ""))
        for name in ("status", "code"):
            status = getattr(each, name, None)
            if isinstance(status, int):
                return status, ""
            if isinstance(status, str) and status.isdecimal():
                return int(status), ""
    return None, ""


class _Health:
    """Counts the files in a row that could not be had from a store."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._lock = threading.Lock()
        self._failed = 0

    def counted(self, ask: Callable[[], Result]) -> Result:
        """What `ask` gives. Raises MammiError in place of the last of too many faults."""
        try:
            found = ask()
        except StorageFault as error:
            if error.errno != errno.ENOENT:
                with self._lock:
                    self._failed += 1
                    stop = self._failed >= STOPS_AFTER
                if stop:
                    raise MammiError(
                        f"probing: {self._bucket}: {STOPS_AFTER} files in a row could not be read: {error.strerror}. "
                        "What is computed is kept: run the same command again once the store answers."
                    ) from None
            raise
        with self._lock:
            self._failed = 0
        return found


@cache
def _health_of(bucket: str, _storage: Storage) -> _Health:
    return _Health(bucket)


def _health(path: RemotePath) -> _Health:
    return _health_of(f"{path.scheme}://{path.bucket}", path.storage)
