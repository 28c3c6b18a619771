"""The sections of reports in MIMIC-CXR's style and in others."""

from __future__ import annotations

import pytest

from engine.concepts.sections import section_names, select_sections

FULL = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___ year old woman with cough  // pneumonia?

 TECHNIQUE:  Chest PA and lateral

 COMPARISON:  ___

 FINDINGS:

 Cardiac size is normal.  There is
 a small effusion.

 IMPRESSION:

 No evidence of pneumonia.
"""
WET_READ = """WET READ: ___ ___ ___ 8:23 PM
  Nodule, per the resident.
 ______________________________________________________________________________
                                 FINAL REPORT
 PORTABLE CHEST, ___

 FINDINGS AND IMPRESSION:  Heart is enlarged.
"""
VIEWS = """                                 FINAL REPORT
 HISTORY:  Cough.

 CHEST, PA AND LATERAL:

 Lungs are clear.

 CONCLUSION:  No disease.
"""
UNMARKED = """                                 FINAL REPORT
 INDICATION:  ___-year-old man with fever.

 COMPARISONS:  Radiographs from ___.

 Lungs are clear.

 Heart is normal.
"""
HEADLESS = """                                 FINAL REPORT
 Lungs are clear.

 Heart is normal.
"""


def selected(report: str, *sections: str) -> str:
    return " ".join(select_sections(report, sections or ("findings", "impression")).split())


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (FULL, "Cardiac size is normal. There is a small effusion. No evidence of pneumonia."),
        (WET_READ, "Heart is enlarged."),
        (VIEWS, "Lungs are clear. No disease."),
        (UNMARKED, "Lungs are clear. Heart is normal."),
        (HEADLESS, "Lungs are clear. Heart is normal."),
        ("Lungs are clear.", "Lungs are clear."),
        ("INDICATION: Cough.", ""),
        ("", ""),
    ],
)
def test_findings_and_impression(report: str, text: str) -> None:
    assert selected(report) == text


def test_one_section_by_itself() -> None:
    assert selected(FULL, "Impression") == "No evidence of pneumonia."
    assert selected(WET_READ, "impression") == "Heart is enlarged."
    assert selected(WET_READ, "wet read").startswith("___ ___ ___ 8:23 PM Nodule")
    assert selected(UNMARKED, "technique") == ""
    assert select_sections(FULL, ["all"]) == FULL


def test_names_of_sections() -> None:
    assert {"wet read", "final report", "findings and impression", "findings", "impression"} == section_names(WET_READ)
