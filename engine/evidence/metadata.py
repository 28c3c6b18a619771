"""The labels, patients and views of a run's images, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.store.reader import RunReader


@dataclass(frozen=True, eq=False)
class Recorded:
    """One value of a kind for each of the p images."""

    codes: NDArray[np.int32]
    """[p]; −1 where it is not recorded"""
    names: tuple[str, ...]
    """The values, by code"""

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """The number of images with each value, by code."""
        return np.bincount(self.codes[self.codes >= 0])

    @cached_property
    def times(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The different numbers of images that values have, and how many values have each."""
        times = np.bincount(self.sizes)
        different = np.flatnonzero(times)
        return different, times[different]


@dataclass(frozen=True, eq=False)
class Metadata:
    """What is recorded about the p usable images of a run."""

    labels: tuple[str, ...]
    """The L labels"""
    carried: NDArray[np.bool_]
    """Whether an image carries a label, [p, L]"""
    patients: Recorded
    views: Recorded
    clusters: NDArray[np.int32]
    """The cluster of each image, [p]: images of one patient are drawn together, one without a patient on its own"""

    @cached_property
    def totals(self) -> NDArray[np.int64]:
        """The number of images that carry each label, [L]."""
        totals: NDArray[np.int64] = self.carried.sum(axis=0)
        return totals

    @classmethod
    def of(cls, reader: RunReader) -> Self:
        labels, carried = reader.label_table()
        (patients, of_patients), (views, of_views) = reader.coded("patient"), reader.coded("view")
        by_patient = Recorded(of_patients, patients)
        return cls(labels, carried, by_patient, Recorded(of_views, views), clusters_of(by_patient))


def clusters_of(patients: Recorded) -> NDArray[np.int32]:
    """A number for each patient and for each image without one, [p]."""
    without = patients.codes < 0
    alone = len(patients.names) + np.cumsum(without, dtype=np.int32) - 1
    return np.where(without, alone, patients.codes)
