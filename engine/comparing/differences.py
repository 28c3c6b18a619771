"""What two runs differ in, and which of it can be exchanged between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.comparing.films import SharedFilms
from engine.comparing.matching import LayerMatch
from engine.comparing.side import Side
from engine.store.parts import OUTPUTS, part_of_layer
from engine.store.records import LayerInfo

IMAGES, TEXTS, ACTIVATIONS, VLM = "images", "texts", "activations", "VLM"
RANKING, SELECTION = "ranking", "selection"
SAMPLED = 1024
"""Shared films whose embeddings are looked at where no key tells whether the runs embed films alike"""
Sides = tuple[Side, Side]
Pairs = Sequence[tuple[LayerInfo, LayerInfo]]
"""Layers of the two runs"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that runs may differ in."""

    what: str
    of: tuple[str, str]
    """Of each run, in a few words"""
    differs: bool
    detail: str = ""
    """How, where both are called the same or are too long to tell"""


@dataclass(frozen=True, slots=True)
class Differing:
    """Which of the things that words follow from differ between two sides."""

    vlm: bool
    """Whether the VLMs differ: in name, in dimension, or in how they encode a text"""
    films: bool
    embeddings: bool
    """Whether the films that both runs have are embedded differently"""
    texts: bool
    alpha: bool
    """Whether it differs where it counts"""
    beta: bool
    ranking: bool
    selection: bool

    @classmethod
    def between(cls, sides: Sides, films: SharedFilms) -> Differing:
        first, second = sides
        infos = first.reader.info, second.reader.info
        return cls(
            vlm=infos[0].vlm != infos[1].vlm or not first.texts.encoded_as(second.texts),
            films=not films.all_shared,
            embeddings=not same_embeddings(sides, films),
            texts=not first.texts.equals(second.texts),
            alpha=_alpha_differs(sides),
            beta=first.cuts.beta != second.cuts.beta,
            ranking=first.cuts.ranking != second.cuts.ranking,
            selection=first.cuts.selection != second.cuts.selection,
        )

    @property
    def images(self) -> bool:
        """Whether the runs have other films, or embed them differently."""
        return self.films or self.embeddings

    def exchanges(self, match: LayerMatch) -> dict[str, tuple[str, ...]]:
        """What can be exchanged between the runs for one layer: its name -> the fields of
        engine.comparing.exchange.Source that go together.

        A VLM goes as a whole: the images of one mean nothing to the texts of another.
        """
        found = {
            VLM: (self.vlm, ("images", "texts")),
            IMAGES: (self.images and not self.vlm, ("images",)),
            TEXTS: (self.texts and not self.vlm, ("texts",)),
            ACTIVATIONS: (not match.same, ("activations",)),
            "α": (self.alpha, ("alpha",)),
            "β": (self.beta, ("beta",)),
            RANKING: (self.ranking, ("ranking",)),
            SELECTION: (self.selection, ("selection",)),
        }
        return {name: fields for name, (differs, fields) in found.items() if differs}


def same_embeddings(sides: Sides, films: SharedFilms) -> bool:
    """Whether the shared films have the same embeddings in both runs."""
    first, second = sides
    if first.reader is second.reader or (first.embedding_key and first.embedding_key == second.embedding_key):
        return True
    if first.reader.info.dimension != second.reader.info.dimension:
        return False
    count = min(len(films), SAMPLED)
    sample = np.linspace(0, len(films) - 1, count).round().astype(np.int64) if count else np.empty(0, np.int64)
    return np.array_equal(_of(first, films.of(0)[sample]), _of(second, films.of(1)[sample]))


def _of(side: Side, images: NDArray[np.int64]) -> NDArray[np.float32]:
    """The embeddings of some images, [n, d]."""
    found = np.empty((len(images), side.reader.info.dimension), dtype=np.float32)
    wanted, places = np.unique(images, return_inverse=True)
    for piece, embeddings, _ in side.pieces(wanted):
        inside = (images >= piece[0]) & (images <= piece[-1])
        found[inside] = embeddings[np.searchsorted(piece, wanted[places[inside]])]
    return found


