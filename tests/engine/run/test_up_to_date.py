"""A run with nothing to do loads and computes nothing, and is never taken for one that has something to do."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.probing.phantom import probing_set
from engine.run.pipeline import run
from engine.store.contents import Note
from engine.store.reader import RunReader
from engine.targets import demo
from engine.targets.base import TargetModel
from engine.weights.embedded import CLASSIFIER_WEIGHTS, DUAL_ENCODER_WEIGHTS
from tests.support.heavy import heavy_after
from tests.support.tiny_runs import Heard

CONFIG = """
[run]
out = "{folder}/run.duckdb"
other_templates = ["There is a"]

[probing]
kind = "phantom"
count = 12

[target]
probabilities = "sigmoid"
kind = "demo"
weights = "classifier.safetensors"
layers = ["features.denseblock?", "classifier"]

[vlm]
kind = "demo"
weights = "encoder.safetensors"

[[concepts]]
kind = "probing_reports"

[[concepts]]
kind = "word_list"
path = "words.txt"

[methods.falcon]
reports = ["reports"]
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run's configuration."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copy(CLASSIFIER_WEIGHTS, folder / "classifier.safetensors")
    shutil.copy(DUAL_ENCODER_WEIGHTS, folder / "encoder.safetensors")
    (folder / "words.txt").write_text("heart\nrib\n")
    (folder / "reports").mkdir()
    (folder / "reports" / "one.txt").write_text("FINDINGS: The heart is large. There is a mass.")
    config = folder / "run.toml"
    config.write_text(CONFIG.format(folder=folder.as_posix()))
    assert compute(config).notes == []
    return config


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, to be changed."""
    shutil.copytree(finished.parent, tmp_path / "copy")
    config = tmp_path / "copy" / "run.toml"
    config.write_text(CONFIG.format(folder=config.parent.as_posix()))
    return config


def compute(config: Path, *overrides: str) -> Heard:
    heard = Heard()
    run(load_config(config, overrides), heard)
    return heard


def up_to_date(config: Path, *overrides: str) -> bool:
    return any("is up to date" in note for note in compute(config, *overrides).notes)


@pytest.mark.slow
def test_nothing_heavy_is_loaded(project: Path) -> None:
    code = (
        "from pathlib import Path; from engine.config.settings import load_config; "
        "from engine.progress import Silent; from engine.run.pipeline import run; "
        f"run(load_config(Path({str(project)!r})), Silent())"
    )
    written = project.with_name("run.duckdb").stat().st_mtime_ns
    assert heavy_after(code) == []
    assert project.with_name("run.duckdb").stat().st_mtime_ns == written


def test_no_phantom_is_rendered(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing_set.PhantomSet, "read", None)
    assert up_to_date(project)


@pytest.mark.slow
def test_the_warnings_of_a_run_are_kept_as_long_as_what_they_are_about(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = demo.load

    def warning_load(options: demo.Options, base: Path) -> TargetModel:
        logging.getLogger("engine.targets").warning("The model is odd.")
        return load(options, base)

    monkeypatch.setattr(demo, "load", warning_load)
    compute(project, 'target.layers=["classifier"]')
    assert notes(project) == (Note("target", "The model is odd."),)
    monkeypatch.setattr(demo, "load", None)
    compute(project, 'target.layers=["classifier"]', "run.alpha=0.5")
    assert notes(project) == (Note("target", "The model is odd."),)
    monkeypatch.setattr(demo, "load", load)
    compute(project)
    assert notes(project) == ()


def notes(project: Path) -> tuple[Note, ...]:
    """Those about the target model."""
    with RunReader(project.with_name("run.duckdb")) as reader:
        return tuple(note for note in reader.notes if note.source == "target")


@pytest.mark.slow
def test_a_run_that_was_changed_and_changed_back(project: Path) -> None:
    assert up_to_date(project)
    assert not up_to_date(project, "run.alpha=0.5")
    assert up_to_date(project, "run.alpha=0.5")
    assert not up_to_date(project)
    assert up_to_date(project)


@pytest.mark.slow
@pytest.mark.parametrize(
    "override",
    [
        "run.beta=0.5",
        "run.template=A film of a",
        "run.other_templates=[]",
        "run.thumbnail_size=160",
        "run.mixed_precision=true",
        "probing.count=11",
        "probing.seed=5",
        'target.layers=["features.denseblock3", "classifier"]',
        'target.layers=["classifier", "features.denseblock?"]',
        "target.pooling=max",
        "target.channels=last",
        "methods.falcon.sample=1",
        "methods.www={}",
    ],
)
def test_a_changed_setting_is_no_run_that_is_up_to_date(project: Path, override: str) -> None:
    assert not up_to_date(project, override)
    assert up_to_date(project, override)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["words.txt", "reports/one.txt"])
def test_nor_is_a_changed_file(project: Path, file: str) -> None:
    with (project.parent / file).open("a") as text:
        text.write("\nA nodule is seen.\n")
    assert not up_to_date(project)
    assert up_to_date(project)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "other"), [("classifier.safetensors", 0), ("encoder.safetensors", 1)])
def test_nor_are_changed_weights(project: Path, file: str, other: int) -> None:
    from safetensors.torch import load_file, save_file

    path = project.parent / file
    weights = load_file(path)
    name = sorted(weights)[other]
    weights[name] = weights[name] * 1.5 + 0.1
    path.unlink()
    save_file(weights, path)
    assert not up_to_date(project)
    assert up_to_date(project)


@pytest.mark.slow
def test_a_file_at_another_place_is_recorded(project: Path) -> None:
    """The run file says where its inputs are now; nothing is computed for that."""
    project.with_name("encoder.safetensors").rename(project.with_name("moved.safetensors"))
    heard = compute(project, "vlm.weights=moved.safetensors")
    assert {name for name, count in heard.computed.items() if count} == {"loading", "run file"}
    with RunReader(project.with_name("run.duckdb")) as reader:
        assert reader.info.config["vlm"]["weights"] == "moved.safetensors"
    assert up_to_date(project, "vlm.weights=moved.safetensors")


def test_a_comment_in_a_list_of_concepts_changes_nothing(project: Path) -> None:
    words = project.with_name("words.txt")
    words.write_text("# organs\n" + words.read_text())
    assert up_to_date(project)


def test_a_mistake_is_found_as_in_a_new_run(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"target\.layers: 'nothing' names no layer"):
        compute(project, 'target.layers=["nothing"]')
    project.with_name("words.txt").unlink()
    with pytest.raises(ConfigError, match=r"words\.txt"):
        compute(project)
