"""A concept set from the nouns of the probing set's own reports: what the demo uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from engine.concepts.clean import clean_concepts
from engine.concepts.filters import NounFilters
from engine.concepts.nouns import extract_nouns
from engine.concepts.sections import DEFAULT_SECTIONS, select_sections
from engine.concepts.tagger import demo_tagger, nltk_tagger
from engine.errors import ConfigError


class Options(BaseModel, extra="forbid"):
    kind: Literal["probing_reports"]
    sections: tuple[str, ...] = DEFAULT_SECTIONS
    tagger: Literal["demo", "nltk"] = "demo"
    """"demo" knows the words of phantom reports; real reports need "nltk"."""
    nltk_data: Path | None = None
    min_reports: int = Field(1, ge=1)
    filters: NounFilters = NounFilters()


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:
    """The nouns, the most frequent first. Raises ConfigError when the probing set has no reports."""
    if not reports:
        raise ConfigError('concepts.kind: "probing_reports" needs a probing set with reports; this one has none.')
    if options.tagger == "demo":
        tagger = demo_tagger()
    else:
        tagger = nltk_tagger(base / options.nltk_data if options.nltk_data else None)
    texts = (select_sections(report, options.sections) for report in reports)
    nouns = extract_nouns(texts, tagger, filters=options.filters, min_reports=options.min_reports)
    return clean_concepts((noun.noun for noun in nouns), "The probing set's reports")
