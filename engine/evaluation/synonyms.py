"""Other words for class labels: read from a plain text file, and taken for the label where the reader asks for it.

A line is `label: synonym, synonym`; empty lines and lines that start with # are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from engine.concepts.clean import clean_text
from engine.errors import ConfigError

Synonyms = Mapping[str, frozenset[str]]
"""Label -> its synonyms, both as `compared`."""

NIH14 = "nih14"
"""Names the list that comes with this package."""
LARGEST = 1 << 20
"""Bytes of a file of synonyms, at most."""


def compared(text: str) -> str:
    """A concept or label as it is compared: lower-case, an underscore as a blank.

    The published evaluation lower-cases both and has its labels without underscores (ailab-kyunghee/MAMMI,
    dataset/nih_split/nih_labels.txt: "Pleural thickening").
    """
    return text.lower().replace("_", " ")


def read_synonyms(name: str) -> Synonyms:
    """The file of that path, or the package's own list where `name` is NIH14.

    Raises ConfigError when the file cannot be read, or names the line at fault.
    """
    return nih14_synonyms() if name == NIH14 else _read(Path(name), f"--synonyms {name}")


@cache
def nih14_synonyms() -> Synonyms:
    """For the 14 findings of NIH ChestX-ray14, and of phantoms."""
    return _read(Path(__file__).with_name("nih14_synonyms.txt"), NIH14)


def with_synonyms(
    predicted: Sequence[Sequence[str]], truth: Sequence[Sequence[str]], synonyms: Synonyms
) -> list[tuple[str, ...]]:
    """The predicted concepts of each neuron, those that are a synonym of one of its labels replaced by that label."""
    return [
        tuple(_label(concept, labels, synonyms) for concept in concepts)
        for concepts, labels in zip(predicted, truth, strict=True)
    ]


def _label(concept: str, labels: Sequence[str], synonyms: Synonyms) -> str:
    return next((label for label in labels if concept in synonyms.get(label, ())), concept)


def _read(path: Path, origin: str) -> Synonyms:
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{origin}: has more than {LARGEST >> 20} MB. A line is `label: synonym, synonym`.")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        hint = "" if path.exists() else f" The list that comes with mammi is `{NIH14}`."
        raise ConfigError(f"{origin}: cannot be read: {error.strerror}.{hint}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{origin}: is not UTF-8 text ({error.reason} at byte {error.start}).") from None
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
            raise ConfigError(f"{origin}: line {number} has the label {label!r} again.")
        found[label] = synonyms
    if not found:
        raise ConfigError(f"{origin}: has no labels. A line is `label: synonym, synonym`.")
    return found
