"""The paper's target models as they are published, at full size: loaded with nothing ignored, and the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms

from engine.errors import MammiError
from engine.targets.base import TargetModel
from engine.targets.taps import Taps
from engine.targets.torchvision import Options, load
from tests.support.target_files import (
    classifier,
    moco_weights,
    old_densenet_weights,
    save_before_torch_1_6,
    smp_encoder_weights,
    write_mae_checkpoint,
)

FILM = np.random.default_rng(0).integers(0, 256, (320, 280), dtype=np.uint8)
PUBLISHED = transforms.Compose(
    [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.5056] * 3, [0.252] * 3),
    ]
)
"""`full_224` of util/dataloader_med.py in github.com/lambert-x/medical_mae."""


def target(path: Path, arch: str, **options: Any) -> TargetModel:
    return load(Options(name=arch, weights=Path(path.name), **options), path.parent)


@pytest.mark.slow
@pytest.mark.parametrize(("arch", "maps"), [("densenet121", "features"), ("resnet50", "layer4")])
def test_activations_and_logits_are_those_of_the_published_model(arch: str, maps: str, tmp_path: Path) -> None:
    saved = write_mae_checkpoint(tmp_path / "checkpoint-74.pth", arch)
    loaded = target(tmp_path / "checkpoint-74.pth", arch)
    assert loaded.name == f"{arch} (checkpoint-74.pth)"
    with torch.inference_mode(), Taps(loaded.module.eval(), [maps, "penultimate", "logits"], "mean") as taps:
        loaded.module(loaded.preprocess(FILM)[None])
        pooled = taps.pooled()
        films = PUBLISHED(Image.fromarray(FILM).convert("RGB"))[None]
        seen = {}
        handle = saved.get_submodule(maps).register_forward_hook(lambda _, __, output: seen.update(maps=output.clone()))
        logits = saved(films)
        handle.remove()
    torch.testing.assert_close(pooled["logits"], logits, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(pooled[maps], seen["maps"].mean((2, 3)), rtol=1e-5, atol=1e-6)
    expected = seen["maps"].relu().mean((2, 3)) if arch == "densenet121" else seen["maps"].mean((2, 3))
    torch.testing.assert_close(pooled["penultimate"], expected, rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def densenet() -> nn.Module:
    return classifier("densenet121")


def same(loaded: TargetModel, weights: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, weights[name]) for name, value in loaded.module.state_dict().items())


@pytest.mark.parametrize("prefix", ["module.", "encoder.", "backbone.", "module.encoder_q.", "model.encoder."])
def test_a_model_inside_another_one_is_found_by_its_prefix(densenet: nn.Module, prefix: str, tmp_path: Path) -> None:
    weights = dict(densenet.state_dict())
    torch.save({"state_dict": {prefix + name: value for name, value in weights.items()}}, tmp_path / "model.pth")
    assert same(target(tmp_path / "model.pth", "densenet121"), weights)


def test_what_stands_beside_the_prefix_is_unexpected(densenet: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    weights = dict(densenet.state_dict())
    beside = {"model_ema.classifier.bias": torch.zeros(14), "queue": torch.zeros(3)}
    torch.save({f"backbone.{name}": value for name, value in weights.items()} | beside, path)
    with pytest.raises(MammiError, match=r"unexpected: model_ema\.classifier\.bias, queue\.\nName keys to pass over"):
        target(path, "densenet121")
    assert same(target(path, "densenet121", ignore_keys=("model_ema.*", "queue")), weights)


@pytest.mark.slow
def test_pre_training_holds_two_encoders_and_no_classifier(tmp_path: Path) -> None:
    resnet = classifier("resnet50")
    path = tmp_path / "moco_v2.pth"
    torch.save({"epoch": 800, "arch": "resnet50", "state_dict": moco_weights(resnet, "fc")}, path)
    with pytest.raises(MammiError) as raised:
        target(path, "resnet50")
    assert str(raised.value) == (
        f"{path} holds several models that fit, under state_dict.encoder_k and state_dict.encoder_q: "
        'which one is meant?\nSay it with target.weights_key = "state_dict.encoder_k".'
    )
    classes = [f"finding {index}" for index in range(14)]
    head = r"Its head is fc\.0\.weight \[2048, 2048\], fc\.2\.weight \[128, 2048\]; the model's is one linear layer, fc"
    with pytest.raises(MammiError, match=head):
        target(path, "resnet50", ignore_keys=("encoder_k.*",))
    weights = dict(resnet.state_dict())
    for options in (
        {"ignore_keys": ("encoder_k.*", "queue*", "fc.*")},
        {"ignore_keys": ("fc.*",), "weights_key": "state_dict.encoder_q"},
        {"ignore_keys": ("fc.*",), "weights_key": "state_dict.module.encoder_q"},
    ):
        loaded = target(path, "resnet50", classes=classes, **options)
        assert loaded.untrained == {"fc.weight", "fc.bias"}
        assert all(
            torch.equal(value, weights[name])
            for name, value in loaded.module.state_dict().items()
            if name not in loaded.untrained
        )


@pytest.mark.slow
def test_an_encoder_of_a_segmentation_model(densenet: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "densenet121_CXR_0.3M_mae.pth"
    torch.save({"model": smp_encoder_weights(densenet)}, path)
    classes = [f"finding {index}" for index in range(14)]
    with pytest.raises(MammiError, match=r"missing: classifier\.bias, classifier\.weight; unexpected: model\.decoder"):
        target(path, "densenet121", classes=classes)
    rest = ("classifier.*", "model.decoder.*", "model.segmentation_head.*")
    loaded = target(path, "densenet121", classes=classes, ignore_keys=rest)
    assert torch.equal(loaded.module.features.conv0.weight, densenet.features.conv0.weight)


@pytest.mark.slow
def test_names_of_2017_in_a_file_of_that_time(densenet: nn.Module, tmp_path: Path) -> None:
    old = old_densenet_weights(densenet)
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    save_before_torch_1_6(old, tmp_path / "densenet121-a639ec97.pth")
    assert same(target(tmp_path / "densenet121-a639ec97.pth", "densenet121"), dict(densenet.state_dict()))


def test_another_models_weights_keep_their_names(densenet: nn.Module, tmp_path: Path) -> None:
    weights = {f"backbone.{name}": value for name, value in densenet.state_dict().items()}
    torch.save({"state_dict": weights}, tmp_path / "d.pth")
    with pytest.raises(MammiError, match=r"missing: bn1\.bias, .* unexpected: backbone\.classifier\.bias, "):
        target(tmp_path / "d.pth", "resnet50")
