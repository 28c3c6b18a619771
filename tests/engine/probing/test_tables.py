"""CSV files as people have them, sound and damaged."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.probing.tables import Table

KEY = "probing.csv"


def table(folder: Path, content: str | bytes, delimiter: str | None = ",") -> Table:
    path = folder / "films.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Table(path, KEY, delimiter)


def cells(read: Table) -> list[list[str]]:
    return [row for _, row in read.rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_common_encodings_and_line_ends_are_read_gzipped_or_not(tmp_path: Path, encoding: str, end: str) -> None:
    data = end.join(("path,größe", '"a,1.png", 3 ', "", '"two\nlines",4')).encode(encoding)
    for content in (data, gzip.compress(data)):
        read = table(tmp_path, content)
        assert read.header == ["path", "größe"]
        assert cells(read) == [["a,1.png", "3"], ["two\nlines", "4"]]


def test_a_table_that_is_not_utf8_is_read_with_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read = table(tmp_path, "path,größe\nf.png,groß\n".encode("cp1252"))
    assert read.header == ["path", "größe"]
    for _ in range(2):
        assert cells(read) == [["f.png", "groß"]]
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}/films.csv: not UTF-8, so read as Windows-1252. If it is another encoding, save as UTF-8."
    ]


def test_empty_cells_beyond_the_header_and_under_unnamed_columns_do_not_count(tmp_path: Path) -> None:
    assert cells(table(tmp_path, "a,b,,\n1,2\n3,4,,,,\n5,6,,\n")) == [["1", "2"], ["3", "4"], ["5", "6"]]


def test_empty_lines_before_the_header_are_skipped(tmp_path: Path) -> None:
    assert cells(table(tmp_path, "\n \na,b\n1,2\n")) == [["1", "2"]]
    assert [line for line, _ in table(tmp_path, "\n\nsep=;\na;b\n1;2\n").rows()] == [5]


def test_rows_know_their_lines(tmp_path: Path) -> None:
    assert [line for line, _ in table(tmp_path, 'a\n"1\n2"\n\n3\n').rows()] == [3, 5]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "films.csv is empty."),
        ("\n\n", "films.csv is empty."),
        ("path\n1,2\n", "films.csv: line 2 has 2 columns; the header has 1."),
        ("path,b\n1\n", "films.csv: line 2 has 1 columns; the header has 2."),
        ("path\na\nb\na\n", "films.csv: line 4 names 'a', as line 2 already does."),
        ('path\n"b.png\n', "probing.csv: films.csv, line 2: not a valid table: a quote has no end."),
        (
            'path\n"' + ("x" * 99_999 + "\n") * 12,
            "probing.csv: films.csv, line 12: not a valid table: a cell has more than 1,048,576 characters.",
        ),
        (
            "path\n" + "x," * 1_000_000,
            "probing.csv: films.csv: line 2 is too long: it has 1,048,576 characters or more.",
        ),
        (b"path\nb\x81.png\n", "probing.csv: films.csv is text in neither UTF-8 nor Windows-1252."),
        (b"p\0a\0t\0h\0", "probing.csv: films.csv is not text, or is UTF-16 without a byte order mark."),
        (gzip.compress(b"path\n" * 100, mtime=0)[:-20], "probing.csv: films.csv is a damaged gzip file."),
        (b"\x1f\x8bnot gzip at all", "probing.csv: films.csv is a damaged gzip file."),
    ],
)
def test_a_file_that_is_not_a_table_is_reported_in_one_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        list(table(tmp_path, content).rows(unique=0))
    assert str(raised.value).replace(f"{tmp_path}/", "") == message


def test_a_gzipped_file_is_unpacked_only_up_to_the_size_of_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAMMI_LIMITS", "text_mb=1")
    with pytest.raises(ConfigError, match=r"more than 1 MB \(limits\.text_mb = 1"):
        cells(table(tmp_path, gzip.compress(b"path\n" * 1_000_000)))


@pytest.mark.parametrize(
    ("header", "name", "message"),
    [
        ("paths,labels", "path", "no column 'path' (probing.path_column); did you mean 'paths'?"),
        ("x,y", "path", "no column 'path' (probing.path_column); its columns: x, y."),
        ("path,path", "path", "more than one column 'path' (probing.path_column)."),
        (
            "path;size, mm",
            "path",
            "no column 'path' (probing.path_column); its columns seem to be separated by ';', not by ','.",
        ),
    ],
)
def test_a_missing_column_is_reported_with_the_nearest(tmp_path: Path, header: str, name: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        table(tmp_path, header + "\n").column(name, "probing.path_column")
    assert str(raised.value) == f"{tmp_path}/films.csv has {message}"


def test_another_delimiter_can_be_chosen(tmp_path: Path) -> None:
    assert cells(table(tmp_path, "path\tlabels\na\tb,c\n", "\t")) == [["a", "b,c"]]


@pytest.mark.parametrize(
    "content",
    [
        "a;b,c\n1;2\n".replace("b,c", '"b,c"'),
        'a\t"b,c"\n1\t2\n',
        'sep=;\na;"b,c"\n1;2\n',
        '"sep=;"\r\na;"b,c"\r\n1;2\r\n',
        'SEP=\t\na\t"b,c"\n1\t2\n',
        'a|"b,c"\n1|2\n',
    ],
)
def test_the_delimiter_is_found_or_named_by_the_file(tmp_path: Path, content: str) -> None:
    for data in (content, b"\xef\xbb\xbf" + content.encode(), content.encode("utf-16")):
        read = table(tmp_path, data, None)
        assert (read.header, cells(read)) == (["a", "b,c"], [["1", "2"]])


def test_a_delimiter_that_is_named_counts_whatever_the_file_says(tmp_path: Path) -> None:
    read = table(tmp_path, "sep=;\na,b;c\n1,2\n", ",")
    assert (read.header, list(read.rows())) == (["a", "b;c"], [(3, ["1", "2"])])


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"probing.csv: .*none.csv cannot be read: No such file or directory\."):
        Table(tmp_path / "none.csv", KEY)
