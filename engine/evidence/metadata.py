"""What a run knows of its images, as numbers: labels, patients and views."""

from __future__ import annotations

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
    """By code"""


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
        (patients, of_patients), (views, of_views) = reader.coded("patient"), reader.coded("view")
        column = Column(of_patients, patients)
        return cls(labels, carried, column, Column(of_views, views), clusters_of(column))


def clusters_of(patients: Column) -> NDArray[np.int32]:
    unknown = patients.codes < 0
    alone = len(patients.names) + np.cumsum(unknown, dtype=np.int32) - 1
    return np.where(unknown, alone, patients.codes)
