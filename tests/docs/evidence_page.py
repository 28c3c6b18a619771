"""The table of figures in docs/evidence.md, made from their declarations: `python -m tests.docs.evidence_page`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.evidence.columns import COLUMNS
from engine.evidence.findings import findings
from tests.shared import ROOT

PAGE = ROOT / "docs" / "evidence.md"
RENEW = "python -m tests.docs.evidence_page"
START, END = f"<!-- made by `{RENEW}` -->\n\n", "\n<!-- end -->\n"
HEADS = ("Figure", "Or else", "Filter word", "Order", "Export", "What it says")


def page() -> str:
    """The whole page, as it should be now."""
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{''.join(_table())}{END}{after}"


def _table() -> Iterator[str]:
    """A line for each figure that a reader can see, compare, sort by or export."""
    yield f"| {' | '.join(HEADS)} |\n|{' --- |' * len(HEADS)}\n"
    for column in COLUMNS:
        if column.title or column.word or column.in_table:
            meaning = f"{column.meaning[:1].upper()}{column.meaning[1:]}."
            words = (column.word, column.order, column.name if column.in_table else "")
            others = "; ".join(findings(column)[1:]) if column.title else ""
            name = column.title or column.name.replace("_", " ")
            cells = (name, others, *map(_code, words), column.help or meaning)
            yield f"| {' | '.join(cells)} |\n"


def _code(word: str) -> str:
    return f"`{word}`" if word else ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(PAGE)
