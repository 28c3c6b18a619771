"""A web server on loopback with the faults of object stores: it fails some times, breaks off, denies, knows no ranges.

It answers GET as an S3 store does too, where addresses are /BUCKET/KEY, and lists nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

BREAKS_OFF = 0
"""In place of a status: half of the body, and the connection is cut"""


@dataclass
class WebStore:
    """Files by their address, and what comes before them."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[int]] = field(default_factory=dict)
    """Address -> statuses of its next answers"""
    code: str = "InternalError"
    """The code in the body of a fault, as S3 has it"""
    always: int | None = None
    """The status of every answer"""
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def web_store() -> Iterator[WebStore]:
    store = WebStore()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # header and body in one packet

        def log_message(self, *arguments: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            name = unquote(self.path.partition("?")[0]).lstrip("/")
            store.asked.append(name)
            waiting = store.faults.get(name)
            status = store.always or (waiting.pop(0) if waiting else 200 if name in store.files else 404)
            if status not in (200, BREAKS_OFF):
                code = "NoSuchKey" if status == 404 else store.code
                self._send(status, f"<Error><Code>{code}</Code></Error>".encode(), body)
                return
            data = store.files[name]
            asked = self.headers.get("Range")
            headers = {"Accept-Ranges": "bytes"}
            if asked and store.ranges:
                start, _, end = asked.removeprefix("bytes=").partition("-")
                if int(start) >= len(data):
                    self._send(416, b"<Error><Code>InvalidRange</Code></Error>", body)
                    return
                last = min(int(end or len(data)), len(data) - 1)
                headers["Content-Range"] = f"bytes {start}-{last}/{len(data)}"
                self._send(206, data[int(start) : last + 1], body, status == BREAKS_OFF, headers)
            else:
                self._send(200, data, body, status == BREAKS_OFF)

        def _send(
            self, status: int, data: bytes, body: bool, cut: bool = False, headers: dict[str, str] | None = None
        ) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if body:
                self.wfile.write(data[: len(data) // 2] if cut else data)
            self.close_connection = cut or self.close_connection

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        store.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield store
        finally:
            server.shutdown()
            thread.join()
