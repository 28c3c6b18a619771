"""The words of phantom reports: a lexicon with Penn tags, and phrases written in it.

A phrase is words separated by spaces. A word has the tag the lexicon gives it, or its own when written `word/TAG`.
`{slots}` are filled by report.py; an empty one vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Word = tuple[str, str]
"""A word and its Penn Treebank tag."""

LEXICON: dict[str, str] = {
    word: tag
    for tag, words in {
        "NN": """abnormality age air aorta apex atelectasis atrium base basis blunting bone bronchogram cage cap cardiomegaly
            carina catheter cava chest collapse comparison congestion consolidation contour course density diaphragm disease
            disposition edema effort effusion elevation emphysema enlargement esophagus evaluation evidence exam examination
            exposure fibrosis field film fissure fluid fracture heart hemidiaphragm hemithorax hernia hyperinflation image
            infection infiltrate infiltration inspiration interstitium lead lesion level line lobe loss lung lucency man
            marker mass mediastinum midline midlung name nodule opacification opacity overload pacemaker pathology patient
            place pleura pneumonia pneumothorax position process projection radiograph redistribution reticulation rib
            rotation scar scarring shadow side silhouette size skeleton space spine stomach sulcus symmetry technique
            tension thickening thorax tip tissue trachea tube tumor vasculature vein ventricle view volume wall window
            woman x-ray zone angle AP PA""",
        "NNS": """angles apices bases bones borders bronchograms bullae clavicles contours devices diaphragms effusions fields
            findings hila hemidiaphragms infiltrates leads limits lines lobes lungs markings nodules opacities ribs shadows
            shoulders sides structures sutures tissues tubes vessels views volumes wires zones""",
        "NNP": "Kerley",
        "JJ": """abnormal acute adequate adult air-fluid apical basal basilar bibasilar bilateral bony bright cardiac
            cardiomediastinal cardiopulmonary cardiothoracic central clear compatible complete consistent coarse
            costophrenic deep dense diffuse elderly endotracheal extensive female focal frontal good gross hiatal hilar
            hyperlucent infectious interstitial intact intrathoracic large left linear lobar low male malignant marked
            mediastinal middle midline/JJ mild minimal moderate nasogastric negative new nodular normal obstructive old
            osseous overall overlying patchy perihilar plate-like pleural portable posteroanterior anteroposterior prominent
            pulmonary radiographic retrocardiac reticular right round sharp significant single slight small soft
            solitary standard sternal stable subtle suspicious tiny tortuous unremarkable upper upright vague venous
            vascular visible whole young airspace/JJ""",
        "JJR": "greater lower smaller",
        "DT": "the a an no this all each both any",
        "IN": "of in at on with without for within by above behind over along throughout below from as through near across",
        "CC": "or and but",
        "RB": "not well slightly mildly moderately severely markedly also clearly otherwise appropriately partially grossly",
        "VBZ": "is appears projects shows demonstrates overlies terminates suggests represents lies extends ends remains",
        "VBP": "are appear project show demonstrate overlie terminate suggest represent lie remain",
        "VBN": """seen noted identified visualized demonstrated enlarged blunted thickened flattened increased decreased
            rotated rounded widened located taken obtained expanded inflated preserved limited collapsed placed performed
            elevated obscured aligned centered""",
        "VBD": "was were",
        "VBG": "measuring suggesting representing layering overlying/VBG projecting filling",
        "EX": "there",
        "TO": "to",
        ".": ".",
        ",": ",",
    }.items()
    for word in (entry for entry in words.split() if "/" not in entry)
}
"""The tag of each word that is not marked otherwise in a phrase."""


@dataclass(frozen=True, slots=True)
class FindingWords:
    """How a finding is said. Noun phrases begin with `a` when the noun can be counted."""

    plain: tuple[str, ...]
    synonyms: tuple[str, ...]
    denied: tuple[str, ...]
    """What follows "no" when it is absent."""
    place: Literal["lung", "pleura", "none"]
    statements: tuple[str, ...] = field(default=())
    """Whole sentences that are synonyms."""


FINDING_WORDS: dict[str, FindingWords] = {
    "Atelectasis": FindingWords(
        ("{severity} {at} atelectasis", "{severity} linear {at} atelectasis", "{severity} atelectasis {where}"),
        ("{severity} {at} volume loss", "partial/JJ collapse {where}", "{severity} plate-like opacity {where}"),
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
        ("{severity} infection {where}", "{severity} {at} airspace/NN disease", "an infectious process {where}"),
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
        ("consolidation", "focal consolidation", "airspace/NN consolidation"),
        "lung",
    ),
    "Edema": FindingWords(
        ("{severity} pulmonary edema", "{severity} interstitial edema", "{severity} {at} edema"),
        ("{severity} pulmonary vascular congestion", "{severity} fluid overload", "Kerley lines {where}"),
        ("pulmonary edema", "edema", "vascular congestion"),
        "lung",
        ("the pulmonary vasculature is {degree} congested/JJ .",),
    ),
    "Emphysema": FindingWords(
        ("{severity} emphysema", "{severity} {at} emphysema", "{severity} emphysema {where}"),
        ("{severity} hyperinflation", "flattened diaphragms", "obstructive lung disease"),
        ("emphysema", "hyperinflation"),
        "lung",
        ("the lungs are {degree} hyperinflated/JJ .", "the lungs are hyperlucent with flattened diaphragms ."),
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

STATED: tuple[str, ...] = (
    "there {be} {np} .",
    "{np} {be} seen .",
    "{np} {be} present/JJ .",
    "{np} {be} noted .",
    "{np} {be} identified .",
    "findings consistent with {np} .",
    "the film shows {np} .",
    "{bare} .",
    "{bare} .",
)
"""How a finding's noun phrase becomes a sentence; `bare` has no article."""

