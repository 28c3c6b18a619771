"""torchvision's models with one's own weights: loaded only when they fit, whatever wrapper they come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torchvision import transforms

from engine.errors import ConfigError, MammiError
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from engine.targets.torchvision import Options, load

NAME = "shufflenet_v2_x0_5"
CLASSES = ("effusion", "mass", "hernia")


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    torch.manual_seed(3)
    return dict(torchvision.models.get_model(NAME, num_classes=len(CLASSES)).state_dict())


def loaded(folder: Path, content: Any, name: str = "model.pth", **options: Any) -> TargetModel:
    if name.endswith(".safetensors"):
        save_file(content, folder / name)
    else:
        torch.save(content, folder / name)
    return load(Options.model_validate({"name": NAME, "weights": name, "classes": CLASSES, **options}), folder)


def same_weights(target: TargetModel, weights: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, weights[name]) for name, value in target.module.state_dict().items())


def test_every_wrapper_gives_the_same_model(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    plain = loaded(tmp_path, weights)
    assert same_weights(plain, weights)
    assert plain.classes == CLASSES
    prefixed = {f"module.{name}": value for name, value in weights.items()}
    for content in (weights, {"state_dict": weights}, {"model": prefixed, "epoch": 3}, prefixed):
        assert same_weights(loaded(tmp_path, content), weights)
    assert same_weights(loaded(tmp_path, weights, "model.safetensors"), weights)


def test_identity_follows_weights_and_preprocessing(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    plain = loaded(tmp_path, weights)
    changed = weights | {"fc.bias": weights["fc.bias"] + 1e-6}
    assert loaded(tmp_path, changed).identity != plain.identity
    assert loaded(tmp_path, weights, preprocessing={"mean": (0.5,)}).identity != plain.identity


def test_classes_may_be_left_out(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    target = loaded(tmp_path, weights, classes=())
    assert target.classes == ()
    assert same_weights(target, weights)


def test_keys_that_do_not_fit_are_listed(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    content = {name: value for name, value in weights.items() if name != "conv1.0.weight"}
    content |= {"head.weight": torch.zeros(1), "conv5.0.weight": torch.zeros(2, 2)}
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path, content)
    assert str(raised.value) == (
        f"{tmp_path / 'model.pth'} does not fit the model. missing: conv1.0.weight; unexpected: head.weight; "
        "of another shape: conv5.0.weight [2, 2] for [1024, 192, 1, 1].\n"
        'Give weights that fit, or build the model as it was trained in a function of yours (kind = "factory"). '
        "What target.ignore_keys names is passed over: it stays random, and so do all layers after it."
    )
    ignored = loaded(tmp_path, content, ignore_keys=("conv1.0.weight", "head.*", "conv5.0.weight"))
    again = loaded(tmp_path, content, ignore_keys=("conv1.0.weight", "head.*", "conv5.0.weight"))
    assert same_weights(ignored, again.module.state_dict())
    assert ignored.untrained == {"conv1.0.weight", "conv5.0.weight"}


def test_many_keys_are_counted(tmp_path: Path) -> None:
    with pytest.raises(MammiError, match=r"missing: .*, .*, .* and \d+ more; unexpected: a\."):
        loaded(tmp_path, {"a": torch.zeros(1), "fc.bias": torch.zeros(3)})


def test_another_number_of_classes(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, weights, classes=CLASSES[:2])
    assert str(raised.value) == f"target.classes names 2 classes; {tmp_path / 'model.pth'} has 3: list as many."


def test_missing_damaged_and_hostile_files(tmp_path: Path) -> None:
    options = Options(name=NAME, weights=Path("none.pth"))
    with pytest.raises(ConfigError, match=r"target.weights: no file at .*none.pth\."):
        load(options, tmp_path)
    for name in ("bad.pth", "bad.safetensors", "bad.pt"):
        (tmp_path / name).write_bytes(b"not weights at all")
        with pytest.raises(MammiError, match=f"target.weights: .*{name} .*(damaged|no weights)"):
            load(Options(name=NAME, weights=Path(name)), tmp_path)
    whole = (tmp_path / "whole.pth", tmp_path / "whole.safetensors")
    torch.save({"a": torch.zeros(3)}, whole[0])
    save_file({"a": torch.zeros(3)}, whole[1])
    texts = [
        b"",
        b"hello",
        b"hello\n",
        b"{}",
        b"version https://git-lfs",
        b"\x80\x02.",
        bytes(100),
        b"0" * 8,
        b"PK\3\4",
    ]
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, 40, dtype=np.uint8).tobytes() for _ in range(8)]
    texts += [*noise, *(b"\x80\x02" + bits for bits in noise)]
    for path in whole:
        for content in [*texts, path.read_bytes()[:-20]]:
            bad = tmp_path / f"bad{path.suffix}"
            bad.write_bytes(content)
            with pytest.raises(MammiError, match=f"target.weights: .*{bad.name} .*(damaged|no weights|holds)"):
                load(Options(name=NAME, weights=Path(bad.name)), tmp_path)
    for content, message in [
        ([1], "holds no tensors. It holds: list"),
        (torch.zeros(3), "It holds: one tensor without a name"),
        ({"epoch": 1}, "holds no tensors. It holds: epoch"),
        ({"fc.weight": np.zeros(3)}, "its arrays are NumPy's"),
    ]:
        with pytest.raises(MammiError, match=message):
            loaded(tmp_path, content)


def test_an_unknown_model_lists_close_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"torchvision has no classifier 'densnet121'\. Close ones: densenet121"):
        load(Options(name="densnet121", weights=Path("x.pth")), tmp_path)


def test_preprocessing_is_torchvisions_own_with_the_published_defaults() -> None:
    film = np.random.default_rng(0).integers(0, 256, (600, 500), dtype=np.uint8)
    published = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize([0.5056] * 3, [0.252] * 3),
        ]
    )
    torch.testing.assert_close(Preprocessing()(film), published(Image.fromarray(film).convert("RGB")))


def test_preprocessing_for_each_channel() -> None:
    film = np.full((300, 300), 255, np.uint8)
    prepared = Preprocessing(mean=(0.0, 0.5, 1.0), std=(1.0, 0.5, 0.25))(film)
    torch.testing.assert_close(prepared[:, 0, 0], torch.tensor([1.0, 1.0, 0.0]))
    assert prepared.shape == (3, 224, 224)
    assert Preprocessing(channels=1, size=64, crop=64)(film).shape == (1, 64, 64)
