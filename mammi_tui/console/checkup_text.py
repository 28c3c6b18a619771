"""The check-up as lines of at most 80 cells and as JSON types, for `mammi check`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from engine.annotation.cuts import Cuts
from engine.decisions.checkup.base import Check, Finding
from engine.decisions.checkup.checks import CHECKS
from engine.store.reader import RunReader
from mammi_tui.findings_of_checks import mark, said
from mammi_tui.text import clean, fit, in_words

WIDTH = 80
_NAME = 12


def lines(found: Mapping[Check, Finding], reader: RunReader, cuts: Cuts) -> Iterator[str]:
    """The check-up in the order of weight: a mark where something was found, the name, and the finding."""
    yield fit(f"{clean(reader.path.name)}   {in_words(cuts, '   ')}", WIDTH).rstrip()
    yield ""
    for check in CHECKS:
        finding = found[check]
        head = f"{mark(finding)} {fit(check.name, _NAME)} "
        yield from textwrap.wrap(
            said(check, finding), WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
        )


def as_object(found: Mapping[Check, Finding], reader: RunReader, cuts: Cuts) -> dict[str, Any]:
    """The whole check-up as JSON types."""
    return {
        "run": str(reader.path),
        **cuts.as_fields(),
        "checks": [
            {
                "name": check.name,
                "title": check.title,
                "counts": check.of,
                "found": finding.found,
                "among": finding.among,
                "says": finding.says,
                "neurons": [f"{layer}:{unit}" for layer, unit in finding.neurons],
                "classes": list(finding.classes),
                "unknown": finding.unknown or None,
            }
            for check in CHECKS
            for finding in (found[check],)
        ],
    }
