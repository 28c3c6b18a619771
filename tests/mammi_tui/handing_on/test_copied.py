"""Copied text can be pasted: into a shell it is the one command, into a spreadsheet no formula."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from mammi_tui.commands.open import open as command
from mammi_tui.handing_on.copied import deep_link, one_line, row


def test_a_link_is_one_command_with_everything_that_is_on_screen(tmp_path: Path) -> None:
    run = tmp_path / "my run's; rm -rf $HOME.duckdb"
    query = '"right lung" !q<0.05 `id`'
    link = deep_link(run, "features.norm5:57", Cuts(0.925, 0.9, "set 0"), query, "best score")
    assert shlex.split(link) == [
        *("mammi", "open", "--fresh", "--alpha=0.925", "--beta=0.9"),
        *("--ranking=score", "--select=tau", "--concept-set=set 0", f"--filter={query}", "--sort=best score"),
        *("--", str(run), "features.norm5:57"),
    ]
    assert "\n" not in link


def test_a_link_leaves_out_what_is_not_set(tmp_path: Path) -> None:
    link = deep_link(tmp_path / "run.duckdb", "layer1:3", Cuts(0.93, 0.95))
    cuts = "--alpha=0.93 --beta=0.95 --ranking=score --select=tau"
    assert link == f"mammi open --fresh {cuts} -- {tmp_path}/run.duckdb layer1:3"


def test_a_layer_that_is_called_as_an_option_is_no_option(tmp_path: Path) -> None:
    words = shlex.split(deep_link(tmp_path / "run.duckdb", "--with=/tmp/other:3", Cuts(0.93, 0.95)))
    given = command.make_context("mammi open", words[2:]).params
    assert (given["run"], given["neuron"], given["other"]) == (tmp_path / "run.duckdb", "--with=/tmp/other:3", None)


def test_exact_cuts_are_kept(tmp_path: Path) -> None:
    link = deep_link(tmp_path / "run.duckdb", "layer1:3", Cuts(0.12345678901, 1e-07))
    assert "--alpha=0.12345678901 --beta=1e-07" in link


@pytest.mark.parametrize("layer", ["a\nrm -rf x:1", "a\x1b[2J:1", "a\u202eb:1"], ids=["line", "escape", "bidi"])
def test_a_name_that_cannot_be_pasted_is_refused(tmp_path: Path, layer: str) -> None:
    with pytest.raises(MammiError, match="cannot be pasted safely"):
        deep_link(tmp_path / "run.duckdb", layer, Cuts(0.93, 0.95))


def test_words_and_rows_are_one_line_without_escapes_and_formulas() -> None:
    assert one_line(["air", "a\n; rm -rf x", "\x1b]52;c;!\x07"], ", ") == "air, a ; rm -rf x, ␛]52;c;!␇"
    assert row(["=1+1", "tab\there", None, -0.5, True, ["a", "b"]]) == "'=1+1\ttab here\t\t-0.5\tTrue\ta; b"
