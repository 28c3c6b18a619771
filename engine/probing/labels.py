"""The labels of a table: all in one cell, or one column for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from engine.errors import ConfigError
from engine.probing.files import short
from engine.probing.tables import Table
from engine.text_files import Encoding, TextFiles

Uncertain = Literal["zeros", "ones", "ignore"]
"""What -1 means, in the terms of Irvin et al., "CheXpert", AAAI 2019, section 3: absent ("zeros"), present ("ones"), or
not to be used. A film either has a label or does not, so "ignore" leaves out films with an uncertain label."""

CHEXPERT_LABELS = (
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Airspace Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)
"""The findings of CheXpert and MIMIC-CXR-JPG. A table has "Lung Opacity" or, in sets that radiologists labelled,
"Airspace Opacity". "No Finding" is not one of them: a film without findings has no label."""

_MEANING = {
    **dict.fromkeys(("", "0", "0.0", "False", "false"), 0),
    **dict.fromkeys(("1", "1.0", "True", "true"), 1),
    **dict.fromkeys(("-1", "-1.0"), -1),
}


class LabelOptions(BaseModel, extra="forbid", frozen=True):
    """The keys of every kind of probing set that takes labels from the user's own CSV file."""

    labels_column: str = "labels"
    """A column with all labels of a row, `separator` between them"""
    separator: str = Field(default="|", min_length=1)
    label_columns: tuple[str, ...] = ()
    """Or one column for each label, with 1, 0, -1 for uncertain, or nothing"""
    uncertain: Uncertain = "zeros"
    """What -1 means: "zeros" absent, "ones" present; "ignore" leaves the film out"""
    encoding: Encoding | None = None
    """The file's encoding, such as "cp1252"; by default UTF-8, or what its byte order mark says"""

    @model_validator(mode="after")
    def _one_way_of_labels(self) -> Self:
        if self.label_columns and "labels_column" in self.model_fields_set:
            raise ValueError("labels_column and label_columns are two ways to give the same labels; keep one of them")
        return self

    def texts(self) -> TextFiles:
        """Reads the file in its encoding."""
        return TextFiles(self.encoding, "probing.encoding")


def row_labels(table: Table, options: LabelOptions) -> Callable[[int, Sequence[str]], tuple[str, ...] | None]:
    """A function from a row's line number and cells to its labels, or to None if the film is to be left out.

    A table without the column `labels` has no labels. Raises ConfigError when the configuration names a column that is
    missing.
    """
    if options.label_columns:
        return LabelColumns(table, options.label_columns, options.uncertain, "probing.label_columns").labels
    if not table.has(options.labels_column) and "labels_column" not in options.model_fields_set:
        return lambda _line, _cells: ()
    column = table.column(options.labels_column, "probing.labels_column")
    return lambda _line, cells: split_labels(cells[column], options.separator)


def split_labels(text: str, separator: str) -> tuple[str, ...]:
    """Each label once, in order."""
    labels = (label.strip() for label in text.split(separator))
    return tuple(dict.fromkeys(label for label in labels if label))


class LabelColumns:
    """One column for each label: 1 present, 0 absent, -1 uncertain, empty if nothing is said."""

    def __init__(self, table: Table, names: Sequence[str], uncertain: Uncertain, option: str | None = None) -> None:
        """Raises ConfigError when a column is missing; `option` is the key that names the columns."""
        self._path = table.path
        self._columns = [(name, table.column(name, option)) for name in names]
        self._uncertain = uncertain

    def labels(self, line: int, cells: Sequence[str]) -> tuple[str, ...] | None:
        """The labels of a row; None if the film is to be left out. Raises ConfigError for any other value."""
        present = []
        for name, column in self._columns:
            meaning = _MEANING.get(cells[column])
            if meaning is None:
                value = short(cells[column])
                raise ConfigError(
                    f"{self._path}: line {line} has {value!r} in column {name!r}; it must be 1, 0, -1 or empty."
                )
            if meaning == -1 and self._uncertain == "ignore":
                return None
            if meaning == 1 or (meaning == -1 and self._uncertain == "ones"):
                present.append(name)
        return tuple(present)


def chexpert_columns(table: Table, uncertain: Uncertain) -> LabelColumns:
    """Those of CHEXPERT_LABELS that are columns of the table. Raises ConfigError when none is."""
    names = [name for name in CHEXPERT_LABELS if table.has(name)]
    if not names:
        table.column(CHEXPERT_LABELS[0])
    return LabelColumns(table, names, uncertain)
