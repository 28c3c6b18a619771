"""`mammi show`: one neuron's answer, without the explorer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mammi_tui import arguments

if TYPE_CHECKING:
    from engine.requery import NeuronAnswer
    from engine.store.reader import ImageInfo, RunReader


@click.command("show")
@arguments.run_file
@click.argument("neuron", metavar="LAYER:UNIT")
@arguments.alpha
@arguments.beta
@arguments.concept_set
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(
    run: Path, neuron: str, alpha: float | None, beta: float | None, concept_set: str | None, as_json: bool
) -> None:
    """Print a neuron's representative images and annotation.

    Where units are named by their classes, LAYER:CLASS is as good as LAYER:UNIT.

    The concepts are those of the annotation (above the β cut), by score; the images are the representative ones, by
    activation. Both as the explorer shows them.
    """
    from engine.neuron_name import parse_neuron
    from engine.requery import Requery
    from engine.store.reader import RunReader

    with RunReader(arguments.existing_run(run)) as reader:
        layer, unit = parse_neuron(neuron, reader.layers)
        answer = Requery(reader).neuron(
            layer,
            unit,
            reader.info.alpha if alpha is None else alpha,
            reader.info.beta if beta is None else beta,
            concept_set,
        )
        images = reader.images(answer.images)
        if as_json:
            click.echo(json.dumps(as_object(answer, images, reader.concepts), indent=2))
        else:
            for line in as_text(answer, images, reader):
                click.echo(line)


def as_object(answer: NeuronAnswer, images: Sequence[ImageInfo], concepts: Sequence[str]) -> dict[str, Any]:
    """The answer as JSON types; `concept_set` is there where one was chosen."""
    of_set = {} if answer.concept_set is None else {"concept_set": answer.concept_set}
    return {
        "layer": answer.layer,
        "unit": answer.unit,
        "alpha": answer.alpha,
        "beta": answer.beta,
        "threshold": answer.threshold,
        "dead": answer.dead,
        "representatives": [
            {"image": info.image, "path": info.path, "activation": activation, "labels": list(info.labels)}
            for info, activation in zip(images, answer.activations.tolist(), strict=True)
        ],
        "concepts": [
            {"concept": concepts[concept], "score": float(answer.scores[concept])}
            for concept in answer.ranking[: answer.annotated].tolist()
        ],
        **of_set,
    }


def as_text(answer: NeuronAnswer, images: Sequence[ImageInfo], reader: RunReader) -> Iterator[str]:
    """The answer as lines for a reader."""
    from engine.concept_set_name import find_concept_set
    from mammi_tui.text import clean, count

    concepts, size, of_set = reader.concepts, len(reader.concepts), ""
    if answer.concept_set is not None:
        size = len(find_concept_set(answer.concept_set, reader.concept_sets).concepts)
        of_set = f"   concept set {clean(answer.concept_set)}"
    yield f"{clean(answer.layer)}:{answer.unit}   α {answer.alpha:g}   β {answer.beta:g}{of_set}"
    if answer.dead:
        yield f"dead: the activation is {answer.threshold:.6g} on every image"
        return
    found = count(len(images), "representative image")
    yield f"{found} of {reader.image_count:,}, activation above {answer.threshold:.6g}"
    yield f"{count(answer.annotated, 'concept')} of {size:,} in the annotation, score above {answer.cut:.6g}"
    ranked = answer.ranking[: answer.annotated].tolist()
    if ranked:
        yield ""
        yield from table(
            ("concept", "score"), [(clean(concepts[concept]), f"{answer.scores[concept]:.4f}") for concept in ranked]
        )
    if images:
        yield ""
        rows = [
            (clean(info.path), f"{activation:#.4g}", ", ".join(map(clean, info.labels)))
            for info, activation in zip(images, answer.activations.tolist(), strict=True)
        ]
        yield from table(("image", "activation", "labels"), rows)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with aligned columns."""
    from rich.cells import cell_len

    lines = [tuple(header), *map(tuple, rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        yield "   ".join(cells).rstrip()
