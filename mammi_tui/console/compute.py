"""Computes a run from the command line, with progress on the terminal and a clean stop on Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import MammiError
from mammi_tui.terminal.stopping import INTERRUPTED
from mammi_tui.terminal.watch import asked_to_end

if TYPE_CHECKING:
    from engine.config.settings import RunConfig

ENGINE_PACKAGES = ("torch", "torchvision", "nltk", "safetensors", "scipy")
"""Names by which to import the packages that the extra `engine` installs"""
INSTALL_ENGINE = "pip install 'mammi-explorer[engine]' (in a clone: pip install -e '.[engine]')"


def need_engine(command: str) -> None:
    """Raises MammiError, which says how to install the engine, if a package of it is missing."""
    missing = [package for package in ENGINE_PACKAGES if find_spec(package) is None]
    if missing:
        raise MammiError(
            f"`{command}` needs the engine, which is not installed ({', '.join(missing)} missing): {INSTALL_ENGINE}"
        )


def compute(config: Path, overrides: Sequence[str], command: str) -> Path:
    """Computes or resumes the run that a TOML file describes, and returns the path of its run file.

    `command` is what the user typed, for messages. Raises MammiError, also when the engine is not installed.
    """
    with stoppable(command):
        settings = _settings(config, overrides, command)

        from engine.run.pipeline import run
        from mammi_tui.console.progress import run_progress

        with run_progress(sys.stderr) as progress:
            return run(settings, progress)


def compute_shard(config: Path, overrides: Sequence[str], shard: str) -> str:
    """Computes or resumes the shard I/N of a run, and returns a line that says so. Raises as `compute`."""
    command = f"mammi run --shard {shard}"
    with stoppable(command):
        settings = _settings(config, overrides, command)

        from engine.run.shards import run_shard, shard_name
        from mammi_tui.console.progress import run_progress

        name = shard_name(shard)
        with run_progress(sys.stderr) as progress:
            films = run_shard(settings, name, progress)
    return f"Shard {name} is done: {films} films. `mammi merge` makes the run file once all shards are."


def merge(config: Path, overrides: Sequence[str], keep: bool) -> Path:
    """Makes a run file of its shards, and returns its path. Raises as `compute`."""
    with stoppable("mammi merge"):
        settings = _settings(config, overrides, "mammi merge")

        from engine.run.merging import merge as merge_shards
        from mammi_tui.console.progress import run_progress

        with run_progress(sys.stderr) as progress:
            return merge_shards(settings, progress, keep)


def _settings(config: Path, overrides: Sequence[str], command: str) -> RunConfig:
    need_engine(command)

    from engine.config.settings import load_config

    return load_config(config, overrides)


class Stopped(MammiError):
    """A signal has stopped a command."""

    def __init__(self, then: str, status: int) -> None:
        super().__init__(f"Stopped. {then}")
        self.exit_status = status


@contextmanager
def stoppable(command: str, *, kept: bool = True) -> Iterator[None]:
    """Ends the block after a signal with an error that says how to go on; `kept`: whether what was computed stays."""
    try:
        yield
    except (KeyboardInterrupt, RuntimeError) as error:
        status = asked_to_end()
        if isinstance(error, RuntimeError) and status is None:
            raise  # inside a query, DuckDB makes a RuntimeError of a signal
        then = f"The next `{command}` continues from here." if kept else "Nothing was written."
        raise Stopped(then, status or INTERRUPTED) from None
