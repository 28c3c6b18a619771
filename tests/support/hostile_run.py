"""A run file, and a verdict log beside it, in which every text that anybody may have chosen is hostile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.store.contents import ConceptSet, Note
from engine.store.reader import RunReader
from engine.store.writer import assemble
from mammi_tui.verdicts.lines import LONGEST_TEXT, Deed, Seen
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.verdicts.who import Reader
from tests.support.attributes import tell
from tests.support.decisions import add_maps, decide
from tests.support.hostile import storable
from tests.support.runs import LABELS, small_contents, with_evidence

METHODS: dict[str, dict[str, object]] = {"www": {"count": 20}, "netdissect": {}, "tcav": {}}


def hostile_run(folder: Path, texts: Sequence[str], *, images: int = 48) -> Path:
    """Writes `folder`/run.duckdb and the verdicts of two readers. Each kind of text takes the texts in turn, one name
    each; what a run has once takes the first. Those that are no UTF-8 are left out."""
    odd = [text for text in texts if storable(text)]
    units = (6, len(odd) + 3)
    path = folder / "run.duckdb"
    contents, batches = small_contents(images=images, units=units, concepts=len(odd) + 12, hostile=odd)
    contents = with_evidence(contents, units, 0, 2, 9, METHODS)
    first, second = odd[0], odd[-1]
    layers = [
        replace(layer, name=f"{layer.name}{text}"[:1000]) for layer, text in zip(contents.layers, odd, strict=False)
    ]
    names = {old.name: new.name for old, new in zip(contents.layers, layers, strict=True)}
    scores = {
        method: [replace(score, layer=names[score.layer], detail=f"of {first}") for score in found]
        for method, found in contents.method_scores.items()
    }
    assert contents.parts
    contents = replace(
        contents,
        images=[replace(image, view=f"PA{text}") for image, text in zip(contents.images, odd * images, strict=False)],
        layers=[layers[0], replace(layers[1], untrained=f"no weights {second}")],
        parts=replace(contents.parts, layers={names[old]: key for old, key in contents.parts.layers.items()}),
        method_scores=scores,
        concept_sets=[ConceptSet(f"set {text}", "word_list", contents.concept_sets[0].concepts) for text in odd[:3]],
        template=f"A film of {first}",
        target=f"target {first}",
        vlm=f"VLM {second}",
        config={"run": {"out": first, second: first}},
        versions={f"torch{first}": second},
        notes=[Note("", f"A warning {text}") for text in odd[:4]],
    )
    batches = [
        replace(
            batch,
            images=tuple(replace(image, reason=f"{image.reason}{second}") if image.reason else image
                         for image in batch.images),
            activations={names[layer]: values for layer, values in batch.activations.items()},
        )
        for batch in batches
    ]  # fmt: skip
    assemble(path, contents, batches)
    decide(path, [f"{label}{text}" for label, text in zip(LABELS, odd * len(LABELS), strict=False)])
    add_maps(path)
    tell(path, [(image, f"device{odd[image % 3 % len(odd)]}", odd[image % len(odd)]) for image in range(images)])
    _judged(path, odd)
    return path


class _LogOf(VerdictLog):
    """A log whose reader has a name that no environment can hold."""

    name = ""

    @property
    def reader(self) -> Reader:
        return Reader(self.name, self.name)


def _judged(path: Path, odd: Sequence[str]) -> None:
    with RunReader(path) as reader:
        neurons = [f"{layer.name}:{unit}" for layer in reader.layers for unit in range(layer.units)]
        for number in range(2):
            log = _LogOf(path, reader.info.content_hash, reader.subject)
            log.name = f"r{number}{odd[number % len(odd)]}"[:1000]
            deeds = [
                (neurons[place % len(neurons)], text, deed)
                for place, text in enumerate(odd)
                for deed in (
                    Deed("verdict", verdict="accept" if (place + number) % 3 else "reject"),
                    Deed("label", text=f"label {text}"[:LONGEST_TEXT]),
                    Deed("note", text=text[:LONGEST_TEXT] or "x"),
                    Deed("concept", concept=reader.concepts[place][:LONGEST_TEXT], mark="wrong"),
                )
            ]
            seen = reader.info.cuts
            log.add(
                [log._line(neuron, deed, Seen(seen, (text[:LONGEST_TEXT], "a word"))) for neuron, text, deed in deeds]
            )
