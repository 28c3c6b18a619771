"""The sentences of phantom reports, in the notation of lexicon.py; report.py fills their `{slots}`."""

from __future__ import annotations

STATED: tuple[str, ...] = (
    "there {be} {np} .",
    "{np} {be} seen .",
    "{np} {be} present .",
    "{np} {be} noted .",
    "{np} {be} identified .",
    "findings consistent with {np} .",
    "the film shows {np} .",
    "{bare} .",
    "{bare} .",
)
"""How a finding's noun phrase becomes a sentence; `bare` has no article"""

CONCLUDED: tuple[str, ...] = (
    "{bare} .",
    "{bare} .",
    "{np} .",
    "findings compatible with {np} .",
    "x-ray image of {np} .",
)
"""The same, in the impression"""

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
"""Normal sentences, and the findings each one denies"""

NEUTRAL: tuple[str, ...] = (
    "the bones are intact .",
    "the ribs are intact .",
    "no rib fracture .",
    "no acute bony abnormality .",
    "the trachea is midline .",
    "the mediastinum is midline .",
    "the mediastinal contours are normal .",
    "mediastinal contours within normal limits .",
    "the hilar contours are unremarkable .",
    "the hila are normal .",
    "the thoracic spine is unremarkable .",
    "the osseous structures are unremarkable .",
    "the clavicles and shoulders are intact .",
    "the soft tissues are unremarkable .",
    "a side marker is seen .",
    "visualized ribs and clavicles are unremarkable .",
    "no acute fracture of the thoracic cage .",
    "no free air below the diaphragm .",
    "the skeleton is intact for age .",
    "the carina is midline .",
)
"""Normal sentences that no finding contradicts"""

OBSERVED: tuple[tuple[str, float, float, tuple[str, ...]], ...] = (
    (
        "inspiration",
        -9.0,
        0.38,
        ("low lung volumes .", "lung volumes are low .", "poor inspiration .", "limited inspiratory effort ."),
    ),
    ("inspiration", 0.7, 9.0, ("good inspiration .", "lung volumes are normal .", "inspiratory effort is adequate .")),
    (
        "rotation",
        -9.0,
        -0.5,
        ("the patient is rotated .", "patient rotation is noted .", "evaluation limited by rotation ."),
    ),
    (
        "rotation",
        0.5,
        9.0,
        ("the patient is rotated .", "patient rotation is noted .", "evaluation limited by rotation ."),
    ),
    ("scoliosis", -9.0, -0.01, ("mild scoliosis of the spine .", "curvature of the thoracic spine .")),
    ("scoliosis", 0.01, 9.0, ("mild scoliosis of the spine .", "curvature of the thoracic spine .")),
    (
        "aortic_knob",
        0.85,
        9.0,
        ("prominent aortic knob .", "the aorta is prominent .", "the aortic arch is prominent ."),
    ),
    ("aortic_knob", -9.0, 0.6, ("the aorta is normal .", "normal aortic arch .")),
    ("gas_bubble", 0.8, 9.0, ("gas in the stomach .", "a gastric bubble is seen .")),
    ("body_size", 0.8, 9.0, ("overlying soft tissue limits/VBZ evaluation .", "large body habitus .")),
)
"""Sentences for an anatomical parameter between two values"""

NO_DEVICES: tuple[str, ...] = ("no lines or tubes .", "no support devices .", "no indwelling catheter or tube .")

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
        "portable bedside examination of the chest .",
        "a chest x-ray image of a {person} .",
        "a portable AP chest x-ray image of a {person} .",
        "single anteroposterior radiograph of the chest .",
        "frontal portable view of the chest .",
        "AP chest film of a {person} .",
    ),
}

DEVICE_WORDS: dict[str, tuple[str, ...]] = {
    "pacemaker": (
        "a pacemaker is seen with leads over the heart .",
        "pacemaker overlies the chest .",
        "a cardiac pacemaker is present .",
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
    "sternal wires": (
        "sternal wires are noted .",
        "sternal wires are intact .",
        "midline sternal wires after surgery .",
    ),
}

AT: dict[str, tuple[str, ...]] = {
    "upper": ("{side} upper lobe", "{side} apical", "{side}"),
    "middle": ("{side} midlung", "{side} perihilar", "{side}"),
    "lower": ("{side} lower lobe", "{side} basilar", "{side} basal", "{side}"),
    "whole": ("{side}", "diffuse {side}"),
}
"""A one-sided finding's place in the lung, said before its name"""

WHERE: dict[str, tuple[str, ...]] = {
    "upper": ("in the {side} upper lobe", "in the {side} lung apex", "in the {side} upper zone"),
    "middle": ("in the {side} midlung", "in the {side} middle zone", "in the {side} perihilar region"),
    "lower": ("in the {side} lower lobe", "at the {side} lung base", "in the {side} lower zone"),
    "whole": ("in the {side} lung", "throughout the {side} lung", "in the {side} hemithorax"),
}
"""The same, said after its name"""

AT_BOTH: dict[str, tuple[str, ...]] = {
    "upper": ("bilateral apical", "bilateral upper lobe", "bilateral"),
    "middle": ("bilateral perihilar", "bilateral"),
    "lower": ("bibasilar", "bilateral lower lobe", "bilateral"),
    "whole": ("diffuse", "bilateral", "diffuse bilateral"),
}
WHERE_BOTH: dict[str, tuple[str, ...]] = {
    "upper": ("in both upper lungs", "in both apices", "in both upper lobes"),
    "middle": ("in both midlung zones", "in both perihilar regions"),
    "lower": ("in both lung bases", "in both lower lobes", "at the lung bases"),
    "whole": ("in both lungs", "throughout both lungs"),
}
