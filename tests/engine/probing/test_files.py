"""Files below one folder: names and links that lead out of it are never followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import ConfigError, UnreadableImage
from engine.probing import files
from engine.probing.files import FileTree, LeadsOut, film_size, read_film, warn
from tests.support.films import write_films


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_films(tmp_path / "films", ["b.png", "a/2.PNG", "a/deep/3.jpg"])
    write_films(tmp_path / "elsewhere", ["d.png"])
    return tmp_path / "films"


def names(folder: Path) -> list[str]:
    return [film.name for film in FileTree(folder).films()]


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


def test_a_removed_or_too_large_film_is_unreadable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableImage, match="cannot be read: No such file"):
        read_film(str(folder / "none.png"))
    monkeypatch.setattr(files, "MAX_BYTES", 8)
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


def test_a_missing_folder_is_reported_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^probing.reports: .*/none is not a folder\.$"):
        FileTree(tmp_path / "none", "probing.reports")
