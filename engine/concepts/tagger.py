"""Part-of-speech taggers, stored as JSON: NLTK's own for real reports, a small one for the demo's phantom reports."""

from __future__ import annotations

import hashlib
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, cast

from pydantic import BaseModel, ValidationError

from engine.concepts.nltk_data import Resource

RESOURCE = "averaged_perceptron_tagger_eng"


class Tagger(Protocol):
    """Tags the words of a sentence."""

    def tag(self, tokens: list[str]) -> list[tuple[str, str]]:
        """A sentence's tokens, each with its Penn Treebank tag."""
        ...


class TaggerModel(BaseModel, extra="forbid"):
    """The parameters of NLTK's perceptron tagger: each feature's weight for each tag, the words with only one tag, and
    the tags."""

    weights: dict[str, dict[str, float]]
    tagdict: dict[str, str]
    classes: list[str]

    def tagger(self) -> Tagger:
        from nltk.tag.perceptron import PerceptronTagger  # takes a second of CPU: needed only for tagging

        tagger = PerceptronTagger(load=False)
        tagger.decode_json_params((self.weights, self.tagdict, self.classes))
        return cast(Tagger, tagger)


def demo_tagger() -> Tagger:
    """The tagger trained on phantom reports, which comes with this package."""
    return TaggerModel.model_validate_json(_demo_text()).tagger()


def demo_tagger_identity() -> str:
    """A hash of what determines the tags of `demo_tagger`."""
    return _identity(_demo_text())


def nltk_tagger(nltk_data: Path | None = None) -> Tagger:
    """NLTK's English tagger, from the given nltk_data folder or else from NLTK's own places.

    Raises MammiError when it is missing or its files are damaged.
    """
    resource = _resource(nltk_data)
    parts = _nltk_parts(resource)
    whole = ", ".join(f'"{part}": {text}' for part, text in parts.items())
    try:
        return TaggerModel.model_validate_json(f"{{{whole}}}").tagger()
    except ValidationError as error:
        raise resource.damaged("not a valid tagger") from error


def nltk_tagger_identity(nltk_data: Path | None = None) -> str:
    """A hash of what determines the tags of `nltk_tagger`. Raises MammiError when the tagger is missing."""
    return _identity(*_nltk_parts(_resource(nltk_data)).values())


def _demo_text() -> str:
    return (resources.files("engine.concepts") / "tagger.json").read_text("utf-8")


def _resource(nltk_data: Path | None) -> Resource:
    return Resource("taggers", RESOURCE, "NLTK's English tagger", nltk_data)


def _nltk_parts(resource: Resource) -> dict[str, str]:
    return {part: resource.read(f"{RESOURCE}.{part}.json") for part in TaggerModel.model_fields}


def _identity(*texts: str) -> str:
    """NLTK's release counts: its code tags with these parameters."""
    return hashlib.sha256("\0".join((version("nltk"), *texts)).encode()).hexdigest()
