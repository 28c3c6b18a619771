"""Models from a user's own file beside the configuration."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import ConfigError, MammiError
from engine.factories import find_factory
from engine.targets import factory as target_factory
from engine.targets.base import TargetModel
from engine.vlms import factory as vlm_factory

OWN = """
import torch
from engine.targets.base import TargetModel

def module(units=2):
    return torch.nn.Linear(3, units)

def boom():
    size = -1
    raise ValueError(f"no units: {size}")

def fails():
    return torch.zeros(2) @ torch.zeros(3)

def whole():
    return TargetModel(module(), lambda film: torch.zeros(3), ("a", "b"), "mine", "my model")
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module beside the configuration; its name, which is new for every test."""
    name = f"own_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(OWN)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield name
    sys.modules.pop(name, None)


def loaded(folder: Path, factory: str, **options: object) -> TargetModel:
    return target_factory.load(target_factory.Options.model_validate({"factory": factory, **options}), folder)


def test_a_module_gets_the_configured_preprocessing_and_an_identity(own: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    target = loaded(tmp_path, f"{own}:module", arguments={"units": 5}, classes=("x",) * 5)
    assert target.module.out_features == 5
    assert target.preprocess(np.zeros((300, 300), np.uint8)).shape == (3, 224, 224)
    torch.manual_seed(0)
    assert loaded(tmp_path, f"{own}:module", arguments={"units": 5}).identity == target.identity
    torch.manual_seed(1)
    assert loaded(tmp_path, f"{own}:module", arguments={"units": 5}).identity != target.identity


def test_a_changed_source_is_another_model(own: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = loaded(tmp_path, f"{own}:module").identity
    (tmp_path / f"{own}.py").write_text(OWN + "# another forward pass")
    torch.manual_seed(0)
    assert loaded(tmp_path, f"{own}:module").identity != before


def test_a_whole_target_model_is_taken_as_it_is(own: str, tmp_path: Path) -> None:
    target = loaded(tmp_path, f"{own}:whole")
    assert (target.name, target.classes) == ("my model", ("a", "b"))
    assert loaded(tmp_path, f"{own}:whole").identity == target.identity


FORWARD = """
import torch

class Scaled(torch.nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, films):
        return films.mean((2, 3)) * self.scale
"""
IMPORTING = """
import torch
from forward import Scaled
from engine.targets.base import TargetModel

class Own(Scaled):
    pass

def module(scale=1):
    return Own(scale)

def whole(scale=1):
    return TargetModel(module(scale), lambda film: torch.zeros(3), ("a", "b"), "mine", "my model")

class Words:
    name, dimension, identity = "words", 2, "mine"
    preprocess = encode_images = encode_texts = print
    def __init__(self, scale):
        self.scale = scale

def vlm(device, scale=1):
    return Words(scale)
"""


def identity(folder: Path, table: str, factory: str, **arguments: object) -> str:
    """That of a factory's model, whose files are imported anew."""
    for name in ("forward", "importing"):
        sys.modules.pop(name, None)
    leaf = {"target": target_factory, "vlm": vlm_factory}[table]
    options = leaf.Options.model_validate({"factory": factory, "arguments": arguments})
    device = (torch.device("cpu"),) if table == "vlm" else ()
    found: str = leaf.load(options, folder, *device).identity
    return found


@pytest.mark.parametrize(("table", "function"), [("target", "module"), ("target", "whole"), ("vlm", "vlm")])
def test_an_identity_follows_arguments_and_code(
    table: str, function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where weights, and the identity that the user's own code gives, stay as they were."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "forward.py").write_text(FORWARD)
    (tmp_path / "importing.py").write_text(IMPORTING)
    factory = f"importing:{function}"
    first = identity(tmp_path, table, factory)
    assert identity(tmp_path, table, factory) == first
    found = {first, identity(tmp_path, table, factory, scale=2)}
    changed = tmp_path / ("importing.py" if table == "vlm" else "forward.py")
    changed.write_text(changed.read_text() + "# another forward pass")
    assert len({*found, identity(tmp_path, table, factory)}) == 3


def test_a_module_that_imports_something_missing_names_it(own: str, tmp_path: Path) -> None:
    (tmp_path / f"{own}.py").write_text("import not_there_at_all")
    with pytest.raises(ConfigError) as raised:
        find_factory(f"{own}:module", tmp_path, "target.factory")
    assert str(raised.value) == (
        f"target.factory: module 'not_there_at_all', which {own} imports, is neither installed nor in {tmp_path}."
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"factory": "{own}:boom"},
            'target.factory = "{own}:boom" raised ValueError: no units: -1 ({own}.py, line 10)',
        ),
        ({"factory": "{own}:fails"}, 'target.factory = "{own}:fails" raised RuntimeError: inconsistent tensor size'),
        (
            {"factory": "{own}:module", "arguments": {"unit": 3}},
            "target.factory = \"{own}:module\" raised TypeError: module() got an unexpected keyword argument 'unit'",
        ),
    ],
)
def test_an_error_in_ones_own_code_names_its_line(
    own: str, tmp_path: Path, options: dict[str, object], told: str
) -> None:
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path, **{**options, "factory": str(options["factory"]).format(own=own)})  # type: ignore[arg-type]
    assert str(raised.value).startswith(told.format(own=own))
    assert raised.value.exit_status == 1
    assert raised.value.__cause__ is not None


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\ny = x / 0\n", "raised ZeroDivisionError: division by zero ({own}.py, line 2)"),
        ("x = 1\ny = = 0\n", "raised SyntaxError: invalid syntax ({own}.py, line 2)"),
    ],
)
def test_a_module_that_cannot_be_imported_names_its_line(own: str, tmp_path: Path, source: str, told: str) -> None:
    (tmp_path / f"{own}.py").write_text(source)
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path, f"{own}:module")
    assert str(raised.value) == f'target.factory = "{own}:module": importing {own} {told.format(own=own)}'


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("import sys\nsys.exit()\n", "importing {own} ended the program ({own}.py, line 2)"),
        ("from argparse import *\np = ArgumentParser()\np.error('no data')\n", "ended the program ({own}.py, line 3)"),
    ],
)
def test_a_script_that_ends_the_program_is_told(own: str, tmp_path: Path, source: str, place: str) -> None:
    (tmp_path / f"{own}.py").write_text(source)
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path, f"{own}:module")
    assert place.format(own=own) in str(raised.value)
    assert str(raised.value).endswith("or the function in a module of its own.")


@pytest.mark.parametrize("reference", ["os.system", "os:", ":x", "os:system('ls')", "../os:system", "os:a.b"])
def test_a_reference_is_a_module_and_a_name(reference: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="write it as"):
        find_factory(reference, tmp_path, "target.factory")
