"""Embeddings computed elsewhere, with whatever model: looked up by an image's path and by a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from engine.errors import MammiError
from engine.keys import content_key
from engine.limits import limits, named
from engine.vlms.base import VLM
from engine.weights.digest import file_digest

if TYPE_CHECKING:
    import torch

BY_NAME = True
TAKES_FILMS = False
VERSION = 1
"""Raise it when the same files give other embeddings than before"""


class Options(BaseModel, extra="forbid", frozen=True):
    """`[vlm]` of a configuration with kind = "precomputed"."""

    images: Path
    """An .npy file of vectors [n, d] beside `image_names`, or a Parquet file with the columns path and embedding"""
    image_names: Path | None = None
    """The paths of the vectors in an .npy file: UTF-8 text, one a line. A path is that of an image in the probing
    set. It may have more or fewer leading folders if its file name occurs here only once."""
    texts: Path
    """An .npy file of vectors [m, d] beside `text_names`, or a Parquet file with the columns text and embedding"""
    text_names: Path | None = None
    """The texts of the vectors in an .npy file, one a line. They are exactly the texts that a run encodes:
    for each concept run.template, a blank and the concept; and run.template, unless run.subtract_template is false. A
    concept alone is another text, with another vector; it is what a run with run.template = "" encodes, and what
    CLIP-Dissect compares with prompted = false."""


def identity(options: Options, base: Path) -> str:
    """A hash of the files: the same vectors in another format are another VLM."""
    files = {key: path for key in type(options).model_fields if (path := getattr(options, key)) is not None}
    for key, path in files.items():
        _check_size(base / path, f"vlm.{key}")
    return content_key(
        "precomputed", VERSION, {key: file_digest(base / path, f"vlm.{key}") for key, path in files.items()}
    )


def _check_size(path: Path, key: str) -> None:
    """Raises MammiError for a file that would be hashed for hours, as one with holes is: numbers of 8 bytes take twice
    the MB that limits.arrays_mb counts."""
    most = limits().arrays_mb * 2
    if path.is_file() and path.stat().st_size > (most + 1) << 20:
        raise MammiError(f"{key}: {path} is larger than {most:,} MB (twice {named('arrays_mb')}).")


def load(options: Options, base: Path, device: torch.device) -> VLM:  # noqa: ARG001
    """Both tables. Raises MammiError when one cannot be read or is not whole, or their vectors differ in length."""
    from engine.vlms.models.precomputed import load_vlm

    image_names = base / options.image_names if options.image_names else None
    text_names = base / options.text_names if options.text_names else None
    own = identity(options, base)
    return load_vlm(base / options.images, image_names, base / options.texts, text_names, own)
