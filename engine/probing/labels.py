"""Labels in a table: all in one cell, or in one column each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from engine.errors import ConfigError
from engine.probing.tables import Table

Uncertain = Literal["zeros", "ones", "ignore"]
"""What -1 means, by the names of Irvin et al., "CheXpert", AAAI 2019, section 3: absent, present, or not to be used. A
film has a label or has it not, so that "ignore" leaves films with an uncertain label out."""

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
"""The findings of CheXpert and MIMIC-CXR-JPG; a table has "Lung Opacity" or, in sets that radiologists labelled,
"Airspace Opacity". "No Finding" is none of them: a film without findings has no label."""

_MEANING = {
    **dict.fromkeys(("", "0", "0.0", "False", "false"), 0),
    **dict.fromkeys(("1", "1.0", "True", "true"), 1),
    **dict.fromkeys(("-1", "-1.0"), -1),
}


def split_labels(text: str, separator: str) -> tuple[str, ...]:
    """Each label once, in order."""
    labels = (label.strip() for label in text.split(separator))
    return tuple(dict.fromkeys(label for label in labels if label))


class LabelColumns:
    """One column for each label: 1 present, 0 absent, -1 uncertain, empty where nothing is said."""

    def __init__(self, table: Table, names: Sequence[str], uncertain: Uncertain, option: str | None = None) -> None:
        """Raises ConfigError where the table has not one of the columns; `option` is the key that names them."""
        self._path = table.path
        self._columns = [(name, table.column(name, option)) for name in names]
        self._uncertain = uncertain

    def labels(self, line: int, cells: Sequence[str]) -> tuple[str, ...] | None:
        """The labels of a row; None where the film is to be left out. Raises ConfigError for any other value."""
        present = []
        for name, column in self._columns:
            meaning = _MEANING.get(cells[column])
            if meaning is None:
                raise ConfigError(
                    f"{self._path}: line {line} has {cells[column]!r} in column {name!r}; it must be 1, 0, -1 or empty."
                )
            if meaning == -1 and self._uncertain == "ignore":
                return None
            if meaning == 1 or (meaning == -1 and self._uncertain == "ones"):
                present.append(name)
        return tuple(present)


def chexpert_columns(table: Table, uncertain: Uncertain) -> LabelColumns:
    """The columns of CHEXPERT_LABELS that the table has. Raises ConfigError where it has none."""
    names = [name for name in CHEXPERT_LABELS if table.has(name)]
    if not names:
        table.column(CHEXPERT_LABELS[0])
    return LabelColumns(table, names, uncertain)
