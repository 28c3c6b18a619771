"""Every rule of the grade by itself, and the sentence that gives it as a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.evidence.answers import LayerEvidence, NeuronEvidence
from engine.evidence.columns import (
    ALPHA_HIGH,
    ALPHA_LOW,
    ANNOTATED,
    BEST,
    CANDIDATES,
    CHANGE_CHANCE,
    HALF_AGREEMENT,
    PATIENTS,
    Q_VALUE,
    REPRESENTATIVES,
    RIVAL,
    TEMPLATE_AGREEMENT,
)
from engine.evidence.details import AlphaStep, Confound, Group, LabelEnrichment, Trust
from engine.evidence.image_columns import GROUP_COUNT, PATIENT_SHARE
from engine.evidence.trust import grade, sentence
from engine.evidence.written import percent
from engine.store.records import DEAD as SAME

CONCEPTS = ("effusion", "fluid", "[bold red]x[/]\x1b[31m")
NAN = float("nan")


def _evidence(**changes: Any) -> NeuronEvidence:
    """A neuron that no rule holds for: 20 images of 15 patients, "effusion" far before "fluid".

    `changes` are figures by the name of their column, `alpha` or `beta`, or fields of NeuronEvidence.
    """
    figures = {
        REPRESENTATIVES: 20,
        ANNOTATED: 1,
        PATIENTS: 15,
        BEST: 0,
        GROUP_COUNT: 1,
        Q_VALUE: 1e-7,
        CHANGE_CHANCE: 0.03,
        RIVAL: 1,
        CANDIDATES: 2,
        ALPHA_LOW: 0.86,
        ALPHA_HIGH: 0.99,
        HALF_AGREEMENT: 0.9,
        TEMPLATE_AGREEMENT: 1.0,
        PATIENT_SHARE: 0.1,
    }
    names = {column.name: column for column in figures}
    figures |= {names[name]: value for name, value in changes.items() if name in names}
    cuts = Cuts(changes.pop("alpha", 0.93), changes.pop("beta", 0.95))
    evidence = NeuronEvidence(
        *("layer", 3, cuts, 1000),
        why_dead="",
        figures={column: np.asarray(value)[()] for column, value in figures.items()},
        sentence="",
        z_scores=np.array([9.0, 5.0, -1.0]),
        p_values=np.array([1e-9, 1e-6, 0.8]),
        adjusted_p_values=np.array([1e-8, 1e-5, 1.0]),
        q_values=np.array([1e-7, 1e-4, 1.0]),
        centred_scores=np.array([0.2, 0.1, -0.1]),
        beta_entries=np.array([1.0, 0.8, -0.2]),
        alpha_path=(AlphaStep(0.0, 0.85, 1, 900), AlphaStep(0.86, 0.99, 0, 40), AlphaStep(1.0, 1.0, -1, 0)),
        template_bests=(("An x-ray of", 0),),
        base_tightness=0.4,
        groups=(),
        enrichments=(LabelEnrichment("Effusion", 16, 100, 2.4, 1e-9, 1e-8),),
        confounds=(Confound("patient", "7", 0.1, 0.001, 0.4), Confound("view", "PA", 0.7, 0.6, 0.5)),
    )
    return replace(evidence, **{name: value for name, value in changes.items() if name not in names})


def _graded(evidence: NeuronEvidence) -> tuple[Trust, str]:
    return Trust(int(grade(evidence))), sentence(evidence, CONCEPTS)


def test_a_neuron_under_no_rule_is_well_supported() -> None:
    assert _graded(_evidence()) == (
        Trust.STRONG,
        "Well supported: 'effusion' stands out from random image sets (q < 0.001) and stays first in 97 % of patient "
        "resamples and from α 0.86 to 0.99; 80 % of its images carry Effusion (12 % of all images).",
    )


GROUPS = (Group(np.arange(12), 0, 0.7), Group(np.arange(12, 20), 2, 0.6))
DEAD = (AlphaStep(0.0, 1.0, -1, 0),)


@pytest.mark.parametrize(
    ("changes", "trust", "start"),
    [
        (
            {
                "representatives": 0,
                "best_concept": -1,
                "why_dead": SAME,
                "alpha_path": DEAD,
            },
            "UNSUPPORTED",
            "Do not trust: dead, the same activation on every image.",
        ),
        (
            {"representatives": 0, "best_concept": -1, "alpha": 1.0},
            "UNSUPPORTED",
            "Do not trust: no image lies above τ at this α.",
        ),
        (
            {"representatives": 0, "best_concept": -1, "alpha_path": DEAD},
            "UNSUPPORTED",
            "Do not trust: no image lies above τ at this α.",
        ),
        ({"annotated": 0}, "UNSUPPORTED", "Do not trust: no concept has a positive score."),
        ({"annotated": 0, "beta": 1.0}, "UNSUPPORTED", "Do not trust: nothing lies above the β cut."),
        ({"representatives": 1, "patients": 1, "q_value": 1.0}, "UNSUPPORTED", "Do not trust: only one image."),
        ({"representatives": 4, "patients": 1}, "UNSUPPORTED", "Do not trust: all 4 images are of one patient."),
        ({"representatives": 2, "patients": 1}, "UNSUPPORTED", "Do not trust: both images are of one patient."),
        ({"q_value": 0.31}, "WEAK", "Weak: 'effusion' does no better than in random image sets (q = 0.31). 80 %"),
        ({"q_value": NAN}, "WEAK", "Weak: 'effusion' does no better"),
        ({"representatives": 2, "patients": 2}, "WEAK", "Weak: only two images. 'effusion' stands out"),
        ({"patient_share": 0.6}, "WEAK", "Weak: 60 % of its images are of one patient. 'effusion' stands out"),
        ({"patient_share": 0.5}, "WEAK", "Weak: half of its images are of one patient."),
        (
            {"change_chance": 0.62},
            "WEAK",
            "Weak: in 62 % of patient resamples another concept is first, most often 'fluid'. 'effusion' stands out",
        ),
        ({"representatives": 4, "patients": 4}, "FAIR", "Fair: only 4 images. 'effusion' stands out"),
        ({"patients": 4}, "FAIR", "Fair: 20 images of only 4 patients. 'effusion' stands out"),
        ({"images": 39}, "FAIR", "Fair: it responds to 20 of all 39 images. 'effusion' stands out"),
        (
            {"change_chance": 0.62, "annotated": 2, "beta": 0.7},
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
        (
            {"group_count": 2, "groups": GROUPS},
            "FAIR",
            f"Fair: its strongest images fall into two groups, 'effusion' and '{CONCEPTS[2]}'. 'eff",
        ),
        ({"half_agreement": 0.4}, "FAIR", "Fair: halves of its patients seldom agree (40 % of splits). 'eff"),
        (
            {"template_agreement": 0.25, "template_bests": (("A", 1), ("B", 0), ("C", 2), ("D", 1))},
            "FAIR",
            "Fair: under 3 of 4 other templates another concept is first, such as 'fluid'. 'effusion' stands out",
        ),
        (
            {"q_value": 0.02},
            "FAIR",
            "Fair: 'effusion' hardly stands out from random image sets (q = 0.02). 'effusion' stays first in 97 %",
        ),
    ],
)
def test_each_rule_caps_the_grade_and_comes_first(changes: dict[str, Any], trust: str, start: str) -> None:
    graded, text = _graded(_evidence(**changes))
    assert graded is Trust[trust]
    assert text.startswith(start)


def test_a_sentence_gives_the_two_strongest_reasons() -> None:
    evidence = _evidence(patients=4, alpha_low=0.92, template_agreement=0.0, change_chance=0.7)
    assert _graded(evidence) == (
        Trust.WEAK,
        "Weak: in 70 % of patient resamples another concept is first, most often 'fluid'; 20 images of only 4 "
        "patients. 'effusion' stands out from random image sets (q < 0.001); 80 % of its images carry Effusion "
        "(12 % of all images).",
    )


def test_a_missing_figure_lowers_no_grade() -> None:
    nothing = {"template_bests": (), "confounds": (), "enrichments": (), "patients": 20, "patient_share": NAN}
    bare = _evidence(template_agreement=NAN, alpha_low=NAN, alpha_high=NAN, half_agreement=NAN, **nothing)
    assert _graded(bare) == (
        Trust.STRONG,
        "Well supported: 'effusion' stands out from random image sets (q < 0.001) and stays first in 97 % of image "
        "resamples.",
    )


def test_alpha_at_the_top_of_its_range_is_no_reason() -> None:
    assert _graded(_evidence(alpha=0.98, alpha_low=0.9, alpha_high=0.99))[0] is Trust.STRONG
    assert _graded(_evidence(alpha=0.99, alpha_low=0.9, alpha_high=0.99))[0] is Trust.STRONG
    assert _graded(_evidence(alpha=0.01, alpha_low=0.0, alpha_high=0.5))[0] is Trust.STRONG


def test_a_view_of_most_images_is_named_and_a_label_of_few_is_not() -> None:
    view = Confound("view", "AP[/]", 0.95, 0.4, 1e-6)
    text = _graded(_evidence(confounds=(view,)))[1]
    assert text.endswith("(12 % of all images); 95 % of its images are AP[/] views (40 % of all images).")
    few = (LabelEnrichment("Mass", 9, 10, 0.4, 1e-9, 1e-8),)
    assert "Mass" not in _graded(_evidence(enrichments=few))[1]


def test_the_sentence_says_when_the_concept_of_a_label_is_far_behind() -> None:
    concepts = ("a", "b", "c", "d", "e", "edema", "pleural thickening")
    far = _evidence(
        beta_entries=np.array([1.0, 0.9, 0.8, 0.7, 0.65, 0.6, 0.5]),
        q_value=0.001,
        enrichments=(LabelEnrichment("Edema", 20, 10, 0.6, 1e-9, 1e-8),),
    )
    end = "all of its images carry Edema (3 % of all images), but 'edema' is only its concept number 6."
    assert sentence(far, concepts).endswith(end)
    other = replace(far, enrichments=(replace(far.enrichments[0], label="Pleural_Thickening"),))
    assert "'pleural thickening' is only its concept number 7" in sentence(other, concepts)
    both = replace(far, enrichments=(*far.enrichments, LabelEnrichment("A", 10, 90, 2, 1e-9, 1e-8)))
    assert sentence(both, concepts).endswith("carry Edema (3 % of all images), half A (10 %).")
    near = replace(far, beta_entries=np.array([1.0, 0.95, 0.95, 0.9, 0.9, 0.85, 0.1]))
    assert sentence(near, concepts).endswith("all of its images carry Edema (3 % of all images).")


def test_many_units_are_graded_at_once() -> None:
    evidences = [
        _evidence(),
        _evidence(representatives=1, patients=1),
        _evidence(change_chance=0.2),
        _evidence(change_chance=0.6),
    ]
    columns = evidences[0].figures
    figures = {column: np.array([evidence[column] for evidence in evidences]) for column in columns}
    layer = LayerEvidence("layer", Cuts(0.93, 0.95), 1000, figures)
    assert grade(layer).tolist() == [Trust.STRONG, Trust.UNSUPPORTED, Trust.FAIR, Trust.WEAK]


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "<1 %"), (0.125, "12 %"), (0.996, ">99 %"), (1, "100 %")]
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text
