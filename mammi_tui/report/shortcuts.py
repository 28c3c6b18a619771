"""What a report says of shortcuts: outputs that read an attribute of the films."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decisions.audit.live import Audit
from engine.decisions.audit.wording import NOT_LOOKED_AT, reads
from mammi_tui.text import count


def shortcuts(audit: Audit, shown: bool) -> Iterator[str]:
    """Sentences. Without `shown`, values of attributes are left out, as they may name a place. None where the run
    records no attributes."""
    if not audit.traits.found or audit.outcomes is None:
        return
    judged = [each for each in audit.classes() if each.judged]
    reading = sorted((each for each in judged if each.reads), key=lambda each: -each.size)
    names = ", ".join(dict.fromkeys(trait.attribute for trait in audit.traits.found))
    yield (
        f"Of {count(len(judged), 'pair')} of an output and an attribute that could be compared, the output reads the "
        f"attribute in {len(reading)}. Attributes: {names}."
    )
    for each in reading:
        if shown:
            yield f"{reads(each, audit, audit.carriers(each))}."
        else:
            attribute = audit.traits.found[each.trait].attribute
            yield f"{audit.outcomes.classes[each.number]} reads a value of the attribute {attribute}."
    yield from NOT_LOOKED_AT
