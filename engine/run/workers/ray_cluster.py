"""The Ray cluster of a run: one that is started for it on this machine and stopped after it, or one that is there."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO, cast

from engine.config.workers import LOCAL, RAY, RayAddress
from engine.errors import MammiError, first_line
from engine.extras import missing
from engine.own_files import held_folder, temporary_folder
from engine.run.workers.sizes import Node

_ENVIRONMENT = {
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # Ray writes what its own threads say across the progress
    "RAY_USAGE_STATS_ENABLED": "0",
}
_ENVIRONMENT_LOCAL = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # binds all ports to loopback, as Ray does on a desktop
    "RAY_AUTH_MODE": "token",
}
_REACHED_WITHIN = 5.0
"""Seconds"""
_LONGEST_TEMPORARY = 40
"""Characters of a folder's path: the path of a socket in it may have 107"""
_SHORT = "/tmp"  # noqa: S108 - the folder made in it is this user's alone
_MB = 1 << 20


def reachable(address: RayAddress) -> None:
    """Finds out in seconds whether Ray is installed and anything listens there; Ray itself would try for minutes.

    Raises MammiError if not.
    """
    for package in ("ray", "pyarrow"):
        if find_spec(package) is None:
            raise MammiError(f"--workers {_named(address)} {missing('ray')}.")
    place = address.host_and_port
    if place is None:
        return
    try:
        with socket.create_connection(place, _REACHED_WITHIN):
            pass
    except OSError as error:
        why = error.strerror or first_line(error)
        raise MammiError(
            f"--workers {_named(address)}: nothing answers at {address.text} ({why}). Name the address that "
            "`ray start --head` gave, or use --workers ray on one machine."
        ) from None


@contextmanager
def connected(address: RayAddress, store_mb: int) -> Iterator[None]:
    """This process is part of the cluster in the block. A local cluster is started and stopped, with `store_mb` for
    results that wait; it listens on loopback only, and to nobody without its token. Any other cluster goes on.

    Raises MammiError where the cluster cannot be joined; see `reachable` too.
    """
    with ExitStack() as stack:
        stack.enter_context(_environment(_variables(address)))
        import ray

        if ray.is_initialized():  # by whoever called us, who also ends it
            yield
            return
        stack.enter_context(_quiet())
        stack.enter_context(_signals_kept())
        if address.text == LOCAL:
            options: dict[str, Any] = {
                "address": "local",
                "include_dashboard": False,
                "object_store_memory": store_mb * _MB,
                "_temp_dir": stack.enter_context(_temporary_folder()),
            }
        else:
            options = {"address": address.text}
        stack.callback(ray.shutdown)
        try:
            with _no_standard_error():
                ray.init(**options, log_to_driver=False, logging_level=logging.CRITICAL)
        except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
            raise MammiError(_refused(address, error)) from error
        yield


def nodes() -> list[Node]:
    """What the machines of the cluster have. Only in a block of `connected`."""
    import ray

    found: list[dict[str, Any]] = ray.nodes()
    resources = [node["Resources"] for node in found if node["Alive"]]
    return [Node(each.get("CPU", 0.0), each.get("GPU", 0.0)) for each in resources]


def cluster_name(address: RayAddress) -> str:
    return "this machine" if address.text == LOCAL else f"the cluster {_named(address)}"


def _named(address: RayAddress) -> str:
    return RAY if address.text == LOCAL else f"{RAY}:{address.text}"


def _refused(address: RayAddress, error: Exception) -> str:
    told = f"{error} {error.__cause__ or ''}"
    if "ersion mismatch" in told:
        said = " ".join(told[told.index("ersion mismatch") + len("ersion mismatch") :].split())
        return (
            f"--workers {_named(address)}: the cluster has other versions of Ray or Python: install the same here"
            f"{said[:200]}"
        )
    if address.text == LOCAL:
        return f"--workers ray: Ray cannot start here: {first_line(error)}."
    return (
        f"--workers {_named(address)}: cannot connect: {first_line(error)}. "
        "Start the run on a machine of the cluster (`ray status` shows one there)."
    )


def _variables(address: RayAddress) -> dict[str, str]:
    """What Ray reads from the environment as it is imported. It has its own token if it has been imported before."""
    if address.text != LOCAL or "ray" in sys.modules:
        return _ENVIRONMENT
    return _ENVIRONMENT | _ENVIRONMENT_LOCAL | {"RAY_AUTH_TOKEN": secrets.token_hex(32)}


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Sets variables that the user has not set, for the block."""
    new = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Ray's own chatter off the terminal; its log files have it all."""
    import ray.data  # noqa: F401 - sets up the handlers

    handlers = [each for each in logging.getLogger("ray.data").handlers if isinstance(each, logging.StreamHandler)]
    before = [handler.level for handler in handlers]
    for handler in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings(), redirect_stdout(cast(TextIO, _NotOfRay(sys.stdout))):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            for handler, level in zip(handlers, before, strict=True):
                handler.setLevel(level)


class _NotOfRay:
    """A stream without what Ray's threads print there: every attempt at a task, with the end of a log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return len(text) if threading.current_thread().name.startswith("ray_") else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _no_standard_error() -> Iterator[None]:
    """Ray's own threads write to the file descriptor while it starts, past any logger. Errors are raised."""
    sys.stderr.flush()
    before = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Gives SIGTERM back to whoever had it: Ray takes it while it starts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _temporary_folder() -> Iterator[str]:
    """A folder for Ray's sockets and logs that only this user can open."""
    usual = str(temporary_folder())
    with held_folder(Path(usual if len(usual) <= _LONGEST_TEMPORARY else _SHORT), "mammi-ray-") as folder:
        yield str(folder)
