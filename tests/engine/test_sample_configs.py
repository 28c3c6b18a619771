"""Each sample configuration runs as it stands over a few films, with what it names at full size in official layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.annotation.cuts import Cuts
from engine.config.settings import load_config
from engine.evaluation import matrix, matrix_config, table_files
from engine.evaluation.tables import tables
from engine.probing.decoding import decode
from engine.probing.findings import FINDINGS
from engine.progress import Silent
from engine.requery import Requery
from engine.run.pipeline import run
from engine.store.reader import RunReader
from engine.targets.preprocessing import Preprocessing
from tests.shared import shared_path
from tests.support.published import FEW_NOUNS, FILMS, MAKERS, MANY_NOUNS, NOUNS, REAL_FILMS, SAMPLES, user_folder
from tests.support.target_files import classifier

WITH_THEIR_OWN_FILMS = {"phantom", "real_films", "dicom", "tables_phantom"}
IN_A_BUCKET = {"webdataset"}
"""Tested in tests/engine/probing/test_buckets.py"""
MATRICES = {"tables_phantom", "tables_paper"}


def test_every_sample_is_tested_here() -> None:
    assert {path.stem for path in SAMPLES.glob("*.toml")} == MAKERS.keys() | WITH_THEIR_OWN_FILMS | IN_A_BUCKET


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_sample_is_checked_without_what_it_names(sample: Path) -> None:
    if sample.stem in MATRICES:
        assert matrix_config.load(sample).settings.out == Path("runs", sample.stem)
    else:
        assert load_config(sample).run.out == Path("runs", f"{sample.stem}.duckdb")


def computed(folder: Path, sample: str, *overrides: str) -> RunReader:
    """The run of a sample that lies in a user's folder, or among the project's own."""
    own = folder / "sample_configs" / f"{sample}.toml"
    path = own if own.exists() else SAMPLES / own.name
    out = folder / "runs" / f"{sample}.duckdb"
    return RunReader(run(load_config(path, [f"run.out={out}", *overrides]), Silent()))


def units(reader: RunReader) -> dict[str, int]:
    return {layer.name: layer.units for layer in reader.layers}


def labels(reader: RunReader) -> set[tuple[str, ...]]:
    return {image.labels for image in reader.images(range(reader.image_count))}


@pytest.mark.slow
def test_paper_end_to_end(tmp_path: Path) -> None:
    """The paper's setting on real films and published nouns, where they are: each logit's strongest film is the one
    that torchvision's plain model gives the highest logit."""
    folder = user_folder(tmp_path, "paper")
    films = sorted((folder / "data" / "nih14" / "images_001" / "images").iterdir())
    inputs = torch.stack([Preprocessing()(decode(film.read_bytes())) for film in films])
    with torch.inference_mode():
        logits = classifier("densenet121")(inputs).numpy()
    with computed(folder, "paper") as reader:
        assert reader.image_count == len(films) == (REAL_FILMS if NOUNS.exists() else len(FILMS))
        assert len(reader.concepts) == (MANY_NOUNS if NOUNS.exists() else len(FEW_NOUNS))
        assert units(reader) == {"penultimate": 1024, "logits": 14}
        assert reader.layers[-1].unit_names == FINDINGS
        assert reader.info.vlm == "MedCLIP ViT"
        assert not reader.set_aside()
        images = reader.images(range(len(films)))
        assert [Path(image.path).name for image in images] == [film.name for film in films]
        assert [box.label for image in images for box in image.boxes] == ["Mass"]
        assert all(image.patient == Path(image.path).name[:8] for image in images)
        requery = Requery(reader)
        for unit in range(14):
            answer = requery.neuron("logits", unit, Cuts(0.93, 0.95))
            assert answer.images[0] == logits[:, unit].argmax()
            assert answer.activations[0] == pytest.approx(logits[:, unit].max(), abs=1e-4)
            assert np.isfinite(answer.scores).all()
        embeddings = reader.arrays.image_embeddings()
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    (folder / "data" / "few.txt").write_text("\n".join(FEW_NOUNS))
    zipped = ("vlm.weights=../weights/medclip-vit-pretrained.zip", "probing.sample=3", "concepts.path=../data/few.txt")
    with computed(folder, "paper", *zipped, "run.out=" + str(folder / "zipped.duckdb")) as reader:
        places = [films.index(film) for film in films for image in reader.images(range(3)) if film.name in image.path]
        np.testing.assert_allclose(reader.arrays.image_embeddings(), embeddings[places], atol=1e-5)


@pytest.mark.slow
def test_paper_with_resnet50(tmp_path: Path) -> None:
    with computed(user_folder(tmp_path, "paper_resnet50"), "paper_resnet50", "probing.sample=3") as reader:
        assert reader.image_count == 3
        wanted = {f"layer{stage}": 128 << stage for stage in (1, 2, 3, 4)}
        assert units(reader) == {**wanted, "penultimate": 2048, "logits": 14}
        assert "resnet50" in reader.info.target


