"""Every rule of the grade by itself, and the sentence that tells it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.evidence.answers import AlphaStep, Confound, Group, LabelEnrichment, NeuronEvidence, Trust
from engine.evidence.trust import Figures, grade, sentence
from engine.evidence.wording import percent

CONCEPTS = ("effusion", "fluid", "[bold red]x[/]\x1b[31m")
NAN = float("nan")


def _evidence(**changes: Any) -> NeuronEvidence:
    """Of a neuron under no rule: 20 images of 15 patients, "effusion" far before "fluid"."""
    evidence = NeuronEvidence(
        *("layer", 3, 0.93, 0.95, None, Trust.UNSUPPORTED, "", 1000, 20, 15, 0, 1),
        z_scores=np.array([9.0, 5.0, -1.0]),
        p_values=np.array([1e-9, 1e-6, 0.8]),
        adjusted_p_values=np.array([1e-8, 1e-5, 1.0]),
        q_values=np.array([1e-7, 1e-4, 1.0]),
        centred_scores=np.array([0.2, 0.1, -0.1]),
        dead=False,
        margin=0.05,
        margin_interval=(0.02, 0.08),
        change_chance=0.03,
        rival=1,
        alpha_path=(AlphaStep(0.0, 0.85, 1, 900), AlphaStep(0.86, 0.99, 0, 40), AlphaStep(1.0, 1.0, -1, 0)),
        alpha_low=0.86,
        alpha_high=0.99,
        beta_entries=np.array([1.0, 0.8, -0.2]),
        half_agreement=0.9,
        half_correlation=0.8,
        template_bests=(("An x-ray of", 0),),
        template_agreement=1.0,
        tightness=0.6,
        base_tightness=0.4,
        groups=(),
        enrichments=(LabelEnrichment("Effusion", 16, 100, 2.4, 1e-9, 1e-8),),
        confounds=(Confound("patient", "7", 0.1, 0.001, 0.4), Confound("view", "PA", 0.7, 0.6, 0.5)),
    )
    return replace(evidence, **changes)


def _graded(evidence: NeuronEvidence) -> tuple[Trust, str]:
    return Trust(int(grade(Figures.of(evidence))[0])), sentence(evidence, CONCEPTS)


def test_a_neuron_under_no_rule_is_well_supported() -> None:
    assert _graded(_evidence()) == (
        Trust.STRONG,
        "Well supported: 'effusion' stands out from random image sets (q < 0.001) and stays first in 97 % of patient "
        "resamples and from α 0.86 to 0.99; 80 % of its images carry Effusion (12 % of all images).",
    )


PATIENT = Confound("patient", "7", 0.6, 0.001, 1e-9)
GROUPS = (Group(np.arange(12), 0, 0.7), Group(np.arange(12, 20), 2, 0.6))
DEAD = (AlphaStep(0.0, 1.0, -1, 0),)


def _q(value: float) -> NDArray[np.float64]:
    return np.array([value, 0.5, 1.0])


@pytest.mark.parametrize(
    ("changes", "trust", "start"),
    [
        (
            {"count": 0, "best": -1, "dead": True, "alpha_path": DEAD},
            "UNSUPPORTED",
            "Do not trust: dead, the same activation on every image.",
        ),
        ({"count": 0, "best": -1, "alpha": 1.0}, "UNSUPPORTED", "Do not trust: no image lies above τ at this α."),
        ({"count": 0, "best": -1, "alpha_path": DEAD}, "UNSUPPORTED", "Do not trust: no image lies above τ at this α."),
        ({"beta_entries": np.full(3, NAN)}, "UNSUPPORTED", "Do not trust: no concept has a positive score."),
        ({"beta": 1.0}, "UNSUPPORTED", "Do not trust: nothing lies above the β cut."),
        ({"count": 1, "patients": 1, "q_values": np.ones(3)}, "UNSUPPORTED", "Do not trust: one image alone."),
        ({"count": 4, "patients": 1}, "UNSUPPORTED", "Do not trust: all 4 images are of one patient."),
        ({"count": 2, "patients": 1}, "UNSUPPORTED", "Do not trust: both images are of one patient."),
        ({"q_values": _q(0.31)}, "WEAK", "Weak: 'effusion' does no better than in random image sets (q = 0.31). 80 %"),
        ({"q_values": _q(NAN)}, "WEAK", "Weak: 'effusion' does no better"),
        ({"count": 2, "patients": 2}, "WEAK", "Weak: two images alone. 'effusion' stands out"),
        ({"confounds": (PATIENT,)}, "WEAK", "Weak: 60 % of its images are of one patient. 'effusion' stands out"),
        ({"confounds": (replace(PATIENT, share=0.5),)}, "WEAK", "Weak: half of its images are of one patient."),
        (
            {"change_chance": 0.62},
            "WEAK",
            "Weak: in 62 % of patient resamples another concept is first, most often 'fluid'. 'effusion' stands out",
        ),
        ({"count": 4, "patients": 4}, "FAIR", "Fair: only 4 images. 'effusion' stands out"),
        ({"patients": 4}, "FAIR", "Fair: 20 images of only 4 patients. 'effusion' stands out"),
        ({"images": 39}, "FAIR", "Fair: it responds to 20 of all 39 images. 'effusion' stands out"),
        (
            {"change_chance": 0.62, "beta": 0.7},
            "FAIR",
            "Fair: in 62 % of patient resamples another concept is first, most often 'fluid', which is annotated too.",
        ),
        (
            {"change_chance": 0.2, "rival": 2},
            "FAIR",
            f"Fair: in 20 % of patient resamples another concept is first, most often '{CONCEPTS[2]}'. 'eff",
        ),
        ({"alpha_low": 0.92}, "FAIR", "Fair: below α 0.92 another concept is first. 'effusion' stands out"),
        ({"alpha_high": 0.93}, "FAIR", "Fair: above α 0.93 another concept is first. 'effusion' stands out"),
        ({"groups": GROUPS}, "FAIR", f"Fair: the images fall in two groups, 'effusion' and '{CONCEPTS[2]}'. 'eff"),
        ({"half_agreement": 0.4}, "FAIR", "Fair: halves of its patients seldom agree (40 % of splits). 'eff"),
        (
            {"template_agreement": 0.25, "template_bests": (("A", 1), ("B", 0), ("C", 2), ("D", 1))},
            "FAIR",
            "Fair: under 3 of 4 other templates another concept is first, such as 'fluid'. 'effusion' stands out",
        ),
        (
            {"q_values": _q(0.02)},
            "FAIR",
            "Fair: 'effusion' hardly stands out from random image sets (q = 0.02). 'effusion' stays first in 97 %",
        ),
    ],
)
def test_each_rule_caps_the_grade_and_is_told_first(changes: dict[str, Any], trust: str, start: str) -> None:
    graded, told = _graded(_evidence(**changes))
    assert graded is Trust[trust]
    assert told.startswith(start)


def test_the_strongest_reason_stands_first_and_two_are_told() -> None:
    evidence = _evidence(patients=4, alpha_low=0.92, template_agreement=0.0, change_chance=0.7)
    assert _graded(evidence) == (
        Trust.WEAK,
        "Weak: in 70 % of patient resamples another concept is first, most often 'fluid'; 20 images of only 4 "
        "patients. 'effusion' stands out from random image sets (q < 0.001); 80 % of its images carry Effusion "
        "(12 % of all images).",
    )


def test_what_is_not_known_is_held_against_no_neuron() -> None:
    nothing = {"template_bests": (), "confounds": (), "enrichments": (), "patients": 20}
    unknown = _evidence(template_agreement=NAN, alpha_low=NAN, alpha_high=NAN, half_agreement=NAN, **nothing)
    assert _graded(unknown) == (
        Trust.STRONG,
        "Well supported: 'effusion' stands out from random image sets (q < 0.001) and stays first in 97 % of image "
        "resamples.",
    )


def test_alpha_at_the_top_of_its_range_is_no_reason() -> None:
    assert _graded(_evidence(alpha=0.98, alpha_low=0.9, alpha_high=0.99))[0] is Trust.STRONG
    assert _graded(_evidence(alpha=0.99, alpha_low=0.9, alpha_high=0.99))[0] is Trust.STRONG
    assert _graded(_evidence(alpha=0.01, alpha_low=0.0, alpha_high=0.5))[0] is Trust.STRONG


def test_one_view_and_labels_of_few_are_told_with_care() -> None:
    view = Confound("view", "AP[/]", 0.95, 0.4, 1e-6)
    told = _graded(_evidence(confounds=(view,)))[1]
    assert told.endswith("(12 % of all images); 95 % of its images are AP[/] views (40 % of all images).")
    few = (LabelEnrichment("Mass", 9, 10, 0.4, 1e-9, 1e-8),)
    assert "Mass" not in _graded(_evidence(enrichments=few))[1]


def test_a_label_whose_own_concept_is_far_behind_is_told_so() -> None:
    concepts = ("a", "b", "c", "d", "e", "edema", "pleural thickening")
    far = _evidence(
        beta_entries=np.array([1.0, 0.9, 0.8, 0.7, 0.65, 0.6, 0.5]),
        q_values=np.full(7, 0.001),
        enrichments=(LabelEnrichment("Edema", 20, 10, 0.6, 1e-9, 1e-8),),
    )
    told = "all of its images carry Edema (3 % of all images), but 'edema' is only its concept number 6."
    assert sentence(far, concepts).endswith(told)
    other = replace(far, enrichments=(replace(far.enrichments[0], label="Pleural_Thickening"),))
    assert "'pleural thickening' is only its concept number 7" in sentence(other, concepts)
    both = replace(far, enrichments=(*far.enrichments, LabelEnrichment("A", 10, 90, 2, 1e-9, 1e-8)))
    assert sentence(both, concepts).endswith("carry Edema (3 % of all images), half A (10 %).")
    near = replace(far, beta_entries=np.array([1.0, 0.95, 0.95, 0.9, 0.9, 0.85, 0.1]))
    assert sentence(near, concepts).endswith("all of its images carry Edema (3 % of all images).")


def test_many_units_are_graded_at_once() -> None:
    evidences = [
        _evidence(),
        _evidence(count=1, patients=1),
        _evidence(change_chance=0.2),
        _evidence(change_chance=0.6),
    ]
    single = [Figures.of(evidence) for evidence in evidences]
    names = [name for name in Figures.__slots__ if name not in {"alpha", "images"}]
    layer = Figures(0.93, 1000, *(np.concatenate([getattr(figures, name) for figures in single]) for name in names))
    assert grade(layer).tolist() == [Trust.STRONG, Trust.UNSUPPORTED, Trust.FAIR, Trust.WEAK]


@pytest.mark.parametrize(
    ("share", "told"), [(0, "0 %"), (0.001, "<1 %"), (0.125, "12 %"), (0.996, ">99 %"), (1, "100 %")]
)
def test_percent(share: float, told: str) -> None:
    assert percent(share) == told
