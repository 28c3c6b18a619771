"""`mammi weights`: lists published weights and the files that a configuration needs, and fetches weights."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import dropwhile
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from engine.config.needed import Needed
    from engine.weights.entry import Entry

FOLDER = Path("weights")

folder_option = click.option(
    "--to",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="The folder that holds all weights.",
)


class ListByDefault(click.Group):
    """A group whose subcommand `list` may be left out: `mammi weights CONFIG`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        flags = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        rest = list(dropwhile(flags.__contains__, args))
        if not rest or rest[0] not in self.commands:
            args = [*args[: len(args) - len(rest)], "list", *rest]
        return super().parse_args(ctx, args)


@click.group("weights", cls=ListByDefault)
def weights() -> None:
    """List published weights, or the files that a configuration needs; fetch weights.

    \b
        mammi weights                  published weights, and which of them are here
        mammi weights paper.toml       the files that a configuration names
        mammi weights fetch NAME       downloads; nothing else in mammi does
    """


@weights.command("list")
@click.argument("configs", metavar="[CONFIG]...", nargs=-1, type=click.Path(path_type=Path))
@folder_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(configs: tuple[Path, ...], folder: Path, as_json: bool) -> None:
    """List published weights with their state in DIR, or the files that CONFIG names.

    Fetched files are read again to compare their checksums.
    """
    if configs:
        found = [_needed(config) for config in configs]
        lines = [line for needs in found for line in _needed_lines(needs)]
    else:
        from engine.weights.published import CATALOGUE

        found = [_as_dict(entry, folder) for entry in CATALOGUE]
        lines = [line for entry in found for line in _entry_lines(entry)]
    if as_json:
        say_json(found)
    else:
        say(*lines)


@weights.command("fetch")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@folder_option
@click.option("--sha256", metavar="HEX", help="The checksum that the one downloaded file must have.")
@click.option("--force", is_flag=True, help="Fetch existing files again, and accept files that have changed.")
def fetch(names: tuple[str, ...], folder: Path, sha256: str | None, force: bool) -> None:
    """Download the entries NAME... of the catalogue into DIR/NAME, and check them.

    Give the same command again to continue an interrupted download. If a file has no published checksum, DIR/SHA256SUMS
    keeps that of the first download, and later downloads must match it.
    """
    from engine.errors import ConfigError
    from engine.own_files import made_as_usual
    from engine.weights.catalogue import find
    from engine.weights.fetch import fetch as fetch_entry
    from mammi_tui.console.compute import stoppable
    from mammi_tui.console.progress import run_progress

    if sha256 and len(names) > 1:
        raise ConfigError(f"--sha256: {len(names)} names are given; one checksum cannot be right for all.")
    entries = [find(name) for name in names]
    for entry in entries:
        name = f"mammi weights fetch {entry.name}"
        with stoppable(name), made_as_usual(), run_progress(sys.stderr) as progress:
            came = fetch_entry(entry, folder, progress, sha256=sha256, force=force)
        for path, digest in came.items():
            say(f"{digest}  {path}")
        say(f"{entry.name} is in {folder / entry.name}", err=True)


def _as_dict(entry: Entry, folder: Path) -> dict[str, Any]:
    """An entry of the catalogue as JSON types, with the state of its files in the folder."""
    from engine.weights.fetch import state_of

    return {
        "name": entry.name,
        "what": entry.what,
        "page": entry.page,
        "source": entry.source,
        "licence": entry.licence,
        "downloads": [{"url": file.url, "size": file.size, "sha256": file.sha256} for file in entry.files],
        "folder": str(folder / entry.name),
        "files": {name: state.value for name, state in state_of(entry, folder).items()},
    }


def _entry_lines(entry: dict[str, Any]) -> Iterator[str]:
    yield f"{entry['name']}: {entry['what']}"
    states = set(entry["files"].values())
    if len(states) == 1:
        yield f"    {', '.join(entry['files'])}: {states.pop()}"
    else:
        yield from (f"    {name}: {state}" for name, state in entry["files"].items())
    size = sum(file["size"] or 0 for file in entry["downloads"])
    if entry["downloads"]:
        shown = f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"
        large = f" ({shown})" if size else ""
        yield f"    mammi weights fetch {entry['name']}{large}, from {entry['page']}"
    else:
        yield f"    by hand, from {entry['page']} into {entry['folder']}"
    yield f"    licence: {entry['licence']}; address from {entry['source']}"
    yield ""


def _needed(config: Path) -> dict[str, Any]:
    """The files that a configuration names, as JSON types."""
    from engine.config.needed import needed

    needs, unknown = needed(config)
    files = [
        {
            "key": need.key,
            "path": _near(need.path),
            "there": need.exists,
            "entry": need.entry.name if need.entry else None,
            "advice": "" if need.exists else _advice(need),
        }
        for need in needs
    ]
    return {"config": str(config), "files": files, "unknown": unknown}


def _advice(need: Needed) -> str:
    if need.key.endswith("nltk_data"):
        return "NLTK's data: python -m nltk.downloader -d DIR, and the name of the resource"
    if need.entry is None:
        return "not in the catalogue: a file of your own"
    if not need.entry.files:
        return f"by hand: {', '.join(need.entry.by_hand)} from {need.entry.page}"
    elsewhere = need.folder is not None and realpath(need.folder) != realpath(FOLDER)
    to = f" --to {_near(need.folder)}" if need.folder and elsewhere else ""
    return f"mammi weights fetch {need.entry.name}{to}"


def _near(path: Path) -> str:
    """A path relative to the current directory, where it lies below it."""
    whole, here = Path(realpath(path)), Path.cwd()
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)


def _needed_lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['config']} names"
    for file in found["files"]:
        yield f"    {file['key']}: {file['path']}: {'there' if file['there'] else 'missing'}"
        if file["advice"]:
            yield f"        {file['advice']}"
    yield from (f"    {sentence}" for sentence in found["unknown"])
    if not found["files"] and not found["unknown"]:
        yield "    no files: nothing is needed."
