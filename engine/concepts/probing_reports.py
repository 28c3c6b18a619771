"""A concept set from the nouns of the probing set's own reports: the demo uses it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from engine.concepts import nouns
from engine.concepts.base import source_identity
from engine.concepts.clean import clean_concepts
from engine.concepts.filters import NounFilters
from engine.concepts.sections import DEFAULT_SECTIONS, select_sections
from engine.concepts.tagger import demo_tagger, demo_tagger_identity, nltk_tagger, nltk_tagger_identity
from engine.errors import ConfigError


class ProbingFilters(NounFilters, frozen=True):
    """The filters of nouns from reports. The discard list is off by default, as it has the demo's sides and angles."""

    picture_words: bool = False


class Options(BaseModel, extra="forbid", frozen=True):
    """`[concepts]` of a configuration with kind = "probing_reports"."""

    sections: tuple[str, ...] = DEFAULT_SECTIONS
    """The sections whose words count, or "all" """
    tagger: Literal["demo", "nltk"] = "demo"
    """"demo" was trained on the words of phantom reports; real reports need "nltk" """
    nltk_data: Path | None = None
    """The folder of NLTK's data; NLTK's own places by default"""
    min_reports: int = Field(1, ge=1)
    """A noun must appear in this many reports"""
    filters: ProbingFilters = ProbingFilters()


def identity(options: Options, base: Path) -> str:
    demo = options.tagger == "demo"
    tagger = demo_tagger_identity() if demo else nltk_tagger_identity(_nltk_data(options, base))
    return source_identity(nouns.VERSION, options, [tagger])


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:
    """The nouns, the most frequent first. Raises ConfigError when the probing set has no reports."""
    if not reports:
        raise ConfigError('concepts.kind: "probing_reports" needs a probing set with reports; this one has none.')
    tagger = demo_tagger() if options.tagger == "demo" else nltk_tagger(_nltk_data(options, base))
    texts = (select_sections(report, options.sections) for report in reports)
    found = nouns.extract_nouns(texts, tagger, filters=options.filters, min_reports=options.min_reports)
    return clean_concepts((noun.noun for noun in found), "The probing set's reports")


def _nltk_data(options: Options, base: Path) -> Path | None:
    return base / options.nltk_data if options.nltk_data else None
