"""timm's classifiers with one's own weights: nothing is downloaded, and the numbers are timm's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from pydantic import ValidationError
from torch import nn

from engine.errors import ConfigError, MammiError
from engine.targets.base import TargetModel
from engine.targets.taps import Taps
from engine.targets.timm import Options, load

FILM = np.random.default_rng(0).integers(0, 256, (300, 260), dtype=np.uint8)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def loaded(module: nn.Module, folder: Path, name: str, **options: Any) -> TargetModel:
    torch.save({"model": module.state_dict(), "epoch": 3}, folder / "model.pth")
    return load(Options.model_validate({"name": name, "weights": "model.pth", **options}), folder)


@pytest.mark.slow
def test_a_vision_transformer_as_masked_autoencoders_are_fine_tuned(tmp_path: Path) -> None:
    """ViT-S of github.com/lambert-x/medical_mae at full size: pooled over tokens, 14 outputs."""
    torch.manual_seed(0)
    name = "vit_small_patch16_224"
    module = timm.create_model(name, num_classes=14, global_pool="avg").eval()
    target = loaded(module, tmp_path, name, arguments={"global_pool": "avg"})
    film = target.preprocess(FILM)[None]
    with torch.inference_mode(), Taps(target.module.eval(), ["blocks.11", "penultimate", "logits"], "mean") as taps:
        target.module(film)
        pooled = taps.pooled()
        torch.testing.assert_close(pooled["logits"], module(film))
        tokens = module.forward_features(film)[:, 1:]
        torch.testing.assert_close(pooled["penultimate"], module.fc_norm(tokens.mean(1)))
    assert pooled["blocks.11"].shape == (1, 384)
    with pytest.raises(
        MammiError, match=r"missing: norm\.bias, norm\.weight; unexpected: fc_norm\.bias, fc_norm\.weight"
    ):
        loaded(module, tmp_path, name)


def test_grey_inputs_and_identity(tmp_path: Path) -> None:
    module = timm.create_model("resnet10t", num_classes=3, in_chans=1)
    grey = loaded(module, tmp_path, "resnet10t", preprocessing={"channels": 1}, classes=["a", "b", "c"])
    assert grey.preprocess(FILM).shape == (1, 224, 224)
    assert grey.module.eval()(grey.preprocess(FILM)[None]).shape == (1, 3)
    again = loaded(module, tmp_path, "resnet10t", preprocessing={"channels": 1}, classes=["a", "b", "c"])
    assert again.identity == grey.identity
    slower = loaded(module, tmp_path, "resnet10t", preprocessing={"channels": 1, "interpolation": "bicubic"})
    assert slower.identity != grey.identity


@pytest.mark.parametrize("name", ["resnet10", "hf-hub:someone/model", "hf_hub:a/b", "local-dir:/tmp", "../x"])
def test_only_timms_own_names(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"target\.name: timm has no model '.*'\. (Close ones: |See timm)"):
        load(Options(name=name, weights=Path("x.pth")), tmp_path)


@pytest.mark.parametrize("argument", ["pretrained", "checkpoint_path", "num_classes", "pretrained_cfg_overlay"])
def test_arguments_that_download_read_or_contradict_are_refused(argument: str) -> None:
    with pytest.raises(ValidationError, match=f"'{argument}' cannot be given here"):
        Options.model_validate({"name": "resnet10t", "weights": "x", "arguments": {argument: "1"}})


def test_an_argument_that_the_model_does_not_take_is_told(tmp_path: Path) -> None:
    module = timm.create_model("resnet10t", num_classes=3)
    with pytest.raises(MammiError, match=r'target\.name = "resnet10t" raised TypeError: .*img_sise'):
        loaded(module, tmp_path, "resnet10t", arguments={"img_sise": 3})
