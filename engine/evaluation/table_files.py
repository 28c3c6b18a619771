"""The tables of a matrix as Markdown, which a terminal shows well, and as files: Markdown, JSON, and cells as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.annotation.cuts import Cuts, Selection
from engine.errors import writing
from engine.evaluation.matrix import Cell, MatrixResult
from engine.evaluation.results import Figure
from engine.evaluation.table_rows import PENULTIMATE, Table, Unique, Value
from engine.store.tables import write_table
from engine.store.whole_file import written_whole
from engine.visible import visible

NONE = "—"
_FIGURES = ("f1", "hit_rate", "precision", "recall")

_BARE = str.maketrans({"|": "/", "<": "‹", "`": "'", "[": "(", "]": ")"})


def as_markdown(result: MatrixResult, tables: Sequence[Table]) -> str:
    """All tables, after a heading that says what was computed. Columns are padded."""
    return "\n".join(visible(line) for part in (_head(result), *map(_table, tables), _foot(result)) for line in part)


def write(folder: Path, result: MatrixResult, tables: Sequence[Table]) -> list[Path]:
    """Writes tables.md, tables.json and cells.csv over earlier ones, and returns their paths.

    Raises MammiError when the folder cannot be written.
    """
    texts = {
        "tables.md": as_markdown(result, tables) + "\n",
        "tables.json": json.dumps(as_object(result, tables), indent=2, ensure_ascii=False) + "\n",
    }
    cells = folder / "cells.csv"
    with writing(folder, fault="the tables cannot be written there"):
        for name, text in texts.items():
            with written_whole(folder / name) as partial:
                partial.write_text(text, encoding="utf-8")
        with written_whole(cells) as partial:
            columns = _csv_columns(result)
            write_table(partial, "csv", columns, [_csv_row(cell, result, columns) for cell in result.cells])
    return [*(folder / name for name in texts), cells]


def as_object(result: MatrixResult, tables: Sequence[Table]) -> dict[str, Any]:
    """All tables and cells, as JSON types."""
    base = result.matrix.base
    return {
        "matrix": str(result.matrix.path),
        "base": base.as_dict(),
        "differences_from_the_paper": list(result.differences),
        "not_checked": list(result.unchecked),
        "encoders": list(result.encoders),
        "runs": {name: asdict(facts) | {"path": str(facts.path)} for name, facts in result.runs.items()},
        "tables": [asdict(table) for table in tables],
        "cells": [asdict(cell) for cell in result.cells],
        "missing": list(result.missing),
    }


def _head(result: MatrixResult) -> Iterator[str]:
    base = result.matrix.base
    facts = result.own
    yield f"# {result.matrix.path.stem}"
    yield ""
    final = f"the {len(facts.classes)} neurons of {facts.final}" if facts.final else "no layer with class names"
    yield f"- {facts.images} images ({base.probing.kind}), target model {_plain(facts.target)}, {final}"
    subtracted = "" if base.run.subtracts(base.run.template) else " (not subtracted: scores are mean cosines)"
    template = f"template “{base.run.template}”{subtracted}" if base.run.template else f"no template{subtracted}"
    chosen = Cuts(base.run.alpha, base.run.beta, None, base.run.ranking, Selection.parse(base.run.selection))
    yield f"- {', '.join(chosen.parts)}, {template}, VLM {_plain(facts.vlm)}"
    whole = dict.fromkeys(_plain(c.evaluation.title) for c in result.cells if c.evaluation.by_annotation)
    yield "- mean ± standard error over neurons; methods are scored by their best concept, as in the paper, except"
    yield f"  {', '.join(whole)}"
    if result.differences:
        yield f"- published figures (“paper”) stand apart: {_plain('; '.join(result.differences))}"
    else:
        yield "- the setting is the paper's: published figures (“paper”) stand under ours where a row matches"
    yield f"- not checked against the paper's setting: {'; '.join(result.unchecked)}"
    for name in ("clip", "mpnet"):
        if name not in result.encoders:
            yield f"- no encoder “{name}” in [matrix.encoders]: no {name} cosine here"


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield f"## {table.title}"
    yield ""
    lines = [[*table.heads, "from", *table.columns]]
    lines += [
        [*map(_plain, row.names), row.source, *(shown(row.values.get(name)) for name in table.columns)]
        for row in table.rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        yield f"| {' | '.join(padded)} |"
        if number == 0:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    if table.notes:
        yield ""
        yield from (f"- {note}" for note in table.notes)


def _foot(result: MatrixResult) -> Iterator[str]:
    if result.missing:
        yield ""
        yield from (f"Not evaluated: {text}" for text in result.missing)


def shown(value: Value) -> str:
    """A value as a table shows it."""
    match value:
        case None:
            return NONE
        case Unique(best, annotated):
            return f"{best} / {annotated}"
        case float():
            return f"{value:.4f}" if value < 1 else f"{value:.1f}"
        case int():
            return str(value)
    return f"{value.mean:.4f}" if value.error is None else f"{value.mean:.4f} ± {value.error:.3f}"


def _plain(text: str) -> str:
    """A name that can neither end its cell in a Markdown table, nor be a link or HTML there, nor control a terminal."""
    return visible(text).translate(_BARE)


def _csv_columns(result: MatrixResult) -> dict[str, str]:
    columns = dict.fromkeys(("vlm", "vlm_is", "concept_set", "method", "title", "scored_by"), "VARCHAR")
    columns |= {"alpha": "DOUBLE", "beta": "DOUBLE", "count": "INTEGER", "images_each": "DOUBLE"}
    for name in (*_FIGURES, *(f"cosine_{encoder}" for encoder in result.encoders)):
        columns |= {name: "DOUBLE", f"{name}_error": "DOUBLE"}
    return columns | {"unique_best": "INTEGER", "unique_annotated": "INTEGER"}


def _csv_row(cell: Cell, result: MatrixResult, columns: dict[str, str]) -> list[object]:
    found = cell.evaluation
    values: dict[str, object] = {
        "vlm": cell.vlm,
        "vlm_is": result.runs[cell.vlm].vlm,
        "concept_set": cell.concept_set,
        "method": found.method,
        "title": found.title,
        "alpha": cell.alpha,
        "beta": result.matrix.base.run.beta,
        "scored_by": "annotation" if found.by_annotation else "best concept",
        "count": cell.count,
        "images_each": cell.images_each,
    }
    if found.labels is not None:
        figures: dict[str, Figure] = {name: getattr(found.labels, name) for name in _FIGURES}
        figures |= {f"cosine_{encoder}": figure for encoder, figure in found.labels.similarity.items()}
        for name, figure in figures.items():
            values |= {name: figure.mean, f"{name}_error": figure.error}
    for unique in found.unique:
        if unique.layer == PENULTIMATE:
            values |= {"unique_best": unique.best, "unique_annotated": unique.annotated}
    return [values.get(name) for name in columns]
