"""`mammi check`."""

from __future__ import annotations

import json
from pathlib import Path

from rich.cells import cell_len

from engine.decisions.checkup.checks import CHECKS
from tests.support.commands import Mammi


def test_it_prints_a_line_for_each_check_and_ends_with_status_0(mammi: Mammi, hostile_run_path: Path) -> None:
    outcome = mammi("check", hostile_run_path)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    heads = [line for line in lines if line[:2] in ("! ", "· ", "? ")]
    assert [line.split()[1] for line in heads] == [check.name for check in CHECKS]
    assert outcome.out.isprintable() or all(line.isprintable() for line in lines)


def test_the_json_lists_the_neurons(mammi: Mammi, run_path: Path) -> None:
    found = json.loads(mammi("check", run_path, "--json", "--alpha", "0.8").out)
    assert found["alpha"] == 0.8
    for check in found["checks"]:
        assert check["counts"] != "neurons" or check["found"] == len(check["neurons"])
    by_name = {check["name"]: check for check in found["checks"]}
    assert all(":" in neuron for neuron in by_name["dead"]["neurons"])
    assert by_name["dead"]["found"] > 0


def test_fail_on_gives_status_1_where_more_is_found_than_allowed(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("check", run_path, "--fail-on", "dead")
    assert outcome.status == 1
    assert "--fail-on dead: " in outcome.err
    assert mammi("check", run_path, "--fail-on", "dead>1000").status == 0


def test_fail_on_a_check_that_could_not_look_fails(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("check", run_path, "--fail-on", "border>1000")
    assert outcome.status == 1
    assert "could not look" in outcome.err


def test_an_unknown_check_or_limit_is_refused_with_the_names(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("check", run_path, "--fail-on", "bordr")
    assert outcome.status == 2
    assert "film-words" in outcome.err
    assert mammi("check", run_path, "--fail-on", "border>x").status == 2
