"""`mammi evaluate`: scores the methods' concepts by class labels and by known truth about the images."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mammi_tui.console import arguments
from mammi_tui.console.compute import need_engine
from mammi_tui.console.output import check_output
from mammi_tui.console.output import force as force_option
from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from engine.evaluation.figure2 import Figure2
    from engine.evaluation.labels import TextEncoder
    from engine.evaluation.results import Evaluation
    from engine.methods.base import Method
    from engine.requery import Requery
    from engine.store.reader import RunReader


@click.command("evaluate")
@click.argument("run", metavar="[RUN.duckdb]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--table",
    metavar="MATRIX.toml",
    type=click.Path(path_type=Path),
    help="Instead of a run: compute a matrix of runs, and print and write the paper's tables.",
)
@click.option(
    "--out",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --table: the folder for run files and tables; matrix.out by default.",
)
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="With --table: set a key of the matrix.")
@click.option(
    "--method", "names", multiple=True, metavar="NAME", help="Score only this method; can be repeated. All by default."
)
@click.option(
    "--encoder",
    "encoders",
    multiple=True,
    metavar="NAME=FOLDER",
    help="A text encoder for cosine similarity, such as clip=weights/clip-vit-b-16; can be repeated. `vlm` is the "
    "run's own VLM; write `vlm=FOLDER` if the run's configuration is not in the current folder but in FOLDER.",
)
@click.option(
    "--synonyms",
    metavar="FILE",
    help="Other words for labels, scored separately: a file, or `nih14` for the list that comes with mammi.",
)
@arguments.cut_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--plot", is_flag=True, help="Draw figure 2 of the paper with characters.")
@click.option(
    "--figures",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write figure 2 of the paper to FOLDER, as SVG and PNG.",
)
@click.option(
    "--decisions",
    is_flag=True,
    help="Instead: whether importance and maps say what the model does, by deleting units and by the pointing game.",
)
@click.option(
    "--faithfulness",
    is_flag=True,
    help="Instead: whether words say when units are active, by labels and by a VLM's scores of the images.",
)
@click.option(
    "--second",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --faithfulness: another VLM than the run's own, from a run file of the same images (.duckdb) or from "
    "embeddings (.npz).",
)
@click.option(
    "--figure3",
    "films",
    multiple=True,
    metavar="FILM",
    help="Draw figure 3 of the paper for a film into the folder of --figures: the film, the two units that matter "
    "most, their maps, and their words by every method. Can be repeated.",
)
@click.option(
    "--class",
    "class_name",
    metavar="NAME",
    help="With --figure3: the class whose units are drawn; by default the film's most probable one.",
)
@click.option(
    "--config",
    metavar="CONFIG.toml",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --decisions or --figure3: the run's configuration, for maps that need the target model and the films. "
    "By default the one in the run file, with paths from the current folder.",
)
@force_option
def evaluate(
    run: Path | None,
    table: Path | None,
    out: Path | None,
    overrides: tuple[str, ...],
    names: tuple[str, ...],
    encoders: tuple[str, ...],
    synonyms: str | None,
    chosen: arguments.Chosen,
    as_json: bool,
    plot: bool,
    figures: Path | None,
    decisions: bool,
    faithfulness: bool,
    second: Path | None,
    films: tuple[str, ...],
    class_name: str | None,
    config: Path | None,
    force: bool,
) -> None:
    """Score MAMMI and the comparison methods by class labels and by known truth.

    The final layer is scored by its class labels, as in the paper: hit rate, precision, recall, F1 and cosine
    similarity. Every layer is scored by its number of different concepts and by the known truth about its images:
    whether a unit's concepts name the finding, view, anatomical parameter or attribute that its activation
    follows best.

    A text encoder is a folder, such as `mammi weights fetch clip-vit-b-16 all-mpnet-base-v2` makes. This command
    downloads nothing. The package sentence-transformers is not used, because it runs code that a model's folder names.

    A file of synonyms has lines such as `Effusion: pleural effusion, pleural fluid`.

    --decisions asks whether importance and maps say what the model does: does an output fall faster when its most
    important units are deleted first, and do the maps of a finding's units point into its box, more than those of other
    units, and of the model with random weights?

    --faithfulness asks whether the words say when a unit is active: by the labels, views, parameters and attributes
    that they name, and by the scores that a VLM gives the images for them. The VLM should be another one than the
    run's, because that one chose the words. Every metric is marked by two sanity tests.

    --table first computes or resumes the runs of a matrix: several VLMs, concept sets, methods, α and counts of images
    over one probing set. Each model sees each image once. See sample_configs/tables_phantom.toml.
    """
    if table is not None or out is not None or overrides:
        others = any((names, encoders, synonyms, chosen.options, plot, figures, force))
        others |= any((decisions, faithfulness, second, films, class_name, config))
        _matrix(run, table, out, overrides, as_json, others)
        return
    if faithfulness and (encoders or synonyms or plot or figures or decisions or films):
        raise click.UsageError("--faithfulness goes only with --second, --method, cuts and --json.")
    if second is not None and not faithfulness:
        raise click.UsageError("--second goes with --faithfulness.")
    if run is None:
        raise click.UsageError("Name a run file, or a matrix with --table MATRIX.toml.")
    if decisions or films:
        if names or encoders or synonyms or plot or (decisions and (films or figures)):
            raise click.UsageError("--decisions goes only with --config and --json, --figure3 with --figures and cuts.")
        if decisions:
            from mammi_tui.console.decisions import print_decisions

            print_decisions(run, config, as_json)
        else:
            from mammi_tui.console.figure3 import draw_figure3

            draw_figure3(run, films, class_name, chosen, config, figures, force)
        return
    if config is not None or class_name is not None:
        raise click.UsageError("--config goes with --decisions or --figure3, --class with --figure3.")
    from engine.evaluation import evaluate as evaluation
    from engine.evaluation.figure2 import figure2
    from engine.evaluation.synonyms import read_synonyms
    from engine.progress import Silent
    from engine.requery import Requery
    from engine.store.reader import RunReader
    from mammi_tui.console.charts import charts
    from mammi_tui.console.evaluation_text import as_text, heading
    from mammi_tui.console.faithfulness import print_faithfulness
    from mammi_tui.console.progress import run_progress

    words = None if synonyms is None else read_synonyms(synonyms)
    with RunReader(arguments.existing_run(run)) as reader:
        requery = Requery(reader)
        methods = _methods(reader, requery, names)
        loaded = _encoders(reader, encoders)
        cuts = chosen.cuts(reader.info)
        if faithfulness:
            print_faithfulness(reader, methods, second, cuts, as_json)
            return
        figure = _figure(reader, figure2(reader, requery, loaded, cuts=cuts)) if plot or figures else None
        if figure and figures:
            _check_folder(figure, figures, force)
        with run_progress(sys.stderr) if sys.stderr.isatty() else nullcontext(Silent()) as progress:
            found = evaluation.evaluate(reader, methods, loaded, words, cuts=cuts, progress=progress)
        if as_json:
            say_json(as_object(found, figure, reader))
        else:
            say(*heading(found.cuts, reader), *as_text(found), *(charts(figure) if figure and plot else ()))
    if figure and figures:
        _draw(figure, figures)


def _matrix(
    run: Path | None, table: Path | None, out: Path | None, overrides: Sequence[str], as_json: bool, others: bool
) -> None:
    if table is None:
        raise click.UsageError("--out and --set go with --table MATRIX.toml.")
    if run is not None or others:
        raise click.UsageError("--table has a configuration of its own; it goes only with --out, --set and --json.")
    from mammi_tui.console.matrix import print_tables

    print_tables(table, out, overrides, as_json)


def as_object(found: Evaluation, figure: Figure2 | None, reader: RunReader) -> dict[str, Any]:
    """The whole evaluation as JSON types, with `figure2` where it was asked for."""
    from engine.evaluation import truth

    evaluated = asdict(found)
    del evaluated["cuts"]
    return {
        "run": str(reader.path),
        "target": reader.info.target,
        "vlm": reader.info.vlm,
        **({} if reader.info.subtracts_template else {"template": reader.info.template, "subtract_template": False}),
        **found.cuts.as_fields(),
        **evaluated,
        "truth_cut": {
            "auroc": truth.CLEAR,
            "chosen_by": truth.CRITERION,
            "fewest_images": truth.FEWEST,
            "parameter_share": truth.SHARE,
        },
        **({} if figure is None else {"figure2": asdict(figure)}),
    }


def _methods(reader: RunReader, requery: Requery, names: Sequence[str]) -> list[Method]:
    from engine.methods.panel import Panel
    from engine.names import find_named

    methods = Panel(reader, requery).methods
    return [find_named(name, methods, "method") for name in dict.fromkeys(names)] or list(methods)


def _encoders(reader: RunReader, asked: Sequence[str]) -> list[TextEncoder]:
    """Loads the encoders. Raises ConfigError for a name that is given twice."""
    from engine.errors import ConfigError

    if not asked:
        return []
    names = [text.partition("=")[0] for text in asked]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"--encoder {name}: is given twice. Give each encoder its own name.")
    need_engine("mammi evaluate --encoder")
    from engine.evaluation.encoders import load_encoder

    return [load_encoder(text, reader) for text in asked]


def _figure(reader: RunReader, figure: Figure2 | None) -> Figure2:
    from engine.errors import ConfigError

    if figure is None:
        raise ConfigError(f"--figures, --plot: {reader.path} has no layer with class names, which figure 2 needs.")
    return figure


def _check_folder(figure: Figure2, folder: Path, force: bool) -> None:
    """Makes the folder. Raises ConfigError when Matplotlib is missing, or when files exist and `force` is not given."""
    from engine.errors import ConfigError, writing
    from engine.extras import missing

    try:
        from engine.evaluation import plots
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "engine":
            raise
        raise ConfigError(f"--figures: {missing(error.name)}.") from None
    for name in plots.names(figure):
        check_output(folder / name, force, [], "--figures", made=True)
    with writing(f"--figures {folder}", fault="cannot be made"):
        folder.mkdir(parents=True, exist_ok=True)


def _draw(figure: Figure2, folder: Path) -> None:
    from engine.evaluation.plots import draw
    from mammi_tui.text import count

    say(f"{count(len(draw(figure, folder)), 'file')} written to {folder}", err=True)
