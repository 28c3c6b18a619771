"""Reading and writing the demo's weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from engine.errors import MammiError
from engine.weights.embedded import CLASSIFIER_WEIGHTS, DUAL_ENCODER_WEIGHTS
from engine.weights.embedded.files import load_weights, read_facts, save_weights


def a_module() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3))


def test_the_packaged_weights_are_small_safetensors() -> None:
    paths = (CLASSIFIER_WEIGHTS, DUAL_ENCODER_WEIGHTS)
    assert sum(path.stat().st_size for path in paths) <= 6_000_000
    for path in paths:
        assert safetensors.torch.load_file(path)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    saved, loaded = a_module(), a_module()
    save_weights(saved, tmp_path / "w.safetensors", {"films": "3"})
    load_weights(loaded, tmp_path / "w.safetensors")
    for name, tensor in loaded.state_dict().items():
        torch.testing.assert_close(tensor, saved.state_dict()[name], rtol=1e-3, atol=1e-3)
        assert tensor.dtype != torch.float16
    assert read_facts(tmp_path / "w.safetensors") == {"films": "3"}


@pytest.mark.parametrize("fault", ["missing", "extra", "shape", "nan", "damaged", "absent"])
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, fault: str) -> None:
    path, state = tmp_path / "w.safetensors", dict(a_module().state_dict())
    match fault:
        case "missing":
            del state["0.bias"]
        case "extra":
            state["2.bias"] = torch.zeros(3)
        case "shape":
            state["0.bias"] = torch.zeros(4)
        case "nan":
            state["0.bias"] = torch.full((3,), float("nan"))
    safetensors.torch.save_file(state, path)
    if fault == "damaged":
        path.write_bytes(path.read_bytes()[:50])
    if fault == "absent":
        path.unlink()
    with pytest.raises(MammiError, match=r"w\.safetensors"):
        load_weights(a_module(), path)
