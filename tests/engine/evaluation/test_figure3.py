"""The paper's figure 3: which units it takes, and its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import ConfigError, MammiError
from engine.evaluation.decisions.evaluate import evaluate_decisions
from engine.evaluation.figure3 import Figure3, figure3, find_film
from engine.evaluation.figure3_plot import draw, names
from engine.methods.panel import Panel
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.decisions import decided_run
from tests.support.models import tiny_project
from tests.support.runs import small_run
from tests.support.tiny_runs import compute


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> RunReader:
    return RunReader(decided_run(tmp_path_factory.mktemp("run"), hostile=True))


def made(reader: RunReader, film: str, class_name: str | None = None) -> Figure3:
    methods = Panel(reader, Requery(reader)).methods
    return figure3(reader, film, class_name, methods, reader.info.cuts, None)


def test_the_units_are_those_that_raise_the_output_most(reader: RunReader) -> None:
    path = reader.paths()[3]
    assert path is not None
    figure = made(reader, path)
    head, inputs, outputs = reader.head, reader.head_inputs(3), reader.outputs
    assert head is not None
    assert inputs is not None
    assert outputs is not None
    number = int(outputs[3].argmax())
    assert figure.name == reader.classes[number]
    shares = head.weights[number] * (inputs - head.mean)
    assert [unit.share for unit in figure.units] == pytest.approx(sorted(shares, reverse=True)[:2])
    assert [unit.neuron for unit in figure.units] == [
        f"{reader.layers[head.layer or 0].name}:{unit}" for unit in np.argsort(-shares)[:2]
    ]
    assert [title for title, _ in figure.units[0].words][:2] == ["MAMMI", "MAMMI by z"]


def test_a_film_is_found_by_its_path_its_name_and_its_stem() -> None:
    paths = ["a/one.png", "b/one.png", "b/two.png", None]
    assert find_film("b/one.png", paths) == 1
    assert find_film("two.png", paths) == 2
    assert find_film("two", paths) == 2
    with pytest.raises(ConfigError, match=r"names 2 films \(a/one\.png, b/one\.png\)"):
        find_film("one", paths)
    with pytest.raises(ConfigError, match=r"no such film\. Nearest: two\.png"):
        find_film("tow.png", paths)


def test_its_files_are_drawn_also_for_hostile_names(reader: RunReader, tmp_path: Path) -> None:
    hostile = [path for path in reader.paths() if path][:2]
    figures = [made(reader, path) for path in hostile]
    assert draw(figures, tmp_path) == [tmp_path / name for name in names(figures)]
    for name in names(figures):
        assert (tmp_path / name).stat().st_size > 5_000
        assert name.startswith("figure3_")
        assert "/" not in name.removeprefix("figure3_")


def test_unknown_classes_and_older_runs_are_told(reader: RunReader, tmp_path: Path) -> None:
    path = reader.paths()[0]
    assert path is not None
    with pytest.raises(ConfigError, match="Nearest: "):
        made(reader, path, "edemma")
    with RunReader(small_run(tmp_path)) as older, pytest.raises(MammiError, match=r"To add it: mammi run CONFIG\.toml"):
        made(older, str(older.paths()[0]))


def test_what_figure_3_lacks_is_told_with_the_line_that_adds_it(tmp_path: Path) -> None:
    project = tiny_project(tmp_path, films=4)
    compute(project, "keep.films=false", "keep.maps=false")
    with RunReader(tmp_path / "tiny.duckdb") as short:
        assert short.important_layers
        with pytest.raises(MammiError, match=r"To add it: \[keep\] films = true"):
            made(short, "000")
        assert evaluate_decisions(short).missing[-2] == "The inputs of the head are not kept: no deletion."
