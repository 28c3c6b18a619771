"""`mammi layers`: every layer of a target model with its output and units, and which ones a configuration selects."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import swin_t

from engine.targets.taps import resolve_layers
from tests.support import models
from tests.support.commands import Mammi
from tests.support.models import tiny_project
from tests.support.target_files import write_mae_checkpoint


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path, films=1)


def listed(mammi: Mammi, *arguments: object) -> dict[str, dict[str, Any]]:
    outcome = mammi("layers", *arguments, "--json")
    assert outcome.status == 0, outcome.err
    return {layer["layer"]: layer for layer in json.loads(outcome.out)["layers"]}


def test_layers_stand_in_aligned_columns(mammi: Mammi, project: Path) -> None:
    outcome = mammi("layers", project)
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        "tests.support.models:tiny_target, input 1 × 32 × 32",
        "6 of 6 layers, 3 selected (*)",
        "",
        "  layer         units   output        module",
        "* first             4   4 × 32 × 32   Conv2d",
        "  relu              4   4 × 32 × 32   ReLU",
        "  second            6   6 × 32 × 32   Conv2d",
        "  classifier        3   3             Linear",
        "* penultimate       6   6             the input of classifier",
        "* logits            3   3             the model's output",
    ]


def test_the_json_has_the_same(mammi: Mammi, project: Path) -> None:
    whole = json.loads(mammi("layers", project, "--json").out)
    assert (whole["target"], whole["input"]) == ("tests.support.models:tiny_target", [1, 32, 32])
    assert whole["layers"][0] == {
        "layer": "first",
        "module": "Conv2d",
        "shape": [4, 32, 32],
        "units": 4,
        "selected": True,
        "problem": None,
    }
    assert [layer["layer"] for layer in whole["layers"] if layer["selected"]] == ["first", "penultimate", "logits"]


class Odd(nn.Module):
    """Layers of every sort that gives no activations."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(1, 2, 3)
        self.spare = nn.Linear(2, 2)
        self.named = _Gives(lambda films: {"films": films, "small": films[:, 0]})
        self.pair = _Gives(lambda films: (films.flatten(2).mT, films))
        self.windows = _Gives(lambda films: films.reshape(-1, 3))
        self.flat = _Gives(lambda films: films.mean())

    def forward(self, films: Tensor) -> Tensor:
        maps: Tensor = self.maps(films)
        for layer in (self.named, self.pair, self.windows, self.flat):
            layer(maps)
        return maps.mean((2, 3))


