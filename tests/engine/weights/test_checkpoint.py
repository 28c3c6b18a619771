"""What published checkpoints hold beside tensors is passed over, whole modules are read, and nothing in them is run."""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import datetime
import enum
import functools
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
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.errors import MammiError
from engine.weights.checkpoint import read_weights

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
def test_the_tensors_of_a_hostile_file_are_read_and_nothing_is_run(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    content = {"model": WEIGHTS, "args": Hostile(Path("ran"))}
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    assert equal(read(tmp_path / "x.pth"), WEIGHTS)
    assert not Path("ran").exists()
    (warning,) = caplog.messages
    assert f"x.pth asks to call {os.name}.mkdir, which no checkpoint needs. Nothing of it was run" in warning


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_only_runs_code_has_no_weights(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for content in (Hostile(Path("ran")), HostileModule(2, 3)):
        torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
        with pytest.raises(MammiError, match=r"x\.pth holds no tensors"):
            read(tmp_path / "x.pth")
    (tmp_path / "x.pth").write_bytes(pickle.dumps(Hostile(Path("ran"))))
    with pytest.raises(MammiError, match=r"a pickle that torch\.save did not write"):
        read(tmp_path / "x.pth")
    assert not Path("ran").exists()


class Colour(enum.Enum):
    RED = 1


class Settings(dict[str, int]):
    """Its items and its attributes are pickled."""


class Several(list[int]):
    pass


@dataclasses.dataclass
class Facts:
    rate: float
    folder: Path


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 4])
def test_any_object_may_stand_beside_the_weights(zipped: bool, protocol: int, tmp_path: Path) -> None:
    layer = nn.Linear(2, 2)
    settings = Settings(a=1)
    settings.b = 2  # type: ignore[attr-defined]
    optimizer = torch.optim.SGD(layer.parameters(), lr=1)
    content = {
        "hyper_parameters": settings,
        "facts": Facts(0.1, Path("x")),
        "by": {Colour.RED: 1, torch.device("cpu"): 2, torch.Size([1]): 3},
        "when": datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
        "partial": functools.partial(print, 1),
        "counter": collections.Counter("aab"),
        "queue": collections.deque([1]),
        "several": Several([1, 2]),
        "numbers": np.random.default_rng(0),
        "objects": np.array([{}, None], dtype=object),
        "method": np.zeros(2).mean,
        "kind": nn.Linear,
        "loss": nn.BCEWithLogitsLoss(pos_weight=torch.ones(3)),
        "scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 2),
        "sparse": torch.eye(3).to_sparse(),
        "error": ValueError("x"),
        "sets": [{1}, frozenset({2}), slice(1, 2), 1j, 2**200, bytearray(b"x"), ...],
        "model": WEIGHTS,
    }
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    assert equal(read(tmp_path / "x.pth"), WEIGHTS)


def test_weights_under_another_key_are_told_with_the_keys(tmp_path: Path) -> None:
    torch.save({"net": WEIGHTS, "epoch": 3}, tmp_path / "x.pth")
    with pytest.raises(MammiError, match=r"no tensors .* under state_dict, .* but under: net \(2\)\."):
        read(tmp_path / "x.pth")


def test_a_second_set_of_the_same_weights_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    torch.save({"ema": WEIGHTS, "model": WEIGHTS}, tmp_path / "x.pth")
    assert equal(read(tmp_path / "x.pth"), WEIGHTS)
    assert [message.partition("x.pth: ")[2] for message in caplog.messages] == [
        "the weights are those under model; there are others under ema"
    ]


