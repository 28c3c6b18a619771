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


WORDS = "Lungs are clear. A nodule."


@pytest.mark.parametrize(
    "report",
    [
        "History: Cough.\nFindings: Lungs are clear.\nImpression: A nodule.\nComparison: None.",
        "History: Cough.\r\nFindings:\r\nLungs are clear.\r\n\r\nImpression:\r\nA nodule.\r\nTechnique: AP.",
        "Findings:\rLungs are clear.\rImpression:\rA nodule.\rHistory:\rCough.",
        "  findings : Lungs are clear.\n\timpression : A nodule.\n  technique : AP.",
        "Indication\nCough.\n\nFindings\nLungs are clear.\n\nImpression\nA nodule.\n\nRecommendation\nCT.",
        "Findings - Lungs are clear.\nImpression – A nodule.\nComparison - Film of 2019.",
        "**Findings:** Lungs are clear.\n**Impression**: A nodule.\n**Technique:** AP.",
        "## Findings\nLungs are clear.\n\n## Impression\nA nodule.\n## Comparison\nNone.",
        "--- FINDINGS ---\nLungs are clear.\n[IMPRESSION]\nA nodule.\n=== HISTORY ===\nCough.",
        "<b>History</b>: Cough.\n<b>Findings:</b> Lungs are clear.\n<b>Impression</b>: A nodule.",
        "1. Indication: Cough.\n2. Findings: Lungs are clear.\n3. Impression: A nodule.",
        "Indication: Cough. Findings: Lungs are clear. Impression: A nodule. Technique: AP.",
        "Comparison: None.\nFindings and impression: Lungs are clear. A nodule.\nElectronically signed by: Dr. X",
        "Clinical information: Cough\nFindings/Impression: Lungs are clear. A nodule.\nReason for exam: Cough.",
        "Findings (chest): Lungs are clear.\nIMPRESSION (final): A nodule.\nClinical history (from order): Cough.",
        "Reason: Cough.\nChest, PA and lateral: Lungs are clear.\nConclusion: A nodule.",
        "Clinical summary: Cough.\nObservations: Lungs are clear.\nAssessment and plan: A nodule.\nRadiologist: Dr. X",
        "Clinical details: Cough.\nReport: Lungs are clear. A nodule.",
        "Findings：Lungs are clear.\nImpression：A nodule.\nHistory：Cough.",
    ],
)
def test_headings_are_found_however_they_are_written(report: str) -> None:
    assert selected(report) == WORDS


@pytest.mark.parametrize(
    "report",
    [
        "Findings are stable. Comparison is made to a film of 2019.",
        "There are new findings: a nodule.",
        "Lungs are clear, unlike the earlier\nfindings\nof 2019.",
        "Impression of the left bronchus.\nHistory of cough - now gone.",
        "Heart: large.\nLungs: clear.",
    ],
)
def test_running_text_has_no_headings(report: str) -> None:
    assert section_names(report) == set()
    assert selected(report) == " ".join(report.split())


def test_findings_divided_by_parts_of_the_body_are_taken_whole() -> None:
    report = "FINDINGS:\nLUNGS AND PLEURA: Clear.\nHEART: Large.\nNOTIFICATION: Dr. X."
    for divided in (report, report.title()):
        assert selected(divided).lower() == "lungs and pleura: clear. heart: large."


def test_a_removed_word_after_a_heading_stays() -> None:
    assert selected("FINDINGS: ___ is clear.") == "___ is clear."


def test_one_section_by_itself() -> None:
    assert selected(FULL, "Impression") == "No evidence of pneumonia."
    assert selected(WET_READ, "impression") == "Heart is enlarged."
    assert selected(WET_READ, "wet read").startswith("___ ___ ___ 8:23 PM Nodule")
    assert selected(UNMARKED, "technique") == ""
    assert select_sections(FULL, ["all"]) == FULL


def test_names_of_sections() -> None:
    assert {"wet read", "final report", "findings and impression", "findings", "impression"} == section_names(WET_READ)


@pytest.mark.parametrize("piece", [" ", "#", "*", "1.", "<b>", "Findings, ", "("])
def test_a_hostile_line_does_not_hang(piece: str) -> None:
    assert select_sections(f"{piece * 100_000}x\nFindings: Clear.", ["findings"]) == "Clear."
