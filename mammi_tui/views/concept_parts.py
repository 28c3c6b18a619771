"""The parts of the concept view: neurons, near concepts, films, and concepts that no neuron has, a line for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.store.records import ImageInfo
from mammi_tui.film_labels import LabelOrder, short_list
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.neurons.unit_marks import trust_mark, verdict_mark
from mammi_tui.questions.subjects import ClassSubject, ConceptSubject, FilmList, FilmSubject, Subject
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, decimal, fit, percent, significant
from mammi_tui.widgets.captions import identifiers
from mammi_tui.widgets.lines import Part

if TYPE_CHECKING:
    from engine.decisions.concepts import NearConcept, Standing

Lead = tuple[Subject, FilmList | None]
"""What Enter on a line leads to: a subject, and for a film the list that it is from"""

RANK, SCORE, Z, COSINE, COUNT, SHARE = 5, 8, 6, 8, 6, 8
"""Cells of the columns of numbers"""
FINDING, LONGEST_NAME = 16, 26
"""Cells of the finding, and of the longest name that is whole before a line has one"""


class PartOfList:
    """A head, and below it lines that each lead to a subject."""

    titles: Sequence[str] = ()
    """From the longest to the shortest: the first that fits stands beside the heads"""
    nothing: str = ""
    """Stands where there is no line; "" leaves the part out"""

    def __len__(self) -> int:
        raise NotImplementedError

    def heads(self, width: int) -> str:  # noqa: ARG002
        """The names of the columns on the right."""
        return ""

    def line(self, index: int, width: int) -> Iterable[Part]:
        """A line of `width` cells."""
        raise NotImplementedError

    def lead(self, index: int) -> Lead:
        """What a line leads to."""
        raise NotImplementedError


class Namesake(PartOfList):
    """The class or the label that has the concept's name, if there is one."""

    def __init__(self, name: str) -> None:
        self.titles = ("The class of this name",)
        self._name = name

    def __len__(self) -> int:
        return int(bool(self._name))

    def line(self, index: int, width: int) -> Iterable[Part]:  # noqa: ARG002
        yield fit(f"  {clean(self._name)}", width), "line--text"

    def lead(self, index: int) -> Lead:  # noqa: ARG002
        return ClassSubject(self._name), None


class Neurons(PartOfList):
    """Neurons, with the verdict, the trust and the finding as the pane of neurons has them."""

    def __init__(
        self,
        titles: Sequence[str],
        nothing: str,
        standings: Sequence[Standing],
        rows: NeuronRows,
        cuts: Cuts,
        findings: Mapping[int, Sequence[str]],
    ) -> None:
        self.titles, self.nothing = titles, nothing
        self._standings, self._rows, self._cuts = standings, rows, cuts
        self._found = [clean(findings[each.layer][each.unit]) for each in standings]
        self._neurons = [Neuron(each.layer, each.unit) for each in standings]
        self._names = ShortNames((_named(rows, neuron) for neuron in self._neurons), keep_end=True)
        self._findings = ShortNames(self._found)

    def __len__(self) -> int:
        return len(self._standings)

    def heads(self, width: int) -> str:
        finding = "  " + fit("finding", FINDING) if self._has_finding(width) else ""
        return fit("rank", RANK, right=True) + fit("score", SCORE, right=True) + fit("z", Z, right=True) + finding

    def _has_finding(self, width: int) -> bool:
        return width - RANK - SCORE - Z - 3 >= min(self._names.longest, LONGEST_NAME) + 2 + FINDING

    def line(self, index: int, width: int) -> Iterable[Part]:
        found, neuron = self._standings[index], self._neurons[index]
        right = len(self.heads(width))
        yield verdict_mark(self._rows, neuron)
        yield self._trust(neuron)
        style = "line--strong" if found.rank == 1 else "line--text"
        yield " " + self._names.fit(self._names[index], max(0, width - right - 3)), style
        yield fit(f"{found.rank}", RANK, right=True), "line--muted"
        yield fit(decimal(found.score, 4), SCORE, right=True), "line--text"
        yield fit(decimal(found.z, 1), Z, right=True), "line--muted"
        if self._has_finding(width):
            yield "  " + self._findings.fit(self._found[index], FINDING), "line--accent"

    def lead(self, index: int) -> Lead:
        return self._neurons[index], None

    def _trust(self, neuron: Neuron) -> Part:
        """Dimmed where it was computed at other cuts than the list."""
        mark, style = trust_mark(self._rows, neuron)
        evidence = self._rows.evidence[neuron.layer]
        return mark, "line--stale" if evidence is not None and evidence.cuts != self._cuts else style


