"""CheXpert in the layouts of its releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.probing.cells import VOCABULARY
from engine.probing.chexpert import Options, load
from engine.probing.film_set import FilmSet
from tests.support.films import by_path, paths, write_films, write_table

HEADER = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,"
    "Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices"
)
ROWS = (
    "{0}/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,,,,,,,,0.0,,,,1.0",
    "{0}/train/patient00002/study2/view1_frontal.jpg,Female,87,Frontal,PA,,,-1.0,1.0,,-1.0,-1.0,,-1.0,,-1.0,,1.0,",
    "{0}/train/patient00002/study1/view2_lateral.jpg,Male,83,Lateral,,,,,1.0,,,,,,,,,1.0,",
)
FILMS = ("patient00001/study1/view1_frontal", "patient00002/study2/view1_frontal", "patient00002/study1/view2_lateral")


def release(folder: Path, name: str = "CheXpert-v1.0-small") -> Path:
    root = folder / name
    write_films(root / "train", [f"{film}.jpg" for film in FILMS])
    write_table(root / "train.csv", HEADER, *(row.format(name) for row in ROWS))
    return root


def loaded(folder: Path, split: str = "train", **options: object) -> FilmSet:
    return load(Options.model_validate({"folder": folder, "split": split, **options}), folder)


@pytest.mark.parametrize("name", ["CheXpert-v1.0-small", "CheXpert-v1.0", "renamed"])
def test_the_release_is_read_as_unpacked(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    probing = loaded(release(tmp_path, name))
    first, lateral, second = probing.images
    assert first.path == "train/patient00001/study1/view1_frontal.jpg"
    assert (first.patient, first.view, first.labels) == ("patient00001", "AP", ("Support Devices",))
    assert (lateral.patient, lateral.view, lateral.labels) == ("patient00002", "Lateral", ("Lung Opacity", "Fracture"))
    assert (second.patient, second.view, second.labels) == ("patient00002", "PA", ("Lung Opacity", "Fracture"))
    assert first.attributes == {"sex": ("F",), "age": ("68",)}
    assert lateral.attributes == {"sex": ("M",), "age": ("83",)}
    assert not caplog.messages


def test_uncertain_labels_by_the_policy(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = release(tmp_path)
    film = "train/patient00002/study2/view1_frontal.jpg"
    assert set(by_path(loaded(root, uncertain="ones"))[film].labels) == {
        *("Lung Opacity", "Fracture", "Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")
    }
    assert film not in paths(loaded(root, uncertain="ignore"))
    assert caplog.messages == [f"{root}/train.csv: left out films with an uncertain label: 1 ({film})."]


def test_only_films_of_the_chosen_views_are_kept(tmp_path: Path) -> None:
    root = release(tmp_path)
    assert len(loaded(root, views=["AP", "PA"]).images) == 2
    assert [image.view for image in loaded(root, views=["Lateral"]).images] == ["Lateral"]


def test_the_full_release_is_in_four_batches(tmp_path: Path) -> None:
    first, second = "CheXpert-v1.0 batch 2 (train 1)", "CheXpert-v1.0 batch 3 (train 2)"
    write_films(tmp_path, [f"{first}/{FILMS[0]}.jpg", *(f"{second}/{film}.jpg" for film in FILMS[1:])])
    labels = tmp_path / "CheXpert-v1.0 batch 1 (validate & csv)"
    write_films(labels, ["valid/patient64541/study1/view1_frontal.jpg"])
    write_table(labels / "train.csv", HEADER, *(row.format("CheXpert-v1.0") for row in ROWS))
    valid = "CheXpert-v1.0/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP" + ",0.0" * 14
    write_table(labels / "valid.csv", HEADER, valid)
    assert paths(loaded(tmp_path)) == [f"{first}/{FILMS[0]}.jpg", *sorted(f"{second}/{film}.jpg" for film in FILMS[1:])]
    assert paths(loaded(tmp_path, "valid")) == [f"{labels.name}/valid/patient64541/study1/view1_frontal.jpg"]


def test_the_later_test_split_is_read_too(tmp_path: Path) -> None:
    write_films(tmp_path / "test", ["patient64741/study1/view1_frontal.jpg"])
    header = "Path,No Finding,Cardiomegaly,Airspace Opacity"
    write_table(tmp_path / "test.csv", header, "test/patient64741/study1/view1_frontal.jpg,0.0,0.0,1.0")
    (image,) = loaded(tmp_path, "test").images
    assert (image.labels, image.view) == (("Airspace Opacity",), None)


def test_copies_as_png_are_found(tmp_path: Path) -> None:
    root = release(tmp_path)
    for film in root.glob("train/*/*/*.jpg"):
        film.rename(film.with_suffix(".png"))
    assert paths(loaded(root))[0] == "train/patient00001/study1/view1_frontal.png"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Path,Age"], "train.csv has no column 'Enlarged Cardiomediastinum'; its columns: Path, Age."),
        (["Image,Edema"], "train.csv has no column 'Path'; its columns: Image, Edema."),
        (["Path,Edema", "films/1.png,1.0"], "train.csv: line 2 has 'films/1.png', which is not a CheXpert path."),
        (
            ["Path,Edema", "patient1/../x.png,1"],
            "train.csv: line 2 has 'patient1/../x.png', which is not a CheXpert path.",
        ),
        (
            ["Path,Edema", "train/patient00001/study1/view1_frontal.jpg,maybe"],
            f"train.csv: line 2 has 'maybe' in column 'Edema', which says neither yes nor no.\nWords: {VOCABULARY}.",
        ),
        (
            ["Path,Edema", "x/train/patient00009/study1/view1_frontal.jpg,1"],
            "probing.folder: . holds none of the films of train.csv: the first, "
            "'train/patient00009/study1/view1_frontal.jpg', is not there.",
        ),
    ],
)
def test_a_wrong_table_is_reported_in_one_line(tmp_path: Path, lines: list[str], message: str) -> None:
    root = release(tmp_path)
    write_table(root / "train.csv", *lines)
    with pytest.raises(ConfigError) as raised:
        loaded(root)
    assert str(raised.value).replace(f"{root}/", "").replace(str(root), ".") == message


def test_a_missing_table_is_reported_with_the_existing_ones(tmp_path: Path) -> None:
    root = release(tmp_path)
    with pytest.raises(ConfigError, match=r"^probing.split: .* has no valid.csv; its tables: train\.$"):
        loaded(root, "valid")


def test_films_that_lead_out_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = release(tmp_path)
    write_films(tmp_path, ["secret.jpg"])
    film = root / "train" / f"{FILMS[1]}.jpg"
    film.unlink()
    film.symlink_to(tmp_path / "secret.jpg")
    assert len(loaded(root).images) == 2
    assert caplog.messages == [f"{root}/train.csv: left out films that lead out of {root}: 1 (train/{FILMS[1]}.jpg)."]


def test_rows_of_one_film_are_joined_and_words_for_truths_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = release(tmp_path)
    film = "train/patient00001/study1/view1_frontal.jpg"
    rows = (f"x/{film},Positive,no,nan", f"y/{film},FALSE,Uncertain,yes")
    table = write_table(root / "train.csv", "Path,Edema,Fracture,Pneumonia", *rows)
    assert by_path(loaded(root))[film].labels == ("Edema", "Pneumonia")
    assert by_path(loaded(root, uncertain="ones"))[film].labels == ("Edema", "Pneumonia", "Fracture")
    told = f"{table}: films whose rows contradict each other, so that the finding counts: 1 ({film}: Edema)."
    assert caplog.messages == [told] * 2
