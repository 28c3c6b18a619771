"""What is known of a few units of a layer, such as those on screen, before the whole layer is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.annotation.competing import Words
from engine.requery import LayerAnswer


@dataclass(frozen=True, slots=True, eq=False)
class SomeUnits:
    """`answer` is about the units of `places` alone: its arrays hold a unit at its place."""

    answer: LayerAnswer
    places: dict[int, int]

    @classmethod
    def of(cls, units: Sequence[int], answer: LayerAnswer) -> SomeUnits:
        """`units` in the order of the answer."""
        return cls(answer, {unit: place for place, unit in enumerate(units)})

    def joined(self, more: SomeUnits) -> SomeUnits:
        """These units and more of them, at the same cuts."""
        first, last = self.answer, more.answer
        shift = int(first.words.ends[-1]) if len(first.words.ends) else 0
        answer = replace(
            first,
            counts=np.concatenate([first.counts, last.counts]),
            best=np.concatenate([first.best, last.best]),
            best_scores=np.concatenate([first.best_scores, last.best_scores]),
            best_z=np.concatenate([first.best_z, last.best_z]),
            words=Words(
                np.concatenate([first.words.ends, last.words.ends + shift]),
                np.concatenate([first.words.concepts, last.words.concepts]),
            ),
        )
        before = len(first.counts)
        return SomeUnits(answer, self.places | {unit: before + place for unit, place in more.places.items()})
