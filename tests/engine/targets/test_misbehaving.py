"""Models of one's own that do what no model should are told in one line, before a film is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.errors import MammiError
from engine.store.reader import RunReader
from engine.targets import factory as targets
from engine.targets.base import TargetModel
from engine.targets.probe import examine, inputs, noise
from engine.vlms import factory as vlms
from engine.vlms.embedding import embed_images
from tests.support.misbehaving import configured
from tests.support.models import tiny_project
from tests.support.tiny_runs import compute

FILMS = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def made(kind: str, name: str) -> TargetModel:
    arguments = {"kind": kind, "name": name}
    return targets.load(targets.Options(factory="tests.support.misbehaving:target", arguments=arguments), Path())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("name None", "name is NoneType: it must be a text"),
        ("identity with surrogates", r"identity has half of a character \(a lone surrogate\)"),
        ("identity empty", "identity is empty"),
        ("classes without end", "classes are a callable_iterator: they must be a tuple of texts"),
        ("classes numbers", "classes: one of them is int"),
        ("preprocess None", "preprocess is a NoneType"),
        ("module None", "module is a NoneType"),
    ],
)
def test_what_a_target_model_says_of_itself(name: str, told: str) -> None:
    with pytest.raises(MammiError, match=told):
        made("says", name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("dimension 0", "dimension is 0: it must be a number from 1 to 65,536"),
        ("dimension 8.0", "dimension is a float"),
        ("dimension True", "dimension is a bool"),
        ("by_name a text", "by_name is a str: it must be True or False"),
        ("encode_images None", "encode_images is a NoneType, not a function"),
    ],
)
def test_what_a_vlm_says_of_itself(name: str, told: str) -> None:
    options = vlms.Options(factory="tests.support.misbehaving:vlm", arguments={"kind": "says", "name": name})
    with pytest.raises(MammiError, match=told):
        vlms.load(options, Path(), torch.device("cpu"))


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("given", "nested", "gives a nested tensor"),
        ("given", "quantised", "gives a quantised tensor"),
        ("given", "on meta", r"gives a tensor without values \(on the meta device\)"),
        ("given", "eight bits", "gives a tensor of torch.float8_e4m3fn"),
        ("does", "ends the program", "SystemExit: bye"),
        ("does", "fails as a base", "BaseException: base"),
        ("does", "fails with an error that cannot be shown", "ValueError: ValueError"),
    ],
)
def test_what_a_forward_pass_gives(kind: str, name: str, told: str) -> None:
    with pytest.raises(MammiError, match=told) as raised:
        examine(made(kind, name), ["logits"], FILMS, pooling="mean", channels="auto", output=None)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["sparse", "sparse columns", "sparse blocks"])
def test_sparse_outputs_are_taken(name: str) -> None:
    target = made("given", name)
    if name == "sparse blocks":
        target = TargetModel(target.module, target.preprocess, (), "id", "tiny")  # which has twice the units
    assert examine(target, ["logits"], FILMS, pooling="mean", channels="auto", output=None)


@pytest.mark.parametrize("name", ["no axes", "on meta", "sparse", "empty", "complex", "none", "ends the program"])
def test_what_preprocessing_makes(name: str) -> None:
    with pytest.raises(MammiError, match=r"target: preprocessing x\.png (gives|failed)"):
        inputs(made("view", name), noise(), "x.png")


@pytest.mark.parametrize("name", ["sparse", "nested", "none", "complex", "on meta"])
def test_what_a_vlm_gives(name: str) -> None:
    options = vlms.Options(factory="tests.support.misbehaving:vlm", arguments={"kind": "given", "name": name})
    vlm = vlms.load(options, Path(), torch.device("cpu"))
    with pytest.raises(MammiError, match=r"vlm: the model, on a batch of shape .*, gives a "):
        embed_images(vlm, list(FILMS), torch.device("cpu"), mixed_precision=False)


@pytest.mark.parametrize(("model", "what"), [("given", "image"), ("texts", "text")])
def test_a_vlm_that_does_not_repeat_itself_is_told(model: str, what: str, tmp_path: Path) -> None:
    compute(tiny_project(tmp_path, films=5), *configured(tmp_path, "vlm", model, "at random"))
    with RunReader(tmp_path / "x.duckdb") as reader:
        (warning,) = reader.notes
    assert warning.text.startswith(f"vlm: the same {what} gave another embedding in another batch")


def test_a_vlm_that_repeats_itself_warns_of_nothing(tmp_path: Path) -> None:
    compute(tiny_project(tmp_path, films=5))
    with RunReader(tmp_path / "tiny.duckdb") as reader:
        assert not reader.notes
