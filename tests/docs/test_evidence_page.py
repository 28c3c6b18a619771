"""docs/evidence.md lists every figure as it is declared."""

from __future__ import annotations

from tests.docs.evidence_page import END, PAGE, RENEW, START, page


def test_the_table_of_figures_is_up_to_date() -> None:
    text = PAGE.read_text("utf-8")
    assert (text.count(START), text.count(END)) == (1, 1)
    assert text == page(), f"docs/evidence.md is stale: run `{RENEW}`"
