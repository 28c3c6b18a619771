"""The file that keeps a run's state: `$XDG_STATE_HOME/mammi/runs/`, one small JSON file for each run."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import MammiError, why_not
from engine.own_files import home
from engine.store.whole_file import write_over
from mammi_tui.state.record import LARGEST, RunState, StateDamaged, as_json, from_json

if TYPE_CHECKING:
    from engine.store.reader import RunReader

_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def state_home() -> Path:
    """`$XDG_STATE_HOME/mammi`, by default below ~/.local/state. A relative $XDG_STATE_HOME counts as none."""
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (base if base.is_absolute() else home() / ".local/state") / "mammi"


def state_path(run: Path, identity: str) -> Path:
    """The file of a run. It goes by the run's name and identity, not by its folder: a run that was moved keeps it."""
    name = _NAME.sub("_", run.name.removesuffix(".duckdb"))[:40]
    digest = hashlib.sha256(f"{run.name}\0{identity}".encode(errors="surrogateescape")).hexdigest()
    return state_home() / "runs" / f"{name}-{digest[:16]}.json"


def identity_of(reader: RunReader) -> str:
    """What a run keeps when only its concepts, VLM, α or β change: its target model, layers and images."""
    layers = [layer.name for layer in reader.layers]
    return "\0".join([reader.subject(layers[0]) or reader.info.content_hash, *layers]) if layers else ""


class StateFile:
    """Reads and writes one file. Of several processes the last one to write wins."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> RunState:
        """The state; a new one where there is no file.

        Raises MammiError where it cannot be read. A damaged file is set aside first, under its name with `.damaged`.
        """
        try:
            if self.path.exists() and not self.path.is_file():
                raise OSError(0, "it is no regular file")  # a pipe would wait for a writer
            with self.path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except FileNotFoundError:
            return RunState()
        except OSError as error:
            raise MammiError(f"{self.path}: where you were cannot be read: {why_not(error)}") from error
        try:
            return from_json(data)
        except StateDamaged as damaged:
            aside = self.path.with_name(f"{self.path.name}.damaged")
            with suppress(OSError):
                self.path.replace(aside)
            raise MammiError(f"{self.path} {damaged}: it was set aside, and the run opens as new") from None

    def write(self, state: RunState) -> None:
        """Replaces the file at once. Raises MammiError where it cannot be written; the old file then stays."""
        try:
            write_over(self.path, as_json(state))
        except OSError as error:
            raise MammiError(
                f"{self.path.parent}: where you are cannot be kept for the next time: {why_not(error)}"
            ) from error