@pytest.mark.slow
def test_chestx_det(tmp_path: Path) -> None:
    words = "concepts.WordNet.nltk_data=../data/nltk_data"
    with computed(user_folder(tmp_path, "chestx_det"), "chestx_det", words) as reader:
        assert labels(reader) == {(), ("Effusion",), ("Mass",)}
        (film,) = [image for image in reader.images(range(3)) if "Effusion" in image.labels]
        assert (film.boxes[0].x, film.boxes[0].width) == (128 / 16, (512 - 128) / 16)
        assert film.polygons[0].points[0] == (8, 16)
        sets = {each.name: [reader.concepts[place] for place in each.concepts] for each in reader.concept_sets}
        assert sets == {
            "MIMIC nouns": ["effusion", "heart", "mass"],
            "WordNet": ["heart", "pleural effusion", "saddle"],
        }


@pytest.mark.slow
def test_torchxrayvision(tmp_path: Path) -> None:
    with computed(user_folder(tmp_path, "torchxrayvision"), "torchxrayvision") as reader:
        assert labels(reader) == {("Cardiomegaly",)}
        assert units(reader) == {"features.denseblock4": 1024, "penultimate": 1024, "logits": 18}
        assert reader.layers[-1].unit_names[:2] == ("Atelectasis", "Consolidation")
        assert reader.info.target == "torchxrayvision densenet121-res224-all"


@pytest.mark.slow
def test_biomedclip(tmp_path: Path) -> None:
    with computed(user_folder(tmp_path, "biomedclip"), "biomedclip", *nltk_data()) as reader:
        assert labels(reader) == {("Cardiomegaly",)}
        assert {image.view for image in reader.images(range(3))} == {"PA"}
        assert set(reader.concepts) == {"effusion", "heart", "lungs"}


def nltk_data() -> list[str]:
    return [f"concepts.nltk_data={shared_path('data', 'nltk_data')}"]


@pytest.mark.slow
def test_own_model(tmp_path: Path) -> None:
    few_units = 'target.layers=["features.transition1.conv", "logits"]'
    with computed(user_folder(tmp_path, "own_model"), "own_model", few_units) as reader:
        assert reader.image_count == 3
        assert units(reader) == {"features.transition1.conv": 128, "logits": 14}
        assert reader.info.target == "densenet121 (densenet121.pth)"


@pytest.mark.slow
def test_phantom(tmp_path: Path) -> None:
    with computed(tmp_path, "phantom", "probing.count=40", "methods.tcav.fewest=2") as reader:
        assert reader.image_count == 40
        assert [*units(reader)] == [*(f"features.denseblock{block}" for block in (1, 2, 3, 4)), "penultimate", "logits"]
        assert reader.layers[-1].unit_names[:2] == ("Atelectasis", "Cardiomegaly")
        assert "heart" in reader.concepts


@pytest.mark.slow
def test_real_films(tmp_path: Path) -> None:
    shared_path("data", "xray")
    with computed(tmp_path, "real_films") as reader:
        assert reader.image_count == 48
        assert not reader.set_aside()
        assert labels(reader) == {("Pneumonia",), ("No_findings",)}
        assert {"heart", "effusion", "pneumothorax"} <= set(reader.concepts)


@pytest.mark.slow
def test_dicom(tmp_path: Path) -> None:
    shared_path("data", "dicom")
    with computed(tmp_path, "dicom") as reader:
        assert reader.image_count == 2
        assert {image.patient for image in reader.images(range(2))} <= {"P1", "P2"}
        assert not reader.set_aside()


def table_sources(folder: Path, sample: str, *overrides: str) -> dict[str, list[tuple[str, str]]]:
    """Of each table of a matrix that lies in a user's folder, or among the project's own: names and sources of rows."""
    own = folder / "sample_configs" / f"{sample}.toml"
    loaded = matrix_config.load(own if own.exists() else SAMPLES / own.name, overrides, folder / "runs" / sample)
    result = matrix.compute(loaded, Silent())
    assert len(table_files.write(loaded.settings.out, result, tables(result))) == 3
    return {table.title.split(".")[0]: [(row.names[0], row.source) for row in table.rows] for table in tables(result)}


@pytest.mark.slow
def test_tables_phantom(tmp_path: Path) -> None:
    found = table_sources(
        *(tmp_path, "tables_phantom", "probing.count=40", 'target.layers=["features.denseblock4", "logits"]'),
        *("matrix.counts=[5]", "matrix.alpha=[0.5]", "methods.tcav.fewest=2"),
    )
    assert [name for name, source in found["Table 1"] if source == "here"] == ["probing_reports", "14 findings"]
    assert [name for name, source in found["Table 4"] if source == "here"] == ["TSI", "Network Dissection", "MAMMI"]
    assert ("FALCON", "here") in found["Table 5"]
    assert [name for name, _ in found["MAMMI over α"]] == ["0.5", "0.93"]


@pytest.mark.slow
def test_tables_paper(tmp_path: Path) -> None:
    """Three films, three nouns and all three VLMs."""
    folder = user_folder(tmp_path, "paper", "tables_paper")
    split = folder / "weights" / "nih14-lists" / "train_official.txt"
    split.write_text("\n".join(split.read_text().splitlines()[:3]) + "\n")
    (folder / "weights" / "mimic-nouns" / "nouns.txt").write_text("\n".join(FEW_NOUNS) + "\n")
    found = table_sources(folder, "tables_paper")
    assert [name for name, source in found["Table 3"] if source == "here"] == ["medclip", "CXR-RePaiR", "MedKLIP"]
    assert [name for name, source in found["Table 4"] if source == "here"] == ["TSI (with covid_cxr)", "MAMMI"]
    assert ("WordNet nouns (WWW)", "paper") in found["Table 1"]
