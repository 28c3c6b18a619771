"""Downloads from a hostile server: redirects, endless bodies, wrong ranges, changed files, slow drip."""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import MammiError
from engine.progress import Silent
from engine.weights import asking, download
from engine.weights.entry import Entry, Published
from engine.weights.fetch import fetch
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.support.raw_server import Answer, raw_server

FILE = bytes(range(256)) * 4000
SUM = hashlib.sha256(FILE).hexdigest()
MOST = 4 * len(FILE)
"""Bytes that may ever lie on the disk"""
_OK = "HTTP/1.1 200 OK\r\n"
_LENGTH = f"Content-Length: {len(FILE)}\r\n"
_TAG = 'ETag: "a"\r\n'


def knock(setting: Setting) -> Outcomes:
    download.PAUSE, download.LARGEST = 0.01, MOST
    asking.TIMEOUT, asking.WINDOW = 1.0, 0.3
    for published in ("size and sum", "sum", "size", "nothing"):
        kinds = list(_answers().items())
        for what, answers in kinds if setting.full else setting.chance.sample(kinds, 8):
            yield _tried(setting, what, answers, published)


def _tried(setting: Setting, what: str, answers: list[Answer], published: str) -> str | None:
    """Fetches a file twice. What is taken for whole must be the file, where that can be known."""
    folder = setting.folder / "weights"
    with raw_server(answers) as url:
        size = len(FILE) if "size" in published else None
        file = Published(f"{url}/x.pt", size, SUM if "sum" in published else None)
        entry = Entry("entry", "what", url, "source", (file,))

        def read() -> None:
            for last in (False, True):
                try:
                    fetch(entry, folder, Quiet())
                except MammiError as error:
                    Quiet().note(str(error).replace("\n", " "))
                    if last:
                        raise

        fall = fall_of(read, setting.folder, seconds=25, memory=200, allowed=("socket.", "urllib."))
    fall = fall or _left(folder, sound="sum" in published or what not in NOT_KNOWN)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return fall and f"{what}, {published} published: {fall}"


def _left(folder: Path, sound: bool) -> str | None:
    """What is wrong with the files in the folder."""
    whole = folder / "entry" / "x.pt"
    if whole.exists() and sound and whole.read_bytes() != FILE:
        return f"{whole.stat().st_size:,} bytes that are not the file were taken for it"
    held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if held > MOST + 2**19:
        return f"{held:,} bytes lie on the disk"
    return None


class Quiet(Silent):
    """Every note is one line that a terminal can show."""

    def note(self, text: str) -> None:
        if not text.isprintable() or len(text) > 2000:
            raise AssertionError(f"a note of {len(text)} characters: {text[:200]!r}")


def _answer(head: str, *body: bytes, endless: bytes = b"", pause: float = 0) -> Answer:
    def pieces(url: str, _: str) -> Iterator[bytes]:
        yield head.replace("URL", url).encode("latin1") + b"\r\n"
        for piece in body:
            time.sleep(pause)
            yield piece
        while endless:
            time.sleep(pause)
            yield endless

    return pieces


def _ranged(start: int = 0, total: int = 0, content: bytes = FILE, tag: str = _TAG, status: int = 206) -> Answer:
    """Answers a request for the rest with a range that is shifted, or of another file."""

    def pieces(_: str, asked: str) -> Iterator[bytes]:
        begin = int(asked.partition("Range: bytes=")[2].partition("-")[0] or 0)
        rest = content[begin:]
        span = f"Content-Range: bytes {begin + start}-{len(content) - 1}/{len(content) + total}\r\n"
        head = f"HTTP/1.1 {status} X\r\n{span if begin else ''}{tag}Content-Length: {len(rest)}\r\n\r\n"
        yield (head if begin else head.replace("206", "200")).encode() + rest

    return pieces


_BROKEN = _answer(_OK + _LENGTH + _TAG, FILE[:300_000])
"""Half of a file, so that the rest is asked for"""
NOT_KNOWN = (
    "an endless body of a known length",
    "the rest of another file",
    "another file",
    "another file of the same length",
)
"""What only a sum can show"""


