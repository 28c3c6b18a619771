"""What is compared with: a run file, other cuts, or both."""

from __future__ import annotations

import pytest

from mammi_tui.screens.comparing import parts_of


@pytest.mark.parametrize(
    ("text", "path", "cuts"),
    [
        ("~/a run.duckdb", "~/a run.duckdb", {}),
        ("ranking=z α=0,85", "", {"ranking": "z", "alpha": "0,85"}),
        ("b.duckdb select=top-40 ranking=q", "b.duckdb", {"select": "top-40", "ranking": "q"}),
        ("set=my own set β=0.9", "", {"set": "my own set", "beta": "0.9"}),
        ("alpha=", "", {}),
    ],
)
def test_cuts_stand_in_any_order_after_the_path(text: str, path: str, cuts: dict[str, str]) -> None:
    assert parts_of(text) == (path, cuts)
