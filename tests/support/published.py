"""The files that sample configurations name, in the official layouts: films, tables and made-up checkpoints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from PIL import Image as Picture

from tests.shared import ROOT, SHARED
from tests.support.clip_files import write_biomedclip, write_cxr_repair
from tests.support.films import write_films, write_table
from tests.support.medclip_files import WEIGHTS_NAME, medclip_weights, write_vocabulary, write_zip
from tests.support.medklip_files import write_clinical_bert, write_medklip
from tests.support.models import write_film
from tests.support.sentence_files import write_mpnet
from tests.support.target_files import write_mae_checkpoint, write_xrv_densenet
from tests.support.transformers_files import write_clip

SAMPLES = ROOT / "sample_configs"
NOUNS = SHARED / "data" / "nih14" / "mimic_nouns.txt"
FEW_NOUNS = ("effusion", "heart", "mass")
MANY_NOUNS = 12
"""Of the 1,361: the text encoder at full size takes a tenth of a second for each"""
REAL_FILMS = 12
"""Of the 48: the models at full size take half a second for each"""
TEMPLATE = ("a", "chest", "x", "ray", "image", "of")
FILMS = tuple(f"0000{patient:04}_000.png" for patient in range(1, 5))
_WRITTEN = TemporaryDirectory(prefix="mammi-checkpoints-")
"""The folder of files that several samples name, which are written once"""


def user_folder(folder: Path, *samples: str) -> Path:
    """Makes a folder with these sample configurations unchanged, and the folders `data` and `weights` beside them."""
    (folder / "sample_configs").mkdir(parents=True)
    for sample in samples:
        shutil.copy(SAMPLES / f"{sample}.toml", folder / "sample_configs")
        MAKERS[sample](folder / "data", folder / "weights")
    return folder


def _paper(data: Path, weights: Path) -> None:
    """Files of the paper's run, with the first published nouns, each as its own token."""
    _nih14(data)
    nouns = NOUNS.read_text().split()[:MANY_NOUNS] if NOUNS.exists() else FEW_NOUNS
    _nouns(weights, *nouns)
    _densenet(weights)
    _medclip(weights, *TEMPLATE, *nouns)
    write_zip(weights / "medclip-vit-pretrained.zip", [weights / "medclip-vit" / WEIGHTS_NAME])


def _paper_resnet50(data: Path, weights: Path) -> None:
    _nih14(data)
    _nouns(weights)
    write_mae_checkpoint(_within(weights, "resnet50-mocov2-nih14/resnet50_imagenet_mocov2.pth"), "resnet50")
    _medclip(weights)


def _tables_paper(data: Path, weights: Path) -> None:
    """What the matrix names beside the paper's run: two VLMs at full size, text encoders and lists that are small."""
    sample = data.parent / "sample_configs" / "tables_paper.toml"
    sample.write_text(sample.read_text().replace("# nltk_data", "nltk_data"))
    write_table(weights / "clip-dissect-20k" / "20k.txt", "the", "effusion", "table")
    write_wordnet(data / "nltk_data")
    write_table(data / "mimic_cxr_sectioned.csv", "study,impression,findings", "s1,No effusion.,The heart is large.")
    _place(weights / "cxr-repair" / "clip-imp-pretrained_128_6_after_4.pt", write_cxr_repair)
    write_medklip(_within(weights, "medklip/checkpoint_final.pth"))
    write_clinical_bert(weights / "bio-clinicalbert-model")
    write_clip(weights / "clip-vit-b-16")
    write_mpnet(weights / "all-mpnet-base-v2")
    write_covid_cxr(data / "covid-19-chest-xray-segmentations-dataset")


def write_covid_cxr(folder: Path) -> None:
    """Two films of COVID-CXR, one of them with a mask."""
    write_films(folder / "images", ["1.png", "2.png"], side=64)
    (folder / "masks").mkdir(exist_ok=True)
    Picture.new("L", (20, 30), 255).save(folder / "masks" / "lung.png")
    write_table(
        folder / "structure.csv",
        "#,Template Name,Filename,Mask,Top,Left",
        "1,Left Lung,2.png,masks/lung.png,8,40",
        "2,Left Lung,1.png,,,",
    )


def write_wordnet(nltk_data: Path) -> None:
    write_table(
        nltk_data / "corpora" / "wordnet" / "data.noun",
        "  1 This software and database is being provided to you, the LICENSEE, by  ",
        "00001740 03 n 02 heart 0 pump 0 000 | a gloss  ",
        "00001930 03 n 01 pleural_effusion 0 000 | a gloss  ",
        "00002137 03 n 01 saddle 0 000 | a gloss  ",
    )


def _chestx_det(data: Path, weights: Path) -> None:
    films = data / "chestx_det"
    write_films(films / "test_data", ["36199.png", "36200.png", "36201.png"], side=64)
    write_table(
        films / "ChestX_Det_test.json",
        '[{"file_name": "36199.png", "syms": [], "boxes": [], "polygons": []},',
        '{"file_name": "36200.png", "syms": ["Effusion"], "boxes": [[128, 256, 512, 768]],',
        ' "polygons": [[[128, 256], [512, 300], [400, 768]]]},',
        '{"file_name": "36201.png", "syms": ["Mass"], "boxes": [[0, 0, 64, 64]],',
        ' "polygons": [[[0, 0], [64, 0], [9, 64]]]}]',
    )
    _nouns(weights)
    write_wordnet(data / "nltk_data")
    _densenet(weights)
    _medclip(weights)


