"""Text from outside (concepts, labels, paths, names): made safe to show, and fitted to cells.

Every such text goes through `clean` once and is then drawn as plain text, never as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells, set_cell_size

from engine.visible import visible

if TYPE_CHECKING:
    from engine.annotation.cuts import Cuts

ELLIPSIS = "…"
MINUS = "−"


def clean(text: str, limit: int = 500) -> str:
    """One line of at most `limit` characters in which everything is seen (engine.visible)."""
    shown = visible(text[: limit + 1])
    if len(text) > limit or len(shown) > limit:
        return shown[: limit - 1] + ELLIPSIS
    return shown


def fit(text: str, width: int, *, right: bool = False, keep_end: bool = False) -> str:
    """Clean `text` in exactly `width` cells, padded or cut with an ellipsis (at its start with `keep_end`)."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        if not keep_end:
            return set_cell_size(text, width - 1) + ELLIPSIS
        while cell_len(text) > width - 1:
            text = text[1:]
        return set_cell_size(ELLIPSIS + text, width)
    space = " " * (width - length)
    return space + text if right else text + space


def decimal(value: float, digits: int = 3) -> str:
    """A number with `digits` decimals and a true minus sign; a rounded zero has no sign."""
    text = f"{value:.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if float(text) == 0 else MINUS + text[1:]
    return text


def significant(value: float, digits: int = 4) -> str:
    """A number with `digits` significant digits and a true minus sign."""
    return f"{value:#.{digits}g}".replace("-", MINUS, 1) if value < 0 else f"{value:#.{digits}g}"


def number(value: float, digits: int = 3) -> str:
    """Like `decimal`; `–` for NaN."""
    return "–" if value != value else decimal(value, digits)


def probability(value: float) -> str:
    """A probability in at most six cells: three decimals, `<0.001` below them, `–` for NaN."""
    if value != value:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def percent(share: float) -> str:
    """A share in at most five cells: `38 %`, `<1 %`; `–` for NaN."""
    from engine.evidence.written import percent as whole

    return "–" if share != share else whole(share)


def wrap(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` cells, broken at spaces; a longer word is cut. A percent sign stays with its number."""
    line = ""
    for word in re.split(r"\s+(?!%)", text.strip()):
        for part in chop_cells(word, max(2, width)):
            if line and cell_len(line) + 1 + cell_len(part) > width:
                yield line
                line = ""
            line = f"{line} {part}" if line else part
    if line:
        yield line


def in_words(cuts: Cuts, between: str = ", ") -> str:
    """At which cuts something stands: `α 0.93, β 0.95`, with the ranking by z and the concept set where they are."""
    concept_set = () if cuts.concept_set is None else (f"concept set {clean(cuts.concept_set)}",)
    return between.join((*cuts.parts, *concept_set))


def reach(cuts: Cuts, threshold: float) -> str:
    """Where a neuron's representative images end: `τ 0.1`; or `down to 0.1`, the lowest activation taken."""
    return f"{'τ' if cuts.selection.rule == 'tau' else 'down to'} {decimal(threshold, 4)}"


def above(cuts: Cuts, threshold: float) -> str:
    """The same after a number of images: `above τ 0.1` or `down to 0.1`."""
    return f"{'above ' * (cuts.selection.rule == 'tau')}{reach(cuts, threshold)}"


def count(number: int, noun: str) -> str:
    """`1 image`, `1,024 images`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
