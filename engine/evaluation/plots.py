"""Figure 2 as files: SVG for print and PNG, drawn by Matplotlib without a display."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MultipleLocator

from engine.errors import writing
from engine.evaluation.figure2 import Figure2, fixed_lines, sweep_lines
from engine.store.whole_file import written_together
from engine.visible import visible

FORMATS = ("svg", "png")
STYLE: Any = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "savefig.dpi": 200,
    "svg.fonttype": "none",  # keeps text as text
    "svg.hashsalt": "mammi",  # makes equal figures give equal files
    "text.parse_math": False,  # keeps a $ in a name
}
DARK, LIGHT, FIXED, LINES = "#1f4e79", "#b8c4d0", "#d98e26", ("#1f4e79", "#c0504d", "#4f8a3c", "#8064a2", "#d98e26")
_BAR = 0.27
_LONGEST = 28


def names(figure: Figure2) -> list[str]:
    """The names of the files that `draw` writes."""
    return [f"{name}.{extension}" for name in _panels(figure) for extension in FORMATS]


def draw(figure: Figure2, folder: Path) -> list[Path]:
    """Writes each panel of figure 2 into the folder, over files of the same names.

    Raises MammiError if one cannot be written; then none of them is, and earlier ones stay."""
    with writing(folder), written_together(folder) as unfinished:
        _drawn(figure, unfinished)
    return [folder / name for name in names(figure)]


def _drawn(figure: Figure2, folder: Path) -> None:
    for name, panel in _panels(figure).items():
        with rc_context(STYLE):
            bars = max(len(figure.classes), len(figure.counts))
            canvas = Canvas(figsize=(min(max(6.4, 0.3 * bars), 40.0), 4.0), layout="constrained")
            panel(figure, canvas.add_subplot())
            for extension in FORMATS:
                path = folder / f"{name}.{extension}"
                canvas.savefig(path, metadata={"Date": None} if extension == "svg" else None)


def _panels(figure: Figure2) -> dict[str, Callable[[Figure2, Axes], None]]:
    classes = {"class_distribution": _classes} if figure.classes else {}
    return {**classes, "representatives": _counts, "alpha_sweep": _sweep}


def _classes(figure: Figure2, axes: Axes) -> None:
    places = range(len(figure.classes))
    bars = (
        ("probing set", LIGHT, [share.probing for share in figure.classes]),
        (f"adaptive, α = {figure.alpha:g}", DARK, [share.representatives for share in figure.classes]),
        (_without(figure), FIXED, [share.fixed for share in figure.classes]),
    )
    for number, (name, colour, shares) in enumerate(bars):
        axes.bar([place + (number - 1) * _BAR for place in places], shares, _BAR, color=colour, label=name)
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3)
    axes.set_ylabel("share of images")
    _label(axes, [share.label for share in figure.classes])


def _counts(figure: Figure2, axes: Axes) -> None:
    bars = (
        (f"adaptive, α = {figure.alpha:g}", DARK, [count.representatives for count in figure.counts]),
        (_without(figure), FIXED, [count.fixed for count in figure.counts]),
    )
    for number, (name, colour, counts) in enumerate(bars):
        places = [place + (number - 0.5) * 1.4 * _BAR for place in range(len(counts))]
        axes.bar_label(axes.bar(places, counts, 1.4 * _BAR, color=colour, label=name), fontsize=7)
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    axes.set_ylabel("images of a neuron")
    _label(axes, [count.name for count in figure.counts])


def _sweep(figure: Figure2, axes: Axes) -> None:
    alphas = [point.alpha for point in figure.sweep]
    fixed = fixed_lines(figure)
    for line, (name, values) in enumerate(sweep_lines(figure).items()):
        colour = LINES[line % len(LINES)]
        means, errors = [value.mean for value in values], [value.error for value in values]
        axes.plot(alphas, means, marker="o", markersize=3, color=colour, label=name)
        low, high = zip(*((mean - error, mean + error) for mean, error in zip(means, errors, strict=True)), strict=True)
        axes.fill_between(alphas, low, high, color=colour, alpha=0.12, linewidth=0)
        axes.axhline(fixed[name].mean, color=colour, linewidth=0.8, linestyle="--")
    axes.axvline(figure.alpha, color="#888888", linewidth=0.8, linestyle=":")
    axes.set_xlabel(f"α (dotted: {figure.alpha:g}; dashed: {_without(figure)})")
    axes.xaxis.set_major_locator(MultipleLocator(0.05))
    axes.set_ylabel("score (band: ± standard error)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _without(figure: Figure2) -> str:
    return f"without adaptive, {figure.fixed_count} images"


def _label(axes: Axes, texts: Sequence[str]) -> None:
    axes.set_xticks(range(len(texts)), [shown(text) for text in texts], rotation=40, ha="right", rotation_mode="anchor")
    axes.set_xmargin(0.01)


def shown(text: str, longest: int = _LONGEST) -> str:
    """A text from outside as a figure can show it."""
    seen = visible(text[: longest + 1])
    return seen if len(seen) <= longest else seen[: longest - 1] + "…"
