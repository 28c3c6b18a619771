"""A file server on loopback with the faults of real ones: it breaks off, changes, refuses ranges, redirects."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What the server answers for any path, and the requests that it got."""

    content: bytes = b""
    etag: str | None = '"one"'
    ranges: bool = True
    break_after: list[int] = field(default_factory=list)
    """For each of the next answers, the bytes of its body after which the connection is cut"""
    failures: list[int] = field(default_factory=list)
    """Statuses of the next answers"""
    location: str | None = None
    """The address to which every request is redirected"""
    announce: bool = True
    """Whether answers have a Content-Length"""
    always_continue: bool = False
    """Continues at a range whatever If-Range says, as a careless server does"""
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def file_server() -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            served.asked.append(dict(self.headers))
            if served.location:
                self._answer(302, {"Location": served.location, "Content-Length": "0"}, b"")
            elif served.failures:
                self._answer(served.failures.pop(0), {"Content-Length": "0"}, b"")
            else:
                self._file()

        def _file(self) -> None:
            content, status, headers = served.content, 200, {}
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
            same = served.always_continue or self.headers.get("If-Range") == served.etag
            if start and served.ranges and same:
                if start >= len(content):
                    self._answer(416, {"Content-Length": "0"}, b"")
                    return
                status = 206
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
                content = content[start:]
            if served.etag:
                headers["ETag"] = served.etag
            if served.announce:
                headers["Content-Length"] = str(len(content))
            self._answer(status, headers, content)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if served.break_after and body:
                body = body[: served.break_after.pop(0)]
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
