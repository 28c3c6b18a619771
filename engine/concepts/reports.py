"""A concept set from the nouns of a folder or file of reports, as the paper made its own from MIMIC-CXR."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from engine.concepts.clean import clean_concepts
from engine.concepts.filters import NounFilters
from engine.concepts.nouns import extract_nouns
from engine.concepts.report_files import read_reports
from engine.concepts.sections import DEFAULT_SECTIONS
from engine.concepts.tagger import nltk_tagger


class Options(BaseModel, extra="forbid"):
    kind: Literal["reports"]
    path: Path
    """A report file (.txt, Open-i .xml, R2Gen .json, .csv, .tsv, also gzipped), or a folder, searched in depth."""
    sections: tuple[str, ...] = DEFAULT_SECTIONS
    column: str | None = None
    """A CSV file's column of reports; by default its columns named as the sections, else "report" or "text"."""
    splits: tuple[str, ...] = ()
    """The splits of R2Gen's JSON to read, such as "train"; all by default."""
    nltk_data: Path | None = None
    """The folder of NLTK's data; by default NLTK's own places."""
    min_reports: int = Field(1, ge=1)
    filters: NounFilters = NounFilters()


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The nouns, the most frequent first. Raises MammiError when the reports or the tagger cannot be read."""
    tagger = nltk_tagger(base / options.nltk_data if options.nltk_data else None)
    path = base / options.path
    texts = read_reports([path], sections=options.sections, column=options.column, splits=options.splits)
    nouns = extract_nouns(texts, tagger, filters=options.filters, min_reports=options.min_reports)
    return clean_concepts((noun.noun for noun in nouns), str(path))
