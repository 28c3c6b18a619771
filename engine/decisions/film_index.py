"""All images of a run by what they can be found by: names, labels, patients, views, reports and outputs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.decisions.discrimination import Flags
from engine.decisions.outputs import Outcomes
from engine.evidence.metadata import Metadata, Recorded
from engine.names import compared
from engine.probing.base import NONE
from engine.store.attributes import Attribute
from engine.store.reader import RunReader

SURE = 0.8
"""How sure the model is of an output, at least, where it is "sure and wrong" (Outcomes.sureness)"""


_BETWEEN = "\0"
"""Stands between texts: no path has it"""


@dataclass(frozen=True, slots=True)
class Wrong:
    """An output of an image that is wrong."""

    number: int
    """The class"""
    missed: bool
    """Whether the class is labelled and not predicted; else it is predicted and not labelled"""


class FilmIndex:
    """The p images of an open run. Texts are searched in lower case. Any thread may ask."""

    def __init__(self, reader: RunReader, outcomes: Outcomes | None) -> None:
        self._reader = reader
        self.outcomes = outcomes
        self._metadata = Metadata.of(reader)
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return self._reader.image_count

    @property
    def labels(self) -> tuple[str, ...]:
        return self._metadata.labels

    @property
    def views(self) -> tuple[str, ...]:
        return self._metadata.views.names

    @property
    def classes(self) -> tuple[str, ...]:
        """The model's outputs; () where the run does not hold them."""
        return self.outcomes.classes if self.outcomes else ()

    @cached_property
    def paths(self) -> Texts:
        return Texts([path or "" for path in self._reader.paths()])

    @cached_property
    def _patients(self) -> Texts:
        return Texts(self._metadata.patients.names)

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """What is recorded of the images beside findings, by name in lower case; their view is no part of it."""
        return {each.name.casefold(): each for each in self._reader.attributes() if each.name != "view"}

    # What holds for each image, [p]

    def named(self, text: str) -> Flags:
        """Images with a text in their path."""
        with self._reading:
            paths = self.paths
        return paths.having(text)

    def labelled(self, text: str) -> Flags:
        """Images with a text in a label; "*" is any label."""
        held = [text == "*" or text in compared(label) or text in label.casefold() for label in self.labels]
        found: Flags = np.any(self._metadata.carried[:, held], axis=1)
        return found

    def unlabelled(self) -> Flags:
        found: Flags = ~np.any(self._metadata.carried, axis=1)
        return found

    def of_patient(self, text: str) -> Flags:
        """Images of a patient whose name has a text in it."""
        return _recorded(self._metadata.patients, self._patients.having(text))

    def in_view(self, text: str) -> Flags:
        """Images of a view."""
        return _recorded(self._metadata.views, np.array([text == name.casefold() for name in self.views], np.bool_))

    def having(self, attribute: str, text: str) -> Flags:
        """Images with a text in a value of an attribute; "*" is any value, "none" that there is none. Of a text that is
        a whole value that value counts alone: "m" is no part of "female"."""
        told = self.attributes[attribute]
        if text in ("*", NONE):
            some: Flags = np.any(told.members, axis=0) | _numbered(told)
            return some if text == "*" else told.known & ~some
        values = [value.casefold() for value in told.values]
        held = [text == value for value in values]
        if not any(held) and told.numbers is None:
            held = [text in value for value in values]
        found: Flags = np.any(told.members[held], axis=0)
        return found

    def compared(self, attribute: str, holds: Callable[[NDArray[np.float64]], Flags]) -> Flags:
        """Images whose number of an attribute holds; none where it is unknown."""
        numbers = self.attributes[attribute].numbers
        return np.zeros(len(self), np.bool_) if numbers is None else holds(numbers) & ~np.isnan(numbers)

    def reported(self, text: str) -> Flags:
        """Images with a text in their report. Reads the run file."""
        found = np.zeros(len(self), np.bool_)
        found[self._reader.reported(text)] = True
        return found

    def wrong(self, number: int | None, *, surely: bool = False) -> Flags:
        """Images on which the model is wrong about a class, or about any; or surely wrong."""
        if surely and number is None:
            return self._surest_wrong >= SURE
        outcomes = self.outcomes
        if outcomes is None:
            return np.zeros(len(self), np.bool_)
        found = np.zeros(len(self), np.bool_)
        for each in range(len(outcomes.classes)) if number is None else [number]:
            if outcomes.known[each]:
                wrong = outcomes.predicted[:, each] != outcomes.labelled[:, each]
                found |= wrong & (outcomes.sureness(each) >= SURE) if surely else wrong
        return found

    # How images are sorted, [p]

    def outputs(self, number: int | None) -> NDArray[np.float32]:
        """The probability of a class, or the highest one; NaN where the run does not hold it."""
        if self.outcomes is None:
            return np.full(len(self), np.nan, np.float32)
        if number is not None:
            return self.outcomes.probabilities[:, number]
        return self._highest

    def sureness(self, number: int | None) -> NDArray[np.float32]:
        """How sure the model is of its prediction of a class; or of the surest that is wrong, −1 where none is."""
        outcomes = self.outcomes
        if outcomes is None:
            return np.full(len(self), np.nan, np.float32)
        if number is not None:
            return outcomes.sureness(number).astype(np.float32)
        return self._surest_wrong

    @cached_property
    def _highest(self) -> NDArray[np.float32]:
        values = np.zeros((1, 1)) if self.outcomes is None else self.outcomes.probabilities
        found: NDArray[np.float32] = np.fmax.reduce(values, axis=1)
        return found

    @cached_property
    def _surest_wrong(self) -> NDArray[np.float32]:
        surest = np.full(len(self), -1.0, np.float32)
        if self.outcomes is not None:
            for number in np.flatnonzero(self.outcomes.known):
                sure = self.outcomes.sureness(int(number)).astype(np.float32)
                np.maximum(surest, np.where(self.wrong(int(number)), sure, -1.0), out=surest)
        return surest

    # One image

    def labels_of(self, image: int) -> list[str]:
        return [self.labels[place] for place in np.flatnonzero(self._metadata.carried[image])]

    def strongest(self, image: int, most: int) -> list[tuple[int, float]]:
        """The classes of the highest probabilities, with these."""
        if self.outcomes is None:
            return []
        values = self.outcomes.probabilities[image]
        order = np.argsort(-np.nan_to_num(values, nan=-1.0), kind="stable")[:most]
        return [(int(number), float(values[number])) for number in order]

    def wrong_in(self, image: int) -> list[Wrong]:
        """The outputs of an image that are wrong, the surest first."""
        outcomes = self.outcomes
        if outcomes is None:
            return []
        wrong = outcomes.known & (outcomes.predicted[image] != outcomes.labelled[image])
        sure = outcomes.sureness_of(image)
        order = sorted(np.flatnonzero(wrong).tolist(), key=lambda number: -sure[number])
        return [Wrong(number, bool(outcomes.labelled[image, number])) for number in order]


