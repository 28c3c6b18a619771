"""Downloads from a server on loopback, a well-behaved one and others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ConfigError, MammiError
from engine.progress import Silent
from engine.weights import asking
from engine.weights import download as downloading
from engine.weights.download import MEGABYTE, download
from tests.support.disk import files_up_to
from tests.support.file_server import Served, file_server
from tests.support.raw_server import Answer, raw_server

CONTENT = bytes(range(256)) * 12_000

pytestmark = pytest.mark.network


class Heard(Silent):
    """A progress that remembers."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int]] = []
        self.steps = self.reused = 0
        self.notes: list[str] = []

    def stage(self, name: str, total: int) -> None:
        self.stages.append((name, total))
        self.steps = self.reused = 0

    def advance(self, steps: int, reused: int = 0) -> None:
        self.steps += steps
        self.reused += reused

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    with file_server() as server:
        server.content = CONTENT
        yield server


def fetched(served: Served, folder: Path, progress: Silent | None = None, size: int | None = None) -> bytes:
    target = folder / "model.pt"
    download(f"{served.url}/model.pt", target, progress or Silent(), size=size).become(target)
    assert [path.name for path in folder.iterdir()] == ["model.pt"]
    return target.read_bytes()


class Stopping(Silent):
    """Ctrl-C while the download waits for its next try."""

    def note(self, text: str) -> None:
        raise KeyboardInterrupt


def interrupted(served: Served, folder: Path) -> None:
    """Leaves a part of the file as a download that was stopped does."""
    served.break_after = [1_000_000]
    with pytest.raises(KeyboardInterrupt):
        download(f"{served.url}/model.pt", folder / "model.pt", Stopping())
    served.asked.clear()
    assert (folder / "model.pt.part").stat().st_size == 1_000_000


def test_file_comes_whole_with_progress_in_megabytes(served: Served, tmp_path: Path) -> None:
    heard = Heard()
    assert fetched(served, tmp_path, heard) == CONTENT
    assert heard.stages == [("model.pt (MB)", 4)]
    assert (heard.steps, heard.reused) == (4, 0)


def test_broken_connection_is_taken_up_where_it_broke(served: Served, tmp_path: Path) -> None:
    served.break_after = [1_000_000, 500_000]
    heard = Heard()
    assert fetched(served, tmp_path, heard) == CONTENT
    assert [request.get("Range") for request in served.asked] == [None, "bytes=1000000-", "bytes=1500000-"]
    assert len(heard.notes) == 2
    assert "broke off after 1,000,000 of 3,072,000 bytes" in heard.notes[0]


def test_next_download_goes_on_with_the_part(served: Served, tmp_path: Path) -> None:
    interrupted(served, tmp_path)
    heard = Heard()
    assert fetched(served, tmp_path, heard) == CONTENT
    assert [request.get("Range") for request in served.asked] == ["bytes=1000000-"]
    assert heard.reused == 1_000_000 // MEGABYTE


def test_a_whole_part_is_not_asked_for_again(served: Served, tmp_path: Path) -> None:
    download(f"{served.url}/model.pt", tmp_path / "model.pt", Silent())
    served.asked.clear()
    assert fetched(served, tmp_path) == CONTENT
    assert served.asked == []


@pytest.mark.parametrize("careless", [False, True])
def test_changed_file_starts_again(served: Served, tmp_path: Path, careless: bool) -> None:
    interrupted(served, tmp_path)
    served.content, served.etag, served.always_continue = CONTENT[::-1], '"two"', careless
    assert fetched(served, tmp_path) == CONTENT[::-1]


@pytest.mark.parametrize("change", [{"ranges": False}, {"etag": None}, {"etag": 'W/"weak"'}])
def test_server_without_ranges_or_validators_starts_again(
    served: Served, tmp_path: Path, change: dict[str, object]
) -> None:
    for name, value in change.items():
        setattr(served, name, value)
    interrupted(served, tmp_path)
    assert fetched(served, tmp_path) == CONTENT


def test_part_of_another_address_is_not_used(served: Served, tmp_path: Path) -> None:
    interrupted(served, tmp_path)
    download(f"{served.url}/other/model.pt", tmp_path / "model.pt", Silent()).become(tmp_path / "model.pt")
    assert "Range" not in served.asked[0]


@pytest.mark.parametrize("notes", [b"", b"[]", b"{}", b'{"url": 1}', b"\xff", b"[" * 100_000])
def test_damaged_notes_of_a_part_start_again(served: Served, tmp_path: Path, notes: bytes) -> None:
    interrupted(served, tmp_path)
    (tmp_path / "model.pt.part.json").write_bytes(notes)
    assert fetched(served, tmp_path) == CONTENT


