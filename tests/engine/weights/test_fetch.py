"""Entries of a catalogue fetched from a server on loopback into the weights folder."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.errors import ConfigError, MammiError
from engine.progress import Silent
from engine.weights import download as downloading
from engine.weights.entry import Entry, Published
from engine.weights.fetch import State, fetch, state_of
from tests.support.file_server import Served, file_server

WORDS = b"[CLS]\nheart\n"
pytestmark = pytest.mark.network


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zip_of(content: bytes, name: str = "pytorch_model.bin") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    with file_server() as server:
        server.content = WORDS
        yield server


@pytest.fixture
def entry(served: Served) -> Entry:
    return Entry("words", "a word list", "https://example.org", "a test", (Published(f"{served.url}/vocab.txt"),))


@pytest.fixture
def packed(served: Served) -> Entry:
    served.content = zip_of(b"weights")
    file = Published(f"{served.url}/model.zip", holds=("pytorch_model.bin",))
    return Entry("model", "a model", "https://example.org", "a test", (file,))


def test_unknown_checksum_is_remembered_in_the_common_format(entry: Entry, tmp_path: Path) -> None:
    assert state_of(entry, tmp_path) == {"vocab.txt": State.ABSENT}
    assert fetch(entry, tmp_path, Silent()) == {"words/vocab.txt": digest(WORDS)}
    assert (tmp_path / "words" / "vocab.txt").read_bytes() == WORDS
    assert (tmp_path / "SHA256SUMS").read_text() == f"{digest(WORDS)}  words/vocab.txt\n"
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607
    assert state_of(entry, tmp_path) == {"vocab.txt": State.PRESENT}
    (tmp_path / "words" / "vocab.txt").write_bytes(b"other")
    assert state_of(entry, tmp_path) == {"vocab.txt": State.DIFFERENT}


def test_what_is_there_is_not_fetched_again(entry: Entry, served: Served, tmp_path: Path) -> None:
    fetch(entry, tmp_path, Silent())
    served.asked.clear()
    assert fetch(entry, tmp_path, Silent()) == {}
    assert served.asked == []


def test_file_that_differs_is_replaced_only_by_force(entry: Entry, tmp_path: Path) -> None:
    fetch(entry, tmp_path, Silent())
    path = tmp_path / "words" / "vocab.txt"
    path.write_bytes(b"mine")
    with pytest.raises(MammiError, match=r"not the expected file.*--force"):
        fetch(entry, tmp_path, Silent())
    assert path.read_bytes() == b"mine"
    fetch(entry, tmp_path, Silent(), force=True)
    assert path.read_bytes() == WORDS


def test_file_put_there_by_hand_stays(entry: Entry, served: Served, tmp_path: Path) -> None:
    path = tmp_path / "words" / "vocab.txt"
    path.parent.mkdir()
    path.write_bytes(b"mine")
    assert state_of(entry, tmp_path) == {"vocab.txt": State.UNCHECKED}
    assert fetch(entry, tmp_path, Silent()) == {}
    assert path.read_bytes() == b"mine"
    assert served.asked == []


def test_published_file_that_changed_since_the_first_time_is_refused(
    entry: Entry, served: Served, tmp_path: Path
) -> None:
    fetch(entry, tmp_path, Silent())
    path = tmp_path / "words" / "vocab.txt"
    path.unlink()
    served.content = b"changed"
    with pytest.raises(MammiError, match="not the file that was fetched before"):
        fetch(entry, tmp_path, Silent())
    assert not list(path.parent.iterdir())
    fetch(entry, tmp_path, Silent(), force=True)
    assert path.read_bytes() == b"changed"
    assert state_of(entry, tmp_path) == {"vocab.txt": State.PRESENT}


@pytest.mark.parametrize("from_catalogue", [True, False])
def test_wrong_checksum_is_thrown_away(entry: Entry, tmp_path: Path, from_catalogue: bool) -> None:
    wrong = digest(b"other")
    if from_catalogue:
        entry = replace(entry, files=(replace(entry.files[0], sha256=wrong),))
    with pytest.raises(MammiError, match=f"the checksum is wrong.*\n.*{digest(WORDS)}, not {wrong}"):
        fetch(entry, tmp_path, Silent(), sha256=None if from_catalogue else wrong, force=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_one_checksum_for_several_files_is_refused(entry: Entry, tmp_path: Path) -> None:
    entry = replace(entry, files=entry.files * 2)
    with pytest.raises(ConfigError, match="--sha256: words has 2 files"):
        fetch(entry, tmp_path, Silent(), sha256="0" * 64)


def test_zip_is_unpacked_and_its_files_remembered(packed: Entry, served: Served, tmp_path: Path) -> None:
    came = fetch(packed, tmp_path, Silent(), sha256=digest(served.content))
    assert came == {"model.zip": digest(served.content), "model/pytorch_model.bin": digest(b"weights")}
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert files == {"model", "model/pytorch_model.bin", "SHA256SUMS"}
    served.asked.clear()
    assert fetch(packed, tmp_path, Silent()) == {}
    assert served.asked == []


def test_zip_that_leads_out_leaves_nothing(packed: Entry, served: Served, tmp_path: Path) -> None:
    served.content = zip_of(b"x", "../pytorch_model.bin")
    with pytest.raises(MammiError, match="leads out of its folder"):
        fetch(packed, tmp_path / "weights", Silent())
    assert [path.name for path in tmp_path.rglob("*")] == ["weights"]


def test_zip_replaces_a_folder_only_by_force_and_when_whole(packed: Entry, served: Served, tmp_path: Path) -> None:
    fetch(packed, tmp_path, Silent())
    served.content = zip_of(b"newer")
    with pytest.raises(MammiError, match="checksum is wrong"):
        fetch(packed, tmp_path, Silent(), sha256="0" * 64, force=True)
    assert (tmp_path / "model" / "pytorch_model.bin").read_bytes() == b"weights"
    fetch(packed, tmp_path, Silent(), force=True)
    assert (tmp_path / "model" / "pytorch_model.bin").read_bytes() == b"newer"
    (tmp_path / "model" / "pytorch_model.bin").unlink()
    with pytest.raises(MammiError, match=r"without pytorch_model\.bin\. Use --force"):
        fetch(packed, tmp_path, Silent())


def test_zip_that_was_interrupted_goes_on(packed: Entry, served: Served, tmp_path: Path) -> None:
    served.break_after = [50, 0, 0, 0]
    with pytest.raises(MammiError, match="kept"):
        fetch(packed, tmp_path, Silent())
    assert state_of(packed, tmp_path) == {"pytorch_model.bin": State.PARTLY}
    served.asked.clear()
    fetch(packed, tmp_path, Silent())
    assert served.asked[0]["Range"] == "bytes=50-"


def test_zip_that_finds_no_room_is_kept(
    packed: Entry, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter((10_000, 1))
    with monkeypatch.context() as small:
        small.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=next(free)))
        with pytest.raises(MammiError, match="the download is kept"):
            fetch(packed, tmp_path, Silent())
    served.asked.clear()
    fetch(packed, tmp_path, Silent())
    assert served.asked == []


def test_entry_by_hand_says_what_to_put_where(tmp_path: Path) -> None:
    by_hand = Entry("target", "a target", "https://example.org/drive", "a test", by_hand=("model.pth",))
    with pytest.raises(ConfigError, match=r"by hand: put model\.pth from https://example\.org/drive into .*target"):
        fetch(by_hand, tmp_path, Silent())


def test_folder_that_cannot_be_written_is_told(entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("a file")
    with pytest.raises(MammiError, match="weights: cannot be written: File exists"):
        fetch(entry, tmp_path / "weights", Silent())


def test_damaged_checksums_are_told_and_other_lines_passed_over(entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text(f"no sum\n{digest(WORDS)}  words/vocab.txt\n")
    fetch(entry, tmp_path, Silent())
    assert state_of(entry, tmp_path) == {"vocab.txt": State.PRESENT}
    (tmp_path / "SHA256SUMS").write_bytes(b"\xff")
    with pytest.raises(MammiError, match="SHA256SUMS cannot be read"):
        state_of(entry, tmp_path)


def test_a_file_of_an_inner_folder_lies_in_it(served: Served, tmp_path: Path) -> None:
    file = Published(f"{served.url}/config.json", within="1_Pooling")
    entry = Entry("encoder", "an encoder", "https://example.org", "a test", (file,))
    assert state_of(entry, tmp_path) == {"1_Pooling/config.json": State.ABSENT}
    assert fetch(entry, tmp_path, Silent()) == {"encoder/1_Pooling/config.json": digest(WORDS)}
    assert (tmp_path / "encoder" / "1_Pooling" / "config.json").read_bytes() == WORDS
    assert state_of(entry, tmp_path) == {"1_Pooling/config.json": State.PRESENT}
