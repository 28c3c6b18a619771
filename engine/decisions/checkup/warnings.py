"""What the run itself warns of: films set aside, likely mistakes, and what it does not hold."""

from __future__ import annotations

from engine.decisions.checkup.base import Check, Finding, Material


def _look(material: Material) -> Finding:
    reader = material.reader
    aside, notes, missing = len(reader.set_aside()), len(reader.notes), reader.missing
    parts = [
        f"{aside:,} films set aside" if aside else "",
        f"{notes} warnings while it was made" if notes else "",
        f"no {', no '.join(lack.what for lack in missing)}" if missing else "",
    ]
    told = ", ".join(filter(None, parts))
    count = bool(aside) + notes + len(missing)
    return Finding(count, 0, f"of the run itself{f': {told}; mammi doctor lists them' if told else ''}")


WARNINGS = Check("warnings", "Warnings of the run", "warnings", _look)
