"""`mammi show`: prints one neuron's answer, or where a concept stands, without the explorer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mammi_tui.console import arguments
from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from engine.requery import NeuronAnswer
    from engine.store.reader import RunReader
    from engine.store.records import ImageInfo


@click.command("show")
@arguments.run_file
@click.argument("neuron", metavar="LAYER:UNIT", required=False)
@click.option("--concept", metavar="NAME", help="Show where a concept stands in all layers, instead of a neuron.")
@arguments.cut_options
@click.option("--evidence", is_flag=True, help="Show how far the annotation can be trusted, instead of the images.")
@click.option("--methods", is_flag=True, help="Show the answers of all methods side by side, instead of the images.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(
    run: Path,
    neuron: str | None,
    concept: str | None,
    chosen: arguments.Chosen,
    evidence: bool,
    methods: bool,
    as_json: bool,
) -> None:
    """Print a neuron's representative images, its annotation, and what readers say of it.

    LAYER:CLASS names a neuron as well as LAYER:UNIT, in layers whose units have class names.

    The annotation's concepts (those above the β cut) are sorted by score or by z, as --ranking has it, and the
    representative images by activation, as in the explorer. --evidence and --methods list the annotation, and at least
    the first ten concepts. With --json they add to the object.

    --concept NAME prints the neurons of all layers that have a concept or narrowly miss it, the nearest concepts, the
    images that match it best, and the concepts that no neuron has. With LAYER:UNIT it also lists matching images that
    leave this neuron cold.
    """
    if concept is not None:
        if evidence or methods:
            raise click.UsageError("--evidence and --methods are about a neuron: leave out --concept.")
        show_concept(run, concept, neuron, chosen, as_json=as_json)
        return
    if neuron is None:
        raise click.UsageError("Name a neuron, as LAYER:UNIT, or a concept with --concept.")
    from engine.errors import MammiError
    from engine.evidence.live import Evidence
    from engine.methods.panel import Panel
    from engine.names import parse_neuron
    from engine.requery import Requery
    from engine.store.reader import RunReader
    from mammi_tui.console import evidence_text, methods_text
    from mammi_tui.console.verdicts_text import ReadersOf

    with RunReader(arguments.existing_run(run)) as reader:
        layer, unit = parse_neuron(neuron, reader.layers)
        requery = Requery(reader)
        cuts = chosen.cuts(reader.info)
        answer = requery.neuron(layer, unit, cuts)
        images = reader.images(answer.images)
        shown = as_object(answer, images, reader.concepts)
        untrained = reader.layer(layer).untrained
        if untrained:
            shown["untrained"] = untrained
        if not reader.info.subtracts_template:
            shown |= {"template": reader.info.template, "subtract_template": False}
        words = [reader.concepts[concept] for concept in answer.ranking[: answer.annotated].tolist()]
        said: Iterator[str] = iter(())
        try:
            readers = ReadersOf(reader, f"{layer}:{unit}", words)
            shown |= readers.as_objects()
            said = readers.as_text()
            for warning in readers.warnings:
                say(warning, err=True)
        except MammiError as error:
            say(str(error), err=True)
        sections = [annotation(answer, reader.concepts), films(answer, images, reader.concepts)]
        if evidence or methods:
            sections.clear()
        if evidence:
            found = Evidence(reader, requery).neuron(layer, unit, cuts)
            shown["evidence"] = evidence_text.as_object(found, answer, reader.concepts)
            sections.append(evidence_text.as_text(found, answer, reader.concepts))
        if methods:
            answers = [(method, method.neuron(layer, unit, cuts)) for method in Panel(reader, requery).methods]
            shown["methods"] = methods_text.as_object(answers)
            sections.append(methods_text.as_text(answers))
        sections.insert(0, said)
        if as_json:
            say_json(shown)
            return
        say(*heading(answer, reader))
        for section in sections:
            if lines := list(section):
                say("", *lines)


def show_concept(
    run: Path,
    name: str,
    neuron: str | None,
    chosen: arguments.Chosen,
    *,
    as_json: bool,
) -> None:
    """Prints where a concept stands."""
    from engine.decisions.concepts import Concepts
    from engine.names import find_concept, parse_neuron
    from engine.requery import Requery
    from engine.store.reader import RunReader
    from mammi_tui.console import concept_text

    with RunReader(arguments.existing_run(run)) as reader:
        concept = find_concept(name, reader.concepts)
        named = None if neuron is None else parse_neuron(neuron, reader.layers)
        cuts = chosen.cuts(reader.info)
        answer = Concepts(reader, Requery(reader)).concept(concept, cuts, named)
        if as_json:
            say_json(concept_text.as_object(answer, reader, named))
            return
        for number, section in enumerate(concept_text.as_text(answer, reader, named)):
            say(*[""] * bool(number), *section)


def as_object(answer: NeuronAnswer, images: Sequence[ImageInfo], concepts: Sequence[str]) -> dict[str, Any]:
    """The answer as JSON types, with `concept_set` where one was chosen."""
    return {
        "layer": answer.layer,
        "unit": answer.unit,
        **{name: value for name, value in answer.cuts.as_fields().items() if value is not None},
        "threshold": answer.threshold,
        "dead": answer.dead,
        "representatives": [
            {"image": info.image, "path": info.path, "activation": activation, "labels": list(info.labels)}
            for info, activation in zip(images, answer.activations.tolist(), strict=True)
        ],
        "concepts": [
            {
                "concept": concepts[concept],
                "score": float(answer.scores[concept]),
                "z": float(answer.z_scores[concept]),
            }
            for concept in answer.ranking[: answer.annotated].tolist()
        ],
    }


def heading(answer: NeuronAnswer, reader: RunReader) -> Iterator[str]:
    """The neuron, the cuts, and how many images and concepts it has."""
    from engine.names import find_concept_set
    from mammi_tui.text import clean, count, in_words

    size = len(reader.concepts)
    cuts = answer.cuts
    if cuts.concept_set is not None:
        size = len(find_concept_set(cuts.concept_set, reader.concept_sets).concepts)
    yield f"{clean(answer.layer)}:{answer.unit}   {in_words(cuts, '   ')}"
    layer = reader.layer(answer.layer)
    if layer.untrained:
        yield f"random: {clean(layer.untrained)}. The annotation means nothing"
    if answer.dead:
        same = f"the activation is {answer.threshold:.6g} on every image"
        yield f"dead: {answer.why_dead if answer.unit in layer.numberless else same}"
        return
    found = count(len(answer.images), "representative image")
    reaching = "above" if cuts.selection.rule == "tau" else "down to"
    yield f"{found} of {reader.image_count:,}, activation {reaching} {answer.threshold:.6g}"
    if reader.info.unsubtracted:
        yield f"{reader.info.unsubtracted}: a score is the mean cosine to the concept"
    yield f"{count(answer.annotated, 'concept')} of {size:,} in the annotation, {cuts.ranking} above {answer.cut:.6g}"


def annotation(answer: NeuronAnswer, concepts: Sequence[str]) -> Iterator[str]:
    """The annotated concepts as lines for a reader; no lines if there are no concepts."""
    from mammi_tui.console.text_table import table
    from mammi_tui.text import clean

    ranked = answer.ranking[: answer.annotated].tolist()
    if ranked:
        rows = [
            (clean(concepts[concept]), f"{answer.scores[concept]:.4f}", f"{answer.z_scores[concept]:.1f}")
            for concept in ranked
        ]
        yield from table(("concept", "score", "z"), rows)


def films(answer: NeuronAnswer, images: Sequence[ImageInfo], concepts: Sequence[str]) -> Iterator[str]:
    """The representative images as lines for a reader, the telling labels first; no lines if there are no images."""
    from mammi_tui.console.text_table import table
    from mammi_tui.film_labels import LabelOrder
    from mammi_tui.text import clean

    if images:
        annotation = [concepts[concept] for concept in answer.ranking[: answer.annotated].tolist()]
        order = LabelOrder((info.labels for info in images), annotation)
        rows = [
            (clean(info.path), f"{activation:#.4g}", ", ".join(map(clean, order.sorted(info.labels))))
            for info, activation in zip(images, answer.activations.tolist(), strict=True)
        ]
        yield from table(("image", "activation", "labels"), rows)