def differences(sides: Sides, films: SharedFilms, differing: Differing, layers: Pairs) -> list[Difference]:
    """What the runs differ in and what not: the target model (at the layers of one name), the layers, the VLM, the
    films, the texts, the cuts."""
    target = _target(sides, [first.name for first, second in layers if first.name == second.name])
    return [target, _layers(sides, layers), _vlm(sides, differing), _films(films), *_texts(sides), *_cuts(sides)]


def _target(sides: Sides, layers: Sequence[str]) -> Difference:
    names = _each(sides, lambda side: side.reader.info.target)
    parts = [part_of_layer(layer) for layer in layers] or [OUTPUTS]
    keys = [[side.part_keys.get(part, "") for part in parts] for side in sides]
    same = sides[0].reader is sides[1].reader or (keys[0] == keys[1] and "" not in keys[0])
    unknown = "" in keys[0] + keys[1]
    detail = "perhaps other weights: a run lacks its keys" if unknown else "other weights or preprocessing"
    return Difference("target model", names, not same, "" if same or names[0] != names[1] else detail)


def _layers(sides: Sides, layers: Pairs) -> Difference:
    alone = [
        (which, [layer.name for layer in side.reader.layers if all(pair[run] is not layer for pair in layers)])
        for run, (which, side) in enumerate(zip(("first", "second"), sides, strict=True))
    ]
    detail = "; ".join(f"only in the {which} run: {', '.join(names)}" for which, names in alone if names)
    counts = _each(sides, lambda side: f"{len(side.reader.layers)}")
    return Difference("layers", counts, bool(detail), detail)


def _vlm(sides: Sides, differing: Differing) -> Difference:
    names = _each(sides, lambda side: side.reader.info.vlm)
    detail = "other weights" if differing.vlm else "it embeds the films differently" if differing.embeddings else ""
    return Difference("VLM", names, bool(detail), detail if names[0] == names[1] else "")


def _films(films: SharedFilms) -> Difference:
    detail = _shared(len(films), films.alone)
    return Difference("films", (f"{films.counts[0]:,}", f"{films.counts[1]:,}"), not films.all_shared, detail)


def _shared(both: int, alone: tuple[int, int]) -> str:
    counted = [
        f"{count:,} only in the {which} run" for count, which in zip(alone, ("first", "second"), strict=True) if count
    ]
    return ", ".join([f"{both:,} in both", *counted])


def _texts(sides: Sides) -> list[Difference]:
    first, second = (side.texts for side in sides)
    alone = len(first.embeddings.keys() - second.embeddings), len(second.embeddings.keys() - first.embeddings)
    shared = len(first.embeddings.keys() & second.embeddings.keys())
    sets = _each(sides, _concepts)
    templates = _each(sides, _quoted)
    return [
        Difference("template", templates, templates[0] != templates[1]),
        Difference("concepts", sets, any(alone), _shared(shared, alone) if any(alone) else ""),
    ]


def _each(sides: Sides, said: Callable[[Side], str]) -> tuple[str, str]:
    return said(sides[0]), said(sides[1])


def _concepts(side: Side) -> str:
    count, name = f"{len(side.texts.embeddings):,}", side.cuts.concept_set
    return f"{count} of {name}" if name else count


def _quoted(side: Side) -> str:
    info = side.reader.info
    text = f"“{info.template}”" if info.template else "none"
    return text if info.subtracts_template or not info.template else f"{text}, not subtracted"


def _cuts(sides: Sides) -> list[Difference]:
    first, second = (side.cuts for side in sides)
    return [
        Difference("α", (f"{first.alpha:g}", f"{second.alpha:g}"), _alpha_differs(sides)),
        Difference("β", (f"{first.beta:g}", f"{second.beta:g}"), first.beta != second.beta),
        Difference(RANKING, (first.ranking, second.ranking), first.ranking != second.ranking),
        Difference(SELECTION, (str(first.selection), str(second.selection)), first.selection != second.selection),
    ]


def _alpha_differs(sides: Sides) -> bool:
    first, second = (side.cuts for side in sides)
    return first.alpha != second.alpha and not first.selection.rule == second.selection.rule == "top"
