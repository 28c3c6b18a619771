"""Keys of what the concepts and the captions of a run are made from, without making them; and the concepts made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import kinds
from engine.concepts.report_files import digests
from engine.config.leaves import Leaf, NamedLeaf
from engine.errors import ConfigError
from engine.keys import content_key
from engine.probing.base import Image
from engine.store.contents import ConceptSet


def concepts_key(leaves: Sequence[NamedLeaf], base: Path, images: Sequence[Image]) -> str | None:
    """A key of the identities of the concept sets and of the probing set's reports; None if one has no identity."""
    identities = [(leaf.name, leaf.kind, leaf.identity(base)) for leaf in leaves]
    if any(identity is None for *_, identity in identities):
        return None
    return content_key(identities, [image.report for image in images])


def captions_key(methods: Sequence[Leaf], base: Path, images: Sequence[Image]) -> str | None:
    """A key of the methods' options, of the report files that these name, and of the reports in the probing set.

    None if a method is not ours: its captions may come from what its options do not name.
    """
    if any(leaf.kind not in kinds.own("methods") for leaf in methods):
        return None
    files = [list(digests(list(_paths(leaf, base)))) for leaf in methods]
    return content_key([leaf.as_dict() for leaf in methods], files, [image.report for image in images])


def _paths(leaf: Leaf, base: Path) -> Iterator[Path]:
    """The files and folders that a method's options name."""
    for name in type(leaf.options).model_fields:
        value = getattr(leaf.options, name)
        for path in value if isinstance(value, tuple) else (value,):
            if isinstance(path, Path):
                yield base / path


def load_concepts(
    leaves: Sequence[NamedLeaf], base: Path, reports: Sequence[str]
) -> tuple[tuple[str, ...], tuple[ConceptSet, ...]]:
    """The concepts of all concept sets, each once, and the sets, whose members are places among these concepts."""
    places: dict[str, int] = {}
    sets = []
    for leaf in leaves:
        try:
            concepts: list[str] = leaf.load(base, reports)
        except ConfigError as error:
            if len(leaves) == 1:
                raise
            raise ConfigError(f"{leaf.table}: {error}") from None
        if not concepts:
            raise ConfigError(f'{leaf.table}: the concept set of kind "{leaf.kind}" is empty.')
        members = tuple(places.setdefault(concept, len(places)) for concept in dict.fromkeys(concepts))
        sets.append(ConceptSet(leaf.name, leaf.kind, members))
    return tuple(places), tuple(sets)
