"""Probing sets: one file for each kind, named here.

A kind's module has `Options` and `load(options, base) -> ProbingSet`.
"""

KINDS: dict[str, str] = {
    "chestx_det": "engine.probing.chestx_det",
    "chexpert": "engine.probing.chexpert",
    "csv": "engine.probing.csv",
    "dicom": "engine.probing.dicom.probing_set",
    "folder": "engine.probing.folder",
    "mimic_cxr_jpg": "engine.probing.mimic_cxr_jpg",
    "nih14": "engine.probing.nih14",
    "phantom": "engine.probing.phantom.probing_set",
}
