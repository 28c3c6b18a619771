"""Figure 3 as files: SVG for print and PNG, drawn by Matplotlib without a display."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Polygon

from engine.errors import writing
from engine.evaluation.figure3 import DrawnUnit, Figure3
from engine.evaluation.plots import FORMATS, STYLE, shown
from engine.store.records import ImageInfo
from engine.store.whole_file import written_together

_MARK = "#ff5a36"
_WARM = LinearSegmentedColormap.from_list("warm", [(1.0, 0.6, 0.0, 0.0), (1.0, 0.55, 0.0, 0.1), (1.0, 0.35, 0.0, 0.6)])
"""Clear where a map is low, so that the film stays readable, and orange where it is high"""
_LONGEST = 44
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def names(figures: Sequence[Figure3]) -> list[str]:
    """The names of the files that `draw` writes. Two films of one name get their place in the list as well."""
    stems = [_NAME.sub("_", PurePosixPath(figure.info.path).stem)[:80] or "film" for figure in figures]
    told = [stem if stems.count(stem) == 1 else f"{stem}_{place}" for place, stem in enumerate(stems, start=1)]
    return [f"figure3_{stem}.{extension}" for stem in told for extension in FORMATS]


def draw(figures: Sequence[Figure3], folder: Path) -> list[Path]:
    """Writes each film's panel into the folder, over files of the same names.

    Raises MammiError if one cannot be written; then none of them is, and earlier ones stay."""
    files = names(figures)
    with writing(folder), written_together(folder) as unfinished:
        for place, figure in enumerate(figures):
            _write(figure, [unfinished / name for name in files[place * len(FORMATS) : (place + 1) * len(FORMATS)]])
    return [folder / name for name in files]


def _write(figure: Figure3, paths: Sequence[Path]) -> None:
    lines = max([1, *(len(unit.words) for unit in figure.units)])
    with rc_context(STYLE):
        canvas = Canvas(figsize=(10.5, 3.9 + 0.19 * lines), layout="constrained")
        grid = canvas.subplots(2, 3, height_ratios=[3.5, 0.19 * lines], squeeze=False)
        _film(grid[0, 0], figure)
        for place in range(1, 3):
            if place <= len(figure.units):
                _unit(grid[0, place], grid[1, place], figure, figure.units[place - 1])
            else:
                grid[0, place].axis("off")
        for axes in grid[1]:
            axes.axis("off")
        for path in paths:
            canvas.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _film(axes: Axes, figure: Figure3) -> None:
    info = figure.info
    _background(axes, figure)
    for label, corners in _outlines(info):
        axes.add_patch(Polygon(corners, closed=True, fill=False, edgecolor=_MARK, linewidth=1.2))
        axes.annotate(shown(label), corners[0], color=_MARK, fontsize=7, va="bottom")
    labels = shown(", ".join(info.labels)) or "no labels"
    axes.set_title(f"{shown(PurePosixPath(info.path).name)}\nlabelled: {labels}", fontsize=9)
    axes.set_xlabel(f"{shown(figure.name)}: p {figure.probability:.2f}, output {figure.output:+.2f}")


def _unit(axes: Axes, below: Axes, figure: Figure3, unit: DrawnUnit) -> None:
    _background(axes, figure)
    if unit.map is not None:
        span = float(unit.map.max() - unit.map.min())
        heat = (unit.map - unit.map.min()) / (span or 1.0)
        extent = (0, figure.info.width, figure.info.height, 0)
        axes.imshow(heat, cmap=_WARM, extent=extent, interpolation="bilinear", vmin=0, vmax=1)
    axes.set_title(f"{shown(unit.neuron)}\nraises the output by {unit.share:.2f}", fontsize=9)
    axes.set_xlabel("" if unit.map is not None else "no map: it needs the target model")
    for line, (title, words) in enumerate(unit.words):
        told = ", ".join(words) or "–"
        text = f"{shown(title, _LONGEST)}: {shown(told, _LONGEST)}"
        below.text(0.0, 1 - (line + 0.5) / len(unit.words), text, fontsize=7, va="center", transform=below.transAxes)


def _background(axes: Axes, figure: Figure3) -> None:
    extent = (0, figure.info.width, figure.info.height, 0)
    axes.imshow(figure.film, cmap="gray", extent=extent, vmin=0, vmax=255)
    axes.set_xticks([])
    axes.set_yticks([])


def _outlines(info: ImageInfo) -> list[tuple[str, np.ndarray]]:
    boxes = [
        (
            box.label,
            np.array(
                [
                    (box.x, box.y),
                    (box.x + box.width, box.y),
                    (box.x + box.width, box.y + box.height),
                    (box.x, box.y + box.height),
                ]
            ),
        )
        for box in info.boxes
    ]
    return boxes + [(polygon.label, np.array(polygon.points)) for polygon in info.polygons]
