"""`mammi audit RUN.duckdb`, and what of the audit other commands show."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.annotation.cuts import Cuts
from engine.decisions.audit.live import Audit
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.neurons.filter.grammar import parse
from mammi_tui.neurons.rows import NeuronRows
from mammi_tui.report.shortcuts import shortcuts
from tests.support.attributed import READ, attributed_run
from tests.support.commands import Mammi
from tests.support.resealed import changed


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return attributed_run(tmp_path_factory.mktemp("audited"), value="\x1b[31mtube")


def test_it_says_what_is_read_what_follows_and_what_was_not_looked_at(mammi: Mammi, path: Path) -> None:
    outcome = mammi("audit", path)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert all(line.isprintable() for line in lines)
    assert f"! {READ} reads device ␛[31mtube" in outcome.out
    assert "Neurons of layer0: 8" in lines
    assert "Not looked at" in lines
    assert "device wire" in outcome.out.split("Not looked at")[1]


def test_the_json_has_figures_groups_and_neurons(mammi: Mammi, path: Path) -> None:
    found = json.loads(mammi("audit", path, "--json", "--class", READ.lower(), "--attribute", "device").out)
    assert [each["class"] for each in found["classes"]] == [READ]
    mine = found["classes"][0]
    assert mine["reads"] == "yes"
    assert mine["others"]["q"] < 0.05
    assert [group["films"] for group in mine["groups"]] == [found["traits"][0]["films"], found["traits"][0]["others"]]
    assert mine["carried_by"][0]["neuron"].startswith("layer0:")
    assert all(unit["trait"].startswith("device") for unit in found["units"])
    assert found["not_looked_at"]


def test_a_shortcut_fails_where_that_is_asked(mammi: Mammi, path: Path) -> None:
    outcome = mammi("audit", path, "--fail-on-shortcut")
    assert outcome.status == 1
    assert "found" in outcome.err
    assert mammi("audit", path, "--fail-on-shortcut", "--attribute", "age").status == 0


def test_a_run_without_labels_is_no_pass_and_names_no_finding(mammi: Mammi, tmp_path: Path) -> None:
    path = attributed_run(tmp_path, images=120)
    with changed(path) as connection:
        connection.execute("DELETE FROM labels")
    outcome = mammi("audit", path, "--fail-on-shortcut")
    assert (outcome.status, "no class could be compared" in outcome.err) == (1, True)
    assert "follow it" in outcome.out
    assert "more than" not in outcome.out.split("Not looked at")[0]


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [("--class", "Effsion", "no such class"), ("--attribute", "scanner", "device"), ("--attribute", "wire", "device")],
)
def test_an_unknown_name_is_refused_with_those_that_there_are(
    mammi: Mammi, path: Path, option: str, name: str, says: str
) -> None:
    outcome = mammi("audit", path, option, name)
    assert outcome.status == 2
    assert says in outcome.err


def test_the_table_has_a_row_for_each_figure(mammi: Mammi, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    assert mammi("export", path, "--what", "audit", "--format", "csv", "-o", out).status == 0
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["about"] for row in rows} == {"output", "group", "unit"}
    read = [row for row in rows if row["about"] == "output" and row["flagged"] == "true"]
    assert READ in {row["class"] for row in read}
    assert all(0 <= float(row["number"]) <= 1 for row in rows if row["figure"].startswith("AUROC") and row["number"])


def test_the_filter_finds_the_neurons_that_go_up_with_an_attribute(path: Path) -> None:
    with RunReader(path) as reader:
        requery = Requery(reader)
        evidence, rows = Evidence(reader, requery), NeuronRows(reader.layers, reader.concepts)
        rows.query = "attr:device>0.6"
        rows.rebuild()
        assert rows.needs_evidence
        assert rows.is_searching
        cuts = Cuts(0.93, 0.95)
        for layer in reader.layers:
            rows.answers[layer.position] = requery.layer(layer.name, cuts)
            rows.evidence[layer.position] = evidence.layer(layer.name, cuts)
        rows.rebuild()
        assert not rows.is_searching
        up = evidence.finder.layer(reader.layers[0]).upwards("device")
        assert up is not None
        assert sorted(rows.matches[0].tolist()) == [unit for unit, area in enumerate(up) if area > 0.6]
        assert rows.hint == ""
        rows.query = 'attr:"devise">0.6'
        assert rows.hint == "no attribute devise; nearest: device"
        assert rows.attributes[0] == "age"


@pytest.mark.parametrize("typed", ["attr:", "attr:device", "attr:device>", "attr:device>x"])
def test_an_attribute_that_is_being_typed_is_no_error_until_it_is_one(typed: str) -> None:
    assert bool(parse(typed).problem) is True
    assert ("number" in parse(typed).problem) is typed.endswith("x")


def test_a_report_without_identifiers_leaves_out_values_of_attributes(path: Path) -> None:
    with RunReader(path) as reader:
        from engine.decisions.outputs import Outcomes

        audit = Audit(reader, Outcomes.of(reader))
        shown, hidden = list(shortcuts(audit, True)), list(shortcuts(audit, False))
    assert any("tube" in text for text in shown)
    assert not any("tube" in text for text in hidden)
    assert f"{READ} reads a value of the attribute device." in hidden
