"""The labels of one row of a user's own table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.probing.cells import ABSENT, PRESENT, UnreadableCell, Vocabulary, is_list, says_nothing
from engine.probing.files import log, warn
from engine.probing.labels import LabelColumns, Told, listed_labels, present
from engine.probing.table_options import TableOptions
from engine.probing.tables import Table

Cells = Sequence[str]
SEPARATORS = ("|", ";")
"""What separates labels in a cell by default. A label may have a comma."""
NO_MASK = "-1"
"""The cell of a film without a mask"""


class RowLabels:
    """Reads the labels of rows: those of one column, or of one column for each label, and that of films with a mask.

    A table without the column `labels` has none.
    """

    def __init__(self, table: Table, options: TableOptions) -> None:
        """Raises ConfigError when the configuration names a column that is missing."""
        self._of_columns: Callable[[int, Cells], Told] | None = None
        self._column: int | None = None
        self._mask: int | None = None
        self._table, self._options = table, options
        self._separators = (options.separator,) if options.separator else SEPARATORS
        self._joined: dict[str, None] = {}
        """Labels that may be several"""
        self._found: dict[str, None] = {}
        self._unused: list[str] = []
        """Columns that may have the labels, where no key names one that does"""
        if options.label_columns:
            columns = LabelColumns(table, options.label_columns, options.words, "probing.label_columns")
            self._of_columns = columns.told
        elif table.has(options.labels_column) or "labels_column" in options.model_fields_set:
            self._column = table.column(options.labels_column, "probing.labels_column")
        elif not options.mask_column:
            self._unused = _unused(table, options)
        if options.mask_column:
            self._mask = table.column(options.mask_column, "probing.mask_column")

    def told(self, line: int, cells: Cells) -> Told:
        """What a row says of each label. Raises ConfigError for a cell that cannot be read."""
        told: Told = ((), b"")
        if self._of_columns is not None:
            told = self._of_columns(line, cells)
        elif self._column is not None:
            labels = self._labels(line, cells, self._column)
            told = present(labels)
        if self._mask is not None and self._options.mask_label:
            there = PRESENT if has_mask(cells[self._mask]) else ABSENT
            told = ((*told[0], self._options.mask_label), bytes((*told[1], there)))
        return told

    def warn(self) -> None:
        """Warns of labels that may be several labels, and of those that are no labels but say yes or no."""
        signs = " or ".join(repr(sign) for sign in (",", *SEPARATORS) if any(sign in label for label in self._joined))
        what = f"{self._table.path}: labels with {signs}; if each is several labels, name what separates them in "
        warn(f"{what}probing.separator", list(self._joined))
        what = (
            f"{self._table.path}: no labels, as it has no column {self._options.labels_column!r}; if another has them, "
        )
        warn(f"{what}name it in probing.labels_column or label_columns", self._unused)
        truths = Vocabulary(self._options.words)
        if self._found and all(_is_truth(truths, label) for label in self._found):
            name = self._options.labels_column
            log.warning(
                "%s: the labels in column %r are %s; if they say whether a film has the label %r, name the column in "
                "probing.label_columns.",
                self._table.path,
                name,
                ", ".join(map(repr, self._found)),
                name,
            )

    def _labels(self, line: int, cells: Cells, column: int) -> tuple[str, ...]:
        labels = listed_labels(self._table, line, cells, column, self._separators)
        for label in labels:
            if label not in self._found:
                self._found[label] = None
                if not is_list(cells[column]) and any(sign in label for sign in (",", *SEPARATORS)):
                    self._joined[label] = None
        return labels


def _unused(table: Table, options: TableOptions) -> list[str]:
    """The table's columns that no key names."""
    keys = [value for key, value in options if key.endswith(("_column", "_columns")) and value]
    named = {name for value in keys for name in ((value,) if isinstance(value, str) else value)}
    return [name for name in table.header if name and name not in named]


def has_mask(cell: str) -> bool:
    return cell != NO_MASK and not says_nothing(cell)


def _is_truth(truths: Vocabulary, label: str) -> bool:
    try:
        truths[label]
    except UnreadableCell:
        return False
    return True
