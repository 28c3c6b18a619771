"""One side of a comparison: a run, looked at with some cuts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.annotation.competing import Competing
from engine.annotation.cuts import Cuts
from engine.annotation.rows import Rows
from engine.annotation.scoring import concept_directions
from engine.annotation.standing import spread_of
from engine.chosen_images import Vectors
from engine.names import find_concept_set
from engine.store.ladder import inverse_lengths
from engine.store.parts import EMBEDDING
from engine.store.reader import RunReader

PIECE = 8192
"""Images whose embeddings are read at once"""


class Side:
    """An open run at some cuts. Raises MammiError for an unknown concept set."""

    def __init__(self, reader: RunReader, cuts: Cuts, vectors: Vectors | None = None) -> None:
        """`vectors` are the run's where they are at hand already."""
        self.reader = reader
        self.cuts = cuts
        self._vectors = vectors
        self.texts = _texts(reader, cuts.concept_set)

    @cached_property
    def part_keys(self) -> dict[str, str]:
        """As RunReader.parts."""
        return self.reader.parts()

    @property
    def embedding_key(self) -> str:
        """Equal keys and images, equal image embeddings; "" where the run has no keys."""
        return self.part_keys.get(EMBEDDING, "")

    def pieces(self, wanted: NDArray[np.integer]) -> Iterator[tuple[NDArray[np.integer], Rows, NDArray[np.float64]]]:
        """The embeddings of the images `wanted`, ascending: some images, [n], their embeddings, [n, d], and the inverse
        lengths of these, [n], at a time. All images at once where the run's vectors are at hand."""
        if self._vectors is not None:
            embeddings = self._vectors.embeddings
            yield np.arange(len(embeddings)), embeddings, self._vectors.inverse_lengths
            return
        for start in range(0, len(wanted), PIECE):
            images = wanted[start : start + PIECE].astype(np.int64)
            embeddings = self.reader.arrays.image_embeddings_of(images)
            yield images, embeddings, inverse_lengths(embeddings)

    def images(self, among: NDArray[np.int64] | None) -> int:
        """How many images there are, or are among some."""
        return self.reader.image_count if among is None else len(among)

    def spread(self, among: NDArray[np.int64] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The mean and the covariance of the unit embeddings of all images, or of some (engine.annotation.standing)."""
        if self._vectors is not None:
            embeddings, lengths = self._vectors.embeddings, self._vectors.inverse_lengths
        else:
            embeddings = self.reader.arrays.image_embeddings()
            lengths = inverse_lengths(embeddings)
        return spread_of(embeddings, lengths, among)


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The concepts that compete in a run, and the vectors that stand for them."""

    names: tuple[str, ...]
    """All concepts of the run"""
    directions: NDArray[np.float64]
    """t_j − t_tem of all concepts of the run, [m, d]"""
    competing: Competing
    embeddings: dict[str, NDArray[np.float32]]
    """Of each competing concept, prompted with the template, [d]"""
    template: str
    bare: NDArray[np.float32]
    """The embedding of the template that is subtracted, [d]; zeros for none"""

    def equals(self, other: Texts) -> bool:
        """Whether both give the same annotation to any mean of image embeddings."""
        return (
            self.embeddings.keys() == other.embeddings.keys()
            and np.array_equal(self.bare, other.bare)
            and all(np.array_equal(vector, other.embeddings[name]) for name, vector in self.embeddings.items())
        )

    def encoded_as(self, other: Texts) -> bool:
        """Whether the texts that both have were encoded alike, as far as the runs can tell."""
        if self.template != other.template:
            return self.bare.shape == other.bare.shape
        shared = self.embeddings.keys() & other.embeddings.keys()
        return self.bare.shape == other.bare.shape and all(
            np.array_equal(self.embeddings[name], other.embeddings[name]) for name in shared
        )


def _texts(reader: RunReader, concept_set: str | None) -> Texts:
    members = np.arange(len(reader.concepts))
    if concept_set is not None:
        members = np.array(find_concept_set(concept_set, reader.concept_sets).concepts, dtype=np.int64)
    embeddings, bare = reader.arrays.text_embeddings()
    directions = concept_directions(embeddings, bare)
    return Texts(
        reader.concepts,
        directions,
        Competing.of(directions, members),
        {reader.concepts[concept]: embeddings[concept] for concept in members.tolist()},
        reader.info.template,
        bare,
    )
