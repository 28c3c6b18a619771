"""MAMMI's images and scores, ranked by how far a score lies above that of random image sets: z instead of Eq. 2's s.

A concept that fits every film (*chest*, *lung*) has a high score whichever images are chosen. Its z is low, as a random
image set of the same size has that score too (engine.annotation.standing). The annotation are the concepts whose z lies
above β times the best z. This is a method of our own; docs/evidence.md compares it with Eq. 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from engine.annotation.cuts import Ranking
from engine.methods.mammi import Mammi

if TYPE_CHECKING:
    from engine.requery import Requery
    from engine.store.reader import RunReader


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.mammi_z]` of a configuration, which has no keys."""


def load(options: Options, reader: RunReader, requery: Requery) -> MammiZ:  # noqa: ARG001
    """MAMMI ranked by z over an open run file."""
    return MammiZ(reader, requery)


class MammiZ(Mammi):
    """MAMMI ranked by z as a Method (engine.methods.base)."""

    name = "mammi_z"
    title = "MAMMI by z"
    _ranking: Ranking = "z"

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        super().__init__(reader, requery)
        self._nothing_positive = "No concept scores above random image sets."
