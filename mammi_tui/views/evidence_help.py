"""What the help says about the evidence view, line by line."""

from __future__ import annotations

from engine.evidence.columns import COLUMNS
from mammi_tui.notes import Note

HELP = Note(
    "Evidence, line by line",
    (
        ("● ◐ ○ ◌", "Strong, fair, weak, unsupported: the best grade that a line allows. The neuron's own, here and "
                    "beside its unit, is the lowest of them. Lines without a mark do not count."),
        ("z", "The concept's score in standard deviations above its mean in random image sets of the same size."),
        ("q", "Chance that in such a set some concept reaches this z, corrected over the layer's units. Green below "
              "0.05. For the grade: below 0.01 strong, below 0.05 fair."),
        ("p", "The same for this unit alone."),
        ("at β", "The β below which the concept is in the annotation."),
        ("centred", "The score less the concept's mean over all images: low for a word that fits every film."),
        *((column.title, column.help) for column in COLUMNS if column.title),
        ("0 ━━◆── 1", "The first concept along α, on the slider's scale: heavy where it is the present one, dotted "
                      "where no image is left, blank where too many are to follow. ● is α, ◇ the run's own. Below: "
                      "the nearest stretches, with the largest number of images in each."),
        ("label", "Images that carry it, the number expected by chance, and q of the difference, corrected over the "
                  "labels."),
        ("most common", "The most common patient, view and label: its share of the images and of all images, and the "
                        "chance of at least as large a share among random images."),
    ),
)  # fmt: skip
