"""What the help says of the evidence view, line by line."""

from __future__ import annotations

from mammi_tui.notes import Note

HELP = Note(
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
        ("Images above τ", "Two are weak, one is unsupported; so are images of one patient. Of fewer than five "
                           "patients, or more than half of all images: fair."),
        ("Most common patient", "Weak when half of the images or more are of one patient."),
        ("Random images do as well", "q of the first concept."),
        ("Draws with another first", "Share of 400 draws of the patients (images, where patients are not known), with "
                                     "replacement, in which another concept is first. Up to 10 % is strong. Above "
                                     "50 % it is weak where nothing else is annotated."),
        ("Stays first for α", "From the lowest to the highest α. Fair when another concept is first within 0.02."),
        ("Halves agree", "Share of 20 splits of the patients in which both halves have the same first concept. Fair "
                         "below 50 %."),
        ("Other templates agree", "How many of the run's other templates give the same first concept. Fair below "
                                  "half."),
        ("Groups that differ", "Two when the images fall apart, more than random ones would, in parts with different "
                               "first concepts."),
        ("Lead over the second", "Difference of the first two concept scores, and where it lies in 95 % of the draws."),
        ("Halves correlate", "Mean correlation of the two halves' centred scores over all concepts."),
        ("Stands out most", "The concept with the highest centred score."),
        ("Images alike", "Mean cosine between two of the images, and between two of all."),
        ("0 ━━◆── 1", "The first concept along α, on the slider's scale: heavy where it is the present one, dotted "
                      "where no image is left, blank where too many are to follow. ● is α, ◇ the run's own. Below: "
                      "the nearest stretches, with their most images."),
        ("label", "Images that carry it, how many would by chance, and q of the difference, corrected over labels."),
        ("most common", "The most common patient, view and label: its share of the images and of all images, and the "
                        "chance of as much in random ones."),
    ),
)  # fmt: skip
