"""What the help says about the filter."""

from __future__ import annotations

from mammi_tui.neurons.figures import FIGURES
from mammi_tui.notes import Note

HELP = Note(
    "Filter",
    (
        ("air 12", "Every word must be in the unit's number, layer, best concept, class, finding or verdict."),
        ('"lower lobe"', "Text in quotes is one word."),
        ("trust:strong", "Also fair, weak, unsupported, or trust>=fair. Sorting or filtering by evidence computes "
                         "it first, which may take seconds for each layer."),
        ("q<0.05 change>10%", "Compare a figure with < <= > >= or =. A neuron without the figure is not found."),
        *((figure.word, f"{figure.meaning[0].upper()}{figure.meaning[1:]}.")
          for figure in FIGURES.values() if figure.word != "trust"),
    ),
)  # fmt: skip