def zip_of(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("x.pth", b"", "it is empty"),
        ("x.safetensors", b"", "it is empty"),
        ("x.pth", b"\n<!DOCTYPE html><html>Quota exceeded</html>", "a web page that was saved in its place: download"),
        ("x.pth", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML, such as a server's message"),
        ("x.mat", b"MATLAB 5.0 MAT-file, Platform", "a file of MATLAB"),
        ("x.tflite", b"\x1c\0\0\0TFL3" + bytes(9), "a model of TensorFlow Lite"),
        ("x.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS.* `git lfs pull`"),
        ("x.pth", b"\x89HDF\r\n\x1a\n" + bytes(9), "HDF5, as Keras saves models"),
        ("x.onnx", b"\x08\x08\x12\x07pytorch" + bytes(9), "an ONNX model"),
        ("x.pth", b"\x08\x08\x12\x07pytorch" + bytes(9), "an ONNX model"),
        ("model.ckpt.index", bytes(9), "a checkpoint of TensorFlow"),
        ("x.ckpt-9.data-00000-of-00001", bytes(9), "a checkpoint of TensorFlow"),
        ("model.safetensors.index.json", b'{"weight_map": {}}', "the index of weights in several files"),
        ("x.pth", bytes(257) + b"ustar" + bytes(250), "a tar archive: unpack it"),
        ("x.pth", b"\x1f\x8b" + bytes(9), "compressed by gzip: unpack it"),
        ("x.pth", zip_of("folder/model.pth"), r"a zip that holds folder/model\.pth: unpack it"),
        ("x.npz", zip_of("fc.weight.npy"), "an archive of NumPy"),
        ("x.pt2", zip_of("x/archive_format", "x/data/sample.pt"), r"a program of torch\.export"),
        ("x.pth", zip_of("x/data.pkl"), "packed again, compressed"),
        ("x.pth", b"PK\3\4" + bytes(99), "is damaged, or not weights"),
    ],
)
def test_a_file_of_another_kind_is_told_by_what_it_is(name: str, content: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MammiError, match=what):
        read(tmp_path / name)


def test_the_content_decides_not_the_suffix(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "x.safetensors")
    save_file(WEIGHTS, tmp_path / "x.pth", metadata={"format": "pt"})
    assert equal(read(tmp_path / "x.safetensors"), WEIGHTS)
    assert equal(read(tmp_path / "x.pth"), WEIGHTS)


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


@pytest.mark.parametrize("zipped", [True, False])
def test_a_module_of_the_users_own_class_is_read(zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = Buffered()
    torch.save({"model": module, "epoch": 1}, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    monkeypatch.setattr(nn.Module, "__setstate__", lambda *_: pytest.fail("the module's code ran"))
    assert equal(read(tmp_path / "x.pth"), module.state_dict())


@pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated")
def test_torchscript_is_read_for_its_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = torchvision.models.mobilenet_v3_small(num_classes=3).eval()
    scripted = torch.jit.script(module)
    torch.jit.save(scripted, tmp_path / "scripted.pt")
    torch.jit.save(torch.jit.trace(module, torch.zeros(1, 3, 64, 64)), tmp_path / "traced.pt")
    torch.jit.save(torch.jit.freeze(scripted), tmp_path / "frozen.pt")
    monkeypatch.setattr(torch.jit, "load", lambda *_: pytest.fail("TorchScript's code was compiled"))
    for name in ("scripted.pt", "traced.pt"):
        assert equal(read(tmp_path / name), module.state_dict())
    with pytest.raises(MammiError, match=r"frozen TorchScript.* before torch\.jit\.freeze"):
        read(tmp_path / "frozen.pt")


def test_small_files_that_stand_for_endless_ones(tmp_path: Path) -> None:
    wide: list[Any] = []
    for _ in range(60):
        wide = [wide, wide]
    itself: dict[str, Any] = {"model": WEIGHTS, "wide": wide}
    itself["itself"] = itself
    torch.save(itself, tmp_path / "x.pth")
    assert equal(read(tmp_path / "x.pth"), WEIGHTS)
    module = nn.Module()
    for _ in range(40):
        outer = nn.Module()
        outer.a = outer.b = module
        module = outer
    torch.save(module, tmp_path / "x.pth")
    with pytest.raises(MammiError, match="holds more than 100,000 others, or itself"):
        read(tmp_path / "x.pth")


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