def test_busy_server_is_asked_again_and_a_missing_file_is_not(served: Served, tmp_path: Path) -> None:
    served.failures = [503, 429]
    assert fetched(served, tmp_path) == CONTENT
    (tmp_path / "model.pt").unlink()
    served.failures = [404]
    with pytest.raises(MammiError, match=r"/model\.pt: the server answered 404"):
        fetched(served, tmp_path)


def test_server_that_is_gone_is_told(served: Served, tmp_path: Path) -> None:
    with pytest.raises(MammiError, match=r"not reached \(.*\), 4 times in a row. No bytes arrived: is this machine on"):
        download("http://127.0.0.1:9/model.pt", tmp_path / "model.pt", Silent())
    assert not list(tmp_path.iterdir())


def test_another_size_than_published_is_not_fetched(served: Served, tmp_path: Path) -> None:
    with pytest.raises(MammiError, match="announces 3,072,000 bytes, where the published file has 7"):
        fetched(served, tmp_path, size=7)


def test_a_body_without_end_is_cut_off(served: Served, tmp_path: Path) -> None:
    served.announce = False
    with pytest.raises(MammiError, match="more than the 1,000,000 bytes"):
        fetched(served, tmp_path, size=1_000_000)
    assert (tmp_path / "model.pt.part").stat().st_size <= 1_000_000


def test_full_disk_is_told_before_anything_is_fetched(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = type("Usage", (), {"free": 2_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: free)
    with pytest.raises(MammiError, match="2 MB free; 3 MB are needed"):
        fetched(served, tmp_path)


@pytest.mark.parametrize("url", ["http://example.org/a", "ftp://127.0.0.1/a", "file:///etc/passwd", "a.pt"])
def test_only_https_is_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="https:// only"):
        download(url, tmp_path / "a", Silent())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("location", ["http://example.org/a", "file:///etc/passwd", "ftp://example.org/a"])
def test_redirect_to_anything_but_https_is_not_followed(served: Served, tmp_path: Path, location: str) -> None:
    served.location = location
    with pytest.raises(MammiError, match=r"not HTTPS: not followed|the server answered 302"):
        fetched(served, tmp_path)


def test_redirect_within_loopback_is_followed(served: Served, tmp_path: Path) -> None:
    with file_server() as first:
        first.location = f"{served.url}/elsewhere"
        assert fetched(first, tmp_path) == CONTENT


def test_a_disk_without_room_is_told_and_the_bytes_so_far_are_kept(served: Served, tmp_path: Path) -> None:
    part = tmp_path / "model.pt.part"
    with (
        files_up_to(1_000_000),
        pytest.raises(MammiError, match=r"model\.pt\.part: cannot be written: the file would be"),
    ):
        download(f"{served.url}/model.pt", tmp_path / "model.pt", Silent())
    assert part.read_bytes() == CONTENT[:1_000_000]
    assert fetched(served, tmp_path) == CONTENT
    assert served.asked[-1]["Range"] == "bytes=1000000-"


def answering(head: str, body: bytes = b"", endless: bytes = b"") -> Answer:
    def pieces(url: str, _: str) -> Iterator[bytes]:
        yield head.replace("URL", url).encode("latin1") + (b"" if head.endswith(": ") else b"\r\n\r\n") + body
        while endless:
            time.sleep(0.01)
            yield endless

    return pieces


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (answering("HTTP/1.1 302 X\r\nLocation: URL/a"), "more than|infinite loop|answered 302"),
        (answering("HTTP/1.1 302 X\r\nLocation: URL/a", endless=bytes(65536)), "answered 302"),
        (answering("HTTP/1.1 302 X\r\nLocation: http://[::1"), "redirects to what is no address"),
        (answering("HTTP/1.1 200 OK\r\nContent-Length: 9", endless=b"x"), "are too slow"),
        (answering("HTTP/1.1 200 OK\r\nA: ", endless=b"x"), "are too slow"),
        (answering(f"HTTP/1.1 200 OK\r\nContent-Length: {'9' * 5000}"), "announces a length that is none"),
        (answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 2", b"abc"), "a length that is none"),
        (answering("HTTP/1.1 200 OK\r\nContent-Length: 0"), "sends an empty file"),
        (answering("HTTP/1.1 200 OK", b"half of it"), "does not say how long the file is"),
        (answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3", b"abc"), r"packed \(gzip\)"),
        (answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3", b"abc"), "sends a web page"),
        (answering("HTTP/1.1 404 \x1b[2J\x07\x9b31m"), "answered 404 \ufffd\\[2J\ufffd\ufffd31m"),
        (answering("\x1b[2J"), "\ufffd\\[2J"),
    ],
)
def test_a_hostile_server_is_told_in_one_line(
    answer: Answer, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    monkeypatch.setattr(asking, "WINDOW", 0.05)
    with raw_server([answer]) as url, pytest.raises(MammiError, match=told) as raised:
        download(f"{url}/model.pt", tmp_path / "model.pt", Silent())
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500
    assert not (tmp_path / "model.pt").exists()
