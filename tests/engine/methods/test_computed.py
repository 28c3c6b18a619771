"""The computed methods in a whole run of phantoms, and what a run refuses before it computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine import kinds
from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.methods import COMPUTED
from engine.probing.findings import FINDINGS
from engine.progress import Silent
from engine.run.pipeline import run
from engine.store.reader import RunReader
from tests.support.models import tiny_project

CONFIG = """
[run]
out = "{folder}/phantoms.duckdb"
device = "cpu"

[probing]
kind = "phantom"
count = 60

[target]
kind = "demo"
layers = ["features.norm5", "classifier"]

[vlm]
kind = "demo"

[concepts]
kind = "probing_reports"

[methods.netdissect]
[methods.tsi]
[methods.tcav]
fewest = 4
vectors = 5
"""


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms")
    (folder / "phantoms.toml").write_text(CONFIG.format(folder=folder.as_posix()))
    return run(load_config(folder / "phantoms.toml"), Silent())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "wanted"), [("netdissect", 4), ("tsi", 5), ("tcav", 4)])
def test_class_neurons_of_the_demo_get_their_finding(phantoms: Path, name: str, wanted: int) -> None:
    """The best label of a class's neuron is that class, for most classes that the few films show."""
    with RunReader(phantoms) as reader:
        best = {}
        for unit, finding in enumerate(FINDINGS):
            scores = reader.method_scores(name, "classifier", unit)
            top = [score.concept for score in scores if score.score == scores[0].score]
            if finding in {score.concept for score in scores}:
                best[finding] = finding in top
        assert sum(best.values()) >= wanted
        assert sum(best.values()) > len(best) / 2


@pytest.mark.slow
def test_hidden_units_have_scores_where_the_method_can_score_them(phantoms: Path) -> None:
    with RunReader(phantoms) as reader:
        units = {score.unit for score in reader.method_scores("netdissect", "features.norm5", None)}
        assert len(units) > 50
        assert not reader.method_scores("tcav", "features.norm5", None)
        tested = reader.method_scores("tcav", "classifier", None)
        assert {score.detail for score in tested} == {"features.norm5"}
        assert all(score.p_value is not None and 0 <= score.p_value <= 1 for score in tested)


@pytest.mark.parametrize("name", ["netdissect", "tsi", "tcav"])
def test_films_without_outlines_or_labels_are_refused_at_once(tmp_path: Path, name: str) -> None:
    config = load_config(tiny_project(tmp_path), [f"methods.{name}={{}}"])
    with pytest.raises(ConfigError, match=f"methods.{name}: .* which") as caught:
        run(config, Silent())
    assert len(str(caught.value).splitlines()) == 1
    assert not list(tmp_path.glob("*.work"))


def test_reading_their_scores_needs_no_torch() -> None:
    modules = ", ".join(COMPUTED[name] for name in ("netdissect", "tsi", "tcav"))
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_computed_method_of_a_package_is_part_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added = {"methods": {"mine": "tests.support.counting_method"}}
    monkeypatch.setattr(kinds, "added", lambda table: added.get(table, {}))
    out = run(load_config(tiny_project(tmp_path), ["methods.mine={}"]), Silent())
    with RunReader(out) as reader:
        scores = reader.method_scores("mine", reader.layers[0].name, None)
    assert {score.detail for score in scores} == {"mean"}