def _answers() -> dict[str, list[Answer]]:
    good = _answer(_OK + _LENGTH + _TAG, FILE)
    redirects = {
        "to itself": "URL/x.pt",
        "to a file": "file:///etc/passwd",
        "to http": "http://example.org/x.pt",
        "to ftp": "ftp://example.org/x",
        "to no address": "http://[::1",
        "to no port": "http://127.0.0.1:99999999/x",
        "to letters for a port": "http://127.0.0.1:port/x",
        "to a long host": f"https://{'a' * 300}/x",
        "to a long address": f"URL/{'a' * 60_000}",
        "to escapes": "http://\x1b]0;x\x07example.org/x",
        "to data": "data:text/plain,x",
        "to nothing": "",
    }
    made = {
        f"a redirect {what}": [_answer(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n")]
        for what, to in redirects.items()
    }
    zeros, packed = bytes(1 << 16), zlib.compress(bytes(10**6))
    return made | {
        "a good server": [good],
        "a redirect with an endless body": [_answer("HTTP/1.1 302 X\r\nLocation: URL/y\r\n", endless=zeros), good],
        "an endless body": [_answer(_OK, endless=zeros)],
        "an endless body of a known length": [_answer(_OK + _LENGTH, endless=zeros)],
        "endless chunks": [_answer(_OK + "Transfer-Encoding: chunked\r\n", endless=b"10000\r\n" + zeros + b"\r\n")],
        "a chunk of 2**60": [
            _answer(_OK + "Transfer-Encoding: chunked\r\n", b"1" + b"0" * 15 + b"\r\n", endless=zeros)
        ],
        "chunks that break off": [_answer(_OK + "Transfer-Encoding: chunked\r\n", b"10000\r\n" + zeros[:100])],
        "a chunk of no size": [_answer(_OK + "Transfer-Encoding: chunked\r\n", b"zz\r\n" + FILE)],
        "an endless line of a chunk": [_answer(_OK + "Transfer-Encoding: chunked\r\n", endless=b"1" * 60_000)],
        "no length": [_answer(_OK, FILE[:500_000])],
        "a length of 0": [_answer(_OK + "Content-Length: 0\r\n")],
        "a length below 0": [_answer(_OK + "Content-Length: -5\r\n", FILE)],
        "a length of 400 digits": [_answer(_OK + f"Content-Length: {'9' * 400}\r\n", FILE)],
        "a length of 5,000 digits": [_answer(_OK + f"Content-Length: {'9' * 5000}\r\n", FILE)],
        "a length of letters": [_answer(_OK + "Content-Length: many\r\n", FILE[:900])],
        "two lengths": [_answer(_OK + "Content-Length: 5\r\n" + _LENGTH, FILE)],
        "a body that breaks off": [_BROKEN],
        "a body that breaks off, and its rest": [_BROKEN, _ranged()],
        "a rest that is shifted": [_BROKEN, _ranged(start=7)],
        "a rest of a longer file": [_BROKEN, _ranged(total=99)],
        "a rest of a file that has changed": [_BROKEN, _ranged(tag='ETag: "b"\r\n', content=FILE[::-1]), good],
        "the rest of another file": [_BROKEN, _ranged(content=FILE[::-1])],
        "a file that changes each time": [_BROKEN, _ranged(tag='ETag: "b"\r\n'), _ranged(tag=""), _BROKEN],
        "another file of the same length": [_answer(_OK + _LENGTH, FILE[::-1])],
        "another file": [_answer(_OK + "Content-Length: 300\r\n", FILE[:300])],
        "a range that was not asked for": [_answer("HTTP/1.1 206 X\r\nContent-Range: bytes 5-9/10\r\n", FILE[:5])],
        "a rest without a range": [_BROKEN, _answer("HTTP/1.1 206 X\r\n" + _TAG, FILE)],
        "a range of 5,000 digits": [
            _BROKEN,
            _answer(f"HTTP/1.1 206 X\r\n{_TAG}Content-Range: bytes {'9' * 5000}-\r\n", FILE),
        ],
        "no range for ever": [_BROKEN, _answer("HTTP/1.1 416 X\r\nContent-Length: 0\r\n")],
        "a drip": [_answer(_OK + _LENGTH, endless=b"x", pause=0.05)],
        "a drip without a length": [_answer(_OK, endless=b"x", pause=0.05)],
        "a drip of headers": [_answer(_OK.strip() + "\r\nA: ", endless=b"b", pause=0.05)],
        "a drip after a good part": [_answer(_OK + _LENGTH + _TAG, FILE[:300_000], endless=b"x", pause=0.05)],
        "no answer": [_answer("", pause=99)],
        "packed": [_answer(_OK + f"Content-Encoding: gzip\r\n{_LENGTH}", gzip.compress(FILE), bytes(len(FILE)))],
        "a packed bomb": [_answer(_OK + f"Content-Encoding: deflate\r\nContent-Length: {len(packed)}\r\n", packed)],
        "a web page": [_answer(_OK + "Content-Type: text/html\r\nContent-Length: 15\r\n", b"<html>Quota</html>"[:15])],
        "headers of 1 MB": [_answer(_OK + f"A: {'b' * 10**6}\r\n", FILE)],
        "endless headers": [_answer(_OK.strip(), endless=b"A: b\r\n")],
        "500 headers": [_answer(_OK + "A: b\r\n" * 500 + _LENGTH, FILE)],
        "headers with escapes": [_answer("HTTP/1.1 404 \x1b[2J\x07\x9b31m\r\nContent-Length: 0\r\n")],
        "a reason of 60,000 characters": [_answer(f"HTTP/1.1 404 {'x' * 60_000}\r\nContent-Length: 0\r\n")],
        "a busy server with escapes": [_answer("HTTP/1.1 503 \x1b[2J\x07\r\nRetry-After: 99999999\r\n"), good],
        "too many requests": [_answer("HTTP/1.1 429 X\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n")],
        "no status": [_answer("\x1b[2JNONSENSE\r\n")],
        "a status of 99": [_answer("HTTP/1.1 99 X\r\n")],
        "endless 100s": [_answer("", endless=b"HTTP/1.1 100 Continue\r\n\r\n")],
        "a version of 9": [_answer("HTTP/9.9 200 OK\r\n" + _LENGTH, FILE)],
        "binary": [_answer("\x16\x03\x01" + "\0" * 100)],
        "a name that leads out": [
            _answer(_OK + _LENGTH + 'Content-Disposition: attachment; filename="../../x"\r\n', FILE)
        ],
        "a tag of 60,000 characters": [
            _answer(_OK + _LENGTH + f'ETag: "{"x" * 60_000}"\r\n', FILE[:300_000]),
            _ranged(),
        ],
        "a tag with a return": [_answer(_OK + _LENGTH + 'ETag: "a\x0bb\x85"\r\n', FILE[:300_000]), _ranged()],
    }
