"""`mammi check`: what a careful colleague would look at first in a run, in eleven lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mammi_tui.console import arguments
from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from engine.decisions.checkup.base import Check, Finding


@click.command("check")
@arguments.run_file
@arguments.cut_options
@click.option(
    "--fail-on",
    "limits",
    multiple=True,
    metavar="NAME[>N]",
    help="Exit with status 1 if the check NAME finds more than N (0 by default), or could not look; can be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, which lists the neurons.")
def check(run: Path, chosen: arguments.Chosen, limits: tuple[str, ...], as_json: bool) -> None:
    """Print a check-up of a run: its warnings, outputs that fail, and neurons to be wary of.

    The exit status is 0 whatever is found, unless --fail-on says otherwise. In the explorer `D` shows the check-up, and
    the filter check:NAME finds the neurons of a line.
    """
    from engine.decisions.checkup.base import Material
    from engine.decisions.checkup.checks import check_up
    from engine.evidence.live import Evidence
    from engine.requery import Requery
    from engine.store.reader import RunReader
    from mammi_tui.console.checkup_text import as_object, lines

    allowed = _allowed(limits)
    with RunReader(arguments.existing_run(run)) as reader:
        requery = Requery(reader)
        cuts = chosen.cuts(reader.info)
        requery.members(cuts.concept_set)
        found = dict(check_up(Material(reader, requery, Evidence(reader, requery), cuts)))
        if as_json:
            say_json(as_object(found, reader, cuts))
        else:
            say(*lines(found, reader, cuts))
    broken = [line for each, finding in found.items() if (line := _broken(each, finding, allowed))]
    say(*broken, err=True)
    if broken:
        click.get_current_context().exit(1)


def _allowed(limits: tuple[str, ...]) -> dict[str, int]:
    """The name of each check in --fail-on, and how many it may find. Raises ConfigError for others."""
    from engine.decisions.checkup.checks import CHECKS
    from engine.errors import ConfigError
    from engine.names import find_named

    allowed: dict[str, int] = {}
    for limit in limits:
        name, sign, number = (part.strip() for part in limit.partition(">"))
        if sign and not number.isdecimal():
            raise ConfigError(f"--fail-on {limit!r}: write NAME or NAME>N, such as border>10.")
        try:
            allowed[find_named(name, CHECKS, "check").name] = int(number or 0)
        except ConfigError as error:
            names = ", ".join(each.name for each in CHECKS)
            raise ConfigError(f"--fail-on: {str(error).rstrip('.')}. There are: {names}.") from None
    return allowed


def _broken(check: Check, finding: Finding, allowed: dict[str, int]) -> str:
    """Why a check fails; "" if it does not."""
    if check.name not in allowed:
        return ""
    if finding.unknown:
        return f"--fail-on {check.name}: could not look. {finding.unknown}"
    most = allowed[check.name]
    return f"--fail-on {check.name}: {finding.found} found, at most {most} allowed." if finding.found > most else ""
