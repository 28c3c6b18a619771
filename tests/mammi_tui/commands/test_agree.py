"""`mammi agree`: κ in each layer and overall, and the table of differences."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.store.reader import RunReader
from mammi_tui.verdicts.lines import Deed, Verdict
from mammi_tui.verdicts.log import VerdictLog, log_of
from tests.support.commands import Mammi
from tests.support.verdicts import do, judge

GIVEN: dict[str, list[Verdict]] = {
    "r1": ["accept", "accept", "reject", "unsure", "accept", "accept"],
    "r2": ["accept", "reject", "reject", "unsure", "accept", "unsure"],
}


@pytest.fixture
def log(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VerdictLog:
    """Two readers on six neurons, of which they judge two differently and a seventh on other words."""
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)
    with RunReader(path) as reader:
        found = log_of(reader)
        for name, verdicts in GIVEN.items():
            monkeypatch.setenv("MAMMI_READER", name)
            for unit, verdict in enumerate(verdicts):
                judge(found, f"layer1:{unit}", verdict)
            judge(found, "layer1:6", "accept", [name])
            do(found, "layer1:1", Deed("note", text=f"{name}'s\x1b[31m note"))
        judge(found, "gone:1", "reject")
        do(found, "layer1:5", Deed("settle", verdict="unsure", settles=("r1", "r2")))
    return found


def test_agreement_and_differences_are_printed(mammi: Mammi, log: VerdictLog) -> None:
    outcome = mammi("agree", log.path.with_name("run.duckdb"))
    assert outcome.status == 0
    lines = [line.split() for line in outcome.out.splitlines()]
    assert lines[1][:4] == ["layer1", "6", "2", "0.50"]
    assert lines[2][:4] == ["all", "layers", "6", "2"]
    assert "Cohen's κ of r1, r2." in outcome.out
    assert "rough" in outcome.out
    assert "Left out: verdicts on other words, of 1 neuron (layer1:6)." in outcome.out
    assert "gone" not in outcome.out
    (first, second) = (line for line in outcome.out.splitlines() if line.startswith("layer1:"))
    assert first.split()[:5] == ["layer1:1", "accept", "reject", "effusion,", "fluid"]
    assert first.endswith("r1: r1's␛[31m note; r2: r2's␛[31m note")
    assert second.split() == ["layer1:5", "accept", "unsure", "unsure", "by", "r2", "effusion,", "fluid"]


def test_readers_whose_names_begin_alike_are_told_apart(
    mammi: Mammi, log: VerdictLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, verdict in enumerate(("accept", "reject")):
        monkeypatch.setenv("MAMMI_READER", f"radiologist at the hospital {number}")
        judge(log, "layer1:7", verdict)
    names = [f"radiologist at the hospital {number}" for number in range(2)]
    outcome = mammi("agree", log.path.with_name("run.duckdb"), "--readers", ",".join(names))
    (head,) = (line for line in outcome.out.splitlines() if line.startswith("differ on"))
    first, second = head.split("   ")[1:3]
    assert first != second


def test_the_same_as_json(mammi: Mammi, log: VerdictLog) -> None:
    found = json.loads(mammi("agree", log.path.with_name("run.duckdb"), "--json").out)
    assert found["readers"] == ["r1", "r2"]
    assert found["layers"] == [{"layer": "layer1", **found["overall"]}]
    assert found["overall"]["kappa"] == pytest.approx((4 / 6 - 12 / 36) / (1 - 12 / 36))
    assert found["overall"]["interval"][0] < found["overall"]["kappa"] < found["overall"]["interval"][1]
    assert [each["neuron"] for each in found["differences"]] == ["layer1:1", "layer1:5"]
    first, second = found["differences"]
    assert first["words"] == ["effusion", "fluid"]
    assert first["verdicts"]["r1"]["verdict"] == "accept"
    assert first["verdicts"]["r2"]["note"] == "r2's\x1b[31m note"
    assert (first["settled"], second["settled"]["by"]) == (None, "r2")
    assert found["judged_on_other_words"] == ["layer1:6"]


def test_three_readers_have_fleiss_kappa_and_may_be_chosen_among(
    mammi: Mammi, log: VerdictLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAMMI_READER", "r3")
    for unit in range(4):
        judge(log, f"layer1:{unit}", "accept")
    run = log.path.with_name("run.duckdb")
    assert "Fleiss' κ of r1, r2, r3." in mammi("agree", run).out
    chosen = mammi("agree", run, "--readers", "r3, r1")
    assert "Cohen's κ of r3, r1." in chosen.out
    wrong = mammi("agree", run, "--readers", "r1,r9")
    assert wrong.status == 2
    assert "no reader 'r9' has judged this run. There are: r" in wrong.err


def test_verdicts_carried_over_and_not_given_alone_are_told(
    mammi: Mammi, log: VerdictLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = log.read().lines[0]
    log.add([replace(line, run="earlier", neuron="layer1:0")])
    with RunReader(log.path.with_name("run.duckdb")) as reader:
        subject = reader.subject("layer1")
    for name in ("r1", "r2"):
        log.add([replace(line, reader=name, neuron="layer1:7", run="earlier", subject=subject)])
        log.add([replace(line, reader=name, neuron="layer1:4", seen=replace(line.seen, others_shown=True))])
    outcome = mammi("agree", log.path.with_name("run.duckdb"))
    assert "2 verdicts of 14 carried over from another content of this run." in outcome.out
    assert "2 verdicts of 14 given while other readers' verdicts were on screen." in outcome.out


@pytest.mark.parametrize("readers", [[], ["r1"]], ids=["nobody", "one"])
def test_without_two_readers_it_says_that_there_is_no_kappa(
    mammi: Mammi, run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readers: list[str]
) -> None:
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)
    with RunReader(path) as reader:
        for name in readers:
            monkeypatch.setenv("MAMMI_READER", name)
            judge(log_of(reader), "layer1:1", "accept")
    outcome = mammi("agree", path)
    assert outcome.status == 0
    assert f"No κ over all layers: {'one reader alone has' if readers else 'nobody has'} judged." in outcome.out
