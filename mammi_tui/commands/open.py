"""`mammi open`: opens the explorer on a run file."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mammi_tui.console import arguments
from mammi_tui.images.fitting import IMAGES_OPTIONS, IMAGES_VARIABLE

if TYPE_CHECKING:
    from engine.annotation.cuts import Cuts
    from engine.store.reader import RunReader
    from mammi_tui.keyboard.keymap import Keymap
    from mammi_tui.state.record import RunState


@click.command("open")
@arguments.run_file
@click.argument("neuron", metavar="[LAYER:UNIT]", required=False)
@arguments.cut_options
@arguments.neuron_filter
@arguments.order
@click.option(
    "--images",
    type=click.Choice(IMAGES_OPTIONS),
    default="auto",
    show_default=True,
    envvar=IMAGES_VARIABLE,
    show_envvar=True,
    help="How to draw films; `auto`: the sharpest that the terminal says it shows (`mammi doctor`).",
)
@click.option(
    "--with",
    "other",
    metavar="RUN.duckdb",
    type=click.Path(path_type=Path),
    help="Open what changed from this run to another one.",
)
@click.option("--fresh", is_flag=True, help="Open the run as new, not where you left it.")
@click.pass_context
def open(  # noqa: A001
    context: click.Context,
    run: Path,
    neuron: str | None,
    chosen: arguments.Chosen,
    query: str,
    order: str | None,
    images: str,
    other: Path | None,
    fresh: bool,
) -> None:
    """Open the explorer on a run file.

    The explorer starts at LAYER:UNIT (or LAYER:CLASS) if you name one, else where you left the run. Films are drawn as
    previews, not for diagnosis.
    """
    from mammi_tui.terminal import freed, garbage

    if (watch := getattr(context.obj, "watch", None)) is not None:
        watch.watch_terminal()  # first, as loading takes its time
    garbage.put_off()
    freed.share()
    path = arguments.existing_run(run)

    from mammi_tui.images.asked import asked

    question = context.with_resource(asked(images, os.environ, watch=watch))

    from concurrent.futures import ThreadPoolExecutor

    from engine.errors import MammiError
    from engine.store.reader import RunReader

    opener = ThreadPoolExecutor(1)
    opening = opener.submit(RunReader, path)  # while the rest is loaded

    fit = question.fit()
    fit.prepare(os.environ)  # before Textual is loaded

    from rich.console import Console  # noqa: TID251 (it is quiet)

    from engine.names import find_concept_set, parse_neuron
    from mammi_tui.app import ExplorerApp
    from mammi_tui.engine_warnings import warnings_to
    from mammi_tui.images.choose import backend_for
    from mammi_tui.questions.start import Start, kept_neuron
    from mammi_tui.state.file import StateFile, identity_of, state_path
    from mammi_tui.state.keeper import StateKeeper
    from mammi_tui.terminal.endings import ending_cleanly
    from mammi_tui.verdicts.log import log_of

    opener.shutdown()
    with opening.result() as reader:
        if not arguments.at_a_terminal():
            raise MammiError("The explorer needs a terminal. Without one use `mammi show` or `mammi export`.")
        if chosen.concept_set is not None:
            find_concept_set(chosen.concept_set, reader.concept_sets)
        keeper = StateKeeper(StateFile(state_path(path, identity_of(reader))), fresh=fresh)
        start = Start(
            parse_neuron(neuron, reader.layers) if neuron else kept_neuron(keeper.state, reader.layers),
            _cuts(reader, keeper.state, chosen),
            query=arguments.checked_filter(query, reader.layers),
            order=arguments.chosen_order(order).name if order else "",
            named=neuron is not None,
            compared=str(arguments.existing_run(other)) if other else "",
        )
        keymap, problems = _own_keys()
        backend = backend_for(fit, os.environ)
        app = ExplorerApp(reader, start, backend, log_of(reader), keeper=keeper, keymap=keymap)
        app.say_at_start([*([fit.warning] if fit.warning else ()), *problems])
        if not getattr(context.obj, "debug", False):
            app.error_console = Console(quiet=True)
        # Textual draws there, cell by cell: nothing can be spelled out
        for stream in (sys.stderr, sys.__stderr__):  # noqa: TID251
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(encoding="utf-8")
        app.sorter, app.typed_ahead = question.finish()
        with ending_cleanly(app, watch), warnings_to(app.explorer.warn):
            app.run()
    if app.return_code:
        raise MammiError("The explorer stopped because of an error of its own. Use --debug for the traceback.")


def _cuts(reader: RunReader, state: RunState, chosen: arguments.Chosen) -> Cuts:
    """The cuts that were asked for, else those that the reader left, else the run's own."""
    kept = state.concept_set if state.concept_set in {found.name for found in reader.concept_sets} else None
    return arguments.Chosen(
        state.alpha if chosen.alpha is None else chosen.alpha,
        state.beta if chosen.beta is None else chosen.beta,
        chosen.concept_set or kept,
        chosen.ranking or state.ranking,
        chosen.selection or state.selection,
    ).cuts(reader.info)


def _own_keys() -> tuple[Keymap, list[str]]:
    """The keys that the reader has given to bindings, and what is wrong with their file."""
    from mammi_tui.keyboard.file import keys_file
    from mammi_tui.keyboard.keymap import Keymap

    path = keys_file()
    if not os.path.lexists(path):
        return Keymap(), []
    from mammi_tui.key_places import keys_in_force, told

    keymap, problems = keys_in_force(path)
    return keymap, told(path, problems)
