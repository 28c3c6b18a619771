"""The labels of films: from the columns of a table, and joined over the rows of a film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Literal

from engine.errors import ConfigError
from engine.probing.cells import (
    ABSENT,
    NOT_TOLD,
    PRESENT,
    UNCERTAIN,
    VOCABULARY,
    Meaning,
    UnreadableCell,
    Vocabulary,
    labels_in,
)
from engine.probing.files import warn
from engine.probing.tables import Table
from engine.text_files import short

Uncertain = Literal["zeros", "ones", "ignore"]
"""What an uncertain label means, in the terms of Irvin et al., "CheXpert", AAAI 2019, section 3: absent ("zeros"),
present ("ones"), or not to be used. A film either has a label or does not, so "ignore" leaves out films with an
uncertain label."""


_AT_LEAST = [bytes(truth >= least for truth in range(256)) for least in (NOT_TOLD, ABSENT, UNCERTAIN, PRESENT)]
"""For each truth a table that makes the bytes of those below it 0"""


Told = tuple[Sequence[str], bytes]
"""What a row says: labels, and for each of them a byte: PRESENT, UNCERTAIN, ABSENT or NOT_TOLD. Plain and small, since
a table has many rows."""


def those(told: Told, least: int) -> tuple[str, ...]:
    """The labels of which a row says at least that, such as UNCERTAIN."""
    return tuple(compress(told[0], told[1].translate(_AT_LEAST[least])))


def present(labels: Sequence[str]) -> Told:
    """What a row says that lists its labels."""
    return labels, bytes([PRESENT]) * len(labels)


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

_NOTHING: Told = ((), b"")
_MOST = 1000
"""Labels that the rows of one film may give together: each row is compared with all of them"""
_NO_FINDING = frozenset({"no finding", "no findings", "normal"})
"""Labels that deny all others, in lower case with blanks for underscores"""


def listed_labels(
    table: Table, line: int, cells: Sequence[str], column: int, separators: tuple[str, ...]
) -> tuple[str, ...]:
    """The labels that a row lists in one cell. Raises ConfigError for a list that is not whole."""
    try:
        return labels_in(cells[column], separators)
    except UnreadableCell:
        place = f"{table.path}: line {line} has {short(cells[column])!r} in column {table.header[column]!r}"
        raise ConfigError(f"{place}, which begins like a list but is none.") from None


class LabelColumns:
    """One column for each label. Its cells are words of a vocabulary (engine.probing.cells)."""

    def __init__(
        self, table: Table, names: Sequence[str], words: Mapping[str, Meaning] | None = None, option: str | None = None
    ) -> None:
        """`words` are the user's own under the key probing.words; None where there is no such key. Raises ConfigError
        when a column is missing; `option` is the key that names the columns."""
        self._path = table.path
        self._names = tuple(dict.fromkeys(names))
        self._columns = [table.column(name, option) for name in self._names]
        self._truth = Vocabulary(words)
        self._hint = "" if words is None else "; name your own words in [probing.words]"

    def told(self, line: int, cells: Sequence[str]) -> Told:
        """What a row says of each label. Raises ConfigError for a word that is not in the vocabulary."""
        try:
            return self._names, bytes([self._truth[cells[column]] for column in self._columns])
        except UnreadableCell:
            raise self._unknown(line, cells) from None

    def _unknown(self, line: int, cells: Sequence[str]) -> ConfigError:
        for name, column in zip(self._names, self._columns, strict=True):
            try:
                self._truth[cells[column]]
            except UnreadableCell:
                place = f"{self._path}: line {line} has {short(cells[column])!r} in column {name!r}"
                return ConfigError(f"{place}, which says neither yes nor no{self._hint}.", f"Words: {VOCABULARY}.")
        raise AssertionError


def chexpert_columns(table: Table) -> LabelColumns:
    """Those of CHEXPERT_LABELS that are columns of the table. Raises ConfigError when none is."""
    names = [name for name in CHEXPERT_LABELS if table.has(name)]
    if not names:
        table.column(CHEXPERT_LABELS[0])
    return LabelColumns(table, names)


class JoinedLabels:
    """What all rows of each film say together: a label is present if one row says so, else uncertain if one says that.

    Rows contradict each other where one says that a label is present and another that it is absent, or where one has
    "No Finding" and another a finding. The finding counts, and "No Finding" does not.
    """

    def __init__(self, source: object, uncertain: Uncertain) -> None:
        self._source = source
        self._least = UNCERTAIN if uncertain == "ones" else PRESENT
        self._ignores = uncertain == "ignore"
        self._told: dict[str, Told] = {}
        self._contradictions: dict[str, str] = {}
        """Film -> the first label that its rows contradict each other about"""

    def add(self, film: str, told: Told) -> None:
        """Adds a row of a film, or of a study."""
        earlier = self._told.setdefault(film, told)
        if earlier is not told:
            self._told[film] = self._joined(film, earlier, told)

    def of(self, film: str) -> tuple[str, ...] | None:
        """The labels of a film, () for one without rows; None if an uncertain label leaves the film out."""
        told = self._told.get(film, _NOTHING)
        if self._ignores and UNCERTAIN in told[1]:
            return None
        return those(told, self._least)

    def warn(self, what: str = "films") -> None:
        """Warns of `what` has rows that contradict each other."""
        named = [f"{film}: {label}" for film, label in self._contradictions.items()]
        warn(f"{self._source}: {what} whose rows contradict each other, so that the finding counts", named)

    def _joined(self, film: str, earlier: Told, told: Told) -> Told:
        joined = dict(zip(*earlier, strict=True))
        for label, said in zip(*told, strict=True):
            before = joined.get(label, NOT_TOLD)
            joined[label] = max(said, before)
            if {before, said} == {ABSENT, PRESENT}:
                self._contradictions.setdefault(film, label)
        if len(joined) > _MOST:
            raise ConfigError(f"{self._source}: the rows of {short(film)!r} give it more than {_MOST:,} labels.")
        for one, other in ((earlier, told), (told, earlier)):
            denying = [label for label in those(one, PRESENT) if denies(label)]
            findings = [label for label in those(other, PRESENT) if not denies(label)]
            if denying and findings:
                self._contradictions.setdefault(film, findings[0])
                joined |= dict.fromkeys(denying, ABSENT)
        return tuple(joined), bytes(joined.values())


def denies(label: str) -> bool:
    """Whether a label says that there are no findings."""
    return label.lower().replace("_", " ") in _NO_FINDING
