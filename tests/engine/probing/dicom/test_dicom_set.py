"""A folder of DICOM films: which it lists, what it keeps of a patient, and how labels are assigned."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import DataElement, Dataset, uid
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from engine.errors import ConfigError, UnreadableImage
from engine.probing.decoding import decode
from engine.probing.dicom import file
from engine.probing.dicom.headers import read_headers
from engine.probing.dicom.probing_set import Options, load
from engine.probing.files import Film
from engine.probing.film_set import FilmSet
from tests.shared import shared_path
from tests.support.dicom import as_bytes, radiograph, write_radiograph

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three films of two patients, named as archives name them."""
    films = tmp_path / "films"
    write_radiograph(films / "b" / "IM-0001.dcm", 1, PatientID="MRN-7", SOPInstanceUID="1.2.7")
    write_radiograph(films / "a" / "1.2.840.5", 2, PatientID="MRN-9", SOPInstanceUID="1.2.9", ViewPosition="LL")
    write_radiograph(films / "c", 3, PatientID="MRN-7", SOPInstanceUID="1.2.8", ViewPosition=None)
    return films


def listed(folder: Path, csv: str | None = None, **options: Any) -> FilmSet:
    if csv is not None:
        (folder.parent / "labels.csv").write_text(csv)
        options["csv"] = "labels.csv"
    return load(Options.model_validate({"folder": folder.name, **options}), folder.parent)


def labels(probing: FilmSet) -> dict[str, tuple[str, ...]]:
    return {image.path: image.labels for image in probing.images}


def test_films_of_any_name_are_sorted_by_path_and_have_their_views(folder: Path) -> None:
    probing = listed(folder)
    assert [(image.path, image.view) for image in probing.images] == [
        ("a/1.2.840.5", "LL"),
        ("b/IM-0001.dcm", "PA"),
        ("c", None),
    ]
    assert decode(probing.read(probing.images[0])).shape == (48, 48)


def test_patients_are_numbered_unless_their_ids_are_asked_for(folder: Path) -> None:
    assert [image.patient for image in listed(folder).images] == ["P1", "P2", "P2"]
    assert [image.patient for image in listed(folder, pseudonyms=False).images] == ["MRN-9", "MRN-7", "MRN-7"]


def test_a_film_without_patient_has_none(folder: Path) -> None:
    write_radiograph(folder / "c", PatientID="")
    assert listed(folder).images[2].patient is None


def test_nothing_that_names_a_patient_is_kept(folder: Path) -> None:
    shown = repr(listed(folder).images)
    assert not [secret for secret in ("Doe", "Jane", "MRN", "1.2.7") if secret in shown]


def test_sex_age_and_make_are_kept_and_scanners_and_sites_are_numbered(folder: Path) -> None:
    machine = {"Manufacturer": "ACME", "ManufacturerModelName": "X 1", "InstitutionName": "St Mary"}
    tags = {"PatientSex": "F", "PatientAge": "093Y", "StationName": "ROOM7", "BurnedInAnnotation": "NO", **machine}
    write_radiograph(folder / "a" / "1.2.840.5", 2, PatientID="MRN-9", **tags)
    write_radiograph(folder / "b" / "IM-0001.dcm", 1, PatientID="MRN-7", **{**tags, "DeviceSerialNumber": "S7"})
    write_radiograph(folder / "c", 3, PatientID="MRN-7", **{**tags, "PatientAge": "011W", "PatientSex": "U"})
    first, second, third = listed(folder).images
    common = {"make": ("ACME X 1",), "site": ("site 1",), "annotation": ("none",)}
    assert first.attributes == {"sex": ("F",), "age": ("90",), "scanner": ("scanner 1",), **common}
    assert second.attributes == {"sex": ("F",), "age": ("90",), "scanner": ("scanner 2",), **common}
    assert third.attributes == {"age": ("0",), "scanner": ("scanner 1",), **common}
    assert listed(folder, pseudonyms=False).images[0].attributes["age"] == ("93",)
    assert not [secret for secret in ("Mary", "ROOM7", "S7") if secret in repr(listed(folder).images)]


def test_files_that_are_not_films_are_skipped_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    report = radiograph(np.zeros((2, 2), np.uint8), SOPClassUID=uid.BasicTextSRStorage, PixelData=None, Rows=None)
    (folder / "report.dcm").write_bytes(as_bytes(report))
    (folder / "DICOMDIR").write_bytes(as_bytes(report))
    (folder / "preview.png").write_bytes(b"\x89PNG")
    (folder / "README").write_text("no film")
    assert len(listed(folder).images) == 3
    assert caplog.messages == [f"{folder}: left out files that are not DICOM films: 2 (preview.png, report.dcm)."]


def test_damaged_files_are_kept_to_be_set_aside_with_their_reason(folder: Path) -> None:
    whole = (folder / "c").read_bytes()
    (folder / "cut.dcm").write_bytes(whole[:200])
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "text.dcm").write_text("no DICOM")
    probing = listed(folder)
    damaged = [image for image in probing.images if image.path in ("cut.dcm", "empty.dcm", "text.dcm")]
    assert len(damaged) == 3
    for image in damaged:
        with pytest.raises(UnreadableImage):
            decode(probing.read(image))


def test_other_modalities_and_text_burned_in_are_warned_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_radiograph(folder / "ct.dcm", Modality="CT", BurnedInAnnotation="YES")
    assert len(listed(folder).images) == 4
    assert caplog.messages == [
        f"{folder}: films whose modality is not a radiograph's: 1 (ct.dcm).",
        f"{folder}: films with text burned in, which may name the patient: 1 (ct.dcm).",
    ]


