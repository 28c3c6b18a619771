"""Where a concept stands, as text and as JSON types (engine.decisions.concepts)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.decisions.contenders import NEAR
from mammi_tui.console.text_table import table
from mammi_tui.text import clean, count, in_words, percent, significant

if TYPE_CHECKING:
    from engine.decisions.concepts import ConceptAnswer, Standing
    from engine.store.reader import RunReader

_UNCLAIMED = 20
"""Concepts that no neuron has, and that the text names"""


def as_object(answer: ConceptAnswer, reader: RunReader, neuron: tuple[str, int] | None) -> dict[str, Any]:
    """The answer as JSON types, with `concept_set` where one was chosen, and `cold` where a neuron was named."""
    concepts, matches, cuts = reader.concepts, answer.matches, answer.cuts
    found: dict[str, Any] = {
        "concept": concepts[answer.concept],
        **{name: value for name, value in cuts.as_fields().items() if value is not None},
        "competes": answer.competes,
        "neurons": [_neuron(each, reader) for each in answer.having],
        "missed": [_neuron(each, reader) for each in answer.missing],
        "nearest": [
            {
                "concept": concepts[near.concept],
                "cosine": near.cosine,
                "neurons": near.annotated,
                "best": near.best,
            }
            for near in answer.nearest
        ],
        "matching": _films(reader, matches.images.tolist(), cosine=matches.cosines.tolist()),
        "competing": answer.competing,
        "unclaimed": [concepts[concept] for concept in answer.unclaimed.tolist()],
    }
    if neuron is not None:
        for film, activation in zip(found["matching"], matches.activations.tolist(), strict=True):
            film["activation"] = activation
        found["neuron"] = f"{neuron[0]}:{neuron[1]}"
        found["cold"] = _films(
            reader,
            matches.cold.tolist(),
            cosine=matches.cold_cosines.tolist(),
            activation=matches.cold_activations.tolist(),
            higher=matches.higher.tolist(),
        )
    return found


def _neuron(found: Standing, reader: RunReader) -> dict[str, Any]:
    layer = reader.layers[found.layer]
    return {
        "layer": layer.name,
        "unit": found.unit,
        "rank": found.rank,
        "score": found.score,
        "z": found.z,
        "representatives": found.images,
        **({"untrained": layer.untrained} if layer.untrained else {}),
    }


def _films(reader: RunReader, images: Sequence[int], **numbers: Sequence[float]) -> list[dict[str, Any]]:
    infos = reader.images(images)
    return [
        {"image": info.image, "path": info.path, "labels": list(info.labels)}
        | {name: values[place] for name, values in numbers.items()}
        for place, info in enumerate(infos)
    ]


def as_text(answer: ConceptAnswer, reader: RunReader, neuron: tuple[str, int] | None) -> Iterator[Iterator[str]]:
    """The sections for a reader."""
    yield _heading(answer, reader)
    yield _neurons("neuron", answer.having, reader)
    if answer.missing:
        yield _neurons(f"narrowly missed: rank 2 to {NEAR}, below the β cut", answer.missing, reader)
    yield _near(answer, reader)
    yield _matching(answer, reader, neuron)
    if neuron is not None:
        yield _cold(answer, reader, neuron)
    yield _unclaimed(answer, reader)


def _heading(answer: ConceptAnswer, reader: RunReader) -> Iterator[str]:
    cuts = answer.cuts
    yield f"{clean(reader.concepts[answer.concept])}   {in_words(cuts, '   ')}"
    if not answer.competes:
        yield "It is not in this concept set: no neuron can have it"
        return
    having = len(answer.having)
    yield f"{count(having, 'neuron')} {'has' if having == 1 else 'have'} it, best of {answer.best:,}"


def _neurons(title: str, standings: Sequence[Standing], reader: RunReader) -> Iterator[str]:
    if not standings:
        return
    findings = {layer.position: reader.findings(layer.name) for layer in reader.layers}
    rows = []
    for found in standings:
        layer = reader.layers[found.layer]
        name = f"{layer.name}:{found.unit}"
        name += " random" if layer.untrained else f" {layer.unit_names[found.unit]}" if layer.unit_names else ""
        rows.append(
            (
                clean(name),
                f"{found.rank}",
                f"{found.score:.4f}",
                f"{found.z:.1f}",
                f"{found.images:,}",
                clean(findings[found.layer][found.unit]),
            )
        )
    yield from table((title, "rank", "score", "z", "images", "finding"), rows)


def _near(answer: ConceptAnswer, reader: RunReader) -> Iterator[str]:
    rows = [
        (clean(reader.concepts[near.concept]), f"{near.cosine:.3f}", f"{near.annotated:,}", f"{near.best:,}")
        for near in answer.nearest
    ]
    yield from table(("nearest concept", "cosine", "neurons", "best"), rows)


def _matching(answer: ConceptAnswer, reader: RunReader, neuron: tuple[str, int] | None) -> Iterator[str]:
    matches = answer.matches
    numbers: list[tuple[str, ...]] = [(f"{cosine:.3f}",) for cosine in matches.cosines.tolist()]
    heads: tuple[str, ...] = ("cosine",)
    if neuron is not None:
        heads = (*heads, _activation(neuron))
        numbers = [(*row, significant(each)) for row, each in zip(numbers, matches.activations.tolist(), strict=True)]
    yield from _film_table("image that matches best", heads, matches.images.tolist(), numbers, reader)


def _cold(answer: ConceptAnswer, reader: RunReader, neuron: tuple[str, int]) -> Iterator[str]:
    matches = answer.matches
    if not len(matches.cold):
        yield f"of the {matches.pool:,} images that match best, none is below the median of {_named(neuron)}"
        return
    numbers = [
        (f"{cosine:.3f}", significant(activation), percent(share))
        for cosine, activation, share in zip(
            matches.cold_cosines.tolist(), matches.cold_activations.tolist(), matches.higher.tolist(), strict=True
        )
    ]
    title = f"image of the {matches.pool:,} that match best, cold"
    heads = ("cosine", _activation(neuron), "images that are higher")
    yield from _film_table(title, heads, matches.cold.tolist(), numbers, reader)


def _film_table(
    title: str, heads: Sequence[str], images: Sequence[int], numbers: Sequence[Sequence[str]], reader: RunReader
) -> Iterator[str]:
    infos = reader.images(images)
    rows = [
        (clean(info.path), *row, ", ".join(map(clean, info.labels))) for info, row in zip(infos, numbers, strict=True)
    ]
    yield from table((title, *heads, "labels"), rows)


def _unclaimed(answer: ConceptAnswer, reader: RunReader) -> Iterator[str]:
    names = [clean(reader.concepts[concept]) for concept in answer.unclaimed[:_UNCLAIMED].tolist()]
    more = len(answer.unclaimed) - len(names)
    yield f"{len(answer.unclaimed):,} of {count(answer.competing, 'concept')} in no annotation" + ":" * bool(names)
    if names:
        yield ", ".join(names) + (f" and {more:,} more (--json lists them)" if more else "")


def _named(neuron: tuple[str, int]) -> str:
    return clean(f"{neuron[0]}:{neuron[1]}")


def _activation(neuron: tuple[str, int]) -> str:
    return f"activation of {_named(neuron)}"
