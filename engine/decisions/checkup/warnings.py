"""What the run itself warns of: films set aside, likely mistakes, and what it does not hold."""

from __future__ import annotations

from engine.decisions.checkup.base import Check, Finding, Material
from engine.store.decision_records import Missing
from engine.store.reader import RunReader


def _look(material: Material) -> Finding:
    reader = material.reader
    aside, notes, missing = len(reader.set_aside()), len(reader.notes), reader.missing
    parts = [
        f"{aside:,} film{'s' * (aside != 1)} set aside" if aside else "",
        f"{notes} warning{'s' * (notes != 1)} while it was made" if notes else "",
        f"no {', no '.join(_named(reader, lack) for lack in missing)}" if missing else "",
    ]
    told = ", ".join(filter(None, parts))
    count = bool(aside) + notes + len(missing)
    return Finding(count, 0, f"of the run itself{f': {told}; mammi doctor lists them' if told else ''}")


def _named(reader: RunReader, lack: Missing) -> str:
    some = lack.what == "unit maps" and any(reader.unit_maps(layer.first_neuron) for layer in reader.layers)
    return f"{lack.what} of some layers" if some else lack.what


WARNINGS = Check("warnings", "Warnings of the run", "warnings", _look)
