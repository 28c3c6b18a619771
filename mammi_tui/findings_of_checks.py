"""What the check-up says, in words: shared by the explorer and `mammi check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mammi_tui.text import clean, count

if TYPE_CHECKING:
    from engine.decisions.checkup.base import Check, Finding, Of

_ONE: dict[Of, str] = {"neurons": "neuron", "classes": "output", "warnings": "warning"}


def mark(finding: Finding) -> str:
    """`!` where something was found, `?` where the check could not look, else `·`."""
    if finding.unknown and not finding.found:
        return "?"
    return "!" if finding.found else "·"


def counted(check: Check, finding: Finding) -> str:
    """How many a check has found, such as "12 of 311 neurons"."""
    if not finding.among:
        return count(finding.found, _ONE[check.of])
    return f"{finding.found:,} of {finding.among:,} {check.of}"


def said(check: Check, finding: Finding) -> str:
    """A finding as a sentence without a full stop. It is clean."""
    if mark(finding) == "?":
        return clean(f"{check.title}: not looked at. {finding.unknown}".rstrip("."))
    return clean(f"{counted(check, finding)} {finding.says}")