class Texts:
    """Many short texts, kept as one, which takes a fraction of the memory, and searched at once in lower case."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._all = _BETWEEN.join(text.replace(_BETWEEN, " ") for text in texts)
        self._ends = np.cumsum(np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts)))
        folded = self._all.casefold()
        self._folded = self._all if self._all == folded else folded
        same = self._all.isascii()  # then each text is as long in lower case
        lengths = (len(text) + 1 for text in self._folded.split(_BETWEEN)) if not same else ()
        self._folded_ends = self._ends if same else np.cumsum(np.fromiter(lengths, np.int64))

    def __getitem__(self, index: int) -> str:
        start = int(self._ends[index - 1]) if index else 0
        return self._all[start : int(self._ends[index]) - 1]

    def having(self, text: str) -> Flags:
        """Which of the texts have a text in them, [n]."""
        ends, found = self._folded_ends, np.zeros(len(self._ends), np.bool_)
        if not text or not len(self._ends):
            return ~found
        if _BETWEEN in text:
            return found
        if self._folded.count(text) > len(found) // 8:  # many: to look at each text is quicker
            return np.fromiter((text in each for each in self._folded.split(_BETWEEN)), np.bool_, len(found))
        starts = [match.start() for match in re.finditer(re.escape(text), self._folded)]
        found[np.searchsorted(ends, np.array(starts, np.int64), side="right")] = True
        return found


def _numbered(told: Attribute) -> Flags:
    """Images that have a number, [p]."""
    return np.zeros(len(told.known), np.bool_) if told.numbers is None else ~np.isnan(told.numbers)


def _recorded(recorded: Recorded, held: Flags) -> Flags:
    """Which images have one of the values that are held, [values]."""
    found: Flags = np.append(held, False)[recorded.codes]
    return found
