"""Label tables in the columns of public data sets, read by the lines that the guide gives for them."""

from __future__ import annotations

import json
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from engine import kinds
from engine.probing.base import Box, Image, ProbingSet
from engine.probing.rename import Renamed
from tests.shared import ROOT
from tests.support.dicom import write_radiograph
from tests.support.films import by_path, write_films, write_table

GOOGLE = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],Fracture,Pneumothorax,Airspace opacity,Nodule or mass"
)
PADCHEST = (
    ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,ViewPosition_DICOM,Projection,"
    "MethodProjection,Pediatric,Report,MethodLabel,Labels,Localizations,LabelsLocalizationsBySentence"
)


def loaded(base: Path, toml: str) -> ProbingSet:
    """The probing set of the lines under [probing]."""
    table = tomllib.loads(toml)
    kind = table.pop("kind")
    module_name = kinds.module_of("probing", kind)
    assert module_name is not None
    rename = table.pop("rename", {})
    module = import_module(module_name)
    return Renamed(module.load(module.Options.model_validate_json(json.dumps(table), strict=True), base), rename)


def of_guide(name: str) -> str:
    """The lines under [probing] that the guide gives for a data set."""
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8").partition("## Label tables")[2]
    return guide.partition(f"\n{name}")[2].partition("\n\n")[2].partition("\n\n")[0].replace("\n    ", "\n")


def labels(images: dict[str, Image]) -> dict[str, tuple[str, ...]]:
    return {path: image.labels for path, image in images.items()}


