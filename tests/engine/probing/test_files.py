"""Files below one folder: names and links that lead out of it are never followed."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image as Picture

from engine.errors import ConfigError, UnreadableImage
from engine.probing import places
from engine.probing.files import Ambiguous, FileTree, LeadsOut, warn
from engine.probing.film_names import FilmsByName
from engine.probing.places import film_size, read_film
from tests.hard_knocks.pictures import chunk
from tests.support.deep_folders import chain_of_links, deep_folder
from tests.support.films import write_films


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_films(tmp_path / "films", ["b.png", "a/2.PNG", "a/deep/3.jpg"])
    write_films(tmp_path / "elsewhere", ["d.png"])
    return tmp_path / "films"


def names(folder: Path) -> list[str]:
    return [film.name for film in FileTree(folder).films()]


def touch(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_links_are_followed_only_inside_the_folder(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = folder.parent / "elsewhere"
    (folder / "out.png").symlink_to(elsewhere / "d.png")
    (folder / "outside").symlink_to(elsewhere)
    (folder / "notes").symlink_to("/etc/hostname")
    (folder / "loop").symlink_to(folder)
    (folder / "broken.png").symlink_to(folder / "gone.png")
    (folder / "inside.png").symlink_to(folder / "b.png")
    assert names(folder) == ["a/2.PNG", "a/deep/3.jpg", "b.png", "inside.png"]
    assert sorted(caplog.messages) == [
        f"{folder}: left out links that lead nowhere: 1 (broken.png).",
        f"{folder}: left out links that lead out of it: 2 (out.png, outside).",
    ]


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    tree = FileTree(link)
    assert [film.name for film in tree.films()] == ["a/2.PNG", "a/deep/3.jpg", "b.png"]
    for name in (f"{link}/b.png", f"{folder}/b.png"):
        film = tree.find(name)
        assert film is not None
        assert film.name == "b.png"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_an_unreadable_folder_is_warned_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "a").chmod(0)
    assert names(folder) == ["b.png"]
    (folder / "a").chmod(0o700)
    assert caplog.messages == [f"{folder}: left out folders that cannot be read: 1 (a)."]


def test_a_pipe_named_like_a_film_is_skipped(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    assert "pipe.png" not in names(folder)
    assert FileTree(folder).find("pipe.png") is None


def test_a_name_that_is_not_utf8_can_be_shown_and_read(folder: Path) -> None:
    (folder / "b.png").rename(folder / os.fsdecode(b"film-\xff.png"))
    film = FileTree(folder).films()[-1]
    assert film.name == "film-\\xff.png"
    assert read_film(film.file)


@pytest.mark.parametrize("name", ["b.png", "./b.png", "a/../b.png", "a//../b.png"])
def test_one_file_has_one_name(folder: Path, name: str) -> None:
    assert FileTree(folder).find(name) == ("b.png", str(folder / "b.png"))


def test_backslashes_separate_folders_too(folder: Path) -> None:
    film = FileTree(folder).find("a\\deep\\3.jpg")
    assert film is not None
    assert film.name == "a/deep/3.jpg"


@pytest.mark.parametrize(
    "name", ["", ".", "a", "none.png", "a/none/3.jpg", "b.png/x", "nul\0.png", "x" * 300, "C:\\b.png"]
)
def test_only_files_are_found(folder: Path, name: str) -> None:
    assert FileTree(folder).find(name) is None


@pytest.mark.parametrize(
    "name",
    ["../elsewhere/d.png", "a/../../elsewhere/d.png", "..", "/etc/hostname", "{}/../elsewhere/d.png", "..\\x", "{}2/x"],
)
def test_names_that_lead_out_are_refused(folder: Path, name: str) -> None:
    with pytest.raises(LeadsOut):
        FileTree(folder).find(name.format(folder))


def test_links_on_the_way_to_a_named_file_must_not_lead_out(folder: Path) -> None:
    (folder / "out.png").symlink_to(folder.parent / "elsewhere" / "d.png")
    (folder / "outside").symlink_to(folder.parent / "elsewhere")
    (folder / "inside").symlink_to("a")
    (folder / "loop.png").symlink_to("loop.png")
    tree = FileTree(folder)
    for name in ("out.png", "outside/d.png"):
        with pytest.raises(LeadsOut, match=name):
            tree.find(name)
    assert tree.find("inside/deep/3.jpg") is not None
    assert tree.find("loop.png") is None


def test_a_film_with_another_suffix_is_found(folder: Path) -> None:
    film = FileTree(folder).find("a/deep/3.png")
    assert film is not None
    assert film.name == "a/deep/3.jpg"
    assert FileTree(folder).find("a/deep/3.txt") is None


COMPOSED, APART, WIDE = "Thorax-\u00e9.png", "thorax-e\u0301.PNG", "\uff26\uff11.png"
"""One letter in its two Unicode forms; letters of full width"""


@pytest.mark.parametrize(
    ("name", "on_disk"),
    [
        ("a.png", "a.PNG"),
        ("A.PNG", "a.png"),
        ("a.jpg", "a.JPEG"),
        ("a.png", "a.tif"),
        ("a", "a.png"),
        ("1.2.840.5", "1.2.840.5.dcm"),
        ("IM0001.dcm", "IM0001"),
        ("train/p1/a.png", "Train/P1/A.png"),
        ("train\\p1\\a.png", "TRAIN/p1/a.png"),
        ("./a.png", "A.png"),
        (COMPOSED, APART),
        (APART, COMPOSED),
        ("f1.png", WIDE),
        (WIDE, "F1.png"),
        ("a b.png ", " A b.png"),
        ("series%201/a%20b.png", "series 1/a b.PNG"),
        ("a%2Fb.png", "a/b.png"),
        ("100%.png", "100%.PNG"),
    ],
)
def test_a_film_is_found_by_a_name_that_only_it_can_mean(tmp_path: Path, name: str, on_disk: str) -> None:
    touch(tmp_path, [on_disk])
    film = FileTree(tmp_path).find(name)
    assert film is not None
    assert (film.name, film.file) == (on_disk, str(tmp_path / on_disk))


@pytest.mark.parametrize("name", ["b.png", "a.txt", "a.png/x", "a_1.png", "%41.gif", "films/a.png"])
def test_a_film_of_another_name_is_not_taken(tmp_path: Path, name: str) -> None:
    touch(tmp_path, ["a.PNG"])
    assert FileTree(tmp_path).find(name) is None


@pytest.mark.parametrize(
    ("name", "on_disk", "found"),
    [
        ("a.png", ["a.png", "A.png", "a.PNG"], "a.png"),
        ("a.png", ["a.PNG", "a.jpg", "A.jpg"], "a.PNG"),
        ("a.png", ["a.jpg", "A.jpg"], "a.jpg"),
        ("train/a.png", ["Train/a.png", "train/b.png"], "Train/a.png"),
    ],
)
def test_the_film_whose_name_is_most_alike_is_taken(tmp_path: Path, name: str, on_disk: list[str], found: str) -> None:
    touch(tmp_path, on_disk)
    film = FileTree(tmp_path).find(name)
    assert film is not None
    assert film.name == found


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("a.png", "A.png", "a.PNG"),
        ("a.png", "a.dcm", "a.jpg"),
        ("a", "a.jpg", "a.png"),
        ("train/a.png", "TRAIN/a.png", "Train/a.png"),
        ("E.png", "\u00e9.png".replace("\u00e9", "\uff25"), "e.png"),
    ],
)
def test_a_name_that_may_mean_two_films_is_told(tmp_path: Path, name: str, first: str, second: str) -> None:
    touch(tmp_path, [first, second])
    with pytest.raises(Ambiguous, match="may be ") as raised:
        FileTree(tmp_path).find(name)
    assert first in str(raised.value)
    assert second in str(raised.value)


@pytest.mark.parametrize("name", ["..%2Felsewhere/d.png", "OUT.png", "OUTSIDE/d.png", "outside/D.png"])
def test_names_that_are_alike_never_lead_out(folder: Path, name: str) -> None:
    (folder / "out.png").symlink_to(folder.parent / "elsewhere" / "d.png")
    (folder / "outside").symlink_to(folder.parent / "elsewhere")
    with pytest.raises(LeadsOut):
        FileTree(folder).find(name)


def test_films_by_name_are_found_in_another_case_too(folder: Path) -> None:
    write_films(folder, ["x/00000001_000.PNG", "y/c.png", "y/C.jpg", "z/D.png", "z/d.jpg"])
    films = FilmsByName(FileTree(folder))
    for name, found in {"00000001_000.png": "x/00000001_000.PNG", "C.png": "y/C.jpg", "c.jpg": "y/c.png"}.items():
        film = films.find(name)
        assert film is not None
        assert film.name == found
    write_films(folder, ["w/c.png"])
    with pytest.raises(ConfigError, match=r"holds w/c.png and y/c.png; name the one folder to use, or keep one"):
        FilmsByName(FileTree(folder)).find("c")


def test_files_of_other_kinds_are_counted(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    others = ["1.nii.gz", "2.NII.gz", "3.nii", "4.heic", "a/5.gif", "a/6.svg", "a/7.pdf", "8.mha", "9.npy", "a/10.npy"]
    for name in [*others, "labels.csv", "notes.TXT", "README", "DICOMDIR", "sums.sha256", "Thumbs.db", ".hidden.gif"]:
        (folder / name).write_text("no film")
    (folder / "IM0007").write_bytes(bytes(200))
    (folder / "IM0008").write_bytes((folder / "b.png").read_bytes())
    assert names(folder) == ["IM0008", "a/2.PNG", "a/deep/3.jpg", "b.png"]
    assert caplog.messages == [
        f"{folder}: left out 11 files of other kinds: 2 .nii.gz, 2 .npy, 1 .gif, 1 .heic, 1 .mha, 4 others."
    ]


def test_every_suffix_of_a_film_is_listed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    films = ["a.tif", "b.TIFF", "c.bmp", "d.webp", "e.jp2", "f.J2K", "g.jfif", "h.dcm"]
    touch(tmp_path, films)
    assert names(tmp_path) == films
    assert not caplog.messages


def test_a_removed_or_too_large_film_is_unreadable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableImage, match="cannot be read: No such file"):
        read_film(str(folder / "none.png"))
    monkeypatch.setattr(places, "MAX_BYTES", 8)
    with pytest.raises(UnreadableImage, match="too large"):
        read_film(str(folder / "b.png"))


def test_the_size_of_a_film_is_read_from_its_header(folder: Path) -> None:
    assert film_size(str(folder / "b.png")) == (16, 16)
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    assert film_size(str(folder / "bad.png")) is None
    assert film_size(str(folder / "none.png")) is None


def test_a_warning_names_the_first_three(caplog: pytest.LogCaptureFixture) -> None:
    warn("some", [])
    warn("films", list("zyxwv"))
    assert caplog.messages == ["films: 5 (z, y, x and 2 more)."]


def test_a_folder_may_be_as_deep_as_the_system_allows(folder: Path) -> None:
    with deep_folder(folder, "x.png", (folder / "b.png").read_bytes()) as deep:
        assert names(folder) == ["a/2.PNG", "a/deep/3.jpg", "b.png", deep]
        found = FileTree(folder).find(deep)
        assert found is not None
        assert found.name == deep
        with pytest.raises(ConfigError, match="nested too deep for the pattern"):
            places.in_folder(folder, "**/*.png")


def test_a_chain_of_links_without_end_leads_nowhere(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    chain_of_links(folder, "c.png", folder / "b.png")
    assert names(folder) == ["a/2.PNG", "a/deep/3.jpg", "b.png"]
    assert "left out links that lead out of it: 1 (c.png)" in caplog.text
    assert FileTree(folder).find("c.png") is None


def test_a_missing_folder_is_reported_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^probing.reports: .*/none is not a folder\.$"):
        FileTree(tmp_path / "none", "probing.reports")


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "BMP", "WEBP", "JPEG2000"])
def test_the_size_of_a_film_is_found_within_the_limits_of_films(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow reads a header in any time and memory: a TIFF file's 65,000 tags may each hold the same 200 MB."""
    Picture.new("L", (30, 20)).save(tmp_path / "x", kind)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("read without limits")

    monkeypatch.setattr(Picture, "open", fail)
    assert film_size(str(tmp_path / "x")) == (30, 20)


def test_a_damaged_png_film_has_no_size(tmp_path: Path) -> None:
    """Its profile ends with its name, for which Pillow raises IndexError."""
    data = io.BytesIO()
    Picture.new("RGB", (30, 20)).save(data, "PNG")
    head = data.getvalue()[:33]
    (tmp_path / "x.png").write_bytes(head + chunk(b"iCCP", b"a\0") + data.getvalue()[33:])
    assert film_size(str(tmp_path / "x.png")) is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_size_of_a_film_is_that_of_the_upright_film(kind: str, orientation: int, tmp_path: Path) -> None:
    exif = Picture.Exif()
    exif[0x0112] = orientation
    Picture.new("L", (30, 20)).save(tmp_path / "x", kind, exif=exif)
    assert film_size(str(tmp_path / "x")) == ((20, 30) if orientation > 4 else (30, 20))
