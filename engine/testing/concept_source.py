"""The promises of engine.concepts.base.ConceptSource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.concepts.base import ConceptSource
from engine.testing.promises import expect

REPORTS = (
    "FINDINGS: The heart is enlarged. There is a small left pleural effusion. No pneumothorax.",
    "FINDINGS: The lungs are clear. The heart size is normal. IMPRESSION: No acute disease.",
    "IMPRESSION: Small nodule in the right lung. No pleural effusion.",
)


def check_concept_source(
    source: ConceptSource, options: Mapping[str, Any], base: Path = Path(), reports: Sequence[str] = REPORTS
) -> None:
    """Checks the module of a kind of concept set with the options that a table [concepts] would give it.

    Relative paths start from `base`; `reports` are the probing set's.
    """
    model = source.Options
    expect(issubclass(model, BaseModel), "Options must be a pydantic model")
    chosen = model.model_validate(options)
    identity = source.identity(chosen, base)
    expect(identity is None or (isinstance(identity, str) and identity), f"identity must be a text, not {identity!r}")
    concepts = source.load(chosen, base, reports)
    expect(isinstance(concepts, list) and concepts, "load must return a list that is not empty")
    for concept in concepts:
        expect(isinstance(concept, str), f"a concept must be a text, not {concept!r}")
        plain = concept and concept == " ".join(concept.split()) and concept.isprintable()
        expect(plain, f"a concept must be one line of printable text without blanks around it, not {concept!r}")
    twice = next((concept for concept in concepts if concepts.count(concept) > 1), None)
    expect(twice is None, f"each concept must occur once; {twice!r} occurs more than once")
    expect(source.load(chosen, base, reports) == concepts, "load must return the same concepts in the same order")
    expect(source.identity(chosen, base) == identity, "identity must be the same whenever it is asked for")