CONCLUDED: tuple[str, ...] = (
    "{bare} .",
    "{bare} .",
    "{np} .",
    "findings compatible with {np} .",
    "x-ray image of {np} .",
)
"""The same, in the impression."""

DENIED: tuple[str, ...] = (
    "no {all} .",
    "no {all} .",
    "there is no {all} .",
    "there is no evidence of {all} .",
    "no evidence of {all} .",
    "no {all} is seen .",
    "negative for {all} .",
)

LUNG_FINDINGS = ("Atelectasis", "Infiltration", "Mass", "Nodule", "Pneumonia", "Consolidation", "Edema", "Fibrosis")

NORMAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("the lungs are clear .", LUNG_FINDINGS),
    ("both lungs are clear .", LUNG_FINDINGS),
    ("the lungs are well expanded and clear .", (*LUNG_FINDINGS, "Emphysema")),
    ("the lung fields are clear .", LUNG_FINDINGS),
    ("the heart size is normal .", ("Cardiomegaly",)),
    ("the heart is normal in size .", ("Cardiomegaly",)),
    ("heart size within normal limits .", ("Cardiomegaly",)),
    ("the cardiac silhouette is normal .", ("Cardiomegaly",)),
    ("the cardiomediastinal silhouette is unremarkable .", ("Cardiomegaly", "Hernia")),
    ("the costophrenic angles are sharp .", ("Effusion", "Pleural_Thickening")),
    ("both costophrenic angles are clear .", ("Effusion", "Pleural_Thickening")),
    ("the pulmonary vasculature is normal .", ("Edema",)),
    ("no pleural abnormality .", ("Effusion", "Pneumothorax", "Pleural_Thickening")),
)
"""Normal sentences, and the findings each one denies."""

NEUTRAL: tuple[str, ...] = (
    "the bones are intact .",
    "the ribs are intact .",
    "no rib fracture .",
    "no acute bony abnormality .",
    "the trachea is midline/JJ .",
    "the mediastinum is midline/JJ .",
    "the mediastinal contours are normal .",
    "the hilar contours are unremarkable .",
    "the thoracic/JJ spine is unremarkable .",
    "the osseous structures are unremarkable .",
    "the clavicles are intact .",
    "the soft tissues are unremarkable .",
    "a side marker is seen .",
    "the aorta is normal .",
    "visualized/JJ ribs and clavicles are unremarkable .",
)
"""Normal sentences about what no finding changes."""

ALL_NORMAL: tuple[str, ...] = (
    "no acute cardiopulmonary abnormality .",
    "no acute cardiopulmonary process .",
    "normal chest x-ray .",
    "normal chest .",
    "no acute disease .",
    "unremarkable chest radiograph .",
)

TECHNIQUE: dict[str, tuple[str, ...]] = {
    "PA": (
        "frontal chest x-ray .",
        "PA view of the chest .",
        "a chest x-ray image of a {person} .",
        "a frontal chest x-ray image of a {person} .",
        "single posteroanterior radiograph of the chest .",
        "upright frontal view of the chest .",
        "PA chest film of a {person} .",
    ),
    "AP": (
        "AP portable image of the chest .",
        "portable chest x-ray .",
        "a chest x-ray image of a {person} .",
        "a portable AP chest x-ray image of a {person} .",
        "single anteroposterior radiograph of the chest .",
        "frontal portable view of the chest .",
        "AP chest film of a {person} .",
    ),
}

DEVICE_WORDS: dict[str, tuple[str, ...]] = {
    "pacemaker": (
        "a pacemaker is seen with leads/NNS over the heart .",
        "pacemaker overlies the chest .",
        "a cardiac pacemaker is present/JJ .",
        "pacemaker with lead in the right ventricle .",
    ),
    "endotracheal tube": (
        "an endotracheal tube is in place .",
        "endotracheal tube tip above the carina .",
        "the endotracheal tube ends above the carina .",
    ),
    "nasogastric tube": (
        "a nasogastric tube is in place .",
        "nasogastric tube extends below the diaphragm .",
        "the nasogastric tube tip projects over the stomach .",
    ),
    "central line": (
        "a central line is in place .",
        "central venous line with tip near the right atrium .",
        "a central line is seen .",
        "a central venous catheter is seen .",
    ),
    "chest tube": ("a chest tube is in place .", "chest tube projects over the thorax .", "a chest tube is seen ."),
    "sternal wires": ("sternal wires are noted .", "sternal wires are intact .", "midline/JJ sternal wires are seen ."),
}
