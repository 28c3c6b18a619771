"""Keeps a Python process off the network. tests/conftest.py puts this folder first on the path of every process that a
test starts, where Python itself imports it, and uses it for its own process.

Sockets between processes of this machine are no network. Loopback is for tests marked `network`, whose servers are of
their own making: a variable of the environment says so. An audit hook would see more, but every import and every file
that is opened would pass through it: a quarter of the suite's time.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import wraps
from typing import Any

LOOPBACK = "MAMMI_TESTS_LOOPBACK"
blocked: list[str] = []
"""What this process has tried to reach"""


def check(what: str, host: object) -> None:
    """Raises OSError for a host that is not this machine, or where loopback is not open."""
    if host is None or (LOOPBACK in os.environ and _is_here(host)):
        return
    blocked.append(f"{what} {host!r}")
    raise OSError(f"tests do not use the network: {what} {host!r}")


def _is_here(host: object) -> bool:
    text = host.decode(errors="replace") if isinstance(host, bytes | bytearray) else str(host)
    return text in ("", "localhost", "::1", "0.0.0.0", socket.gethostname()) or text.startswith("127.")  # noqa: S104


def _sending(name: str, place: int) -> Callable[..., Any]:
    """A method of sockets that takes an address as the argument at that place, or as none."""
    method = getattr(socket.socket, name)

    @wraps(method)
    def checked(self: socket.socket, *arguments: Any) -> Any:
        if isinstance(address := arguments[place] if len(arguments) > max(place, 0) else None, tuple):
            check(f"socket.{name}", address[0])
        return method(self, *arguments)

    return checked


def _naming(name: str) -> Callable[..., Any]:
    function = getattr(socket, name)

    @wraps(function)
    def checked(host: object, *arguments: Any, **named: Any) -> Any:
        check(f"socket.{name}", host)
        return function(host, *arguments, **named)

    return checked


for each, where in (("connect", 0), ("connect_ex", 0), ("sendto", -1), ("sendmsg", 3)):
    setattr(socket.socket, each, _sending(each, where))
for each in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
    setattr(socket, each, _naming(each))
