"""Lays out tables as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with aligned columns; the header may be empty."""
    lines = [tuple(line) for line in (header, *rows) if line]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        yield "   ".join(cells).rstrip()