def test_hostile_values_are_safe_to_show(folder: Path) -> None:
    write_radiograph(folder / "c", ViewPosition="P\x1b[31mA", PatientID="\x1b]0;x\x07")
    images = listed(folder, pseudonyms=False).images
    assert all((image.view or "").isprintable() and (image.patient or "").isprintable() for image in images)


@pytest.mark.parametrize("name", ["b/IM-0001.dcm", "b\\IM-0001.dcm", "./b/IM-0001", "IM-0001.dcm", "IM-0001", "1.2.7"])
def test_a_row_names_its_film_by_path_file_name_or_uid(folder: Path, name: str) -> None:
    probing = listed(folder, f"path,labels\n{name},Mass|Hernia\n")
    assert labels(probing) == {"a/1.2.840.5": (), "b/IM-0001.dcm": ("Mass", "Hernia"), "c": ()}


def test_a_whole_path_is_one_films(folder: Path) -> None:
    write_radiograph(folder / "d" / "c")
    probing = listed(folder, "path,labels\nc,Mass\nd/c,Hernia\n")
    assert (labels(probing)["c"], labels(probing)["d/c"]) == (("Mass",), ("Hernia",))


def test_a_film_has_the_labels_of_all_its_rows(folder: Path) -> None:
    csv = "image_id;finding\n1.2.7;Mass\n1.2.7;Hernia\n1.2.7;Mass\n1.2.8;\n"
    probing = listed(folder, csv, path_column="image_id", labels_column="finding", delimiter=";")
    assert labels(probing) == {"a/1.2.840.5": (), "b/IM-0001.dcm": ("Mass", "Hernia"), "c": ()}


def test_labels_in_columns_of_their_own(folder: Path) -> None:
    csv = "path,Mass,Hernia\n1.2.7,1,0\n1.2.8,-1,1\n"
    columns = {"label_columns": ["Mass", "Hernia"]}
    assert labels(listed(folder, csv, **columns))["c"] == ("Hernia",)
    assert labels(listed(folder, csv, **columns, uncertain="ones"))["c"] == ("Mass", "Hernia")
    assert "c" not in labels(listed(folder, csv, **columns, uncertain="ignore"))


def test_rows_without_film_and_films_without_row_are_warned_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    listed(folder, "path,labels\n1.2.7,Mass\nother,Mass\n")
    csv = folder.parent / "labels.csv"
    assert caplog.messages == [
        f"{csv}: left out films that are not in the folder: 1 (other).",
        f"{csv}: films without labels, as it does not name them: 2 (a/1.2.840.5, c).",
    ]


@pytest.mark.parametrize(
    ("csv", "message"),
    [
        (
            "path,labels\ny,Mass\n",
            "labels.csv names none of the films in probing.folder: the first, 'y', is not there.",
        ),
        (
            "path,findings\n1.2.7,Mass\n",
            "labels.csv has no column 'labels' (probing.labels_column); its columns: path, findings.",
        ),
        (
            "uid,labels\n1.2.7,Mass\n",
            "labels.csv has no column 'path' (probing.path_column); its columns: uid, labels.",
        ),
        (
            "path,labels\nx.1,Mass\n",
            "labels.csv: line 2: x.1 may be d/x.1 or e/x.1; give the film's path.",
        ),
    ],
)
def test_a_wrong_csv_is_reported_in_one_line(folder: Path, csv: str, message: str) -> None:
    write_radiograph(folder / "d" / "x.1")
    write_radiograph(folder / "e" / "x.1")
    with pytest.raises(ConfigError) as raised:
        listed(folder, csv)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_keys_of_a_table_need_the_table(folder: Path) -> None:
    with pytest.raises(ValueError, match="label_columns is about the table that csv names; give csv too"):
        listed(folder, label_columns=["Mass"])


def test_views_and_a_sample_are_chosen(folder: Path) -> None:
    assert [image.path for image in listed(folder, views=["PA"]).images] == ["b/IM-0001.dcm"]
    assert len(listed(folder, sample=2).images) == 2
    with pytest.raises(ConfigError, match=r"no film has the view AP; views: LL, PA\."):
        listed(folder, views=["AP"])


def test_a_missing_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"probing.folder: .*/films is not a folder\."):
        listed(tmp_path / "films")
    (tmp_path / "films").mkdir()
    with pytest.raises(ConfigError, match=r"probing.folder: .*/films holds no DICOM film\."):
        listed(tmp_path / "films")


def test_the_real_films() -> None:
    probing = load(Options(folder=shared_path("data", "dicom")), Path())
    assert [(image.path, image.patient, image.view) for image in probing.images] == [
        ("Fake_MONOHR1.dcm", "P1", "PA"),
        ("rsna_sample.dcm", "P1", "PA"),
    ]


def test_elements_in_the_place_of_a_text_are_no_text() -> None:
    """Not even where pydicom can say what is in them."""
    inner = Dataset()
    inner.PatientName = "Doe^Jane"
    dataset = Dataset()
    dataset[0x00100020] = DataElement(0x00100020, "SQ", [inner])
    assert file.text(dataset, "PatientID") == ""
    inner[0x53430002] = RawDataElement(Tag(0x53430002), "PA", 2, b"ab", 0, False, True)
    assert file.text(dataset, "PatientID") == ""
    assert file.number(dataset, "PatientID") is None


def test_a_header_without_end_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MOST_READS", 500)
    path = write_radiograph(tmp_path / "film.dcm")
    assert read_headers([Film("film.dcm", str(path))])[0].view == "PA"
    data = path.read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    path.write_bytes(data[:start] + struct.pack("<HH2sH", 0x0009, 0x0010, b"LO", 0) * 1000 + data[start:])
    assert read_headers([Film("film.dcm", str(path))])[0].view == ""
