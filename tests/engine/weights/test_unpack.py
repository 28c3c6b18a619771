"""Zips from outside: sound ones unpack, others leave nothing."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from engine.errors import MammiError
from engine.weights import unpack as unpacking
from engine.weights.unpack import unpack


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def with_mode(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def refused(archive: Path, message: str) -> None:
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(MammiError, match=message):
        unpack(archive, archive.parent / "model")
    assert sorted(archive.parent.rglob("*")) == before


def test_files_and_folders_unpack(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", ("pytorch_model.bin", b"weights"), ("sub/", b""), ("sub/vocab.txt", b"words"))
    unpack(archive, tmp_path / "model")
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"a.zip", "model/pytorch_model.bin", "model/sub/vocab.txt"}
    assert (tmp_path / "model" / "pytorch_model.bin").read_bytes() == b"weights"


@pytest.mark.parametrize(
    "name",
    [
        "../out",
        "a/../../out",
        "/etc/out",
        "\\out",
        "..\\out",
        "C:out",
        "a\x1b[31m",
        "a\u202eb",
        ".",
        "a/..",
        "d/" * 99 + "x",
    ],
)
def test_names_that_lead_out_or_are_none_are_refused(tmp_path: Path, name: str) -> None:
    refused(zipped(tmp_path / "a.zip", ("ok", b""), (name, b"x")), "not unpacked")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    refused(zipped(tmp_path / "a.zip", (with_mode("link", kind | 0o777), b"/etc/passwd")), "link or not a regular file")


def test_same_name_twice_is_refused(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "a.zip", ("Model", b"1"), ("model", b"2")), "a name twice")


def test_file_where_a_folder_is_needed_is_refused(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "a.zip", ("model", b"1"), ("model/a", b"2")), "a name twice")


def test_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "a.zip", ("bomb", b"\0" * 10_000_000)), "would grow to 10,000,000 bytes")


def test_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", ("bomb", b"\0" * 10_000_000))
    honest = (10_000_000).to_bytes(4, "little")
    archive.write_bytes(archive.read_bytes().replace(honest, (1000).to_bytes(4, "little")))
    refused(archive, "not a sound zip|more in 'bomb' than it announces")


def test_too_many_files_and_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "a.zip", ("a", b"12345"), ("b", b"12345"))
    monkeypatch.setattr(unpacking, "MEMBERS", 1)
    refused(archive, "2 files, more than 1")
    monkeypatch.setattr(unpacking, "MEMBERS", 10)
    monkeypatch.setattr(unpacking, "BYTES", 9)
    refused(archive, "10 bytes, more than 9")


def test_damaged_and_encrypted_zips_are_refused(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "a.zip", ("a", b"12345" * 100)).read_bytes()
    archive = tmp_path / "a.zip"
    for content in (b"", b"no zip", whole[:-30], whole[:40] + b"?" + whole[41:]):
        archive.write_bytes(content)
        refused(archive, "not a sound zip")
    encrypted = bytearray(whole)
    encrypted[6] |= 1
    encrypted[whole.rindex(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(encrypted)
    refused(archive, "not a sound zip")
