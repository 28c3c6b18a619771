"""Other words for class labels, read from a plain text file, which count as the label where a reader asks for it.

A line is `label: synonym, synonym`. Empty lines and lines that start with # are skipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from engine.concepts.clean import clean_text
from engine.errors import ConfigError
from engine.names import compared
from engine.text_files import TextFiles, UnreadableText

Synonyms = Mapping[str, frozenset[str]]
"""Label -> its synonyms, both as `compared`"""

NIH14 = "nih14"
"""The name of the list that comes with this package"""


def read_synonyms(name: str) -> Synonyms:
    """The synonyms in the file at path `name`, or the package's own list where `name` is NIH14.

    Raises ConfigError when the file cannot be read, or for the first line at fault.
    """
    return nih14_synonyms() if name == NIH14 else _read(Path(name), f"--synonyms {name}")


@cache
def nih14_synonyms() -> Synonyms:
    """Synonyms for the 14 findings of NIH ChestX-ray14, which phantoms share."""
    return _read(Path(__file__).with_name("nih14_synonyms.txt"), NIH14)


def with_synonyms(
    predicted: Sequence[Sequence[str]], truth: Sequence[Sequence[str]], synonyms: Synonyms
) -> list[tuple[str, ...]]:
    """The predicted concepts of each neuron. A synonym of one of its labels is replaced by that label."""
    return [
        tuple(_label(concept, labels, synonyms) for concept in concepts)
        for concepts, labels in zip(predicted, truth, strict=True)
    ]


def _label(concept: str, labels: Sequence[str], synonyms: Synonyms) -> str:
    return next((label for label in labels if concept in synonyms.get(label, ())), concept)


def _read(path: Path, origin: str) -> Synonyms:
    texts = TextFiles()
    try:
        text = texts.read(path, "report_mb")
    except UnreadableText as error:
        hint = "" if path.exists() else f" The list that comes with mammi is `{NIH14}`."
        raise ConfigError(f"--synonyms: {error}{hint}") from None
    texts.warn(path)
    found: dict[str, frozenset[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        label, colon, words = line.partition(":")
        label = compared(clean_text(label))
        synonyms = frozenset(filter(None, (compared(clean_text(word)) for word in words.split(","))))
        if not (colon and label and synonyms):
            raise ConfigError(f"{origin}: line {number} is not `label: synonym, synonym`.")
        if label in found:
            raise ConfigError(f"{origin}: line {number} repeats the label {label!r}.")
        found[label] = synonyms
    if not found:
        raise ConfigError(f"{origin}: has no labels. A line is `label: synonym, synonym`.")
    return found
