"""Probing sets: one file for each kind, named here.

A kind's module imports nothing heavy, so that a configuration is checked at once. It has

- `Options`: the keys of the table, a pydantic model
- `load(options, base) -> ProbingSet`: relative paths start from `base`; what reads films is imported here
- `NEEDS`: the packages that `load` imports beside those of the extra `engine`; it may be left out
"""

KINDS: dict[str, str] = {
    "chestx_det": "engine.probing.chestx_det",
    "chexpert": "engine.probing.chexpert",
    "covid_cxr": "engine.probing.covid_cxr",
    "csv": "engine.probing.csv",
    "dicom": "engine.probing.dicom.probing_set",
    "folder": "engine.probing.folder",
    "mimic_cxr_jpg": "engine.probing.mimic_cxr_jpg",
    "nih14": "engine.probing.nih14",
    "parquet": "engine.probing.parquet.probing_set",
    "phantom": "engine.probing.phantom.probing_set",
    "webdataset": "engine.probing.webdataset.probing_set",
}
