"""Each sample configuration is checked and computed, at a smaller size where it would take long."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import densenet121

from engine import config
from engine.progress import Silent
from engine.run import run
from engine.store.reader import RunReader
from tests.shared import shared_path
from tests.support.models import write_film

SAMPLES = Path(__file__).resolve().parents[2] / "sample_configs"


def test_every_sample_is_named_here() -> None:
    assert sorted(path.stem for path in SAMPLES.glob("*.toml")) == ["own_model", "phantom", "real_films"]


def computed(sample: Path, out: Path, *overrides: str) -> RunReader:
    return RunReader(run(config.load(sample, [f"run.out={out}", *overrides]), Silent()))


def test_phantom(tmp_path: Path) -> None:
    with computed(SAMPLES / "phantom.toml", tmp_path / "run.duckdb", "probing.count=12") as reader:
        assert reader.image_count == 12
        assert [layer.name for layer in reader.layers] == [
            *(f"features.denseblock{block}" for block in (1, 2, 3, 4)),
            "penultimate",
            "logits",
        ]
        assert reader.layers[-1].unit_names[:2] == ("Atelectasis", "Cardiomegaly")
        assert "heart" in reader.concepts


def test_real_films(tmp_path: Path) -> None:
    shared_path("data", "xray")
    with computed(SAMPLES / "real_films.toml", tmp_path / "run.duckdb") as reader:
        assert reader.image_count == 48
        assert not reader.set_aside()
        assert {image.labels for image in reader.images(range(48))} == {("Pneumonia",), ("No_findings",)}
        assert {"heart", "effusion", "pneumothorax"} <= set(reader.concepts)


def test_own_model(tmp_path: Path) -> None:
    sample = tmp_path / "own_model.toml"
    text = (SAMPLES / "own_model.toml").read_text()
    for name in ("films", "densenet121.pth", "concepts.txt"):
        text = text.replace(f"<{name}>", name)
    sample.write_text(text)
    for index in range(3):
        write_film(tmp_path / "films" / f"{index}.png", seed=index, side=300)
    (tmp_path / "concepts.txt").write_text("effusion\nmass\n")
    torch.save({"state_dict": densenet121(num_classes=14).state_dict()}, tmp_path / "densenet121.pth")
    few_units = 'target.layers=["features.transition1.conv", "logits"]'
    with computed(sample, tmp_path / "run.duckdb", few_units) as reader:
        assert reader.image_count == 3
        assert [layer.units for layer in reader.layers] == [128, 14]
        assert reader.info.target == "densenet121 (densenet121.pth)"


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_sample_is_checked_without_what_it_names(sample: Path) -> None:
    loaded = config.load(sample)
    assert loaded.run.out == Path("runs", f"{sample.stem}.duckdb")
