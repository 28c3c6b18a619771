"""What the help explains while the film view is shown."""

from __future__ import annotations

from mammi_tui.notes import Note

HELP = Note(
    "Why this film",
    (
        ("prob", "The output as a probability, as the run's model has it: sigmoid or softmax."),
        ("●", "The film is labelled so."),
        ("false positive", "Predicted at the run's threshold, and not labelled. Missed: labelled, and not predicted."),
        ("no label", "The class is predicted, and is no label of the probing set: nothing says whether it is right."),
        ("+1.20", "The unit's share of the output: w · (a − mean of a). To the right it raised the output, to the left "
                  "it lowered it. All shares sum to the output minus its mean over the probing set."),
        ("a · ∂output/∂a", "For units of hidden layers: the first-order importance, which sums to nothing."),
        ("heat", "The strongest decile of the map, in warm colours; with --images ascii ~ marks it. A map has the "
                 "resolution of its layer, so its edges are soft. Units keep maps of their strongest films only."),
        ("lies inside", "The share of these cells inside the outlines of a label on this film."),
        ("similar films", "By the VLM that annotates, which need not be how the model sees them."),
        ("verdicts", "They judge the neuron that the line on top names; then its place is taken by the films of the "
                     "next undecided one."),
    ),
)  # fmt: skip
