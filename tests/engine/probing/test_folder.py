"""A folder of films: which it lists, in which order, and which it leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.probing.film_set import FilmSet
from engine.probing.folder import Options, load
from engine.probing.remote import access
from tests.shared import shared_path
from tests.support.films import paths, write_films


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    write_films(folder, ["b.png", "a/2.PNG", "a/10.jpeg", "c.jpg"])
    (folder / "notes.txt").write_text("no film")
    (folder / ".hidden.png").write_text("no film")
    return folder


def listed(folder: Path, **options: object) -> FilmSet:
    return load(Options.model_validate({"folder": folder.name, **options}), folder.parent)


def test_films_of_all_subfolders_are_sorted_by_path_and_have_no_labels(films: Path) -> None:
    probing = listed(films)
    assert paths(probing) == ["a/10.jpeg", "a/2.PNG", "b.png", "c.jpg"]
    assert probing.read(probing.images[2]) == (films / "b.png").read_bytes()
    assert not any(image.labels for image in probing.images)


def test_dicom_files_are_films_with_and_without_their_suffix(films: Path) -> None:
    for name in ("d.dcm", "e.DICOM", "f.IMA", "g.dic", "IM0001", "1.2.840.5", "DICOMDIR", "viewer.exe"):
        (films / name).write_bytes(bytes(128) + b"DICM")
    (films / "README").write_text("no film")
    dicom = ["d.dcm", "e.DICOM", "f.IMA", "g.dic"]
    assert paths(listed(films)) == ["1.2.840.5", "IM0001", "a/10.jpeg", "a/2.PNG", "b.png", "c.jpg", *dicom]


def test_a_sample_is_drawn_by_its_seed_and_stays_as_films_are_added(films: Path) -> None:
    write_films(films, [f"more/{number}.png" for number in range(30)])
    drawn = paths(listed(films, sample=8))
    assert drawn == sorted(drawn)
    assert len(set(drawn)) == 8
    assert drawn == paths(listed(films, sample=8))
    assert drawn != paths(listed(films, sample=8, sample_seed=1))
    assert set(paths(listed(films, sample=4))) < set(drawn)
    write_films(films, ["one_more.png"])
    assert len(set(drawn) & set(paths(listed(films, sample=8)))) >= 7
    assert len(listed(films, sample=1000).images) == 35


def test_a_missing_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"probing.folder: .*/films is not a folder\."):
        listed(tmp_path / "films")
    (tmp_path / "films").mkdir()
    with pytest.raises(
        ConfigError, match=r"probing.folder: .*/films holds no PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM film\."
    ):
        listed(tmp_path / "films")


def test_the_real_films_and_dicom_files() -> None:
    assert len(listed(shared_path("data", "xray")).images) == 48
    assert paths(listed(shared_path("data", "dicom"))) == ["Fake_MONOHR1.dcm", "rsna_sample.dcm"]


def test_films_at_an_address_need_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "find_spec", lambda name: None)
    access._filesystem.cache_clear()
    options = Options.model_validate_json('{"folder": "s3://films"}')
    message = r"s3:// needs the package 'fsspec', which is not installed: pip install 'mammi-explorer\[remote\]'"
    with pytest.raises(ConfigError, match=message):
        load(options, tmp_path)
