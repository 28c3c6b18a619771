"""Made-up files for each kind of probing set, target model, VLM and concept set, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.config.faults import Faults
from engine.config.leaves import Leaf, Leaves
from tests.shared import shared_path
from tests.support.clip_files import write_tiny_clip
from tests.support.dicom import write_radiograph
from tests.support.films import write_films, write_table
from tests.support.medclip_files import TINY, write_medclip
from tests.support.medklip_files import write_clinical_bert, write_medklip
from tests.support.published import write_covid_cxr, write_wordnet
from tests.support.target_files import classifier, write_xrv_densenet
from tests.support.tars import film, tar
from tests.support.transformers_files import write_clip

Table = dict[str, Any]

IMAGES = tuple(f"{index:03}.png" for index in range(6))
TEXTS = ("A chest x-ray image of a", "A chest x-ray image of a heart", "A chest x-ray image of a mass")
"""The texts for which the precomputed VLM has vectors"""


def _torchvision(folder: Path) -> Table:
    torch.save(classifier("squeezenet1_1", 3).state_dict(), folder / "squeezenet.pth")
    return {"name": "squeezenet1_1", "weights": "squeezenet.pth"}


def _timm(folder: Path) -> Table:
    import timm

    torch.save(timm.create_model("test_vit", num_classes=3).state_dict(), folder / "vit.pth")
    return {"name": "test_vit", "weights": "vit.pth", "preprocessing": {"size": 160, "crop": 160}}


def _torchxrayvision(folder: Path) -> Table:
    write_xrv_densenet(folder / "model.pt")
    return {"name": "densenet121-res224-nih", "weights": "model.pt"}


def _medclip(folder: Path) -> Table:
    write_medclip(folder / "medclip", size=TINY)
    return {"weights": "medclip", "tokenizer": "medclip/tokenizer"}


def _medklip(folder: Path) -> Table:
    write_medklip(folder / "checkpoint_final.pth", 64)
    write_clinical_bert(folder / "bert", 64, 2, 400)
    return {"weights": "checkpoint_final.pth", "text_encoder": "bert"}


def _open_clip(folder: Path) -> Table:
    write_tiny_clip(folder / "open_clip")
    return {"directory": "open_clip"}


def _precomputed(folder: Path) -> Table:
    for name, names in (("images", IMAGES), ("texts", TEXTS)):
        np.save(folder / f"{name}.npy", np.random.default_rng(len(name)).standard_normal((len(names), 4)))
        (folder / f"{name}.txt").write_text("\n".join(names))
    return {"images": "images.npy", "image_names": "images.txt", "texts": "texts.npy", "text_names": "texts.txt"}


def _transformers(folder: Path) -> Table:
    write_clip(folder / "clip")
    return {"directory": "clip"}


def _folder(folder: Path) -> Table:
    write_films(folder / "films", ["a.png", "b/c.jpg", "b/d.png"])
    (folder / "films" / "broken.png").write_bytes(b"no film")
    return {"folder": "films"}


def _csv(folder: Path) -> Table:
    write_films(folder / "films", ["a.png", "b.png"])
    write_table(folder / "films" / "labels.csv", "path,labels", "a.png,Mass|Effusion", "b.png,")
    return {"csv": "films/labels.csv"}


def _dicom(folder: Path) -> Table:
    for number in range(3):
        path = folder / "films" / f"{number}.dcm"
        write_radiograph(path, number, PatientID=f"P{number}", SOPInstanceUID=f"1.{number}")
    return {"folder": "films"}


def _nih14(folder: Path) -> Table:
    write_films(folder / "images", ["00000001_000.png", "00000002_000.png"])
    columns = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position"
    write_table(
        folder / "Data_Entry_2017.csv",
        columns,
        "00000001_000.png,Cardiomegaly|Effusion,0,1,58,M,PA",
        "00000002_000.png,No Finding,0,2,81,M,AP",
    )
    boxes = ("Image Index,Finding Label,Bbox [x,y,w,h],,,", "00000001_000.png,Effusion,0,0,10,20,,,")
    write_table(folder / "BBox_List_2017.csv", *boxes)
    return {"folder": "."}


def _chexpert(folder: Path) -> Table:
    names = [f"valid/patient{number}/study1/view1_frontal.jpg" for number in range(3)]
    write_films(folder, names)
    rows = [f"CheXpert-v1.0-small/{name},Male,73,Frontal,AP,0.0,1.0,0.0" for name in names]
    write_table(folder / "valid.csv", "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Cardiomegaly,Edema", *rows)
    return {"folder": ".", "split": "valid"}


def _mimic_cxr_jpg(folder: Path) -> Table:
    write_films(folder, ["files/p10/p10000032/s50414267/02aa804e.jpg"])
    write_table(
        folder / "mimic-cxr-2.0.0-metadata.csv",
        "dicom_id,subject_id,study_id,ViewPosition",
        "02aa804e,10000032,50414267,PA",
    )
    columns = "dicom_id,study_id,subject_id,split"
    write_table(folder / "mimic-cxr-2.0.0-split.csv", columns, "02aa804e,50414267,10000032,test")
    write_table(folder / "mimic-cxr-2.0.0-chexpert.csv", "subject_id,study_id,Edema", "10000032,50414267,1.0")
    return {"folder": "."}


def _chestx_det(folder: Path) -> Table:
    write_films(folder / "films", ["1.png", "2.png"], side=64)
    write_table(
        folder / "det.json",
        '[{"file_name": "1.png", "syms": [], "boxes": [], "polygons": []},',
        '{"file_name": "2.png", "syms": ["Effusion"], "boxes": [[128, 256, 512, 768]],',
        ' "polygons": [[[128, 256], [512, 300], [400, 768]]]}]',
    )
    return {"folder": "films", "annotations": "det.json"}


def _covid_cxr(folder: Path) -> Table:
    write_covid_cxr(folder)
    return {"folder": "."}


def _parquet(folder: Path) -> Table:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: it belongs to the extra remote")
    write_films(folder / "films", ["a.png", "b.png"])
    rows = [{"path": "a.png", "labels": "Mass|Effusion"}, {"path": "b.png", "labels": ""}]
    parquet.write_table(pytest.importorskip("pyarrow").Table.from_pylist(rows), folder / "films" / "list.parquet")
    return {"parquet": "films/list.parquet"}


def _webdataset(folder: Path) -> Table:
    tar(folder / "films" / "0.tar", {"a.png": film(1), "a.json": b'{"labels": ["Mass"]}', "b.png": film(2)})
    return {"folder": "films"}


def _word_list(folder: Path) -> Table:
    write_table(folder / "words.txt", "# a comment", "heart", "pleural  effusion", "heart")
    return {"path": "words.txt"}


def _wordnet(folder: Path) -> Table:
    write_wordnet(folder / "nltk_data")
    return {"nltk_data": "nltk_data"}


def _reports(folder: Path) -> Table:
    write_table(folder / "report.txt", "FINDINGS: The heart is enlarged. There is a pleural effusion.")
    return {"path": "report.txt", "nltk_data": str(shared_path("data", "nltk_data"))}


PROBING: dict[str, Callable[[Path], Table]] = {
    "chestx_det": _chestx_det,
    "chexpert": _chexpert,
    "covid_cxr": _covid_cxr,
    "csv": _csv,
    "dicom": _dicom,
    "folder": _folder,
    "mimic_cxr_jpg": _mimic_cxr_jpg,
    "nih14": _nih14,
    "parquet": _parquet,
    "phantom": lambda _: {"count": 4},
    "webdataset": _webdataset,
}
TARGETS: dict[str, Callable[[Path], Table]] = {
    "demo": lambda _: {},
    "torchvision": _torchvision,
    "timm": _timm,
    "torchxrayvision": _torchxrayvision,
    "factory": lambda _: {
        "factory": "tests.support.models:tiny_target",
        "preprocessing": {"size": 32, "crop": 32, "channels": 1},
    },
}
VLMS: dict[str, Callable[[Path], Table]] = {
    "demo": lambda _: {},
    "factory": lambda _: {"factory": "tests.support.models:tiny_vlm"},
    "medclip": _medclip,
    "medklip": _medklip,
    "open_clip": _open_clip,
    "precomputed": _precomputed,
    "transformers": _transformers,
}
CONCEPTS: dict[str, Callable[[Path], Table]] = {
    "probing_reports": lambda _: {"min_reports": 1},
    "reports": _reports,
    "word_list": _word_list,
    "wordnet": _wordnet,
}
MAKERS = {"probing": PROBING, "target": TARGETS, "vlm": VLMS, "concepts": CONCEPTS}
"""By the configuration's table"""


def chosen(folder: Path, table: str, kind: str) -> Leaf:
    """The leaf of a kind, with its files in the folder."""
    faults = Faults(folder / "run.toml", [table], [])
    leaf = Leaves(faults).leaf(table, {"kind": kind, **MAKERS[table][kind](folder)})
    faults.raise_first()
    assert leaf is not None
    return leaf
