"""The identity of a target model and a VLM is known before it is loaded, from its files alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import engine.targets
import engine.vlms
from engine.errors import ConfigError
from tests.support.kinds import chosen

CHOICES = [("target", kind) for kind in engine.targets.KINDS] + [("vlm", kind) for kind in engine.vlms.KINDS]
DEVICE = {"target": (), "vlm": (torch.device("cpu"),)}


@pytest.mark.slow
@pytest.mark.parametrize(("table", "kind"), CHOICES)
def test_it_is_that_of_the_loaded_model(table: str, kind: str, tmp_path: Path) -> None:
    leaf = chosen(tmp_path, table, kind)
    before = leaf.identity(tmp_path)
    loaded = leaf.load(tmp_path, *DEVICE[table]).identity
    assert before == (None if kind == "factory" else loaded)


@pytest.mark.parametrize(("table", "kind"), [choice for choice in CHOICES if choice[1] not in ("factory", "demo")])
def test_it_follows_the_bytes_of_every_file(table: str, kind: str, tmp_path: Path) -> None:
    leaf = chosen(tmp_path, table, kind)
    before = leaf.identity(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for path in files:
        content = path.read_bytes()
        as_good = path.name == "open_clip_config.json"  # parsed: a blank at its end changes nothing
        path.write_bytes(content + b" ")
        assert (leaf.identity(tmp_path) == before) == as_good, path.name
        path.write_bytes(content)
    assert leaf.identity(tmp_path) == before


@pytest.mark.parametrize(("table", "kind"), [choice for choice in CHOICES if choice[1] not in ("factory", "demo")])
def test_a_missing_file_is_the_same_error_as_when_loading(table: str, kind: str, tmp_path: Path) -> None:
    leaf = chosen(tmp_path, table, kind)
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(ConfigError) as without_loading:
        leaf.identity(elsewhere)
    with pytest.raises(ConfigError) as loading:
        leaf.load(elsewhere, *DEVICE[table])
    assert str(without_loading.value) == str(loading.value)
    assert str(elsewhere) in str(loading.value)
