"""What the help says beside the keys: the lines of the evidence, the columns of the methods, the words of a filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.evidence.columns import COLUMNS
from mammi_tui.neurons.figures import FIGURES


class Note(NamedTuple):
    """A part of the help: what is explained, each with its explanation."""

    title: str
    lines: Sequence[tuple[str, str]]


EVIDENCE = Note(
    "Evidence, line by line",
    (
        ("● ◐ ○ ◌", "Strong, fair, weak, unsupported: the best grade that a line allows. The neuron's own, here and "
                    "beside its unit, is the lowest of them. Lines without a mark do not count."),
        ("z", "The concept's score in standard deviations above its mean in random image sets of the same size."),
        ("q", "Chance that in such a set some concept reaches this z, corrected over the layer's units. Green below "
              "0.05. For the grade: below 0.01 strong, below 0.05 fair."),
        ("p", "The same, of this unit alone."),
        ("at β", "The β below which the concept is in the annotation."),
        ("centred", "The score less the concept's mean over all images: a word for every film has little."),
        *((column.title, column.help) for column in COLUMNS if column.title),
        ("0 ━━◆── 1", "The first concept along α, on the slider's scale: heavy where it is the present one, dotted "
                      "where no image is left, blank where too many are to follow. ● is α, ◇ the run's own. Below: "
                      "the nearest stretches, with their most images."),
        ("label", "Images that carry it, how many would by chance, and q of the difference, corrected over labels."),
        ("most common", "The most common patient, view and label: its share of the images and of all images, and the "
                        "chance of as much in random ones."),
    ),
)  # fmt: skip
METHODS = Note(
    "Methods side by side",
    (
        ("air³", "In the annotations of three methods. Above a method's line stands its annotation, the rest is dim."),
        ("score", "Each method has a scale of its own: compare within a column."),
        ("p", "Of methods that test."),
        ("α and β", "MAMMI follows both. Others have a selection of their own, and may have a cut of their own."),
    ),
)
FILTER = Note(
    "Filter",
    (
        ("air 12", "Words that must all be found: in the unit's number, layer, best concept, class, finding, verdict."),
        ('"lower lobe"', "In quotes: one text, as it stands."),
        ("trust:strong", "Also fair, weak, unsupported; trust>=fair. Whether sorted or filtered by, evidence is "
                         "computed first, which may take seconds for each layer."),
        ("q<0.05 change>10%", "Figures compare with < <= > >= and =; where there is none, nothing is found."),
        *((figure.word, f"{figure.meaning[0].upper()}{figure.meaning[1:]}.")
          for figure in FIGURES.values() if figure.word != "trust"),
    ),
)  # fmt: skip
VIEW_NOTES: dict[str, Note] = {"evidence": EVIDENCE, "methods": METHODS}
