"""`mammi evaluate --figure3`: draws figure 3 of the paper for chosen films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from engine.errors import ConfigError, MammiError, writing
from engine.evaluation.decisions.pointing import MapsOf
from engine.evaluation.figure3 import figure3
from engine.extras import missing
from engine.methods.panel import Panel
from engine.requery import Requery
from engine.store.batch import Floats
from engine.store.reader import RunReader
from mammi_tui.console import arguments
from mammi_tui.console.compute import need_engine
from mammi_tui.console.output import check_output
from mammi_tui.console.say import say
from mammi_tui.text import count


def draw_figure3(
    run: Path,
    films: Sequence[str],
    class_name: str | None,
    cuts: arguments.Chosen,
    config: Path | None,
    folder: Path | None,
    force: bool,
) -> None:
    """Writes the films' figures to `folder`, and says what could not be drawn.

    Raises UsageError without a folder, ConfigError for an unknown film or class, when Matplotlib is missing, and when
    files exist and `force` is not given.
    """
    if folder is None:
        raise click.UsageError("--figure3 needs the folder of its files: --figures FOLDER.")
    try:
        from engine.evaluation import figure3_plot
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "engine":
            raise
        raise ConfigError(f"--figure3: {missing(error.name)}.") from None
    with RunReader(arguments.existing_run(run)) as reader:
        methods = Panel(reader, Requery(reader)).methods
        chosen = cuts.cuts(reader.info)
        maps = _MapsAgain(reader, config)
        figures = [figure3(reader, film, class_name, methods, chosen, maps.maps) for film in dict.fromkeys(films)]
    for name in figure3_plot.names(figures):
        check_output(folder / name, force, [], "--figures", made=True)
    with writing(f"--figures {folder}", fault="cannot be made"):
        folder.mkdir(parents=True, exist_ok=True)
    written = figure3_plot.draw(figures, folder)
    if maps.reason:
        say(f"Maps that the run does not keep are left out: {maps.reason}", err=True)
    say(f"{count(len(written), 'file')} written to {folder}", err=True)


class _MapsAgain:
    """Maps from the target model, which is loaded when the first is asked for."""

    def __init__(self, reader: RunReader, config: Path | None) -> None:
        self._reader = reader
        self._config = config
        self._of: MapsOf | None = None
        self.reason = ""
        """Why there are none; "" if there are, or none was asked for"""

    def maps(self, layer: str, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Floats]:
        if self._of is None and not self.reason:
            try:
                need_engine("mammi evaluate --figure3")
                from engine.evaluation.decisions.target_again import TargetAgain

                self._of = TargetAgain(self._reader, self._config).maps
            except MammiError as error:
                if self._config is not None:
                    raise
                self.reason = f"{str(error).splitlines()[0]} Name the run's configuration: --config CONFIG.toml."
        return {} if self._of is None else dict(self._of(layer, pairs))
