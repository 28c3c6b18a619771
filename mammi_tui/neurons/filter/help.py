"""What the help says about the filter."""

from __future__ import annotations

from mammi_tui.neurons.figures import FIGURES
from mammi_tui.neurons.filter.fields import FIELDS
from mammi_tui.notes import Note

HELP = Note(
    "Filter",
    (
        ("air 12", "Every word must be in the unit's number, the layer, an annotated concept, class, finding, your "
                   "label, note or verdict."),
        ("effusion|fluid", "One of them. Brackets group: (effusion|fluid) trust:strong"),
        ("!effusion", "Without it."),
        ('"lower lobe"', "Text in quotes is one word, and : in it is text."),
        ("concept:fluid|air", "A field with one of several values:"),
        *((f"{field.word}:", f"{field.meaning[0].upper()}{field.meaning[1:]}.") for field in FIELDS.values()),
        ("q<0.05 change>10%", "Compare a figure with < <= > >= or =. A neuron without the figure is not found. "
                              "Sorting or filtering by evidence computes it first, which may take seconds for each "
                              "layer."),
        *((figure.word, f"{figure.meaning[0].upper()}{figure.meaning[1:]}.")
          for figure in FIGURES.values() if figure.word != "trust"),
    ),
)  # fmt: skip
