"""How the first concept changes along α, drawn on the scale of the α slider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from engine.evidence.details import AlphaStep
from mammi_tui.short_names import ShortNames
from mammi_tui.text import decimal, fit
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.sheet import Row

_ROUNDING = 1e-9
NEAREST = 3
"""How many stretches are listed on either side of the present one"""


def track(path: Sequence[AlphaStep], best: int, alpha: float, own_alpha: float, width: int) -> Row:
    """A line from 0 to 1 in `width` cells.

    It is heavy where the first concept is the present one, dotted where no image is representative, and blank where
    too many are to follow the path. Other concepts alternate between two thin lines. ● marks the present α, ◇ the
    run's own, ◆ both where they are equal.
    """
    cells = max(2, width - 6)
    thumb, own = round(alpha * (cells - 1)), round(own_alpha * (cells - 1))
    parts: list[Part] = [("  0 ", "line--faint")]
    for cell in range(cells):
        if cell == thumb:
            parts.append(("◆" if alpha == own_alpha else "●", "line--strong"))
        elif cell == own:
            parts.append(("◇", "line--accent"))
        else:
            parts.append(_stroke(path, best, cell / (cells - 1)))
    return *parts, (" 1", "line--faint")


def _stroke(path: Sequence[AlphaStep], best: int, alpha: float) -> Part:
    place = _place(path, alpha)
    if place is None:
        return " ", "line--faint"
    if path[place].best < 0:
        return "·", "line--faint"
    if path[place].best == best:
        return "━", "line--bar"
    return "─╌"[place % 2], "line--muted"


def _place(path: Sequence[AlphaStep], alpha: float) -> int | None:
    """The index of the stretch that α lies in, up to the start of the next; None below the start of the path."""
    return next((place for place in range(len(path) - 1, -1, -1) if path[place].low <= alpha + _ROUNDING), None)


def step_rows(path: Sequence[AlphaStep], best: int, alpha: float, concepts: ShortNames, width: int) -> Iterator[Row]:
    """The stretches nearest to the present one, from the highest α down, each with its largest number of images."""
    here = _place(path, alpha)
    if here is None or len(path) < 2:
        return
    low, high = max(0, here - NEAREST), min(len(path), here + NEAREST + 1)
    if high < len(path):
        yield ((fit(f"  {len(path) - high:,} more above", width), "line--faint"),)
    for place in range(high - 1, low - 1, -1):
        step = path[place]
        name = concepts[step.best] if step.best >= 0 else "no image"
        images = f"{step.count:,}" if step.best >= 0 else ""
        ends = dict.fromkeys((decimal(step.low, 2), decimal(step.high, 2)))
        stretch = f"{'▸' if place == here else ' '} {fit(' … '.join(ends), 11)}  "
        room = width - cell_len(stretch) - 7
        style = "line--text" if step.best == best else "line--muted"
        yield (
            (stretch, style),
            (concepts.fit(name, room), "line--strong" if step.best == best else style),
            (fit(images, 7, right=True), "line--muted"),
        )
    if low > 0:
        yield ((fit(f"  {low:,} more below", width), "line--faint"),)
