"""Packages that only some kinds of models and images need, and the extra of this project that installs each."""

from __future__ import annotations

EXTRAS = {
    "aiohttp": "remote",
    "fsspec": "remote",
    "gcsfs": "remote-gs",
    "gdcm": "dicom",
    "matplotlib": "plots",
    "open_clip": "open-clip",
    "pyarrow": "remote",
    "pydicom": "dicom",
    "ray": "ray",
    "s3fs": "remote",
    "sentencepiece": "transformers",
    "timm": "timm",
    "tokenizers": "transformers",
    "torchxrayvision": "torchxrayvision",
    "transformers": "transformers",
}
"""Importable name -> extra in pyproject.toml"""


def missing(package: str | None) -> str:
    """The end of a sentence that says that a package is not installed, and how to install it."""
    name = (package or "").partition(".")[0]
    extra = f": pip install 'mammi-explorer[{EXTRAS[name]}]'" if name in EXTRAS else ""
    return f"needs the package {name!r}, which is not installed{extra}"
