"""A folder of films and its CSV: what is listed, what is left out, and what is told about it."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from engine.errors import ConfigError, UnreadableImage
from engine.probing.folder import Folder, Options, load
from tests.shared import shared_path
from tests.support.models import write_film


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    for name in ("b.png", "a/2.PNG", "a/10.jpeg", "c.jpg"):
        write_film(folder / name, seed=1)
    (folder / "notes.txt").write_text("no film")
    (folder / ".hidden.png").write_text("no film")
    return folder


def listed(folder: Path, csv: str | None = None, **options: str) -> Folder:
    if csv is not None:
        (folder.parent / "films.csv").write_text(csv)
        options["csv"] = "films.csv"
    return load(Options.model_validate({"folder": "films", **options}), folder.parent)


def test_films_of_all_subfolders_sorted_by_path(films: Path) -> None:
    probing = listed(films)
    assert [image.path for image in probing.images] == ["a/10.jpeg", "a/2.PNG", "b.png", "c.jpg"]
    assert probing.read(probing.images[2]) == (films / "b.png").read_bytes()


def test_links_are_followed_inside_the_folder_only(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_film(films.parent / "elsewhere" / "d.png", seed=2)
    (films / "out.png").symlink_to(films.parent / "elsewhere" / "d.png")
    (films / "outside").symlink_to(films.parent / "elsewhere")
    (films / "loop").symlink_to(films)
    (films / "broken.png").symlink_to(films / "gone.png")
    (films / "inside.png").symlink_to(films / "b.png")
    assert [image.path for image in listed(films).images] == ["a/10.jpeg", "a/2.PNG", "b.png", "c.jpg", "inside.png"]
    assert caplog.messages == [f"{films}: links that lead out of it, left out: 1 (out.png)."]


def test_a_pipe_named_as_a_film_is_passed_over(films: Path) -> None:
    os.mkfifo(films / "pipe.png")
    assert len(listed(films).images) == 4


def test_a_name_that_is_not_utf8_can_be_shown_and_read(films: Path) -> None:
    name = os.fsdecode(b"film-\xff.png")
    (films / "b.png").rename(films / name)
    probing = listed(films)
    assert "film-\\xff.png" in [image.path for image in probing.images]
    assert probing.read(probing.images[-1])


def test_a_film_that_went_away_is_unreadable(films: Path) -> None:
    probing = listed(films)
    (films / "b.png").unlink()
    with pytest.raises(UnreadableImage, match="cannot be read: No such file"):
        probing.read(probing.images[2])


def test_labels_patient_and_view_come_from_the_csv(films: Path) -> None:
    csv = "\ufeffpath,labels,patient,view,age\nb.png,Mass| Effusion|Mass|,7,PA,50\na\\2.PNG,,8,,\n./c.jpg,Hernia,,AP,\n"
    by_path = {image.path: image for image in listed(films, csv).images}
    assert by_path["b.png"].labels == ("Mass", "Effusion")
    assert (by_path["b.png"].patient, by_path["b.png"].view) == ("7", "PA")
    assert by_path["a/2.PNG"].labels == ()
    assert (by_path["c.jpg"].labels, by_path["c.jpg"].patient) == (("Hernia",), None)


def test_columns_and_separator_can_be_named(films: Path) -> None:
    probing = listed(films, "file;x,finding\nb.png,A;B\n", path_column="file;x", labels_column="finding", separator=";")
    assert probing.images[2].labels == ("A", "B")


def test_rows_without_film_and_films_without_row_are_counted(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    probing = listed(films, "path,labels\nb.png,Mass\nz.png,Mass\n")
    csv = films.parent / "films.csv"
    told = "engine.probing.folder", logging.WARNING
    assert len(probing.images) == 4
    assert caplog.record_tuples == [
        (*told, f"{csv}: rows without a film in {films}, left out: 1 (z.png)."),
        (*told, f"{films}: films that are not in {csv}, without labels: 3 (a/10.jpeg, a/2.PNG, c.jpg)."),
    ]


def test_of_many_rows_the_first_three_are_named(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    listed(films, "path\n" + "".join(f"{name}.png\n" for name in "zyxwb"))
    assert caplog.messages[0].endswith("left out: 4 (z.png, y.png, x.png and 1 more).")


@pytest.mark.parametrize(
    ("csv", "options", "message"),
    [
        ("paths,labels\n", {}, "films.csv has no column 'path' (probing.path_column); did you mean 'paths'?"),
        ("x,y\n", {}, "films.csv has no column 'path' (probing.path_column); its columns: x, y."),
        ("", {}, "films.csv is empty."),
        (
            "path,findings\n",
            {"labels_column": "finding"},
            "films.csv has no column 'finding' (probing.labels_column); did you mean 'findings'?",
        ),
        ("path\nb.png\n./b.png\n", {}, "films.csv: line 3 names 'b.png', which line 2 does already."),
        ("path,labels\nb.png\n", {}, "films.csv: line 2 has not the header's 2 columns but 1."),
        ('path\n"b.png\n', {}, "probing.csv: films.csv is not a CSV file: unexpected end of data."),
    ],
)
def test_a_wrong_csv_is_told_in_one_line(films: Path, csv: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        listed(films, csv, **options)
    assert str(raised.value).replace(f"{films.parent}/", "") == message


def test_a_csv_that_is_missing_or_no_text(films: Path) -> None:
    with pytest.raises(ConfigError, match=r"probing.csv: cannot read .*none.csv: No such file or directory\."):
        load(Options(folder=films, csv=Path("none.csv")), films)
    (films / "latin.csv").write_bytes(b"path\nb\xe9.png\n")
    with pytest.raises(ConfigError, match=r"latin.csv is not text in UTF-8\."):
        load(Options(folder=films, csv=Path("latin.csv")), films)


def test_a_missing_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"probing.folder: .*/films is not a folder\."):
        load(Options(folder=Path("films")), tmp_path)
    (tmp_path / "films").mkdir()
    with pytest.raises(ConfigError, match=r"probing.folder: .*/films holds no PNG or JPEG film\."):
        load(Options(folder=Path("films")), tmp_path)


def test_the_real_films_with_their_csv(caplog: pytest.LogCaptureFixture) -> None:
    folder = shared_path("data", "xray")
    probing = load(Options(folder=folder, csv=folder / "labels.csv", labels_column="finding"), Path())
    assert len(probing.images) == 48
    assert {image.labels for image in probing.images} == {("Pneumonia",), ("No_findings",)}
    assert not caplog.messages
