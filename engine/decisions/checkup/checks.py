"""The registry of checks, in the order of their weight. A new check adds one line."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decisions.checkup.alike_images import ONE_LABEL, ONE_PATIENT, ONE_VIEW
from engine.decisions.checkup.base import Check, Finding, Material
from engine.decisions.checkup.borders import BORDER
from engine.decisions.checkup.duplicates import DUPLICATES
from engine.decisions.checkup.outputs import OUTPUTS
from engine.decisions.checkup.shortcuts import SHORTCUTS
from engine.decisions.checkup.support import DEAD, SUPPORT
from engine.decisions.checkup.warnings import WARNINGS
from engine.decisions.checkup.words import FILM_WORDS

CHECKS: tuple[Check, ...] = (
    WARNINGS,
    OUTPUTS,
    SHORTCUTS,
    FILM_WORDS,
    BORDER,
    ONE_VIEW,
    ONE_PATIENT,
    SUPPORT,
    ONE_LABEL,
    DUPLICATES,
    DEAD,
)


def check_up(material: Material) -> Iterator[tuple[Check, Finding]]:
    """The findings of all checks as they come: first those that take little time."""
    for check in sorted(CHECKS, key=lambda check: check.slow):
        yield check, check.look(material)
