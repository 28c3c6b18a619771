"""A concept set from the nouns of a file or folder of reports, as the paper made its own from MIMIC-CXR."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from engine.concepts import nouns
from engine.concepts.base import source_identity
from engine.concepts.clean import clean_concepts
from engine.concepts.filters import NounFilters
from engine.concepts.report_files import digests, read_reports
from engine.concepts.sections import DEFAULT_SECTIONS
from engine.concepts.tagger import nltk_tagger, nltk_tagger_identity
from engine.text_files import Encoding, TextFiles


class Options(BaseModel, extra="forbid", frozen=True):
    """`[concepts]` of a configuration with kind = "reports"."""

    path: Path
    """A report file (.txt, Open-i .xml, R2Gen .json, .csv, .tsv, also gzipped), or a folder of them with subfolders"""
    sections: tuple[str, ...] = DEFAULT_SECTIONS
    """The sections whose words count, or "all" """
    column: str | None = None
    """A CSV file's column of reports; by default the columns named like the sections, else "report" or "text" """
    splits: tuple[str, ...] = ()
    """The splits of R2Gen's JSON to read, such as "train"; all by default"""
    encoding: Encoding | None = None
    """The files' encoding, such as "cp1252"; by default UTF-8, or what a byte order mark or XML declaration says"""
    nltk_data: Path | None = None
    """The folder of NLTK's data; NLTK's own places by default"""
    min_reports: int = Field(1, ge=1)
    """A noun must appear in this many reports"""
    filters: NounFilters = NounFilters()


def identity(options: Options, base: Path) -> str:
    contents = [*digests([base / options.path]), nltk_tagger_identity(_nltk_data(options, base))]
    return source_identity(nouns.VERSION, options, contents)


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The nouns, the most frequent first. Raises MammiError when the reports or the tagger cannot be read."""
    tagger = nltk_tagger(_nltk_data(options, base))
    path = base / options.path
    reports_read = read_reports(
        [path],
        sections=options.sections,
        column=options.column,
        splits=options.splits,
        texts=TextFiles(options.encoding, "concepts.encoding"),
    )
    found = nouns.extract_nouns(reports_read, tagger, filters=options.filters, min_reports=options.min_reports)
    return clean_concepts((noun.noun for noun in found), str(path))


def _nltk_data(options: Options, base: Path) -> Path | None:
    return base / options.nltk_data if options.nltk_data else None
