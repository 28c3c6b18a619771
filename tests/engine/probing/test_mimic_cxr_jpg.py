"""MIMIC-CXR-JPG in PhysioNet's layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.probing.film_set import FilmSet
from engine.probing.mimic_cxr_jpg import Options, load
from tests.support.films import by_path, paths, write_films, write_table

FRONTAL = "files/p10/p10000032/s50414267/02aa804e-bde0afdd-112c0b34-7bc16630-4e384014.jpg"
LATERAL = "files/p10/p10000032/s50414267/174413ec-4ec4c1f7-34ea26b7-c5f994f8-79ef1962.jpg"
OTHER = "files/p11/p11000183/s51967845/8e28eb28-b07d6a33-4ab4b0fa-e3a1a2c5-4a1bd1f4.jpg"
METADATA = (
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,"
    "PatientOrientationCodeSequence_CodeMeaning",
    f"{Path(FRONTAL).stem},10000032,50414267,CHEST (PA AND LAT),PA,3056,2544,Erect",
    f'{Path(LATERAL).stem},10000032,50414267,"CHEST, 2 VIEWS",LATERAL,3056,2544,',
    f"{Path(OTHER).stem},11000183,51967845,CHEST (PORTABLE AP),,2705,2539,Recumbent",
)
SPLIT = (
    "dicom_id,study_id,subject_id,split",
    f"{Path(FRONTAL).stem},50414267,10000032,train",
    f"{Path(LATERAL).stem},50414267,10000032,train",
    f"{Path(OTHER).stem},51967845,11000183,test",
)
LABELS = (
    "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,"
    "Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices",
    "10000032,50414267,,,,,,,,,1.0,,,,,",
    "11000183,51967845,1.0,-1.0,,0.0,,,,,,-1.0,,,,1.0",
)


def release(folder: Path, *, packed: bool = True) -> Path:
    write_films(folder, [FRONTAL, LATERAL, OTHER])
    end = "csv.gz" if packed else "csv"
    for name, lines in (("metadata", METADATA), ("split", SPLIT), ("chexpert", LABELS), ("negbio", LABELS)):
        write_table(folder / f"mimic-cxr-2.0.0-{name}.{end}", *lines, packed=packed)
    return folder


def loaded(folder: Path, **options: object) -> FilmSet:
    return load(Options.model_validate({"folder": folder, **options}), folder)


@pytest.mark.parametrize("packed", [True, False])
def test_the_release_is_read_as_published(tmp_path: Path, packed: bool, caplog: pytest.LogCaptureFixture) -> None:
    probing = loaded(release(tmp_path, packed=packed))
    assert paths(probing) == [FRONTAL, LATERAL, OTHER]
    assert [image.patient for image in probing.images] == ["10000032", "10000032", "11000183"]
    assert [image.view for image in probing.images] == ["PA", "LATERAL", None]
    assert [image.labels for image in probing.images] == [(), (), ("Atelectasis", "Support Devices")]
    assert [image.attributes["procedure"] for image in probing.images] == [
        *(("CHEST (PA AND LAT)",), ("CHEST, 2 VIEWS",), ("CHEST (PORTABLE AP)",))
    ]
    assert [image.attributes.get("position") for image in probing.images] == [("Erect",), None, ("Recumbent",)]
    assert not caplog.messages


def test_split_and_views(tmp_path: Path) -> None:
    release(tmp_path)
    assert paths(loaded(tmp_path, split="test")) == [OTHER]
    assert paths(loaded(tmp_path, split="train", views=["PA", "AP"])) == [FRONTAL]
    with pytest.raises(ConfigError, match=r"^probing.views: no film has the view LL; views: LATERAL, PA\.$"):
        loaded(tmp_path, split="train", views=["LL"])


def test_uncertain_labels_by_the_policy(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release(tmp_path)
    labels = by_path(loaded(tmp_path, uncertain="ones"))[OTHER].labels
    assert set(labels) == {"Atelectasis", "Cardiomegaly", "Pleural Effusion", "Support Devices"}
    assert paths(loaded(tmp_path, uncertain="ignore")) == [FRONTAL, LATERAL]
    table = tmp_path / "mimic-cxr-2.0.0-metadata.csv.gz"
    assert caplog.messages == [f"{table}: left out films of studies with an uncertain label: 1 ({OTHER})."]


def test_a_radiologists_labels_have_no_subject(tmp_path: Path) -> None:
    release(tmp_path)
    write_table(tmp_path / "mimic-cxr-2.1.0-test-set-labeled.csv", "study_id,Airspace Opacity", "51967845,1.0")
    assert by_path(loaded(tmp_path, labels="test-set-labeled"))[OTHER].labels == ("Airspace Opacity",)


def test_labels_may_be_missing_when_none_are_asked_for(tmp_path: Path) -> None:
    release(tmp_path)
    (tmp_path / "mimic-cxr-2.0.0-chexpert.csv.gz").unlink()
    assert not any(image.labels for image in loaded(tmp_path, labels="none").images)
    with pytest.raises(ConfigError, match=r"has no mimic-cxr-2.0.0-chexpert.csv or .csv.gz\.$"):
        loaded(tmp_path)


def test_each_film_has_its_study_s_report(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release(tmp_path / "jpg")
    reports = tmp_path / "mimic-cxr-reports"
    write_table(reports / "files/p10/p10000032/s50414267.txt", " FINAL REPORT", "FINDINGS: Clear lungs.")
    images = by_path(loaded(tmp_path / "jpg", reports=reports))
    assert images[FRONTAL].report == images[LATERAL].report == " FINAL REPORT\nFINDINGS: Clear lungs.\n"
    assert images[OTHER].report is None
    assert caplog.messages == [f"{reports}: films without a report: 1 (files/p11/p11000183/s51967845.txt)."]


def test_reports_are_read_in_any_encoding_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release(tmp_path / "jpg")
    reports = tmp_path / "mimic-cxr-reports"
    text = "FINDINGS: The patient’s lungs are clear."
    path = reports / "files/p10/p10000032/s50414267.txt"
    path.parent.mkdir(parents=True)
    for encoding, named in (("cp1252", None), ("utf-16", None), ("mac-roman", "mac-roman")):
        path.write_bytes(text.encode(encoding))
        assert by_path(loaded(tmp_path / "jpg", reports=reports, encoding=named))[FRONTAL].report == text
    path.write_bytes(b"\0")
    assert by_path(loaded(tmp_path / "jpg", reports=reports))[FRONTAL].report is None
    told = [message for message in caplog.messages if "films without a report" not in message]
    assert told == [
        f"{path}: not UTF-8, so read as Windows-1252. If it is another encoding, name it with probing.encoding.",
        f"{reports}: reports set aside: 1. {path} is not text, or is UTF-16 without a byte order mark: name its "
        "encoding with probing.encoding, such as utf-16-le.",
    ]


def test_reports_that_lead_out_or_are_missing(tmp_path: Path) -> None:
    release(tmp_path / "jpg")
    secret = write_table(tmp_path / "secret.txt", "secret")
    reports = tmp_path / "reports"
    (reports / "files/p10/p10000032").mkdir(parents=True)
    (reports / "files/p10/p10000032/s50414267.txt").symlink_to(secret)
    with pytest.raises(
        ConfigError, match=r"^probing.reports: .* has none of the films' reports, such as files/p10/p10000032/s"
    ):
        loaded(tmp_path / "jpg", reports=reports)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,../../..,50414267,,PA,1,1,", "line 2: subject_id and study_id must be numbers."),
        ("../../../../../../etc/hostname,10000032,50414267,,PA,1,1,", "holds none of the films of"),
        ("none,10000032,50414267,,PA,1,1,", "holds none of the films of"),
    ],
)
def test_hostile_names_lead_nowhere(tmp_path: Path, row: str, message: str) -> None:
    release(tmp_path, packed=False)
    write_table(tmp_path / "mimic-cxr-2.0.0-metadata.csv", METADATA[0], row)
    with pytest.raises(ConfigError, match=message):
        loaded(tmp_path)


def test_a_release_without_its_tables_is_refused(tmp_path: Path) -> None:
    write_films(tmp_path, [FRONTAL])
    with pytest.raises(ConfigError, match=r"^probing.folder: .* has no mimic-cxr-2.0.0-metadata.csv or .csv.gz"):
        loaded(tmp_path)


def test_rows_of_one_study_are_joined(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release(tmp_path, packed=False)
    table = write_table(
        tmp_path / "mimic-cxr-2.0.0-chexpert.csv",
        *LABELS,
        "11000183,51967845,0,1,NaN,positive,,,,,,,,,,",
    )
    labels = by_path(loaded(tmp_path, uncertain="ignore"))
    assert OTHER not in labels  # the pleural effusion stays uncertain
    assert by_path(loaded(tmp_path))[OTHER].labels == ("Cardiomegaly", "Edema", "Atelectasis", "Support Devices")
    told = f"{table}: studies whose rows contradict each other, so that the finding counts: 1 (51967845: Edema)."
    assert told in caplog.messages
