"""Part-of-speech taggers, both JSON: NLTK's own for real reports, the demo's small one for phantom reports."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Protocol, cast

from nltk.tag.perceptron import PerceptronTagger
from pydantic import BaseModel, ValidationError

from engine.concepts.nltk_data import Resource

RESOURCE = "averaged_perceptron_tagger_eng"


class Tagger(Protocol):
    def tag(self, tokens: list[str]) -> list[tuple[str, str]]:
        """A sentence's tokens, each with its Penn Treebank tag."""
        ...


class TaggerModel(BaseModel, extra="forbid"):
    """What NLTK's perceptron tagger knows: the weight of each tag by feature, the words with one tag, and the tags."""

    weights: dict[str, dict[str, float]]
    tagdict: dict[str, str]
    classes: list[str]

    def tagger(self) -> Tagger:
        tagger = PerceptronTagger(load=False)
        tagger.decode_json_params((self.weights, self.tagdict, self.classes))
        return cast(Tagger, tagger)


def demo_tagger() -> Tagger:
    """The tagger trained on phantom reports, which ships with the package."""
    text = (resources.files("engine.concepts") / "tagger.json").read_text("utf-8")
    return TaggerModel.model_validate_json(text).tagger()


def nltk_tagger(nltk_data: Path | None = None) -> Tagger:
    """NLTK's English tagger, from the given nltk_data folder or else from where NLTK keeps its data.

    Raises MammiError when it is not there or its files are damaged.
    """
    resource = Resource("taggers", RESOURCE, "NLTK's English tagger", nltk_data)
    parts = {part: resource.read(f"{RESOURCE}.{part}.json") for part in TaggerModel.model_fields}
    whole = ", ".join(f'"{part}": {text}' for part, text in parts.items())
    try:
        return TaggerModel.model_validate_json(f"{{{whole}}}").tagger()
    except ValidationError as error:
        raise resource.damaged("no valid tagger") from error
