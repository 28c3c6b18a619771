"""Which files are films, by suffix or by how they begin, and what is said of the others in a folder."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable

PICTURES = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "JPEG2000")
"""Pillow's names of the formats that are decoded. No other decoder is ever given a file."""
FORMATS = "PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM"
"""The same for a reader"""
DICOM_SUFFIXES = (".dcm", ".dicom", ".dic", ".dc3", ".ima")
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".webp"),
    *(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
    *DICOM_SUFFIXES,
)
"""Suffixes of film files, in any case. A file without a suffix, or whose suffix is a number (as in a DICOM UID), is a
film if it begins like one."""
HEAD = 132
"""Bytes from which `begins_like_film` tells a film"""

DICOM = b"DICM"
DICOM_AT = 128
"""Bytes before the letters DICM (DICOM PS3.10, section 7.1)"""
_SIGNATURES = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\xff\x4f\xff\x51"),
    b"\0\0\0\x0cjP  \r\n\x87\n",
)
_DOCUMENTS = frozenset(
    (
        *(".csv", ".tsv", ".txt", ".json", ".csv.gz", ".tsv.gz", ".txt.gz", ".json.gz"),
        *(".jsonl", ".xml", ".md", ".rst", ".html", ".htm", ".xls", ".xlsx", ".ods", ".parquet", ".db", ".duckdb"),
        *(".toml", ".yaml", ".yml", ".ini", ".inf", ".cfg", ".log", ".py", ".ipynb", ".sh", ".md5", ".sha1", ".sha256"),
    )
)
"""Suffixes of files that are found beside films and hold none: tables, texts and settings"""
_PACKED = (".gz", ".bz2", ".xz", ".zst")
_LONGEST = 12
"""The most characters of a suffix; a longer one is a part of the name"""
_NAMED = 5
"""The most kinds of files that a message names"""


def split(name: str) -> tuple[str, str]:
    """A file's name without the suffix of a film, and that suffix; "" where it has none."""
    stem, suffix = posixpath.splitext(name)
    return (stem, suffix) if suffix.lower() in SUFFIXES else (name, "")


def may_lack_suffix(name: str) -> bool:
    """Whether only its first bytes tell if the file is a film."""
    suffix = posixpath.splitext(name)[1]
    return (not suffix or suffix[1:].isdigit()) and name != "DICOMDIR"


def begins_like_film(head: bytes) -> bool:
    """Whether a file that begins with these HEAD bytes is a film in one of FORMATS."""
    return (
        head.startswith(_SIGNATURES)
        or head.startswith(DICOM, DICOM_AT)
        or (head.startswith(b"RIFF") and head.startswith(b"WEBP", 8))
    )


def kind_of_other(name: str) -> str:
    """The suffix of a file that is not a film, such as .gif or .nii.gz; "" for a document."""
    stem, suffix = posixpath.splitext(name.lower())
    if suffix in _PACKED:
        suffix = posixpath.splitext(stem)[1] + suffix
    if suffix in _DOCUMENTS or may_lack_suffix(name) or name == "DICOMDIR":
        return ""
    return suffix if len(suffix) <= _LONGEST else "with long suffixes"


def counted(kinds: Iterable[str]) -> str:
    """The number of each kind, the most frequent first: "3 .nii.gz, 1 .svg"."""
    numbers = Counter(kinds)
    ordered = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(number for _, number in ordered[_NAMED:])
    return ", ".join(f"{number} {kind}" for kind, number in ordered[:_NAMED]) + (f", {rest} others" if rest else "")
