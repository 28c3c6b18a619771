"""torchxrayvision's classifiers: published files, its own input and calibration, and the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchxrayvision as xrv
from torch import nn
from torchvision.transforms import Compose

from engine.errors import ConfigError, MammiError
from engine.targets.base import TargetModel
from engine.targets.taps import Taps
from engine.targets.torchxrayvision import Options, load
from tests.support.target_files import write_xrv_densenet, write_xrv_resnet

DENSENET = "densenet121-res224-nih"
RESNET = "resnet50-res512-all"
FILM = np.random.default_rng(0).integers(0, 256, (530, 601), dtype=np.uint8)


def target(path: Path, name: str = DENSENET, **options: Any) -> TargetModel:
    return load(Options(name=name, weights=Path(path.name), **options), path.parent)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module]:
    path = tmp_path_factory.mktemp("xrv") / "nih-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt"
    return path, write_xrv_densenet(path)


def as_in_its_readme(film: np.ndarray[Any, Any], side: int) -> torch.Tensor:
    grey = xrv.datasets.normalize(film, 255)[None, ...]
    transform = Compose([xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(side)])
    return torch.from_numpy(transform(grey))


@pytest.mark.parametrize("shape", [(530, 601), (601, 530), (224, 224), (100, 180)])
def test_input_is_the_librarys(shape: tuple[int, int], published: tuple[Path, nn.Module]) -> None:
    film = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    made = target(published[0]).preprocess(film)
    assert torch.equal(made, as_in_its_readme(film, 224))
    assert made.shape == (1, 224, 224)
    assert made.dtype == torch.float32


def test_white_and_black_reach_the_ends_of_its_range(published: tuple[Path, nn.Module]) -> None:
    preprocess = target(published[0]).preprocess
    assert preprocess(np.zeros((300, 300), np.uint8)).unique().tolist() == [-1024]
    assert preprocess(np.full((300, 300), 255, np.uint8)).unique().tolist() == [1024]


@pytest.mark.slow
def test_a_published_densenet_gives_its_own_numbers(published: tuple[Path, nn.Module]) -> None:
    """The file is a pickled module; what torchxrayvision computes from the same tensors is the reference."""
    path, saved = published
    logits, calibrated = target(path), target(path, calibrated=True)
    assert logits.name == "torchxrayvision densenet121-res224-nih"
    assert logits.identity != calibrated.identity
    assert logits.classes[:2] == ("Atelectasis", "Consolidation")
    assert logits.classes[-4:] == ("", "", "", "")
    film = as_in_its_readme(FILM, 224)[None]
    with torch.inference_mode(), Taps(logits.module.eval(), ["features", "penultimate", "logits"], "mean") as taps:
        logits.module(film)
        pooled = taps.pooled()
        assert torch.equal(pooled["logits"], saved(film))
        assert torch.equal(pooled["penultimate"], saved.features2(film))
        saved.op_threshs = torch.tensor(xrv.models.model_urls[DENSENET]["op_threshs"])
        given = calibrated.module.eval()(film)
        assert torch.equal(given, saved(film))
        saved.op_threshs = None
    assert given[0, -4:].tolist() == [0.5] * 4


def test_a_state_dict_of_the_whole_model_brings_its_operating_points(
    published: tuple[Path, nn.Module], tmp_path: Path
) -> None:
    weights = dict(published[1].state_dict()) | {"op_threshs": torch.full((18,), 0.25)}
    torch.save(weights, tmp_path / "nih.pth")
    assert target(tmp_path / "nih.pth", calibrated=True).module.op_threshs[0] == 0.25


@pytest.mark.slow
def test_a_published_resnet_gives_its_own_numbers(tmp_path: Path) -> None:
    path = tmp_path / "pc-nih-rsna-siim-vin-resnet50-test512-e400-state.pt"
    saved = write_xrv_resnet(path)
    calibrated = target(path, RESNET, calibrated=True)
    assert len(calibrated.classes) == 18
    film = as_in_its_readme(FILM, 512)[None]
    assert torch.equal(calibrated.preprocess(FILM)[None], film)
    with torch.inference_mode(), Taps(calibrated.module.eval(), ["layer4", "penultimate", "fc"], "mean") as taps:
        given = calibrated.module(film)
        pooled = taps.pooled()
        logits = saved(film)
        thresholds = torch.tensor(xrv.models.model_urls[RESNET]["op_threshs"])
        assert torch.equal(pooled["fc"], logits)
        assert torch.equal(given, xrv.models.op_norm(torch.sigmoid(logits), thresholds))
    torch.testing.assert_close(pooled["layer4"], pooled["penultimate"])


def test_weights_of_another_model_are_listed(published: tuple[Path, nn.Module]) -> None:
    with pytest.raises(
        MammiError, match=r"best\.pt does not fit the model\. missing: bn1\.bias, .*; unexpected: class"
    ):
        target(published[0], RESNET)


def test_an_unknown_name_lists_close_ones(published: tuple[Path, nn.Module]) -> None:
    with pytest.raises(ConfigError, match=r"has no weights 'densenet121-nih'\. Close: densenet121-res224-nih"):
        target(published[0], "densenet121-nih")