class _Gives(nn.Module):
    def __init__(self, make: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.make = make

    def forward(self, films: Tensor) -> Any:
        return self.make(films)


def test_layers_that_give_no_activations_say_why(mammi: Mammi, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "tiny_target", Odd)
    found = listed(mammi, project, "--set", 'target.layers=["logits"]')
    assert {name: layer["problem"] for name, layer in found.items()} == {
        "maps": None,
        "spare": "not used in the forward pass",
        "named": 'gives a dict of "films" [n, 2, 30, 30] and "small" [n, 30, 30]: name a layer inside it',
        "pair": None,
        "windows": "gives 600 rows for one image",
        "flat": "gives a tensor [], no axis of which is the images",
        "penultimate": "not used in the forward pass",
        "logits": None,
    }
    assert (found["pair"]["shape"], found["pair"]["units"]) == ([900, 2], 2)
    by_cls = listed(mammi, project, "--set", 'target.layers=["logits"]', "--set", "target.pooling=cls")
    assert by_cls["maps"]["problem"] == "gives maps, which cls cannot pool"
    line = next(line for line in mammi("layers", project, "spare").out.splitlines() if line.startswith("  spare"))
    assert line.split() == ["spare", "Linear;", "not", "used", "in", "the", "forward", "pass"]


@pytest.mark.slow
def test_depth_and_patterns_choose_what_is_listed(mammi: Mammi, tmp_path: Path, project: Path) -> None:
    """On the paper's DenseNet121, whose 432 modules are too many to read."""
    module = write_mae_checkpoint(tmp_path / "d.pth")
    text = project.read_text()
    start, end = text.index("[target]"), text.index("[vlm]")
    target = (
        '[target]\nkind = "torchvision"\nname = "densenet121"\nweights = "d.pth"\nlayers = ["features.denseblock?"]\n\n'
    )
    project.write_text(text[:start] + target + text[end:])
    whole = listed(mammi, project)
    assert list(whole) == [*(name for name, _ in module.named_modules() if name), "penultimate", "logits"]
    assert [name for name, layer in whole.items() if layer["selected"]] == resolve_layers(
        module, ["features.denseblock?"]
    )
    assert {name: layer["units"] for name, layer in whole.items() if layer["selected"]} == {
        "features.denseblock1": 256,
        "features.denseblock2": 512,
        "features.denseblock3": 1024,
        "features.denseblock4": 1024,
    }
    assert list(listed(mammi, project, "--depth", 1)) == ["features", "classifier", "penultimate", "logits"]
    glob = "features.denseblock4.*.conv2"
    assert list(listed(mammi, project, glob, "logits")) == [*resolve_layers(module, [glob]), "logits"]
    assert list(listed(mammi, project, "features.**", "--depth", 2))[:2] == ["features.conv0", "features.norm0"]


@pytest.mark.slow
def test_units_of_maps_that_have_them_last(mammi: Mammi, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "tiny_target", lambda: swin_t(num_classes=3))
    sized = "target.preprocessing={ size = 64, crop = 64 }"
    wanted = ["--set", sized, "--set", 'target.layers=["logits"]', "features.3"]
    assert listed(mammi, project, *wanted)["features.3"]["shape"] == [8, 8, 192]
    assert listed(mammi, project, *wanted)["features.3"]["units"] == 192
    assert listed(mammi, project, *wanted, "--set", "target.channels=first")["features.3"]["units"] == 8


def test_a_selection_that_names_no_layer_is_told_after_the_list(mammi: Mammi, project: Path) -> None:
    outcome = mammi("layers", project, "--set", 'target.layers=["frist"]')
    assert outcome.status == 2
    assert "  first " in outcome.out
    assert "0 selected" in outcome.out
    assert outcome.err.strip() == "mammi: target.layers: 'frist' names no layer. Close ones: first."


def test_mistakes_are_told_in_one_line(mammi: Mammi, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = mammi("layers", project, "thrid")
    assert (unknown.status, unknown.out) == (2, "")
    assert unknown.err.startswith("mammi: PATTERN: 'thrid' names no layer. ")
    outcome = mammi("layers", project.with_name("none.toml"))
    assert (outcome.status, outcome.err.strip()) == (2, f"mammi: {project.with_name('none.toml')}: no such file.")
    failed = mammi("layers", project, "--set", "target.preprocessing={ size = 32, crop = 32, channels = 3 }")
    assert failed.status == 1
    assert failed.err.startswith("mammi: target: the model failed on a batch of shape [1, 3, 32, 32]: RuntimeError: ")
    assert failed.err.splitlines()[1:] == [
        "Its first convolution takes 1 channel, and the preprocessing gives 3: set target.preprocessing.channels = 1."
    ]


def test_names_from_a_hostile_model_are_shown_harmless(
    mammi: Mammi, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hostile() -> nn.Module:
        module = nn.Sequential()
        module.add_module("a\x1b[31m\u202eb", nn.Flatten())
        module.add_module("final", nn.Linear(32 * 32, 3))
        return module

    monkeypatch.setattr(models, "tiny_target", hostile)
    outcome = mammi("layers", project, "--set", 'target.layers=["logits"]')
    assert outcome.status == 0
    assert "\x1b" not in outcome.out
    assert "\u202e" not in outcome.out


def test_no_hook_is_left_and_the_model_is_not_training(project: Path) -> None:
    from engine.config.settings import load_config
    from engine.targets.layers import list_layers

    settings = load_config(project)
    target = settings.target.load(settings.base)
    list_layers(target, "mean", "auto")
    assert not target.module.training
    assert not any(child._forward_hooks or child._forward_pre_hooks for child in target.module.modules())
    assert torch.isfinite(target.module(torch.zeros(1, 1, 32, 32))).all()
