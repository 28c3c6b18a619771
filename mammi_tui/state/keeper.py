"""Keeps a run's state while the explorer is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.errors import MammiError
from mammi_tui.state.file import StateFile
from mammi_tui.state.record import RunState


class StateKeeper:
    """Holds the state and writes it to its file when it has changed. Without a file it keeps nothing.

    `fresh` opens the run as new and leaves the place in the file as it is; filters and history are kept as ever.
    """

    def __init__(self, file: StateFile | None = None, *, fresh: bool = False) -> None:
        """Reads the file. What is wrong with it is in `warning`."""
        self._file = file
        self.first_time = file is not None and not file.path.exists()
        """Whether the run has not been open here before"""
        self.warning = ""
        try:
            found = file.read() if file else RunState()
        except MammiError as error:
            self.warning = str(error)
            found = RunState()
        self._stored: RunState | None = found
        self._place_in_file = found if fresh else None
        self.state = kept_of(found, RunState()) if fresh else found
        self._failed = False

    def change(self, change: Callable[[RunState], RunState]) -> None:
        """Puts another state in the place of the present one, and writes it."""
        self.state = change(self.state)
        self.write()

    def write(self) -> str:
        """Writes the state if it has changed. Returns a warning the first time that this fails; else ""."""
        state = self.state if self._place_in_file is None else kept_of(self.state, self._place_in_file)
        if self._file is None or state == self._stored:
            return ""
        try:
            self._file.write(state)
        except MammiError as error:
            first, self._failed = not self._failed, True
            return str(error) if first else ""
        self._stored = state
        return ""


def kept_of(state: RunState, place: RunState) -> RunState:
    """The filters, the history and the other runs of one state, with the place of another."""
    return replace(place, earlier=state.earlier, saved=state.saved, compared=state.compared)
