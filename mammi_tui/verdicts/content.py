"""What a verdict file holds, and what a person must be told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mammi_tui.text import count
from mammi_tui.verdicts.lines import Line


@dataclass(frozen=True, slots=True)
class VerdictFile:
    """The lines on this run in the order of their acts, and the numbers of others."""

    name: str
    lines: tuple[Line, ...]
    """Those of this run, and those of other runs of the same target, layer and images"""
    other_runs: int
    damaged: int
    head: str
    """The hash of the last line of the file; "" for an empty one"""

    @property
    def altered(self) -> int:
        """The number of lines on this run that do not say what they said when they were written."""
        return sum(line.state == "altered" for line in self.lines)

    def warnings(self) -> Iterator[str]:
        """Tells of lines that are left out, and of those that cannot be trusted."""
        if self.other_runs:
            one = self.other_runs == 1
            verdicts, belong, are = ("verdict", "belongs", "is") if one else ("verdicts", "belong", "are")
            yield (
                f"{self.other_runs:,} {verdicts} in {self.name} {belong} to an earlier version of this run "
                f"and {are} not shown"
            )
        faults = [
            f"{count(self.damaged, 'line')} cannot be read and {_are(self.damaged)} left out" if self.damaged else "",
            f"{count(self.altered, 'line')} {_are(self.altered)} not as written" if self.altered else "",
        ]
        if any(faults):
            found = ", ".join(filter(None, faults))
            yield f"{self.name}: {found}: look with `mammi verdicts verify`"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
