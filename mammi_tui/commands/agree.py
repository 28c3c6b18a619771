"""`mammi agree`: how far the readers of a run agree, and where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.likeness import closest
from mammi_tui.console import arguments
from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from collections.abc import Collection

    from engine.store.reader import RunReader
    from mammi_tui.console.agreement_text import Readings


@click.command("agree")
@arguments.run_file
@click.option("--readers", metavar="A,B", help="Compare only these readers; all by default.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def agree(run: Path, readers: str | None, as_json: bool) -> None:
    """Print how far the readers of a run agree, and the neurons on which they differ.

    Agreement beyond chance is Cohen's κ for two readers and Fleiss' κ for more, with its 95 % interval, in each layer
    and overall. Only verdicts on the same words are compared. A settled difference stays a difference: κ is about what
    each reader said alone.
    """
    from engine.store.reader import RunReader
    from mammi_tui.console.agreement_text import as_object, lines

    with RunReader(arguments.existing_run(run)) as reader:
        found = read(reader, readers)
    if as_json:
        say_json(as_object(found))
    else:
        say(*lines(found))


def read(reader: RunReader, readers: str | None) -> Readings:
    """What the chosen readers (names with commas between; None for all) say about a run.

    Raises ConfigError for a name that no reader has, and MammiError if the verdicts cannot be read.
    """
    from mammi_tui.console.agreement_text import Readings
    from mammi_tui.verdicts.comparison import compared
    from mammi_tui.verdicts.log import log_of
    from mammi_tui.verdicts.places import place_of

    log = log_of(reader)
    for warning in log.read().warnings():
        say(warning, err=True)
    known = {
        name: {neuron: judgement for neuron, judgement in found.items() if place_of(reader.layers, neuron)}
        for name, found in sorted(log.standing.judgements.items())
        if any(judgement.verdict for judgement in found.values())
    }
    names = _chosen(readers, known) if readers is not None else tuple(known)
    judgements = {name: known[name] for name in names}
    neurons = compared(judgements, log.standing.settled)
    layers: dict[str, list[tuple[int, str]]] = {}
    for neuron in neurons:
        if place := place_of(reader.layers, neuron):
            layers.setdefault(place[0].name, []).append((place[1], neuron))
    ordered = {
        layer.name: [neuron for _, neuron in sorted(layers[layer.name])]
        for layer in reader.layers
        if layer.name in layers
    }
    return Readings(names, ordered, neurons, judgements, reader.info.content_hash)


def _chosen(readers: str, known: Collection[str]) -> tuple[str, ...]:
    from engine.errors import ConfigError

    if readers in known:
        return (readers,)
    names = tuple(dict.fromkeys(name.strip() for name in readers.split(",")))
    for name in names:
        if name not in known:
            near = closest(name, known, n=3, cutoff=0.4) or sorted(known)[:8]
            raise ConfigError(
                f"--readers: no reader {name!r} has judged this run. There are: {', '.join(near) or '–'}."
            )
    return names