def _torchxrayvision(data: Path, weights: Path) -> None:
    names = [f"valid/patient6454{film}/study1/view1_frontal.jpg" for film in range(3)]
    root = data / "CheXpert-v1.0-small"
    write_films(root, names, side=64)
    write_table(
        root / "valid.csv",
        "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Cardiomegaly,Pleural Effusion",
        *(f"CheXpert-v1.0-small/{name},Male,73,Frontal,AP,0.0,1.0,0.0" for name in names),
    )
    _nouns(weights)
    write_xrv_densenet(_within(weights, "xrv-densenet121-all/model.pt"))
    _place(weights / "cxr-repair" / "clip-imp-pretrained_128_6_after_4.pt", write_cxr_repair)


def _biomedclip(data: Path, weights: Path) -> None:
    root = data / "mimic-cxr-jpg"
    names = [f"p10/p1000003{film}/s5041426{film}/02aa804e-{film}.jpg" for film in range(3)]
    write_films(root / "files", names, side=64)
    for table, header, row in (
        ("metadata", "dicom_id,subject_id,study_id,ViewPosition", "02aa804e-{0},1000003{0},5041426{0},PA"),
        ("split", "dicom_id,study_id,subject_id,split", "02aa804e-{0},5041426{0},1000003{0},test"),
        ("chexpert", "subject_id,study_id,Cardiomegaly,Edema", "1000003{0},5041426{0},1.0,"),
    ):
        rows = [row.format(film) for film in range(3)]
        write_table(root / f"mimic-cxr-2.0.0-{table}.csv.gz", header, *rows, packed=True)
    write_table(
        data / "mimic_cxr_sectioned.csv",
        "study,impression,findings,last_paragraph,comparison",
        *(f"s{report},No effusion.,The heart is large. The lungs are clear.,," for report in range(10)),
    )
    _densenet(weights)
    write_biomedclip(weights / "biomedclip")


def _own_model(data: Path, weights: Path) -> None:
    folder = data.parent / "sample_configs"
    write_films(folder / "films", ["0.png", "1.png", "2.png"], side=64)
    write_table(folder / "concepts.txt", "effusion", "mass")
    _place(folder / "densenet121.pth", write_mae_checkpoint, "densenet121")
    sample = folder / "own_model.toml"
    text = sample.read_text()
    for name in ("films", "densenet121.pth", "concepts.txt"):
        text = text.replace(f"<{name}>", name)
    sample.write_text(text)


def _nih14(data: Path) -> None:
    """A part of the real films if available, else four made-up ones; their published rows, or made-up ones."""
    films = data / "nih14"
    images = films / "images_001" / "images"
    images.mkdir(parents=True)
    shared = sorted((SHARED / "data" / "xray").glob("*/*.png"))
    shared = shared[:: max(1, len(shared) // REAL_FILMS)][:REAL_FILMS]  # of every folder
    for film in shared:
        shutil.copy(film, images)
    if shared:
        split = (SHARED / "data" / "nih14" / "mini_split.txt").read_text().splitlines()
        rows = [row for row in split if (images / row.split()[0]).exists()]
    else:
        rows = [f"{name} {' '.join('0' * 14)}" for name in FILMS]
    for seed, name in enumerate(() if shared else FILMS):
        write_film(images / name, seed, side=300)
    write_table(data.parent / "weights" / "nih14-lists" / "train_official.txt", *rows)
    write_table(
        films / "BBox_List_2017.csv",
        "Image Index,Finding Label,Bbox [x,y,w,h],,,",
        f"{rows[0].split()[0]},Mass,100.5,200.5,300.5,400.5",
    )


def _nouns(weights: Path, *nouns: str) -> None:
    write_table(weights / "mimic-nouns" / "nouns.txt", *(nouns or FEW_NOUNS))


def _densenet(weights: Path) -> None:
    file = weights / "densenet121-mocov2-nih14" / "densenet121_CXR_0.3M_mocov2.pth"
    _place(file, write_mae_checkpoint, "densenet121")


def _medclip(weights: Path, *words: str) -> None:
    """MedCLIP at full size, and a tokenizer with `words` as whole tokens."""
    _place(weights / "medclip-vit" / WEIGHTS_NAME, _write_medclip_weights)
    write_vocabulary(weights / "bio-clinicalbert", words=words)


def _write_medclip_weights(path: Path) -> None:
    torch.save(medclip_weights(), path)


def _place(path: Path, write: Callable[..., object], *arguments: str) -> None:
    """The file that `write(path, *arguments)` writes, as a link to the one written first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(_written(write, *arguments), path)


@cache
def _written(write: Callable[..., object], *arguments: str) -> Path:
    path = Path(_WRITTEN.name, "_".join((write.__name__, *arguments)))
    write(path, *arguments)
    return path


def _within(folder: Path, name: str) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    return folder / name


MAKERS: dict[str, Callable[[Path, Path], None]] = {
    "paper": _paper,
    "paper_resnet50": _paper_resnet50,
    "chestx_det": _chestx_det,
    "torchxrayvision": _torchxrayvision,
    "biomedclip": _biomedclip,
    "own_model": _own_model,
    "tables_paper": _tables_paper,
}
