"""`[probing.attributes]` of a configuration: attributes of films beside those that their kind of probing set gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, Field, field_validator, model_validator

from engine.text_files import Encoding

LONGEST_NAME = 32
_NAME = re.compile(r"[^\W\d_](?:[\w-]*\w)?")
Named = TypeVar("Named", bound=Mapping[str, Any])
RESERVED = ("is", "label", "name", "none", "output", "path", "patient", "predicted", "report", "view")
"""Names that mean something else where films are searched"""


def attribute_names(named: Named) -> Named:
    """The table, whose keys are names of attributes. Raises ValueError for one that is none, or names nothing."""
    for name, value in named.items():
        if not _NAME.fullmatch(name) or name != name.casefold() or len(name) > LONGEST_NAME:
            raise ValueError(
                f"{name!r} is no name of an attribute: it has small letters, digits, - and _, at most "
                f"{LONGEST_NAME} of them, and begins with a letter"
            )
        if name in RESERVED:
            raise ValueError(f"{name!r} means something else of a film; choose another name")
        if not value:
            raise ValueError(f"{name} names nothing: leave it out")
    return named


class AttributeOptions(BaseModel, extra="forbid", frozen=True):
    """Attributes from the columns of a table, and from labels. They replace those of the same name."""

    columns: Mapping[str, str] = Field(default_factory=dict)
    """Attribute -> the column that has it, such as scanner = "Machine" """
    file: Path | None = None
    """The table; by default that of the probing set, where its kind is "csv" or "dicom" and names one"""
    image: str | None = Field(default=None, min_length=1)
    """The column of a film's path, or of its file name, with or without suffix"""
    patient: str | None = Field(default=None, min_length=1)
    """Or the column of its patient: each row holds for all films of one"""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: Encoding | None = None
    numbered: tuple[str, ...] = ()
    """Attributes whose values are numbered in place of named, such as "site": what they are called stays private"""
    labels: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """Attribute -> the labels that are its values, such as device = ["Support Devices"]"""

    @field_validator("columns", "labels")
    @classmethod
    def _have_names(cls, named: Mapping[str, object]) -> Mapping[str, object]:
        return attribute_names(named)

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        both = sorted(self.columns.keys() & self.labels.keys())
        if both:
            raise ValueError(f"{both[0]} stands in columns and in labels; keep one of them")
        if self.image and self.patient:
            raise ValueError("image and patient are two ways to say whose a row is; keep one of them")
        if self.file and not (self.image or self.patient):
            raise ValueError("file needs image or patient: the column that says whose a row is")
        for key in ("file", "image", "patient", "delimiter", "encoding", "numbered"):
            if getattr(self, key) and not self.columns:
                raise ValueError(f"{key} is about columns; give these too")
        unknown = [name for name in self.numbered if name not in self.columns]
        if unknown:
            raise ValueError(f"numbered names {unknown[0]!r}, which is none of columns")
        return self
