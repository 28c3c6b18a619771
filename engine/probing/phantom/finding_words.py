"""The words for each finding in a phantom report, in the notation of lexicon.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FindingWords:
    """The words for a finding. A noun phrase begins with `a` if its noun is countable."""

    plain: tuple[str, ...]
    synonyms: tuple[str, ...]
    denied: tuple[str, ...]
    """What follows "no" when the finding is absent"""
    place: Literal["lung", "pleura", "none"]
    statements: tuple[str, ...] = ()
    """Whole sentences with the same meaning"""


FINDING_WORDS: dict[str, FindingWords] = {
    "Atelectasis": FindingWords(
        ("{severity} {at} atelectasis", "{severity} linear {at} atelectasis", "{severity} atelectasis {where}"),
        ("{severity} {at} volume loss", "partial collapse {where}", "{severity} plate-like opacity {where}"),
        ("atelectasis", "focal atelectasis", "volume loss"),
        "lung",
    ),
    "Cardiomegaly": FindingWords(
        ("{severity} cardiomegaly", "cardiomegaly", "{severity} cardiomegaly"),
        ("{severity} cardiac enlargement", "an enlarged heart", "an enlarged cardiac silhouette"),
        ("cardiomegaly", "cardiac enlargement"),
        "none",
        (
            "the heart is {degree} enlarged .",
            "the cardiac silhouette is {degree} enlarged .",
            "the heart size is increased .",
        ),
    ),
    "Effusion": FindingWords(
        ("a {size} {at} pleural effusion", "a {size} {at} effusion", "a {size} pleural effusion {where}"),
        ("{size} {at} pleural fluid", "blunting of the {side} costophrenic angle", "layering pleural fluid {where}"),
        ("pleural effusion", "effusion", "pleural effusion", "pleural fluid"),
        "pleura",
        ("the {side} costophrenic angle is blunted .",),
    ),
    "Infiltration": FindingWords(
        ("{severity} {at} infiltration", "patchy {at} infiltration", "{severity} infiltration {where}"),
        ("a {severity} {at} infiltrate", "a patchy infiltrate {where}", "vague patchy opacity {where}"),
        ("infiltration", "infiltrate", "focal infiltrate"),
        "lung",
    ),
    "Mass": FindingWords(
        ("a {size} {at} mass", "a {size} mass {where}", "a {size} rounded mass {where}"),
        ("a {size} rounded opacity {where}", "a suspicious {at} tumor", "a {size} malignant lesion {where}"),
        ("mass", "suspicious mass", "pulmonary mass"),
        "lung",
    ),
    "Nodule": FindingWords(
        ("a {size} {at} nodule", "a {size} nodule {where}", "a solitary pulmonary nodule {where}"),
        ("a {size} nodular opacity {where}", "a {size} nodular density {where}", "a small round lesion {where}"),
        ("nodule", "pulmonary nodule", "suspicious nodule"),
        "lung",
    ),
    "Pneumonia": FindingWords(
        ("{severity} {at} pneumonia", "{severity} pneumonia {where}", "focal {at} pneumonia"),
        ("{severity} infection {where}", "{severity} {at} airspace disease", "an infectious process {where}"),
        ("pneumonia", "focal pneumonia", "infection"),
        "lung",
    ),
    "Pneumothorax": FindingWords(
        ("a {size} {at} pneumothorax", "a {size} pneumothorax {where}", "a {size} {at} pneumothorax"),
        ("{size} {at} pleural air", "a visible pleural line {where}", "air in the {side} pleural space"),
        ("pneumothorax", "pneumothorax", "visible pneumothorax"),
        "pleura",
    ),
    "Consolidation": FindingWords(
        ("{severity} {at} consolidation", "dense consolidation {where}", "{severity} consolidation {where}"),
        ("dense {at} opacification", "air bronchograms {where}", "dense lobar opacification {where}"),
        ("consolidation", "focal consolidation", "airspace consolidation"),
        "lung",
    ),
    "Edema": FindingWords(
        ("{severity} pulmonary edema", "{severity} interstitial edema", "{severity} {at} edema"),
        ("{severity} pulmonary vascular congestion", "{severity} fluid overload", "Kerley lines {where}"),
        ("pulmonary edema", "edema", "vascular congestion"),
        "lung",
        ("the pulmonary vasculature is {degree} congested .",),
    ),
    "Emphysema": FindingWords(
        ("{severity} emphysema", "{severity} {at} emphysema", "{severity} emphysema {where}"),
        ("{severity} hyperinflation", "flattened diaphragms", "obstructive lung disease"),
        ("emphysema", "hyperinflation"),
        "lung",
        ("the lungs are {degree} hyperinflated .", "the lungs are hyperlucent with flattened diaphragms ."),
    ),
    "Fibrosis": FindingWords(
        ("{severity} {at} fibrosis", "{severity} pulmonary fibrosis", "{severity} fibrosis {where}"),
        ("{severity} scarring {where}", "coarse reticulation {where}", "{severity} reticular opacities {where}"),
        ("fibrosis", "pulmonary fibrosis", "scarring"),
        "lung",
    ),
    "Pleural_Thickening": FindingWords(
        ("{severity} {at} pleural thickening", "pleural thickening {where}", "{severity} pleural thickening {where}"),
        ("a thickened pleura {where}", "a {at} pleural scar", "a pleural cap {where}"),
        ("pleural thickening",),
        "pleura",
        ("the {side} pleura is {degree} thickened .",),
    ),
    "Hernia": FindingWords(
        ("a {size} hiatal hernia", "a {size} hernia", "a {size} hernia behind the heart"),
        ("an intrathoracic stomach", "a retrocardiac air-fluid level", "{size} stomach shadow above the diaphragm"),
        ("hernia", "hiatal hernia"),
        "none",
    ),
}
