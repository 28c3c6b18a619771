"""Text files in the encodings in which people save them, and files that are no text."""

from __future__ import annotations

import gzip
import logging
from encodings.aliases import aliases
from pathlib import Path

import pytest

from engine import text_files
from engine.text_files import TextFiles, UnreadableText, known_encoding

TEXT = "Größe 5 µm – the patient’s heart\r\nsecond\rthird\n"


def write(folder: Path, content: bytes, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_common_encodings_are_read_without_being_named(tmp_path: Path, encoding: str, pack: type[bytes]) -> None:
    path = write(tmp_path, pack(TEXT.encode(encoding)))
    assert TextFiles().read(path) == TEXT
    assert list(TextFiles().lines(path)) == TEXT.splitlines(keepends=True)


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "latin-1", "cp1251", "shift_jis", "mac_roman"])
def test_any_other_encoding_can_be_named(tmp_path: Path, encoding: str) -> None:
    text = {"cp1251": "сердце", "shift_jis": "心臓"}.get(encoding, "Größe")
    assert TextFiles(encoding).read(write(tmp_path, text.encode(encoding))) == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_stronger_than_the_named_encoding(tmp_path: Path, encoding: str) -> None:
    assert TextFiles("latin-1").read(write(tmp_path, "Größe".encode(encoding))) == "Größe"


def test_big_endian_marks(tmp_path: Path) -> None:
    for encoding in ("utf-16-be", "utf-32-be"):
        assert TextFiles().read(write(tmp_path, ("\ufeff" + TEXT).encode(encoding))) == TEXT


def test_a_file_put_together_from_two_encodings_keeps_both(tmp_path: Path) -> None:
    path = write(tmp_path, "Größe\n".encode() + "Größe\n".encode("cp1252"))
    assert TextFiles().read(path) == "Größe\nGröße\n"


def test_one_warning_counts_the_files_that_are_not_utf8_and_tells_each_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts = TextFiles(None, "concepts.encoding")
    for number in range(5):
        texts.read(write(tmp_path, b"patient\x92s", f"{number}.txt"))
    texts.read(write(tmp_path, "größe".encode(), "good.txt"))
    for _ in range(2):
        texts.warn("reports")
    assert [record.getMessage() for record in caplog.records] == [
        "reports: 5 files (0.txt, 1.txt, 2.txt and 2 more): not UTF-8, so read as Windows-1252. "
        "If it is another encoding, name it with concepts.encoding."
    ]
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (b"\xff\xfea", None, "is not text in utf-16"),
        (b"gr\xf6\xdfe", "utf-8", "is not text in utf-8: name its encoding with KEY"),
        (b"\x81\x8d", None, "is text in neither UTF-8 nor Windows-1252: name its encoding with KEY"),
        ("heart".encode("utf-16-le"), None, "is UTF-16 without a byte order mark: name its encoding with KEY"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None, "is not text"),
        (b"PK\x03\x04\x14\0\x06\0", None, "is a ZIP archive or a spreadsheet (save it as CSV)"),
        (b"PAR1\x15\0\x15", None, "is Parquet (save it as CSV)"),
        ("heart".encode("utf-16-be"), None, "name its encoding with KEY, such as utf-16-le"),
        ("heart".encode("utf-16-be"), "utf-16", "whose byte order is not told: say utf-16-le or utf-16-be"),
        (b"{\\rtf1\\ansi heart}", None, "is RTF, not plain text"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3", None, "is PDF, not plain text"),
        (gzip.compress(b"heart" * 1000, mtime=0)[:-9], None, "is a damaged gzip file"),
        (b"\x1f\x8bnot gzip at all", None, "is a damaged gzip file"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, encoding: str | None, said: str
) -> None:
    with pytest.raises(UnreadableText) as told:
        TextFiles(encoding, "KEY").read(write(tmp_path, content))
    assert str(told.value).startswith(f"{tmp_path}/a.txt ")
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path, reason in [(tmp_path / "gone", "No such file"), (tmp_path, "Is a directory")]:
        with pytest.raises(UnreadableText, match=f"cannot be read: {reason}"):
            TextFiles().read(path)


def test_a_gzipped_file_is_unpacked_only_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAMMI_LIMITS", "text_mb=1")
    with pytest.raises(UnreadableText, match=r"more than 1 MB \(limits\.text_mb = 1"):
        TextFiles().read(write(tmp_path, gzip.compress(b"a" * (10 << 20))))


def test_a_line_that_is_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "MAX_LINE", 10)
    with pytest.raises(UnreadableText, match="line 2 is too long: it has 10 characters or more"):
        list(TextFiles().lines(write(tmp_path, b"short\n" + b"x" * 50)))


def test_only_encodings_of_text_can_be_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'cp1525' is not an encoding of text; did you mean 'cp\d+'"):
        known_encoding("cp1525")
    for name in ("", "zlib", "rot13", "undefined", "a\0b", "nosuch", "punycode", "unicode_escape"):
        with pytest.raises(ValueError, match="is not an encoding of text"):
            known_encoding(name)
    path = write(tmp_path, b"heart\xff")
    for name in {*aliases, *aliases.values()}:  # whatever is accepted reads a file, or says why it does not
        try:
            known_encoding(name)
        except ValueError:
            continue
        try:
            TextFiles(name).read(path)
        except UnreadableText as error:
            assert "is not text in" in str(error)  # noqa: PT017
