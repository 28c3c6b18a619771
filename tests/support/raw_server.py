"""A server on loopback that answers each request with bytes of a script, whatever HTTP says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

Answer = Callable[[str, str], Iterator[bytes]]
"""From the server's address and a request's head: the pieces that are sent until the client has gone"""


@contextmanager
def raw_server(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the server's address. Each connection gets the next answer, and the last one again and again."""
    left, ending = list(answers), threading.Event()

    def answer(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head and (piece := client.recv(65536)):
                head += piece
            chosen = left.pop(0) if len(left) > 1 else left[0]
            for piece in chosen(url, head.decode("latin1")):
                if ending.is_set():
                    return
                client.sendall(piece)

    def serve() -> None:
        while not ending.is_set():
            with suppress(OSError):
                client, _ = server.accept()
                threading.Thread(target=answer, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield url
        finally:
            ending.set()
            thread.join()
