"""The computed methods in a whole run of phantoms, and what a run refuses before it computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image as Picture

from engine import kinds
from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.methods import COMPUTED, netdissect, tsi
from engine.methods.panel import Panel
from engine.probing.findings import FINDINGS
from engine.progress import Silent
from engine.requery import Requery
from engine.run.pipeline import run
from engine.store.reader import RunReader
from engine.store.records import MethodScore
from tests.support.models import tiny_project
from tests.support.published import write_covid_cxr

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


@pytest.mark.slow
def test_a_label_set_of_other_films(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is read with the run, its broken films are told, and a changed mask computes the method anew."""
    write_covid_cxr(tmp_path / "covid")
    (tmp_path / "covid" / "images" / "3.png").write_bytes(b"broken")
    with (tmp_path / "covid" / "structure.csv").open("a") as file:
        file.write("3,Left Lung,3.png,masks/lung.png,0,0\n")
    text = CONFIG.format(folder=tmp_path.as_posix()).replace("count = 60", "count = 20")
    text = f"{text.partition('[methods.netdissect]')[0]}[methods.tsi.label_set]\nkind = 'covid_cxr'\n"
    (tmp_path / "run.toml").write_text(f"{text}folder = 'covid'\n")

    def scores() -> set[MethodScore]:
        with RunReader(run(load_config(tmp_path / "run.toml"), Silent())) as reader:
            assert Panel(reader, Requery(reader)).methods[-1].title == "TSI (with covid_cxr)"
            return set(reader.method_scores("tsi", "features.norm5"))

    first = scores()
    assert ("covid_cxr", "Left Lung") in {(score.detail, score.concept) for score in first}
    assert "methods.tsi.label_set: left out films that cannot be used: 1 (images/3.png: " in caplog.text
    caplog.clear()
    assert scores() == first
    assert not caplog.text
    Picture.new("L", (40, 50), 255).save(tmp_path / "covid" / "masks" / "lung.png")
    assert scores() != first


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("{}", "methods.tsi.label_set.kind is missing."),
        ("{kind = 'covid'}", "kind 'covid' is not one of chestx_det, chexpert, covid_cxr, "),
        ("{kind = 'covid_cxr'}", "is not right: folder is missing."),
        ("{kind = 'covid_cxr', foldr = 'x'}", "foldr is not a key of this kind; did you mean 'folder'?"),
        ("{kind = 'covid_cxr', folder = 3}", "folder = 3: Input is not a path."),
        ("3", "methods.tsi.label_set = 3 is not a table."),
        ("{kind = 'covid_cxr', folder = 'gone'}", "methods.tsi.label_set.folder: "),
        ("{kind = 'folder', folder = '.'}", "methods.tsi.label_set: its films have no boxes or polygons"),
    ],
)
def test_a_mistake_in_a_label_set_is_told_in_one_line(tmp_path: Path, table: str, message: str) -> None:
    path = tiny_project(tmp_path)
    path.write_text(f"{path.read_text()}\n[methods.tsi]\nlabel_set = {table}\n")
    with pytest.raises(ConfigError) as caught:
        run(load_config(path), Silent())
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_titles_name_the_options_that_are_not_as_published() -> None:
    assert netdissect.title(netdissect.Options(cut=0, side=56)) == "Network Dissection"
    options = netdissect.Options(quantile=0.9, counted_in="all labelled images", thresholds_over="all images")
    told = "Network Dissection (quantile 0.9, active cells of all labelled images, thresholds over all images)"
    assert netdissect.title(options) == told
    assert tsi.title(tsi.Options()) == "TSI"
    assert tsi.title(tsi.Options(iou_images=1)) == "TSI (IoU over 1 image)"
    options_of_tsi = tsi.Options(quantile=0.9, border="edge", no_class=False, threshold_images=0, iou_images=20)
    told = "TSI (quantile 0.9, edges go on, without no class, thresholds over all images, IoU over 20 images)"
    assert tsi.title(options_of_tsi) == told


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
