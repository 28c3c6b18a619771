"""The labels of films, the telling ones first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from mammi_tui.short_names import ShortNames


class LabelOrder:
    """The order in which the labels of a neuron's films are named.

    First the label that most of the films carry, then those that the annotation names, then the others by the number
    of films that carry them.
    """

    def __init__(self, films: Iterable[Iterable[str]], annotation: Iterable[str]) -> None:
        """`films` are the labels of each film, `annotation` the annotated concepts."""
        carried = Counter(label for labels in films for label in set(labels))
        named = {_as_concept(concept) for concept in annotation}
        order = sorted(carried, key=lambda label: (-carried[label], _as_concept(label) not in named, label))
        shared = order[:1]
        self._places = {
            label: place
            for place, label in enumerate(
                shared + sorted(order[1:], key=lambda label: _as_concept(label) not in named)  # a stable sort
            )
        }

    def sorted(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Labels in this order; those that none of the films carries come last."""
        return tuple(sorted(labels, key=lambda label: self._places.get(label, len(self._places))))


def _as_concept(name: str) -> str:
    """How a label is written as a concept: `Pleural_Thickening` is *pleural thickening*."""
    return name.replace("_", " ").casefold()


def short_list(labels: Sequence[str], cells: int, names: ShortNames) -> str:
    """Clean labels in at most `cells` cells: as many as fit, the first shortened if need be, then `+2` for two more."""
    full = ", ".join(labels)
    if cell_len(full) <= max(0, cells):
        return full
    for shown in range(len(labels) - 1, 0, -1):
        text = f"{', '.join(labels[:shown])} +{len(labels) - shown}"
        if cell_len(text) <= cells:
            return text
    if cells <= 0:
        return ""
    others = f" +{len(labels) - 1}" if len(labels) > 1 else ""
    room = cells - len(others)
    return names.fit(labels[0], room).rstrip() + others if room >= len(others) else names.fit(labels[0], cells).rstrip()
