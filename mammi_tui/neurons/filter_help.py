"""What the help says of the filter."""

from __future__ import annotations

from mammi_tui.neurons.figures import FIGURES
from mammi_tui.notes import Note

HELP = Note(
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
