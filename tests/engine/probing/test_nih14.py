"""NIH ChestX-ray14 in its usual layouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.probing.base import Box
from engine.probing.film_set import FilmSet
from engine.probing.findings import FINDINGS
from engine.probing.nih14 import Options, load
from tests.shared import shared_path
from tests.support.films import by_path, paths, write_films, write_table

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)
ROWS = (
    "00000001_000.png,Cardiomegaly|Effusion,0,1,58,M,PA,2682,2749,0.143,0.143,",
    "00000001_001.png,No Finding,1,1,58,M,AP,2894,2729,0.143,0.143,",
    "00000002_000.png,Pleural_Thickening,0,2,81,M,PA,2500,2048,0.171,0.171,",
)
BOXES = (
    "Image Index,Finding Label,Bbox [x,y,w,h],,,",
    "00000001_000.png,Infiltrate,64.5,128,256,512",
    "00000001_000.png,Effusion,0,0,10,20,,,",
)


def release(folder: Path, *, kaggle: bool = True) -> Path:
    """The release with three films of 16 × 16 pixels, in its own folders or all in one."""
    first, second = ("images_001/images", "images_002/images") if kaggle else ("images", "images")
    write_films(folder, [f"{first}/00000001_000.png", f"{first}/00000001_001.png", f"{second}/00000002_000.png"])
    write_table(folder / "Data_Entry_2017.csv", HEADER, *ROWS)
    write_table(folder / "BBox_List_2017.csv", *BOXES)
    write_table(folder / "train_val_list.txt", "00000001_000.png", "00000001_001.png")
    write_table(folder / "test_list.txt", "00000002_000.png")
    return folder


def loaded(folder: Path, **options: object) -> FilmSet:
    return load(Options.model_validate({"folder": folder, **options}), folder)


def test_the_release_is_read_as_unpacked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    probing = loaded(release(tmp_path))
    first, second, third = probing.images
    assert first.path == "images_001/images/00000001_000.png"
    assert third.path == "images_002/images/00000002_000.png"
    assert (first.labels, second.labels, third.labels) == (("Cardiomegaly", "Effusion"), (), ("Pleural_Thickening",))
    assert [image.view for image in probing.images] == ["PA", "AP", "PA"]
    assert [image.patient for image in probing.images] == ["00000001", "00000001", "00000002"]
    assert [image.attributes["age"] for image in probing.images] == [("58",), ("58",), ("81",)]
    assert {image.attributes["sex"] for image in probing.images} == {("M",)}
    assert probing.read(third) == (tmp_path / third.path).read_bytes()
    assert not caplog.messages


def test_ages_are_those_of_either_release_and_errors_are_unknown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = release(tmp_path) / "Data_Entry_2017.csv"
    for given, years in (("058Y", "58"), ("009M", "0"), ("000Y", None), ("411", None), ("0", None)):
        write_table(table, HEADER, ROWS[0].replace(",58,M,", f",{given},F,"), *ROWS[1:])
        found = loaded(tmp_path).images[0].attributes
        assert found == {"sex": ("F",)} | ({"age": (years,)} if years else {})
    wrong = f"{table}: films with an age that nobody has, which counts as unknown: 1 (00000001_000)."
    assert caplog.messages == 3 * [wrong]


def test_the_official_table_gives_sex_and_age(tmp_path: Path) -> None:
    table = shared_path("data", "nih14", "Data_Entry_2017_v2020.csv.gz")
    write_films(tmp_path, ["00000001_000.png", "00000003_002.png"])
    films = by_path(loaded(tmp_path, data_entry=table))
    assert films["00000001_000.png"].attributes == {"sex": ("M",), "age": ("57",)}
    assert films["00000003_002.png"].attributes == {"sex": ("F",), "age": ("75",)}


@pytest.mark.parametrize(("side", "scale"), [(1024, 1.0), (256, 0.25)])
def test_boxes_are_in_pixels_of_the_film_as_it_is(tmp_path: Path, side: int, scale: float) -> None:
    release(tmp_path)
    write_films(tmp_path, ["images_001/images/00000001_000.png"], side)
    first, second, _ = loaded(tmp_path).images
    assert first.boxes == (
        Box("Infiltration", 64.5 * scale, 128 * scale, 256 * scale, 512 * scale),
        Box("Effusion", 0, 0, 10 * scale, 20 * scale),
    )
    assert second.boxes == ()


def test_official_splits_go_by_name_and_films_by_view(tmp_path: Path) -> None:
    release(tmp_path, kaggle=False)
    assert paths(loaded(tmp_path, split="test")) == ["images/00000002_000.png"]
    assert paths(loaded(tmp_path, split="train_val")) == ["images/00000001_000.png", "images/00000001_001.png"]
    assert paths(loaded(tmp_path, split="train_val", views=["AP"])) == ["images/00000001_001.png"]


def test_a_list_with_labels_needs_no_table(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_films(tmp_path, ["00000001_000.png", "00000002_000.png", "00000003_000.png"])
    write_table(tmp_path / "split.txt", "00000002_000.png" + " 1" * 14, "", "images/00000001_000.png" + " 0" * 14)
    first, second = loaded(tmp_path, split="split.txt").images
    assert (first.labels, second.labels) == ((), FINDINGS)
    assert not caplog.messages


def test_the_view_comes_from_the_table_where_the_labels_come_from_the_list(tmp_path: Path) -> None:
    release(tmp_path)
    write_table(tmp_path / "split.txt", "00000002_000.png" + " 0" * 13 + " 1")
    (image,) = loaded(tmp_path, split="split.txt").images
    assert (image.labels, image.view) == (("Hernia",), "PA")


def test_the_newer_table_is_preferred_and_both_can_be_named(tmp_path: Path) -> None:
    release(tmp_path)
    newer = HEADER.removesuffix(",").replace("Gender", "Sex")
    write_table(tmp_path / "Data_Entry_2017_v2020.csv", newer, ROWS[2].replace("Pleural_Thickening", "Hernia"))
    assert loaded(tmp_path, split="test").images[0].labels == ("Hernia",)
    assert loaded(tmp_path, split="test", data_entry="Data_Entry_2017.csv").images[0].labels == ("Pleural_Thickening",)


def test_resized_copies_of_another_kind_are_found_by_name(tmp_path: Path) -> None:
    release(tmp_path)
    for film in tmp_path.glob("*/images/*.png"):
        film.rename(film.with_suffix(".jpg"))
    assert by_path(loaded(tmp_path))["images_002/images/00000002_000.jpg"].labels == ("Pleural_Thickening",)


def test_films_that_are_not_on_disk_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release(tmp_path)
    (tmp_path / "images_001/images/00000001_001.png").unlink()
    assert len(loaded(tmp_path, split="train_val").images) == 1
    list_file = tmp_path / "train_val_list.txt"
    assert caplog.messages == [f"{list_file}: left out films that are not in {tmp_path}: 1 (00000001_001.png)."]


def test_films_without_labels_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release(tmp_path)
    write_table(tmp_path / "Data_Entry_2017.csv", HEADER, *ROWS[:2])
    loaded(tmp_path)
    assert caplog.messages == [
        f"{tmp_path}/Data_Entry_2017.csv: has no row for films: 1 (images_002/images/00000002_000.png)."
    ]
    caplog.clear()
    (tmp_path / "Data_Entry_2017.csv").unlink()
    loaded(tmp_path, split="test")
    assert caplog.messages[0].startswith(
        f"{tmp_path}: has no Data_Entry_2017_v2020.csv or Data_Entry_2017.csv, so the films"
    )


@pytest.mark.parametrize(
    ("name", "lines", "options", "message"),
    [
        (
            "s.txt",
            ["00000009_000.png"],
            {"split": "s.txt"},
            "holds none of the films of ./s.txt: the first, '00000009_000",
        ),
        ("s.txt", [""], {"split": "s.txt"}, "./s.txt names no film."),
        (
            "s.txt",
            ["a.png 1 0"],
            {"split": "s.txt"},
            "./s.txt: line 1 is neither a film's name nor a name and 14 numbers",
        ),
        ("s.txt", ["a.png" + " 2" * 14], {"split": "s.txt"}, "./s.txt: line 1 is neither a film's name"),
        (
            "s.txt",
            ["a.png", "a.png"],
            {"split": "s.txt"},
            "./s.txt: line 2 names 'a.png', as an earlier line already does",
        ),
        (
            "s.txt",
            [],
            {"split": "t.txt"},
            "probing.split: ./t.txt is not a file; name a list of films, or train_val",
        ),
        ("d.csv", ["Image,Labels"], {"data_entry": "d.csv"}, "./d.csv has no column 'Image Index'"),
        (
            "d.csv",
            ["Image Index,Finding Labels,View Position", "a.png,['Mass,PA"],
            {"data_entry": "d.csv"},
            "./d.csv: line 2 has \"['Mass\" in column 'Finding Labels', which begins like a list but is none.",
        ),
        (
            "b.csv",
            ["a,b,c,d,e,f", "1,2,3,4,5,x"],
            {"boxes": "b.csv"},
            "./b.csv: line 2 has '3, 4, 5, x' for a box, which must be four numbers.",
        ),
        (
            "b.csv",
            ["a,b,c", "1,2,3"],
            {"boxes": "b.csv"},
            "./b.csv: line 2 has '3' for a box, which",
        ),
        ("b.csv", ["a,b,c,d,e,f", "1,2,3,4,0,6"], {"boxes": "b.csv"}, "./b.csv: line 2 has a box without width or"),
        (
            "b.csv",
            ["a,b,c,d,e,f", "1,2,nan,4,1,6"],
            {"boxes": "b.csv"},
            "./b.csv: line 2 has 'nan, 4, 1, 6' for",
        ),
    ],
)
def test_a_wrong_file_is_reported_in_one_line(
    tmp_path: Path, name: str, lines: list[str], options: dict[str, str], message: str
) -> None:
    release(tmp_path)
    write_table(tmp_path / name, *lines)
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, **options)
    assert message in str(raised.value).replace(str(tmp_path), ".")


def test_a_folder_without_films_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^probing.folder: .* holds no film\.$"):
        loaded(tmp_path)


def test_two_copies_of_one_film_are_refused(tmp_path: Path) -> None:
    release(tmp_path)
    write_films(tmp_path, ["images-224/00000002_000.png"])
    with pytest.raises(ConfigError, match=r"images-224/00000002_000.png and images_002/images/.*name the one folder"):
        loaded(tmp_path)


def test_the_real_films_with_their_list_and_boxes(caplog: pytest.LogCaptureFixture) -> None:
    lists = shared_path("data", "nih14")
    options = {"split": lists / "mini_split.txt", "boxes": lists / "bbox.csv"}
    probing = loaded(shared_path("data", "xray"), **{key: str(path) for key, path in options.items()})
    images = by_path(probing)
    assert len(images) == 48
    assert sum("Pneumonia" in image.labels for image in images.values()) == 24
    assert not any(image.labels for path, image in images.items() if path.startswith("No_findings/"))
    boxed = images["Pneumonia/00005353_000.png"]
    assert boxed.labels == ("Pneumonia", "Consolidation")
    assert [(box.label, round(box.x), round(box.width)) for box in boxed.boxes] == [("Pneumonia", 114, 228)]
    assert boxed.patient == "00005353"
    assert not caplog.messages


def test_the_official_validation_list_is_read_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    validation = shared_path("data", "nih14", "val_official.txt")
    write_films(tmp_path, ["00000010_000.png"])
    (image,) = loaded(tmp_path, split=str(validation)).images
    assert image.labels == ("Infiltration",)
    assert ": 11211 (" in caplog.messages[0]


def test_rows_of_one_film_are_joined(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release(tmp_path)
    again = ROWS[1].replace("No Finding", "\"[nan, 'Mass']\"")
    table = write_table(tmp_path / "Data_Entry_2017.csv", HEADER, *ROWS, again, ROWS[0].replace("Effusion", "Mass"))
    images = by_path(loaded(tmp_path))
    assert images["images_001/images/00000001_000.png"].labels == ("Cardiomegaly", "Effusion", "Mass")
    assert images["images_001/images/00000001_001.png"].labels == ("Mass",)
    assert caplog.messages == [
        f"{table}: films whose rows contradict each other, so that the finding counts: 1 (00000001_001: Mass)."
    ]


def test_a_box_that_leads_out_of_its_film_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release(tmp_path)
    table = write_table(tmp_path / "BBox_List_2017.csv", BOXES[0], "00000001_000.png,Mass,1000,10,100,100,,,")
    loaded(tmp_path)
    assert caplog.messages == [
        f"{table}: films with a box that leads out of the film, as if drawn on films of another size: "
        "1 (images_001/images/00000001_000.png)."
    ]
