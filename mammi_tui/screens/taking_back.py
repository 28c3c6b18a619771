"""Undo and redo of what the reader has judged and written, line by line of the log, also across restarts."""

from __future__ import annotations

from typing import Literal

from engine.errors import MammiError
from mammi_tui.keyboard.counting_app import counted
from mammi_tui.keyboard.remapped_app import key_of
from mammi_tui.neurons.triage import neuron_of, take_up
from mammi_tui.screens.judging import Judging
from mammi_tui.verdicts.lines import Line


class TakingBack(Judging):
    """The part of the explorer that takes acts back."""

    @counted
    def action_undo(self, times: int = 1) -> None:
        """Takes back the reader's last acts that stand."""
        all(self._take_back("undo") for _ in range(times))

    @counted
    def action_redo(self, times: int = 1) -> None:
        """Does the acts again that were taken back last."""
        all(self._take_back("redo") for _ in range(times))

    def _take_back(self, act: Literal["undo", "redo"]) -> bool:
        """Takes back one act, or does one again, and goes to its neuron. False if there is none, or it cannot."""
        log, rows = self.verdict_log, self.looking.rows
        try:
            line = log.take_back(act)
            take_up(log, rows)
        except MammiError as error:
            self.say_not_done(error)
            return False
        if line is None:
            reader = log.reader.name
            nothing = f"Nothing of {reader}'s to take back" if act == "undo" else "Nothing to do again"
            self.notify(nothing, markup=False)
            return False
        self.draw_verdicts()
        redo, undo = key_of(self, "verdict.redo"), key_of(self, "verdict.undo")
        did = f"taken back · {redo} does it again" if act == "undo" else f"done again · {undo} takes it back"
        self.notify(f"{self.words_of(line.deed, line.neuron)} {did}{self._go_to_line(line)}", markup=False)
        return True

    def _go_to_line(self, line: Line) -> str:
        """Goes to the neuron that a line is about. Returns what else there is to say."""
        rows = self.looking.rows
        neuron = neuron_of(rows, line.neuron)
        if neuron is None:
            return " · the run has no such neuron"
        hidden = bool(rows.query) and rows.line_of(neuron) is None
        if hidden:
            self.neurons.drop_filter()
        self.show_next(neuron)
        return " · the filter hid it and is cleared" if hidden else ""
