"""What a report says of the agreement of the readers."""

from __future__ import annotations

from collections.abc import Iterator

from mammi_tui.neurons.rows import NeuronRows
from mammi_tui.report.contents import Fact
from mammi_tui.verdicts.agreement import FEW, Agreement
from mammi_tui.verdicts.comparison import agreement_on


def agreement_facts(rows: NeuronRows) -> Iterator[Fact]:
    """κ in each layer that two readers have judged, and overall; nothing for one reader alone."""
    overall, readers = rows.agreement, {reader for each in rows.compared.values() for reader in each.verdicts}
    if overall is None or len(readers) < 2:
        return
    for layer in rows.layers:
        of_layer = [each for neuron, each in rows.compared.items() if neuron.layer == layer.position]
        found = agreement_on(sorted(readers), of_layer)
        if len(found.readers) > 1:
            yield layer.name, _text(found)
    yield "all layers", _text(overall)
    lines = [line for each in rows.compared.values() if len(each.verdicts) > 1 for line in each.verdicts.values()]
    if shown := sum(line.seen.others_shown for line in lines):
        yield "not blind", f"{shown:,} of {len(lines):,} verdicts were given while other readers' were on screen"


def _text(found: Agreement) -> str:
    rough = f"; rough, as it rests on fewer than {FEW} neurons" if found.is_rough else ""
    lacks = f"; {found.lacks}" if found.lacks else ""
    return f"{found.name.removesuffix('κ')}{found.kappa_text}, {found.differ_text}{rough}{lacks}"
