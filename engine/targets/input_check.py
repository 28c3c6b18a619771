"""Finds likely mistakes in the films and the target model's inputs of a whole run, without torch, from what the run
stores.

Each rule detects one mistake by its effect on all inputs or films together. The thresholds are far from the mistakes,
and far from what the defaults and ImageNet's normalisation give on phantoms and on real films: inputs of mean 0.3 to
0.6 and standard deviation 0.8 to 0.9, grey levels of 150 ± 50.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE = 200
"""Films that are examined, spread evenly over a run"""

_FEW = 5
"""Fewer films are too few to judge"""
_WIDE = 20.0
"""Inputs beyond this are not normalised: grey levels in [0, 1] with a usual mean and deviation stay within ±3"""


def sampled(images: int) -> list[int]:
    """Which of a run's images to examine, as indices below `images`."""
    return sorted({round(place) for place in np.linspace(0, images - 1, min(images, SAMPLE))})


def likely_mistakes(
    statistics: Mapping[str, NDArray[np.float64]], films: Sequence[NDArray[np.uint8]], target: Mapping[str, Any]
) -> list[str]:
    """One line for each likely mistake; none where all is well.

    `statistics` holds "low", "high", "mean" and "std" of each usable image's input, each [p]. All are 0 in older runs,
    which did not measure them: such statistics are ignored. `films` are some of the images, grey [h, w] of any size.
    `target` is the configuration's table of the target model.
    """
    of_films = list(_film_mistakes(films))
    measured = any(values.any() for values in statistics.values())
    return [*of_films, *(_input_mistakes(statistics, target, not of_films) if measured else ())]


def _film_mistakes(films: Sequence[NDArray[np.uint8]]) -> Iterator[str]:
    if len(films) < _FEW:
        return
    grey = float(np.median([film.mean() for film in films]))
    if grey < 20 or grey > 235:
        end = "black" if grey < 20 else "white"
        yield (
            f"the films are nearly {end} (grey level {grey:.0f} of 255): were they made from 16-bit files by clipping, "
            "or with another window? Give the original files"
        )
    excess = [corner_excess(film) for film in films]
    if np.median(excess) > 10:  # in most films
        inverted = sum(each > 0 for each in excess)
        yield (
            f"the films are probably inverted: {inverted} of {len(films)} are brighter in their upper corners, where "
            "air is, than in the middle (DICOM's MONOCHROME1, exported as it is stored?)"
        )


def corner_excess(film: NDArray[np.uint8]) -> float:
    """How many grey levels the upper corners of a film [h, w] are brighter than its middle.

    It is below 0 for each of 48 real films (../shared/data/xray) and 48 phantoms, and above 0 for the inverse of each.
    """
    height, width = film.shape
    high, wide = max(1, height // 8), max(1, width // 8)
    corners = (film[:high, :wide].mean() + film[:high, -wide:].mean()) / 2
    return float(corners - film[height // 4 : -(height // 4) or None, width // 4 : -(width // 4) or None].mean())


def _input_mistakes(
    statistics: Mapping[str, NDArray[np.float64]], target: Mapping[str, Any], films_look_well: bool
) -> Iterator[str]:
    flat = int((statistics["std"] <= 1e-6 * np.maximum(1, abs(statistics["mean"]))).sum())
    images = len(statistics["std"])
    if flat and films_look_well:
        yield f"{flat:,} of {images:,} images are of one grey level throughout: are they films?"
    if flat < images:
        yield from _scale_mistake(statistics, target, films_look_well)


def _scale_mistake(
    statistics: Mapping[str, NDArray[np.float64]], target: Mapping[str, Any], films_look_well: bool
) -> list[str]:
    """The likeliest mistake in the scale of the inputs, or none."""
    kind, table = target.get("kind"), target.get("preprocessing")
    if kind == "demo":  # gives each input mean 0 and standard deviation 1
        return []
    low, high = statistics["low"].min(), statistics["high"].max()
    mean = statistics["mean"].mean()
    std = np.sqrt(max((statistics["std"] ** 2 + statistics["mean"] ** 2).mean() - mean**2, 0))
    span = f"the target model's inputs go from {low:.4g} to {high:.4g}"
    if kind == "torchxrayvision":
        return [f"{span}: torchxrayvision's models take −1024 to 1024"] if max(-low, high) <= _WIDE else []
    if kind == "factory" or not isinstance(table, Mapping):  # a factory may bring its own preprocessing
        where, large = "in your preprocessing", ""
    else:
        where = "in target.preprocessing"
        large = " and ".join(name for name in ("mean", "std") if max(table[name]) > 1)
    wide = max(-low, high) > _WIDE
    signed = min(-low, high) > 500  # as torchxrayvision scales
    rules = (
        (large, f"{large} {where}: written for grey levels 0…255, but meant for 0…1; divide by 255"),
        (low >= -1 and _WIDE < high <= 256, f"{span}, as grey levels 0…255: scale to 0…1, take mean and std {where}"),
        (wide and not signed, f"{span}, where about −2 to 2 is usual: are mean and std {where} of grey levels 0…1?"),
        (std < 0.05 and films_look_well, f"{span} and hardly differ: are mean and std {where} of grey levels 0…1?"),
        (low >= -0.01 and high <= 1.01, f"{span}, not normalised: give the mean and std of the training {where}"),
        (
            not wide and (abs(mean) > 2 or std > 4),
            f"{span}, mean {mean:.3g}, deviation {std:.3g}, where 0 and 1 are usual: check mean and std {where}",
        ),
    )
    return [text for holds, text in rules if holds][:1]
