"""What a run knows of its images, as numbers: labels, patients and views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.store.reader import RunReader


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One value for each of the p images."""

    codes: NDArray[np.int32]
    """[p]; −1 where it is not known"""
    names: tuple[str, ...]
    """By code, in order of their first image"""

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Self:
        known: dict[str, int] = {}
        codes = [-1 if value is None else known.setdefault(value, len(known)) for value in values]
        return cls(np.array(codes, dtype=np.int32), tuple(known))


@dataclass(frozen=True, slots=True, eq=False)
class Metadata:
    """Of the p usable images of a run."""

    labels: tuple[str, ...]
    """L of them"""
    carried: NDArray[np.bool_]
    """Which image carries which label, [p, L]"""
    patients: Column
    views: Column
    clusters: NDArray[np.int32]
    """Images that are drawn together, [p]: those of one patient; an image of an unknown patient is on its own"""

    @classmethod
    def of(cls, reader: RunReader) -> Self:
        labels, carried = reader.label_table()
        patients = Column.of(reader.patients())
        return cls(labels, carried, patients, Column.of(reader.views()), clusters_of(patients))


def clusters_of(patients: Column) -> NDArray[np.int32]:
    unknown = patients.codes < 0
    alone = len(patients.names) + np.cumsum(unknown, dtype=np.int32) - 1
    return np.where(unknown, alone, patients.codes)
