"""`mammi audit`: whether a model reads what it should not look at, such as chest tubes where a lung has collapsed."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from engine.errors import ConfigError
from mammi_tui.console.output import force as force_option


@click.command("audit")
@click.argument("subject", metavar="RUN.duckdb|CONFIG.toml", type=click.Path(path_type=Path))
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME",
    help="Of a run: only this attribute of its images, such as device; can be repeated.",
)
@click.option("--class", "classes", multiple=True, metavar="NAME", help="Of a run: only this class; can be repeated.")
@click.option("--fail-on-shortcut", is_flag=True, help="Of a run: exit with status 1 if a class reads an attribute.")
@click.option(
    "--pairs",
    metavar="KIND[:VALUE][,...]",
    help="Of a configuration: films that differ in one thing alone, such as device, 'device:chest tube', marker, "
    "finding:Effusion, view, sex, age (phantoms), inpaint:LABEL, blur-outside:LABEL, paste:marker (any films).",
)
@click.option(
    "--count", type=click.IntRange(min=6), default=200, show_default=True, metavar="N", help="Pairs of each kind."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draws what is added to a film.")
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="Another value for a key of CONFIG.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a table with a row for each pair kind and each unit or output, as .csv, .json or .parquet.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@force_option
def audit(
    subject: Path,
    attributes: tuple[str, ...],
    classes: tuple[str, ...],
    fail_on_shortcut: bool,
    pairs: str | None,
    count: int,
    seed: int,
    overrides: tuple[str, ...],
    output: Path | None,
    as_json: bool,
    force: bool,
) -> None:
    """Tell what a model reads beside the findings: attributes of the images, such as devices, sex, age and view.

    Of a run file: which classes and units follow an attribute within a finding, from the images alone.

    With --pairs, of a configuration: what changes in units and outputs where films differ in one thing and nothing
    else. Phantoms give such pairs exactly; an edited real film is no real counterfactual.

    \b
        mammi audit my_run.duckdb
        mammi audit phantom.toml --pairs device,marker --count 200
    """
    if pairs is not None:
        from mammi_tui.console.audit_pairs import audit_pairs

        _refuse("--pairs", "attributes", "classes", "fail_on_shortcut")
        audit_pairs(
            subject, pairs, count=count, seed=seed, overrides=overrides, output=output, as_json=as_json, force=force
        )
        return
    if subject.suffix == ".toml":
        raise ConfigError(
            f"{subject}: of a configuration, name what pairs of films differ in, such as --pairs device,marker. "
            "A run is audited by its run file."
        )
    from mammi_tui.console.audit_run import audit_run

    if output is not None:
        raise ConfigError(f"--output: mammi export {subject} --what audit writes the audit of a run as a table.")
    _refuse("a run file", "overrides", "count", "seed", "force")
    status = audit_run(subject, attributes=attributes, classes=classes, as_json=as_json, fail=fail_on_shortcut)
    if status:
        click.get_current_context().exit(status)


def _refuse(what: str, *names: str) -> None:
    """Raises ConfigError for the first option that the user gives though it has no meaning for `what`."""
    context = click.get_current_context()
    given = [name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    for parameter in context.command.params:
        if parameter.name in given:
            raise ConfigError(f"{parameter.opts[-1]}: has no meaning with {what}. Leave it out.")
