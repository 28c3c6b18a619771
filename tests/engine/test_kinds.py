"""Kinds: ours are named without importing what they configure, and installed packages add to them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import kinds
from engine.config.settings import load_config
from engine.methods.panel import Panel
from engine.progress import Silent
from engine.requery import Requery
from engine.run.pipeline import run
from engine.store.reader import RunReader
from tests.shared import ROOT
from tests.support.heavy import heavy_after
from tests.support.models import tiny_project

Install = Callable[..., Path]

MODULES = [module for table in kinds.PACKAGES for module in kinds.own(table).values()]


@pytest.mark.parametrize("module", MODULES)
def test_options_are_read_without_what_they_configure(module: str) -> None:
    assert heavy_after(f"from {module} import Options") == []


VLM = """
from pydantic import BaseModel
class Options(BaseModel, extra="forbid"):
    side: int = 32
def identity(options, base):
    return "mine"
def load(options, base, device):
    from tests.support.models import TinyVLM
    return TinyVLM(device)
"""
METHOD = """
import numpy as np
from pydantic import BaseModel
from engine.methods.base import MethodAnswer
class Options(BaseModel, extra="forbid"):
    word: str
def load(options, reader, requery):
    return Says(options.word)
class Says:
    name = title = "says"
    def __init__(self, word):
        self.word = word
    def neuron(self, layer, unit, cuts):
        return MethodAnswer(self.name, (self.word,), np.ones(1), 1)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package's modules and entry points on the path, as an installer would."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(package: str, entry_points: str, **modules: str) -> Path:
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(source)
        facts = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (facts / "entry_points.txt").write_text(entry_points)
        return tmp_path

    kinds.added.cache_clear()
    yield install
    kinds.added.cache_clear()
    for name in ("mine_vlm", "other_vlm", "mine_method"):
        sys.modules.pop(name, None)


def test_a_package_adds_a_kind(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("mine", "[mammi.vlms]\nmine = mine_vlm\n", mine_vlm=VLM)
    assert kinds.module_of("vlm", "mine") == "mine_vlm"
    assert kinds.names("vlm") == [*kinds.own("vlm"), "mine"]
    assert kinds.module_of("target", "mine") is None
    assert caplog.messages == []


def test_packages_are_asked_only_for_a_kind_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(**_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(kinds, "entry_points", asked)
    kinds.added.cache_clear()
    assert kinds.module_of("vlm", "demo") == "engine.vlms.demo"


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ("import none_such", "importing other_vlm failed: ModuleNotFoundError: No module named 'none_such'"),
        ("1 / 0", "importing other_vlm failed: ZeroDivisionError: division by zero"),
        ("def load(): ...", "other_vlm has no pydantic model Options"),
        (VLM.replace("def identity", "def identify"), "other_vlm has no function identity"),
    ],
)
def test_a_broken_kind_is_left_out_and_stops_no_other(
    install: Install, caplog: pytest.LogCaptureFixture, module: str, problem: str
) -> None:
    install("other", "[mammi.vlms]\nother = other_vlm\n", other_vlm=module)
    install("mine", "[mammi.vlms]\nmine = mine_vlm\n", mine_vlm=VLM)
    assert dict(kinds.added("vlm")) == {"mine": "mine_vlm"}
    assert kinds.module_of("vlm", "other") is None
    assert caplog.messages == [f"mammi.vlms: the kind 'other' of the package other is left out: {problem}."]


def test_ours_wins_over_a_kind_of_the_same_name(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("mine", "[mammi.vlms]\ndemo = mine_vlm\n", mine_vlm=VLM)
    assert kinds.module_of("vlm", "demo") == "engine.vlms.demo"
    assert kinds.names("vlm") == list(kinds.own("vlm"))
    assert caplog.messages == [
        "mammi.vlms: the kind 'demo' of the package mine is left out: this is a kind of mammi itself."
    ]


@pytest.mark.slow
def test_a_kind_in_the_configuration_of_a_run(install: Install, tmp_path: Path) -> None:
    folder = install("mine", "[mammi.vlms]\nmine = mine_vlm\nmedclip = mine_vlm\n", mine_vlm=VLM)
    install("broken", "[mammi.vlms]\nbroken = none_such\n")
    project = tiny_project(tmp_path, films=3)
    vlm = project.read_text().replace('kind = "factory"\nfactory = "tests.support.models:tiny_vlm"', 'kind = "mine"')
    project.write_text(vlm)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}

    def mammi_run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mammi_tui", "run", str(project), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    ended = mammi_run()
    assert ended.returncode == 0
    warnings = [line for line in ended.stderr.splitlines() if line.startswith("warning: ")]
    assert sorted(line.split(" is left out")[0] for line in warnings) == [
        "warning: mammi.vlms: the kind 'broken' of the package broken",
        "warning: mammi.vlms: the kind 'medclip' of the package mine",
    ]
    typo = mammi_run("--set", "vlm.sid=3")
    assert typo.returncode == 2
    assert typo.stderr.splitlines()[-1] == (
        "mammi: --set vlm.sid = 3 is not a key of this configuration. Did you mean vlm.side?"
    )


def test_a_method_of_a_package_answers_with_ours(
    install: Install, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = install("mine", "[mammi.methods]\nsays = mine_method\n", mine_method=METHOD)
    config = load_config(tiny_project(tmp_path, films=4), ["methods.says.word=rib"])
    with RunReader(run(config, Silent())) as reader:
        panel = Panel(reader, Requery(reader))
        assert panel.methods[-1].name == "says"
        assert panel.answer("says", "logits", 0, reader.info.cuts).concepts == ("rib",)
        shutil.rmtree(folder / "mine-1.0.dist-info")
        kinds.added.cache_clear()
        assert "says" not in [method.name for method in Panel(reader, Requery(reader)).methods]
    assert caplog.messages == [f"{config.run.out}: the method 'says' is not installed here, so it is left out."]
