"""A mistake in a matrix gives one line that names file, key, value and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.evaluation.matrix_config import load
from tests.support.matrices import tiny_matrix


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    return tiny_matrix(tmp_path, films=1)


def test_a_whole_matrix(matrix: Path) -> None:
    loaded = load(matrix)
    assert list(loaded.runs) == ["factory", "other VLM"]
    base, other = loaded.runs.values()
    assert base.run.out == matrix.parent / "out" / "factory.duckdb"
    assert other.run.out == matrix.parent / "out" / "other_vlm.duckdb"
    assert [leaf.name for leaf in base.concepts] == ["word_list", "few"]
    assert [leaf.name for leaf in other.concepts] == ["word_list"]
    assert loaded.alphas == (0.5, 0.93)
    assert loaded.own_out == matrix.parent / "run" / "tiny.duckdb"


def test_paths_start_from_the_file_that_names_them(matrix: Path) -> None:
    base = load(matrix).base
    reports: list[str] = []
    assert [leaf.load(base.base, reports) for leaf in base.concepts] == [
        ["effusion", "mass", "heart", "rib", "opacity"],
        ["mass", "edema"],
    ]


def test_every_combination_takes_all_concept_sets_to_every_vlm(matrix: Path) -> None:
    _, other = load(matrix, ["matrix.every_combination=true"]).runs.values()
    assert [leaf.name for leaf in other.concepts] == ["word_list", "few"]


def test_every_combination_takes_live_methods_with_their_options_to_every_vlm(matrix: Path) -> None:
    methods = '\n[methods.clip_dissect]\nsimilarity = "wpmi"\n[methods.tcav]\n'
    matrix.write_text(matrix.read_text() + methods)
    _, other = load(matrix, ["matrix.every_combination=true"]).runs.values()
    assert [(leaf.kind, leaf.options.similarity) for leaf in other.methods] == [("clip_dissect", "wpmi")]


def test_overrides_are_for_the_matrix_or_for_the_run(matrix: Path, tmp_path: Path) -> None:
    loaded = load(matrix, ["matrix.counts=[7]", "run.alpha=0.8", "target.pooling=max"], tmp_path / "elsewhere")
    assert loaded.settings.counts == (7,)
    assert loaded.alphas == (0.5, 0.8)
    assert {config.taps.pooling for config in loaded.runs.values()} == {"max"}
    assert loaded.base.run.out == tmp_path / "elsewhere" / "factory.duckdb"


def test_its_methods_stand_beside_the_runs_and_in_their_place(matrix: Path) -> None:
    run = matrix.parent / "run" / "tiny.toml"
    run.write_text(run.read_text() + "\n[methods.www]\ncount = 5\n[methods.clip_dissect]\n")
    matrix.write_text(matrix.read_text() + "\n[methods.www]\ncount = 6\n")
    base, other = load(matrix).runs.values()
    assert [(leaf.kind, getattr(leaf.options, "count", None)) for leaf in base.methods] == [
        ("www", 6),
        ("clip_dissect", None),
    ]
    assert other.methods == ()


def test_the_folder_of_a_methods_own_films_starts_from_the_matrix(matrix: Path) -> None:
    label_set = '\n[methods.tsi.label_set]\nkind = "covid_cxr"\nfolder = "films"\n'
    matrix.write_text(matrix.read_text() + label_set)
    base = load(matrix).base
    (leaf,) = base.methods
    with pytest.raises(ConfigError) as caught:
        leaf.module.own_films(leaf.options, base.base)
    assert f"{matrix.parent / 'films'} is not a folder" in str(caught.value).replace("run/../", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "counts = [3]",
            "count = [3]",
            "matrix.toml: matrix.count = [3] is not a key of this configuration. Did you mean matrix.counts?",
        ),
        ("counts = [3]", "counts = [0]", "matrix.toml: matrix.counts.0 = 0 is too small: the least is 1."),
        ("alpha = [0.5]", "alpha = [1.5]", "matrix.toml: matrix.alpha.0 = 1.5 is too large: the most is 1.0."),
        ('run = "run/tiny.toml"', "", "matrix.toml: matrix.run is missing."),
        (
            "run/tiny.toml",
            "tiny.toml",
            'matrix.toml: matrix.run = "tiny.toml" is not a file: there is none at {folder}/tiny.toml.',
        ),
        ("[matrix]", "[matrx]", "matrix.toml: [matrx] is not a table of a matrix. Did you mean [matrix]?"),
        ("[matrix]", "a = 1\n[matrix]", "matrix.toml: a = 1 is not a table of a matrix. Tables: matrix, vlm, concepts"),
        ("[[vlm]]", "[vlm]", "matrix.toml: vlm adds to the run's own: write [[vlm]] for each."),
        (
            'name = "other VLM"',
            'name = "factory"',
            'matrix.toml: vlm.factory.name = "factory" is also the name of another VLM of the matrix or its run: give',
        ),
        (
            'name = "few"',
            "",
            'matrix.toml: concepts.word_list.name = "word_list" is also the name of another concept set of the matrix',
        ),
        (
            "arguments = ",
            "argument = ",
            'vlm.other VLM.argument = {"seed": 2} is not a key of this configuration. Did you mean vlm.other VLM.arg',
        ),
        (
            "counts = [3]",
            'encoders = { vlm = "clip" }',
            'matrix.encoders = {"vlm": "clip"} is not right: \'vlm\' is not a name for an encoder',
        ),
        ("[[vlm]]", "[methods.falcn]\n[[vlm]]", "[methods.falcn] is not a method. Did you mean [methods.falcon]?"),
    ],
)
def test_a_mistake_gives_one_line(matrix: Path, old: str, new: str, message: str) -> None:
    text = matrix.read_text()
    assert old in text
    matrix.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as raised:
        load(matrix)
    said = str(raised.value)
    assert message.replace("{folder}", str(matrix.parent)) in said
    assert len(said.splitlines()) == 1


def test_a_mistake_in_the_base_run_names_its_file(matrix: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"--set run\.alhpa = 1 is not a key of this configuration\. Did you mean run"
    ):
        load(matrix, ["run.alhpa=1"])
