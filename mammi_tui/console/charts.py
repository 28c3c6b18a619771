"""Draws figure 2 in the terminal with block characters: at most 80 cells wide, no colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.evaluation.figure2 import Figure2, fixed_lines, sweep_lines
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, decimal, fit

WIDTH = 80
_NAME, _VALUE = 24, 7
_BAR = WIDTH - _NAME - _VALUE - 2
_EIGHTHS = "▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_FIXED = "░"


def charts(figure: Figure2) -> Iterator[str]:
    """The panels of figure 2, one below the other. Every line is clean."""
    if figure.classes:
        yield ""
        yield f"Share of images with each label: ··· probing set, {_EIGHTHS[-1] * 3} representative images,"
        yield f"{_FIXED * 3} without adaptive selection ({figure.fixed_count} images each)"
        yield ""
        top = max(max(share.probing, share.representatives, share.fixed) for share in figure.classes)
        labels = ShortNames(share.label for share in figure.classes).within(_NAME)
        for label, share in zip(labels, figure.classes, strict=True):
            yield _bar(label, f"{share.probing:.1%}", "·" * round(_BAR * share.probing / top))
            yield _bar("", f"{share.representatives:.1%}", _blocks(share.representatives / top))
            yield _bar("", f"{share.fixed:.1%}", _FIXED * round(_BAR * share.fixed / top))
    yield ""
    yield fit(f"Representative images of {clean(figure.layer)} at α {figure.alpha:g}", WIDTH).rstrip()
    yield f"{_FIXED * 3} without adaptive selection"
    yield ""
    most = max([1, *(max(count.representatives, count.fixed) for count in figure.counts)])
    names = ShortNames(count.name for count in figure.counts).within(_NAME)
    for name, count in zip(names, figure.counts, strict=True):
        yield _bar(name, f"{count.representatives:,}", _blocks(count.representatives / most))
        yield _bar("", f"{count.fixed:,}", _FIXED * round(_BAR * count.fixed / most))
    yield ""
    first, last = figure.sweep[0].alpha, figure.sweep[-1].alpha
    yield f"MAMMI along α, from {first:g} to {last:g}; levels from 0 to the highest"
    yield ""
    fixed = fixed_lines(figure)
    for name, values in sweep_lines(figure).items():
        yield _levels(name, [value.mean for value in values], 3)
        yield f"{fit('', _NAME)} without adaptive selection: {decimal(fixed[name].mean, 3)}"
    yield _levels("representatives, mean", [point.representatives for point in figure.sweep], 1)


def _bar(name: str, value: str, bar: str) -> str:
    return f"{fit(clean(name), _NAME)} {fit(value, _VALUE, right=True)} {bar}".rstrip()


def _blocks(share: float) -> str:
    """A bar that fills this share of _BAR cells, to an eighth of a cell. The smallest share above 0 is visible."""
    eighths = round(share * _BAR * len(_EIGHTHS)) or int(share > 0)
    whole, rest = divmod(eighths, len(_EIGHTHS))
    return _EIGHTHS[-1] * whole + (_EIGHTHS[rest - 1] if rest else "")


def _levels(name: str, values: Sequence[float], digits: int) -> str:
    top = max(values)
    steps = [round(value / top * (len(_LEVELS) - 1)) if top > 0 else 0 for value in values]
    drawn = "".join(_LEVELS[max(step, 0)] for step in steps)
    ends = f"{decimal(values[0], digits)} to {decimal(values[-1], digits)}, highest {decimal(top, digits)}"
    return f"{fit(clean(name), _NAME)} {drawn}  {ends}"
