"""Keeps a Python process off the network. tests/conftest.py puts this folder first on the path of every process that a
test starts, where Python itself imports it, and uses it for its own process.

Sockets between processes of this machine are no network. Loopback is for tests marked `network`, whose servers are of
their own making: a variable of the environment says so.
"""

from __future__ import annotations

import os
import socket
import sys

LOOPBACK = "MAMMI_TESTS_LOOPBACK"
blocked: list[str] = []
"""What this process has tried to reach"""
_OUTWARD = ("socket.connect", "socket.sendto", "socket.sendmsg")
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def look(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook. Raises OSError for what would leave the machine."""
    if not event.startswith("socket."):
        return
    if event in _OUTWARD and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event in _NAMES:
        host = arguments[0]
    else:
        return
    if host is None or (LOOPBACK in os.environ and _is_here(host)):
        return
    blocked.append(f"{event} {host!r}")
    raise OSError(f"tests do not use the network: {event} {host!r}")


def _is_here(host: object) -> bool:
    text = host.decode(errors="replace") if isinstance(host, bytes | bytearray) else str(host)
    return text in ("", "localhost", "::1", "0.0.0.0", socket.gethostname()) or text.startswith("127.")  # noqa: S104


sys.addaudithook(look)
