"""Neither a test nor what it starts reaches the network."""

from __future__ import annotations

import subprocess
import sys

import pytest

REACHES = {
    "an address": "socket.create_connection(('192.0.2.1', 80), 0.1)",
    "loopback": "socket.socket().connect(('127.0.0.1', 9))",
    "a name": "socket.getaddrinfo('example.org', 80)",
    "a datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
}


@pytest.mark.parametrize("reach", REACHES.values(), ids=REACHES)
def test_a_process_that_a_test_starts_is_kept_off_the_network(reach: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import socket; {reach}"], capture_output=True, text=True, check=False
    )
    assert "tests do not use the network" in done.stderr
