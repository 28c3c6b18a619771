"""What published checkpoints hold beside tensors is passed over, whole modules are read, and nothing in them is run."""

from __future__ import annotations

import argparse
import collections
import contextlib
import io
import os
import pathlib
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn

from engine.errors import MammiError
from engine.weights.checkpoint import read_weights
from tests.support.target_files import save_before_torch_1_6

WEIGHTS = {"fc.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.ones(2)}


def read(path: Path) -> dict[str, Tensor]:
    return read_weights(path, "target.weights")


def equal(found: dict[str, Tensor], weights: dict[str, Tensor]) -> bool:
    return found.keys() == weights.keys() and all(torch.equal(found[name], value) for name, value in weights.items())


@pytest.mark.parametrize("zipped", [True, False])
def test_what_is_no_tensor_is_passed_over(zipped: bool, tmp_path: Path) -> None:
    content = {
        "model": WEIGHTS,
        "args": argparse.Namespace(lr=0.1, output_dir=pathlib.PosixPath("out"), device=torch.device("cpu")),
        "best": np.float64(0.8),
        "curve": np.arange(3),
        "folder": pathlib.PosixPath("/tmp"),  # noqa: S108
        "scaler": {"scale": 65536.0},
        "history": collections.OrderedDict(loss=[1.0, 0.5]),
    }
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    assert equal(read(tmp_path / "x.pth"), WEIGHTS)


def test_passing_over_makes_nothing_of_what_it_is_given(tmp_path: Path) -> None:
    class Odd:
        def __reduce__(self) -> Any:
            return argparse.Namespace, ("no", "such", "arguments"), {"__class__": "x", "__dict__": 3}

    torch.save({"model": WEIGHTS, "args": Odd()}, tmp_path / "x.pth")
    before = set(torch.serialization.get_safe_globals())
    assert equal(read(tmp_path / "x.pth"), WEIGHTS)
    assert set(torch.serialization.get_safe_globals()) == before


class Hostile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


class HostileModule(nn.Linear):
    def __reduce__(self) -> Any:
        return nn.Linear, (2, 3), {"_modules": {"a": Hostile(Path("ran"))}}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("content", [{"model": WEIGHTS, "args": Hostile(Path("ran"))}, HostileModule(2, 3)])
def test_any_other_name_is_refused_and_told(
    content: Any, zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(MammiError, match=r"x\.pth holds more than tensors.* it is not loaded, as it could run code"):
        read(tmp_path / "x.pth")
    assert not Path("ran").exists()


def test_the_refused_name_is_told(tmp_path: Path) -> None:
    torch.save({"model": WEIGHTS, "args": collections.deque()}, tmp_path / "x.pth")
    with pytest.raises(MammiError, match=r"more than tensors \(collections\.deque\), or is damaged"):
        read(tmp_path / "x.pth")


@pytest.mark.parametrize("zipped", [True, False])
def test_the_name_of_a_blocked_module_is_told_too(zipped: bool, tmp_path: Path) -> None:
    torch.save({"model": WEIGHTS, "x": Hostile(tmp_path)}, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(MammiError, match=rf"more than tensors \({os.name}\.mkdir\)"):
        read(tmp_path / "x.pth")


def test_weights_under_another_key_are_told_with_the_keys(tmp_path: Path) -> None:
    torch.save({"net": WEIGHTS, "epoch": 3}, tmp_path / "x.pth")
    with pytest.raises(MammiError, match=r"no tensors .* under state_dict, .*It holds: net, epoch\."):
        read(tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", r"\(the file is empty\)"),
        (b"\n<!DOCTYPE html><html>Quota exceeded</html>", r"\(a web page was saved in its place: download .*\)"),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_why_a_file_is_no_checkpoint(suffix: str, content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(MammiError, match=rf"is damaged, or not weights {why}"):
        read(path)


class Buffered(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        self.narrow = nn.Parameter(torch.arange(4, dtype=torch.float16))
        self.register_buffer("count", torch.tensor(3))
        self.register_buffer("passing", torch.ones(2), persistent=False)
        self.register_buffer("absent", None)
        self.view = nn.Parameter(torch.arange(12.0).reshape(3, 4).T[1:])


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_module_is_read_as_its_state_dict(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = torchvision.models.mobilenet_v3_small(num_classes=3)
    torch.save(module, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    monkeypatch.setattr(nn.Module, "__setstate__", lambda *_: pytest.fail("the module's code ran"))
    assert equal(read(tmp_path / "x.pth"), module.state_dict())


@pytest.mark.parametrize("zipped", [True, False])
def test_shared_strided_and_passing_tensors(zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Buffered, "__module__", "torchvision.models")
    monkeypatch.setattr(torchvision.models, "Buffered", Buffered, raising=False)
    module = Buffered()
    module.again = module.inner
    torch.save(module, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    assert equal(read(tmp_path / "x.pth"), module.state_dict())


def test_a_module_of_the_users_own_is_refused_by_name(tmp_path: Path) -> None:
    save_before_torch_1_6(Buffered(), tmp_path / "x.pth")
    with pytest.raises(MammiError, match="it is not loaded, as it could run code"):
        read(tmp_path / "x.pth")


@pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated")
def test_torchscript_is_refused_without_a_word_of_torch(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    torch.jit.save(torch.jit.script(nn.Linear(2, 3)), tmp_path / "x.pth")
    recwarn.clear()
    with pytest.raises(MammiError, match=r"could run code|damaged"):
        read(tmp_path / "x.pth")
    assert not recwarn.list


def test_damaged_modules_raise_nothing_else(tmp_path: Path) -> None:
    """Bytes that a pickle machine would take for any instruction, and sizes that lie."""
    module = nn.Sequential(nn.Linear(2, 3))
    rng = np.random.default_rng(0)
    for zipped in (True, False):
        torch.save(module, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
        whole = (tmp_path / "x.pth").read_bytes()
        for _ in range(60):
            damaged = bytearray(whole)
            for place in rng.integers(0, len(whole), 3):
                damaged[place] = rng.integers(256)
            (tmp_path / "x.pth").write_bytes(bytes(damaged))
            with contextlib.suppress(MammiError):
                read(tmp_path / "x.pth")
    memo_bomb = b"\x80\x02" + pickle.NONE + b"r\xff\xff\xff\x7f" + b"."
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("archive/data.pkl", memo_bomb)
    for content in (memo_bomb, bomb.getvalue()):
        (tmp_path / "x.pth").write_bytes(content)
        with pytest.raises(MammiError):
            read(tmp_path / "x.pth")
