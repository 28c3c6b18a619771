"""The figures of the paper's five tables.

Source: Kim, Ahn, Kim, "Mask-Free Neuron Concept Annotation for Interpreting Neural Networks in Medical Domain", MICCAI
2024 (arXiv 2407.11375), tables 1 to 5: means over the 14 neurons of the final layer, with standard errors. The model is
a DenseNet121 that was pre-trained by MoCo v2 and fine-tuned on NIH ChestX-ray14, over films of that set. The cosines
come from a CLIP ViT-B/16 and from all-mpnet-base-v2. A figure that a table leaves out is left out here too.
"""

from __future__ import annotations

from dataclasses import dataclass

FIXED_COUNT = 40
"""The number of images "without adaptive" """

MIMIC_NOUNS, WORDNET, CLIP_DISSECT_20K = "MIMIC nouns", "WordNet nouns (WWW)", "20K (CLIP-Dissect)"
MEDCLIP = "MedCLIP"


_Pair = tuple[float, float | None] | None


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A mean of the paper, with its standard error."""

    mean: float
    error: float | None = None
    """None if the paper gives none"""


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One line of a table, by the names that distinguish it from the others."""

    names: tuple[str, ...]
    similarity: dict[str, PublishedFigure]
    """Cosines by the paper's two encoders, "clip" and "mpnet" """
    f1: PublishedFigure | None = None
    hit_rate: PublishedFigure | None = None
    unique: int | None = None
    """Different concepts of the penultimate layer. The paper does not say whether it counts best concepts or annotated
    ones."""


def _row(
    *names: str, clip: _Pair, mpnet: _Pair, f1: _Pair = None, hit_rate: _Pair = None, unique: int | None = None
) -> PublishedRow:
    similarity = {name: PublishedFigure(*pair) for name, pair in (("clip", clip), ("mpnet", mpnet)) if pair}
    return PublishedRow(
        names,
        similarity,
        PublishedFigure(*f1) if f1 else None,
        PublishedFigure(*hit_rate) if hit_rate else None,
        unique,
    )


def _mammi(*names: str, labels: bool = False, unique: int | None = None) -> PublishedRow:
    """The row of the paper's own setting, which is in every table; with F1 and hit rate if `labels`."""
    f1, hit_rate = ((0.2619, 0.113), (0.2857, 0.121)) if labels else (None, None)
    return _row(*names, clip=(0.8599, 0.024), mpnet=(0.5290, 0.084), f1=f1, hit_rate=hit_rate, unique=unique)


_ZERO = (0.0, None)

CONCEPT_SETS = (
    _row(CLIP_DISSECT_20K, clip=(0.7749, 0.016), mpnet=(0.1045, 0.016), f1=_ZERO, hit_rate=_ZERO),
    _row(WORDNET, clip=(0.7253, 0.022), mpnet=(0.1542, 0.014), f1=_ZERO, hit_rate=_ZERO),
    _mammi(MIMIC_NOUNS, labels=True),
)
SELECTIONS = (
    _row("without adaptive", clip=(0.8495, 0.026), mpnet=(0.5107, 0.085), unique=65),
    _mammi("adaptive", unique=96),
)
VLMS = (
    _row("CXR-RePaiR", clip=(0.8334, 0.018), mpnet=(0.3716, 0.070)),
    _row("MedKLIP", clip=(0.7704, 0.014), mpnet=(0.1780, 0.022)),
    _mammi(MEDCLIP),
)
MASK_BASED = (
    _row("TSI", "NIH14 + COVID-CXR", clip=(0.7872, 0.014), mpnet=(0.2554, 0.039), f1=_ZERO, hit_rate=_ZERO),
    _mammi("MAMMI", MIMIC_NOUNS, labels=True),
)
METHODS = (
    _row(
        "FALCON (medical)",
        "MIMIC reports",
        clip=(0.8054, 0.012),
        mpnet=(0.2420, 0.031),
        f1=(0.0635, 0.027),
        hit_rate=(0.2857, 0.121),
    ),
    _row(
        "CLIP-Dissect (medical)",
        MIMIC_NOUNS,
        clip=(0.8205, 0.024),
        mpnet=(0.3700, 0.083),
        f1=(0.0714, 0.069),
        hit_rate=(0.0714, 0.069),
    ),
    _mammi("MAMMI", MIMIC_NOUNS, labels=True),
)
METHOD_NAMES = {
    "mammi": "MAMMI",
    "clip_dissect": "CLIP-Dissect (medical)",
    "falcon": "FALCON (medical)",
    "falcon_crops": "FALCON (medical)",
    "tsi": "TSI",
}
