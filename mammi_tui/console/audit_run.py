"""`mammi audit RUN.duckdb`: which classes and units follow an attribute of the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.auditing.traits import Traits
from engine.decisions.audit.live import Audit
from engine.decisions.outputs import Outcomes
from engine.errors import ConfigError
from engine.names import compared
from engine.store.reader import RunReader
from mammi_tui.console import arguments
from mammi_tui.console.audit_object import as_object
from mammi_tui.console.audit_text import Chosen, lines
from mammi_tui.console.say import say, say_json


def audit_run(run: Path, *, attributes: Sequence[str], classes: Sequence[str], as_json: bool, fail: bool) -> int:
    """Prints the audit of a run file, and returns the exit status: 1 where a class reads an attribute and `fail`.

    Raises ConfigError for an attribute or a class that the run does not have.
    """
    with RunReader(arguments.existing_run(run)) as reader:
        audit = Audit(reader, Outcomes.of(reader))
        chosen = Chosen(
            _numbers("--class", classes, reader.classes),
            _places("--attribute", attributes, audit.traits, [each.name for each in reader.attributes()]),
        )
        if as_json:
            say_json(as_object(audit, reader, chosen))
        else:
            say(*lines(audit, reader, chosen))
        reading = [each for each in audit.classes() if each.reads and chosen.has(each.number, each.trait)]
        looked = any(each.judged and chosen.has(each.number, each.trait) for each in audit.classes())
    if fail and (reading or not looked):
        say(_failure(len(reading)), err=True)
        return 1
    return 0


def _failure(reading: int) -> str:
    if not reading:
        return '--fail-on-shortcut: could not look: no class could be compared, as "Not looked at" says.'
    return f"--fail-on-shortcut: {reading} found."


def _numbers(option: str, names: Sequence[str], classes: Sequence[str]) -> frozenset[int]:
    spelt = [compared(each) for each in classes]
    for name in names:
        if compared(name) not in spelt:
            raise ConfigError(f"{option} {name!r}: no such class. There are: {', '.join(classes) or 'none'}.")
    return frozenset(spelt.index(compared(name)) for name in names)


def _places(option: str, names: Sequence[str], traits: Traits, attributes: Sequence[str]) -> frozenset[int]:
    """The traits of some attributes; also a trait's own name or value is taken."""
    found: set[int] = set()
    for name in map(compared, names):
        mine = [
            place
            for place, trait in enumerate(traits.found)
            if name in {compared(trait.attribute), compared(trait.value), compared(trait.name)}
        ]
        if not mine and name not in map(compared, attributes):
            there = ", ".join(dict.fromkeys([*attributes, *(trait.name for trait in traits.found)]))
            raise ConfigError(f"{option} {name!r}: no such attribute. There are: {there or 'none'}.")
        if not mine:
            why = next((why for left, why in traits.left_out if compared(left).startswith(name)), "too few films")
            raise ConfigError(f"{option} {name!r}: not looked at, {why}.")
        found |= set(mine)
    return frozenset(found)
