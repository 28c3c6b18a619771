"""`mammi compare`: text, tables, JSON, filters, and what cannot be compared."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.store.contents import RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from mammi_tui.changes.filter import parse
from tests.support.commands import Mammi
from tests.support.disk import files_up_to
from tests.support.runs import small_contents, small_run


def changed_run(folder: Path, images: int = 60, **changes: object) -> Path:
    """The run of `small_run` with changes made to its contents. Its model has other keys."""
    contents, batches = small_contents(images=images)
    path = folder / "other.duckdb"
    assemble(path, replace(contents, **changes), batches)
    return path


def texts_like(contents: RunContents, noise: float) -> np.ndarray:
    rng = np.random.default_rng(3)
    return contents.text_embeddings + rng.normal(scale=noise, size=contents.text_embeddings.shape).astype(np.float32)


@pytest.fixture(scope="module")
def other_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    contents, _ = small_contents()
    folder = tmp_path_factory.mktemp("template")
    return changed_run(folder, template="There is a", text_embeddings=texts_like(contents, 0.5))


def test_the_text_says_what_differs_how_much_changed_and_why(
    mammi: Mammi, run_path: Path, other_template: Path
) -> None:
    found = mammi("compare", run_path, other_template)
    assert (found.status, found.err) == (0, "")
    lines = found.out.splitlines()
    assert lines[0] == f"{run_path} → {other_template}"
    assert "template      “A chest x-ray image of a” → “There is a”" in lines[1]
    assert lines[2].split(maxsplit=2)[2] == "target model, layers, VLM, films, concepts, α, β, ranking, selection"
    assert "layer0: 8 units, unit by unit" in lines
    changed = [line for line in lines if "because texts" in line and line.startswith("layer")]
    assert f"Words changed in {len(changed)} of 22 neurons: {len(changed)} because texts" in lines
    with RunReader(run_path) as reader:
        first = changed[0].split("  ")[0].partition(" ")[0]
        layer, _, unit = first.partition(":")
        best = reader.concepts[reader.own.best[reader.layer(layer).first_neuron + int(unit)]]
    assert f"  {best}" in changed[0]


def test_nothing_changed_between_a_run_and_itself(mammi: Mammi, run_path: Path) -> None:
    found = mammi("compare", run_path, run_path)
    assert found.status == 0
    assert "Words changed in 0 of 22 neurons" in found.out.splitlines()[-1]
    assert "the same      target model, layers, VLM, films, template, concepts, α, β, ranking, selection" in found.out


def test_one_run_at_two_cuts_and_two_concept_sets(mammi: Mammi, run_path: Path, two_sets_path: Path) -> None:
    cuts = mammi("compare", run_path, "--alpha", "0.93,0.5")
    assert "α             0.93 → 0.5" in cuts.out
    assert "because α" in cuts.out
    sets = mammi("compare", two_sets_path, "--concept-set", "set 0,set 1", "--json")
    neurons = json.loads(sets.out)["neurons"]
    assert {cause for each in neurons for cause in each["because"]} == {"texts"}
    with RunReader(two_sets_path) as reader:
        members = {found.name: {reader.concepts[c] for c in found.concepts} for found in reader.concept_sets}
    assert all(set(each["before"]) <= members["set 0"] and set(each["after"]) <= members["set 1"] for each in neurons)


def test_tables_hold_every_neuron_and_json_every_exchange(
    mammi: Mammi, run_path: Path, other_template: Path, tmp_path: Path
) -> None:
    printed = mammi("compare", run_path, other_template, "--format", "csv", "--sort", "unit")
    rows = list(csv.DictReader(io.StringIO(printed.out)))
    assert [row["unit"] for row in rows] == [*map(str, range(8)), *map(str, range(14))]
    assert {row["because"] for row in rows} == {"", "texts"}
    found = json.loads(mammi("compare", run_path, other_template, "--json").out)
    assert found["before"]["run"] == str(run_path)
    assert [each["what"] for each in found["differences"] if each["differs"]] == ["template"]
    for each in found["neurons"]:
        if each["changed"]:
            assert each["exchanged"]["texts"] == {"before": each["after"], "after": each["before"]}
    out = tmp_path / "changes.parquet"
    written = mammi("compare", run_path, other_template, "--format", "parquet", "-o", out)
    assert written.err == f"22 rows written to {out}\n"
    assert mammi("compare", run_path, other_template, "--format", "parquet", "-o", out).status == 2
    assert mammi("compare", run_path, other_template, "-o", run_path, "--force").status == 2, "never a run"


def test_a_filter_and_an_order_choose_the_lines(mammi: Mammi, run_path: Path, other_template: Path) -> None:
    found = mammi("compare", run_path, other_template, "--filter", "unit:3", "--sort", "unit")
    assert [
        line.split()[0] for line in found.out.splitlines() if line.startswith("layer") and "units," not in line
    ] == [
        "layer0:3",
        "layer1:3",
    ]
    wrong = mammi("compare", run_path, other_template, "--filter", "bcause:texts")
    assert (wrong.status, wrong.err) == (2, "mammi: --filter 'bcause:texts': no field bcause; nearest: because.\n")
    assert "There are: change, moved" in mammi("compare", run_path, other_template, "--sort", "x").err


def test_what_cannot_be_compared_is_said(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    alone = mammi("compare", run_path)
    assert alone.status == 2
    assert "Name a second run file" in alone.err
    other = small_run(tmp_path, units=(5,), seed=1)
    assert "  layers        2 → 1 (only in the first run: layer1)" in mammi("compare", run_path, other).out
    unknown = mammi("compare", run_path, other, "--layer", "layer1")
    assert unknown.status == 2
    assert "has no layer to compare it with" in unknown.err
    contents, batches = small_contents(units=(5,))
    renamed = replace(contents, layers=[replace(contents.layers[0], name="other")])
    apart = tmp_path / "apart.duckdb"
    assemble(
        apart,
        renamed,
        [replace(batch, activations={"other": batch.activations["layer0"]}) for batch in batches],
    )
    lost = mammi("compare", run_path, apart)
    assert lost.status == 1
    assert "no layer to compare" in lost.err
    assert "other (5 units)" in lost.err


def test_layers_that_cannot_be_compared_leave_the_others(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    contents, batches = small_contents()
    assert contents.parts is not None
    keys = replace(contents.parts, layers=contents.parts.layers | {"layer1": "other"})
    films = [
        replace(batch, images=tuple(replace(film, sha256=film.sha256[::-1]) for film in batch.images))
        for batch in batches
    ]
    path = tmp_path / "partly.duckdb"
    assemble(path, replace(contents, parts=keys, alpha=0.8), films)
    found = mammi("compare", run_path, path)
    assert found.status == 0
    assert "layer0: 8 units, unit by unit" in found.out
    assert "layer1:" not in found.out
    assert found.err.startswith(f"layer1 is left out: {path}: layer1 is of another target model than in {run_path}")
    alone = mammi("compare", run_path, path, "--layer", "layer1")
    assert alone.status == 1
    assert "no film in common" in alone.err


def test_names_from_outside_are_shown_clean(mammi: Mammi, hostile_run_path: Path) -> None:
    found = mammi("compare", hostile_run_path, "--alpha", "0.93,0.2", "--filter", "layer")
    assert found.status == 0
    assert "\x1b" not in found.out
    assert "␛" in found.out


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("mved<3", "no field mved; nearest: moved"),
        ("moved:3", "moved takes a number: moved<0.1"),
        ("before<3", "before takes a colon: before:…"),
        ("moved<", "moved< waits for a value"),
        ("moved<much", "moved is compared with a number"),
        ("!", "! waits for a word"),
        ("x" * 501, "a filter has at most 500 characters"),
        ("", ""),
        ("classifier:4 !unmatched because:images|texts moved<−0,02 change>50%", ""),
    ],
)
def test_a_filter_says_what_is_wrong_with_it(query: str, problem: str) -> None:
    assert parse(query).problem == problem


@pytest.mark.parametrize("options", [(), ("--json",), ("--format", "csv")])
def test_a_file_that_finds_no_room_keeps_the_earlier_one(
    mammi: Mammi, run_path: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    output = tmp_path / "changes"
    output.write_text("earlier")
    with files_up_to(100):
        found = mammi("compare", run_path, "--alpha", "0.93,0.5", *options, "--output", output, "--force")
    assert (found.status, found.out) == (1, "")
    assert "cannot be written: the file would be larger than the limit" in found.err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["earlier"]


def test_a_link_that_leads_to_no_file_is_refused(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    output = tmp_path / "changes"
    output.symlink_to(output)
    found = mammi("compare", run_path, "--alpha", "0.93,0.5", "--output", output, "--force")
    assert (found.status, found.out) == (2, "")
    assert "is a link that leads to no file. Remove it" in found.err


@pytest.mark.parametrize("name", ["a\\b", os.fsdecode(b"\xff\xfe")])
def test_a_table_whose_name_duckdb_does_not_take_is_refused(
    mammi: Mammi, run_path: Path, tmp_path: Path, name: str
) -> None:
    found = mammi("compare", run_path, "--alpha", "0.93,0.5", "--format", "csv", "--output", tmp_path / name)
    assert (found.status, found.out) == (2, "")
    assert "use another name" in found.err
    assert ".mammi-" not in found.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["", ".", "/"])
@pytest.mark.parametrize(
    "arguments",
    [
        *(["compare", "RUN", "PATH"], ["compare", "PATH", "RUN"], ["report", "PATH", "-o", "-"]),
        ["export", "PATH", "--what", "neurons", "--format", "csv", "-o", "-"],
    ],
)
def test_a_path_without_a_name_is_told_as_a_folder(
    mammi: Mammi, run_path: Path, arguments: list[str], path: str
) -> None:
    outcome = mammi(*({"RUN": run_path, "PATH": path}.get(each, each) for each in arguments))
    assert (outcome.status, len(outcome.err.splitlines())) == (2, 1)
    assert ": is a folder, not a run file." in outcome.err