def test_padchest(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_films(tmp_path / "films", ["0/2168_1.png", "0/2168_2.png", "14/1390.png", "14/9.png"])
    study, patient = "20140915,2168", "1964.0,F,POSTEROANTERIOR"
    quoted = "\"[\"\"Kerley's lines\"\", 'a\\'s', 'x, y']\""
    table = write_table(
        tmp_path / "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv",
        PADCHEST,
        f"0,2168_1.png,0,{study},8406,{patient},PA,Manual,No,sin hallazgos,Physician,"
        "\"['pulmonary nodule', ' pleural effusion', 'pulmonary nodule']\",\"['loc right']\","
        "\"[['pulmonary nodule', 'loc right'], ['pleural effusion']]\"",
        f"1,2168_2.png,0,{study},8406,{patient},L,Manual,No,,Physician,['normal'],[],[['normal']]",
        f"2,1390.png,14,{study},8407,{patient},AP_horizontal,Manual,No,,RNN_model,\"[nan, 'cardiomegaly']\",[],[]",
        f"3,9.png,14,{study},8408,{patient},PA,Manual,No,,Physician,{quoted},[],[]",
        f"4,gone.png,53,{study},8409,{patient},PA,Manual,No,,Physician,[],[],[]",
    )
    images = by_path(
        loaded(
            tmp_path,
            of_guide("PadChest"),
        )
    )
    assert labels(images) == {
        "0/2168_1.png": ("pulmonary nodule", "pleural effusion"),
        "0/2168_2.png": ("normal",),
        "14/1390.png": ("cardiomegaly",),
        "14/9.png": ("Kerley's lines", "a's", "x, y"),
    }
    first = images["0/2168_1.png"]
    assert (first.patient, first.view, first.report) == ("8406", "PA", "sin hallazgos")
    folder = tmp_path / "films"
    assert caplog.messages == [f"{table}: left out films that are not in {folder}: 1 (53/gone.png)."]


def vindr(tmp_path: Path) -> Path:
    return write_table(
        tmp_path / "train.csv",
        "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max",
        "50a4,No finding,14,R11,,,,",
        "50a4,No finding,14,R7,,,,",
        "9a50,Cardiomegaly,3,R10,6.0,8.0,12.0,12.0",
        "9a50,Aortic enlargement,0,R9,8.0,2.0,10.0,6.0",
        "9a50,Cardiomegaly,3,R9,6.0,8.0,12.0,12.0",
        "0515,No finding,14,R8,,,,",
        "0515,Pleural thickening,11,R9,1.5,2.5,4.0,5.0",
    )


def test_vindr_cxr_with_boxes_of_several_readers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = vindr(tmp_path)
    write_films(tmp_path / "films", ["50a4.png", "9a50.png", "0515.png"])
    images = by_path(
        loaded(
            tmp_path,
            of_guide("VinDr-CXR"),
        )
    )
    assert labels(images) == {
        "50a4.png": ("No finding",),
        "9a50.png": ("Cardiomegaly", "Aortic enlargement"),
        "0515.png": ("Pleural thickening",),
    }
    assert images["9a50.png"].boxes == (
        Box("Cardiomegaly", 6, 8, 6, 4),  # two readers drew it alike
        Box("Aortic enlargement", 8, 2, 2, 4),
    )
    assert images["0515.png"].boxes == (Box("Pleural thickening", 1.5, 2.5, 2.5, 2.5),)
    assert caplog.messages == [
        f"{table}: films whose rows contradict each other, so that the finding counts: 1 (0515: Pleural thickening)."
    ]


def test_vindr_cxr_labels_of_each_reader_over_dicom(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("pydicom")
    for seed, name in enumerate(["50a4", "9a50"]):
        write_radiograph(tmp_path / "train" / f"{name}.dicom", seed, SOPInstanceUID=f"1.2.{seed + 1}")
    write_table(
        tmp_path / "image_labels_train.csv",
        "image_id,rad_id,Cardiomegaly,Pleural effusion,No finding",
        "50a4,R11,0,0,1",
        "50a4,R7,0,0,1",
        "9a50,R10,1,0,0",
        "9a50,R9,1,1,0",
    )
    images = by_path(
        loaded(
            tmp_path,
            """
            kind = "dicom"
            folder = "train"
            csv = "image_labels_train.csv"
            path_column = "image_id"
            label_columns = ["Cardiomegaly", "Pleural effusion"]
            """,
        )
    )
    assert labels(images) == {"50a4.dicom": (), "9a50.dicom": ("Cardiomegaly", "Pleural effusion")}
    assert caplog.messages == [
        f"{tmp_path}/image_labels_train.csv: films whose rows contradict each other, so that the finding counts: "
        "1 (9a50.dicom: Pleural effusion)."
    ]


def rsna(kind: str) -> str:
    return of_guide("RSNA").replace('"dicom"', f'"{kind}"')


@pytest.mark.parametrize("kind", ["csv", "dicom"])
def test_rsna_pneumonia(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    names = ["a0001", "a0002"]
    if kind == "csv":
        write_films(tmp_path / "films", [f"{name}.png" for name in names], 48)
    else:
        for seed, name in enumerate(names):
            write_radiograph(tmp_path / "films" / f"{name}.dcm", seed, SOPInstanceUID=f"1.2.{seed + 1}")
    write_table(
        tmp_path / "stage_2_train_labels.csv",
        "patientId,x,y,width,height,Target",
        "a0001,12.0,20.0,9.0,8.0,1",
        "a0001,30.0,22.0,9.0,8.0,1",
        "a0002,,,,,0",
    )
    suffix = "png" if kind == "csv" else "dcm"
    images = by_path(loaded(tmp_path, rsna(kind)))
    assert labels(images) == {f"a0001.{suffix}": ("Pneumonia",), f"a0002.{suffix}": ()}
    assert images[f"a0001.{suffix}"].boxes == (Box("Pneumonia", 12, 20, 9, 8), Box("Pneumonia", 30, 22, 9, 8))
    assert not images[f"a0002.{suffix}"].boxes
    assert not caplog.messages


def test_rsna_boxes_are_those_of_films_of_1024_pixels(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_films(tmp_path / "films", ["a0001.png"], 64)
    table = write_table(
        tmp_path / "stage_2_train_labels.csv", "patientId,x,y,width,height,Target", "a0001,512,256,128,64,1"
    )
    assert by_path(loaded(tmp_path, f"{rsna('csv')}\ndrawn_side = 1024"))["a0001.png"].boxes == (
        Box("Pneumonia", 32, 16, 8, 4),
    )
    assert not caplog.messages
    loaded(tmp_path, rsna("csv"))
    assert caplog.messages == [
        f"{table}: films with a box that leads out of the film, as if drawn on films of another size: 1 (a0001.png)."
    ]


def test_rsna_detailed_classes(tmp_path: Path) -> None:
    write_films(tmp_path / "films", ["a0001.png", "a0002.png"])
    write_table(
        tmp_path / "stage_2_detailed_class_info.csv",
        "patientId,class",
        "a0001,Lung Opacity",
        "a0001,Lung Opacity",
        "a0002,No Lung Opacity / Not Normal",
    )
    images = by_path(
        loaded(
            tmp_path,
            """
            kind = "csv"
            csv = "stage_2_detailed_class_info.csv"
            folder = "films"
            path_column = "patientId"
            labels_column = "class"
            """,
        )
    )
    assert labels(images) == {"a0001.png": ("Lung Opacity",), "a0002.png": ("No Lung Opacity / Not Normal",)}


def test_siim_acr_pneumothorax(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    uid = "1.2.276.0.7230010.3.1.4.8323329"
    write_films(tmp_path / "films", [f"{uid}.{name}.png" for name in ("1.850819", "2.850820")], 32)
    column = 1024
    # 2 pixels down from row 4 in columns 10 and 11; the second row of the film: one pixel of column 1000.
    mask = f"{10 * column + 4} 2 {column - 2} 2"
    write_table(
        tmp_path / "train-rle.csv",
        "ImageId, EncodedPixels",
        f"{uid}.1.850819, {mask}",
        f"{uid}.1.850819, {1000 * column + 1023} 1",
        f"{uid}.2.850820, -1",
    )
    toml = of_guide("SIIM-ACR")
    images = by_path(loaded(tmp_path, f"{toml}\ndrawn_side = 1024"))
    some, none = images[f"{uid}.1.850819.png"], images[f"{uid}.2.850820.png"]
    assert (some.labels, none.labels) == (("Pneumothorax",), ())
    scale = 32 / 1024
    assert some.boxes == (
        Box("Pneumothorax", 10 * scale, 4 * scale, 2 * scale, 2 * scale),
        Box("Pneumothorax", 1000 * scale, 1023 * scale, scale, scale),
    )
    corners = {(x / scale, y / scale) for x, y in some.polygons[0].points}
    assert corners == {(10, 4), (12, 4), (12, 6), (10, 6)}
    assert by_path(loaded(tmp_path, toml)) == images  # 1024 is the default
    assert not caplog.messages


def test_googles_adjudicated_labels_of_nih(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_films(tmp_path / "images", ["00000003_000.png", "00000013_009.png", "00000014_000.png"])
    write_table(
        tmp_path / "test_labels.csv",
        GOOGLE,
        "00000003_000.png,Hernia,0,3,81,F,PA,2582,2991,0.143,0.143,NO,YES,NO,NO",
        "00000013_009.png,No Finding,0,13,56,M,AP,2582,2991,0.143,0.143,YES,NO,YES,NO",
        "00000014_000.png,No Finding,0,14,56,M,AP,2582,2991,0.143,0.143,NO,NO,,NO",
    )
    images = by_path(
        loaded(
            tmp_path,
            of_guide("Google"),
        )
    )
    assert labels(images) == {
        "00000003_000.png": ("Pneumothorax",),
        "00000013_009.png": ("Fracture", "Airspace opacity"),
        "00000014_000.png": (),
    }
    assert (images["00000003_000.png"].patient, images["00000003_000.png"].view) == ("3", "PA")
    assert not caplog.messages


@pytest.mark.parametrize(("uncertain", "kept"), [("zeros", True), ("ones", True), ("ignore", False)])
def test_googles_labels_of_each_reader(tmp_path: Path, uncertain: str, kept: bool) -> None:
    write_films(tmp_path / "images", ["00000003_000.png", "00000013_009.png"])
    write_table(
        tmp_path / "individual_readers.csv",
        "Image ID,Patient ID,Reader ID,Fracture,Pneumothorax,Airspace opacity,Nodule/mass",
        "00000003_000.png,3,4343,NO,HEDGE,NO,NO",
        "00000003_000.png,3,4344,NO,NO,NO,NO",
        "00000013_009.png,13,4343,NO,HEDGE,NO,NO",
        "00000013_009.png,13,4345,NO,YES,NO,NO",
    )
    toml = f"""
        kind = "csv"
        csv = "individual_readers.csv"
        folder = "images"
        path_column = "Image ID"
        label_columns = ["Fracture", "Pneumothorax", "Airspace opacity", "Nodule/mass"]
        patient_column = "Patient ID"
        uncertain = "{uncertain}"
        """
    images = by_path(loaded(tmp_path, toml))
    assert images["00000013_009.png"].labels == ("Pneumothorax",)
    assert ("00000003_000.png" in images) == kept
    if kept:
        assert images["00000003_000.png"].labels == (("Pneumothorax",) if uncertain == "ones" else ())


def test_nih_boxes_read_as_a_table_of_ones_own(tmp_path: Path) -> None:
    write_films(tmp_path / "images", ["00013118_008.png"], 1024)
    write_table(
        tmp_path / "BBox_List_2017.csv",
        "Image Index,Finding Label,Bbox [x,y,w,h],,,",
        "00013118_008.png,Atelectasis,225.084745762712,547.019216763771,86.7796610169491,79.1864406779661,,,",
        "00013118_008.png,Effusion,10,20,30,40,,,",
    )
    images = by_path(
        loaded(
            tmp_path,
            """
            kind = "csv"
            csv = "BBox_List_2017.csv"
            folder = "images"
            path_column = "Image Index"
            labels_column = "Finding Label"
            box_columns = ["Bbox [x", "y", "w", "h]"]
            """,
        )
    )
    film = images["00013118_008.png"]
    assert film.labels == ("Atelectasis", "Effusion")
    assert film.boxes[1] == Box("Effusion", 10, 20, 30, 40)


def test_boxes_drawn_on_films_of_several_sizes(tmp_path: Path) -> None:
    write_films(tmp_path / "films", ["a.png"], 64)
    write_table(
        tmp_path / "train.csv",
        "image_id;class_name;x_min;y_min;x_max;y_max;width;height",
        "a;Mass;100,5;200;200,5;400;2000;1000",
    )
    toml = """
        kind = "csv"
        csv = "train.csv"
        folder = "films"
        path_column = "image_id"
        labels_column = "class_name"
        corner_columns = ["x_min", "y_min", "x_max", "y_max"]
        size_columns = ["width", "height"]
        """
    [box] = by_path(loaded(tmp_path, toml))["a.png"].boxes
    assert (box.x, box.y, box.width, box.height) == pytest.approx((3.216, 12.8, 3.2, 12.8))
