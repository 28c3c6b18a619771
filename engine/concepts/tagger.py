"""Part-of-speech taggers, both JSON: NLTK's own for real reports, the demo's small one for phantom reports."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Protocol, cast

from nltk.tag.perceptron import PerceptronTagger
from pydantic import BaseModel, ValidationError

from engine.errors import MammiError

RESOURCE = "averaged_perceptron_tagger_eng"
DOWNLOAD = f"python -m nltk.downloader {RESOURCE}"


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
    text = (resources.files("engine.demo") / "tagger.json").read_text("utf-8")
    return TaggerModel.model_validate_json(text).tagger()


def nltk_tagger(nltk_data: Path | None = None) -> Tagger:
    """NLTK's English tagger, from the given nltk_data folder or else from where NLTK keeps its data.

    Raises MammiError when it is not there or its files are damaged.
    """
    folder = _resource_folder(nltk_data)
    parts = {}
    for part in TaggerModel.model_fields:
        path = folder / f"{RESOURCE}.{part}.json"
        try:
            parts[part] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise MammiError(f"{path} cannot be read ({error}). Get it again with: {DOWNLOAD}") from error
    whole = ", ".join(f'"{part}": {text}' for part, text in parts.items())
    try:
        return TaggerModel.model_validate_json(f"{{{whole}}}").tagger()
    except ValidationError as error:
        raise MammiError(f"{folder} holds no valid NLTK tagger. Get it again with: {DOWNLOAD}") from error


def _resource_folder(nltk_data: Path | None) -> Path:
    if nltk_data is None:
        from nltk import data

        roots, option = [Path(root) for root in data.path], ""
    else:
        roots, option = [nltk_data], f" -d {nltk_data}"
    for root in roots:
        folder = root / "taggers" / RESOURCE
        if folder.is_dir():
            return folder
    where = f"in {nltk_data}" if nltk_data else "on this machine"
    raise MammiError(f"NLTK's English tagger is not {where}. Get it with: {DOWNLOAD}{option}")