def _named(rows: NeuronRows, neuron: Neuron) -> str:
    """The neuron, and its class; of a layer without trained weights, that its words mean nothing."""
    detail = "random" if rows.layers[neuron.layer].untrained else rows.class_of(neuron)
    return f"{rows.name_of(neuron)} {detail}".rstrip()


class NearConcepts(PartOfList):
    """Other concepts by the cosine of their directions, and how many neurons have them."""

    def __init__(self, near: Sequence[NearConcept], concepts: Sequence[str]) -> None:
        self.titles, self.nothing = ("Nearest concepts", "Nearest"), "No other concept competes."
        self._near = near
        self._names = ShortNames(concepts[each.concept] for each in near)

    def __len__(self) -> int:
        return len(self._near)

    def heads(self, width: int) -> str:  # noqa: ARG002
        return fit("cosine", COSINE, right=True) + fit("have", COUNT, right=True) + fit("best", COUNT, right=True)

    def line(self, index: int, width: int) -> Iterable[Part]:
        found = self._near[index]
        name = self._names.fit(self._names[index], max(0, width - COSINE - 2 * COUNT - 2))
        yield f"  {name}", "line--text" if found.annotated else "line--muted"
        yield fit(decimal(found.cosine, 3), COSINE, right=True), "line--text"
        for number in (found.annotated, found.best):
            yield fit(f"{number:,}" if number else "–", COUNT, right=True), "line--muted"

    def lead(self, index: int) -> Lead:
        return ConceptSubject(self._near[index].concept), None


class Films(PartOfList):
    """Films by their labels and names, with the cosine and a neuron's activation."""

    def __init__(
        self,
        titles: Sequence[str],
        nothing: str,
        images: Sequence[int],
        numbers: Sequence[tuple[float, float, float | None]],
        infos: Mapping[int, ImageInfo],
        named: str,
        concept: str,
    ) -> None:
        """`numbers` are each film's cosine, activation, and the share of the films with a higher one; `named` says what
        the films are, in the film view's list."""
        self.titles, self.nothing = titles, nothing
        self._images, self._numbers = images, numbers
        self._list = FilmList(named, tuple(images))
        self._with_shares = any(share is not None for _, _, share in numbers)
        found = [infos[image] for image in images]
        order = LabelOrder((info.labels for info in found), [concept])
        self._labels = [[clean(label) for label in order.sorted(info.labels)] for info in found]
        self._short = ShortNames(label for labels in self._labels for label in labels)
        self._names = ShortNames(identifiers([info.path for info in found]), keep_end=True)

    def __len__(self) -> int:
        return len(self._images)

    def heads(self, width: int) -> str:  # noqa: ARG002
        above = fit("higher", SHARE, right=True) if self._with_shares else ""
        return fit("cosine", COSINE, right=True) + fit("activ.", SCORE + 1, right=True) + above

    def line(self, index: int, width: int) -> Iterable[Part]:
        cosine, activation, share = self._numbers[index]
        room = max(0, width - len(self.heads(width)) - 2)
        name = min(self._names.longest, max(room // 3, room - 24))
        labels = short_list(self._labels[index], room - name - 2, self._short) or "no labels"
        yield "  " + fit(labels, room - name - 2) + "  ", "line--accent"
        yield self._names.fit(self._names[index], name), "line--muted"
        yield fit(decimal(cosine, 3), COSINE, right=True), "line--text"
        known = activation == activation
        yield fit(significant(activation, 3) if known else "–", SCORE + 1, right=True), "line--text"
        if self._with_shares:
            yield fit("" if share is None else percent(share), SHARE, right=True), "line--muted"

    def lead(self, index: int) -> Lead:
        return FilmSubject(self._images[index]), self._list


class Unclaimed(PartOfList):
    """Concepts that no neuron has: there may be many thousands, so that only those on screen are looked up."""

    def __init__(self, found: NDArray[np.int64], competing: int, concepts: Sequence[str]) -> None:
        number = f"{len(found):,} of {competing:,}"
        self.titles = (f"No neuron has these: {number} concepts", f"No neuron has {number}")
        self.nothing = "Every concept is in some neuron's annotation."
        self._found, self._concepts = found, concepts

    def __len__(self) -> int:
        return len(self._found)

    def line(self, index: int, width: int) -> Iterator[Part]:
        yield fit(f"  {clean(self._concepts[int(self._found[index])])}", width), "line--muted"

    def lead(self, index: int) -> Lead:
        return ConceptSubject(int(self._found[index])), None
