"""Arguments that several commands share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import ConfigError
from engine.likeness import closest
from engine.own_files import share_as
from mammi_tui.console.listed import as_listed

if TYPE_CHECKING:
    from engine.annotation.cuts import Cuts, Ranking, Selection
    from engine.store.records import LayerInfo, RunInfo
    from mammi_tui.neurons.order import Order

# How many other files a message names when the requested one is missing.
_NAMED = 3
RANKINGS = ("score", "z")


class Fraction(click.ParamType[float]):
    """A number from 0 to 1. Unlike click.FloatRange it refuses NaN."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not 0 <= number <= 1:
            self.fail(f"{value!r} is not a number from 0 to 1.", param, ctx)
        return number


class Selected(click.ParamType["Selection"]):
    """A selection of images, as engine.annotation.cuts.Selection reads it."""

    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Selection:
        from engine.annotation.cuts import Selection

        if isinstance(value, Selection):
            return value
        try:
            return Selection.parse(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cuts that options name; None where the run's own count, for a concept set all of the run's concepts."""

    alpha: float | None = None
    beta: float | None = None
    concept_set: str | None = None
    ranking: Ranking | None = None
    selection: Selection | None = None

    def cuts(self, info: RunInfo) -> Cuts:
        """With those of a run where none is named."""
        from engine.annotation.cuts import Cuts

        return Cuts(
            info.alpha if self.alpha is None else self.alpha,
            info.beta if self.beta is None else self.beta,
            self.concept_set,
            self.ranking or info.ranking,
            self.selection or info.selection,
        )

    @property
    def options(self) -> tuple[str, ...]:
        """The options that are given, such as "--alpha"."""
        given = {
            "--alpha": self.alpha, "--beta": self.beta, "--concept-set": self.concept_set, "--ranking": self.ranking,
            "--select": self.selection,
        }  # fmt: skip
        return tuple(name for name, value in given.items() if value is not None)


run_file = click.argument("run", metavar="RUN.duckdb", type=click.Path(path_type=Path))
_CUTS = (
    click.option("--alpha", type=Fraction(), metavar="A", help="α, from 0 to 1; the run's own by default."),
    click.option("--beta", type=Fraction(), metavar="B", help="β, from 0 to 1; the run's own by default."),
    click.option(
        "--concept-set", metavar="NAME", help="Let only the concepts of this set compete; all of the run's by default."
    ),
    click.option(
        "--ranking",
        type=click.Choice(RANKINGS),
        help="Rank and cut concepts by Eq. 2's score, or by z, how far it lies above that of random image sets; the "
        "run's own by default.",
    ),
    click.option(
        "--select",
        "selection",
        type=Selected(),
        metavar="RULE",
        help="Which images a neuron is annotated from: tau (those above τ), top-N (the N most activating) or adaptive "
        "(those above τ, but neither very few nor very many); the run's own by default.",
    ),
)
neuron_filter = click.option(
    "--filter",
    "query",
    default="",
    metavar="QUERY",
    help="Only the neurons that this filter of the explorer finds, such as 'effusion trust:strong'.",
)
order = click.option("--sort", "order", metavar="NAME", help="Sort the neurons of each layer; by unit by default.")


def checked_filter(query: str, layers: Sequence[LayerInfo]) -> str:
    """A filter without blanks around it. Raises ConfigError for one that is wrong or incomplete."""
    from mammi_tui.neurons.filter.facts import folded
    from mammi_tui.neurons.filter.grammar import parse

    if hint := parse(query.strip()).hint([folded(layer.name) for layer in layers]):
        raise ConfigError(f"--filter {query!r}: {hint}.")
    return query.strip()


def chosen_order(name: str | None) -> Order:
    """The order with that name; by unit for None. Raises ConfigError, which lists the orders."""
    from mammi_tui.neurons.order import BY_UNIT, ORDERS, order_named

    if name is None:
        return BY_UNIT
    order = order_named(name)
    if order is None:
        raise ConfigError(f"--sort {name!r}: no such order. There are: {', '.join(ORDERS)}.")
    return order


def cut_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that name cuts. The command takes them as one argument, `chosen`."""

    @functools.wraps(command)
    def with_chosen(
        alpha: float | None,
        beta: float | None,
        concept_set: str | None,
        ranking: Ranking | None,
        selection: Selection | None,
        **others: Any,
    ) -> None:
        command(chosen=Chosen(alpha, beta, concept_set, ranking, selection), **others)

    found: Callable[..., None] = with_chosen
    for option in reversed(_CUTS):
        found = option(found)
    return found


def at_a_terminal() -> bool:
    """Whether a person can see what is drawn, which goes to standard error, and press keys."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def existing_run(path: Path) -> Path:
    """Returns the path of a run file, with the name that its folder lists. Who may read it may from now on read what
    this process makes, too.

    Raises ConfigError, which names run files near it, if there is no such file.
    """
    if path.is_file():
        share_as(path)
        return as_listed(path)
    if path.is_dir():
        names = _run_files(path)
        hint = f" Run files in it: {', '.join(names[:_NAMED])}" if names else ""
        raise ConfigError(f"{path}: is a folder, not a run file.{hint}")
    names = _run_files(path.parent)
    near = closest(path.name, names, n=_NAMED, cutoff=0.4) or names[:_NAMED]
    if near:
        raise ConfigError(f"{path}: no such file. Near it: {', '.join(str(path.parent / name) for name in near)}")
    raise ConfigError(f"{path}: no such file. `mammi run CONFIG.toml` or `mammi demo` makes one.")


def _run_files(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.glob("*.duckdb") if found.is_file())
