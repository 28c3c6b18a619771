"""Judging neurons: verdicts, and taking them back."""

from __future__ import annotations

from typing import Literal

from engine.errors import MammiError
from mammi_tui.neurons.rows import LAYER_LINE, Neuron
from mammi_tui.neurons.triage import add, neuron_of, seen_in, take_up
from mammi_tui.screens.base import ExplorerBase
from mammi_tui.verdicts.lines import Deed, Verdict

REPLACED = "The run file was replaced: reopen it to see the new one."


class Judging(ExplorerBase):
    """The part of the explorer that writes the verdict log."""

    def take_up_verdicts(self) -> None:
        """Shows what stands in the verdict log."""
        try:
            take_up(self.verdict_log, self.looking.rows)
            if earlier := self.verdict_log.read().earlier:
                self.warn(earlier)
        except MammiError as error:
            self.warn(str(error))
        self.verdict_log.when_replaced = lambda: self.warn(REPLACED)
        self.draw_verdicts()

    def draw_verdicts(self) -> None:
        """Draws what stands, wherever it is on screen."""
        self.header.progress = self.looking.rows.progress()
        self.view_pane.draw_border()
        self.neurons.numbers_changed()

    def action_verdict(self, verdict: Verdict) -> None:
        looking, neuron = self.looking, self.neurons.outline.here()
        if neuron is None or neuron.unit == LAYER_LINE or not isinstance(looking.subject, Neuron):
            self.notify("No neuron is selected", severity="warning", markup=False)
            return
        self.look_at(neuron, step=True)  # where the cursor has just come, its answer is not on screen yet
        try:
            self._judge(neuron, verdict)
        except MammiError as error:
            self.warn(str(error))
            return
        following, round_the_end = looking.rows.next_undecided(neuron, 1)  # before the verdict changes the list
        self.draw_verdicts()
        if verdict != "clear":
            self.go_on(following, round_the_end, 1)

    def _judge(self, neuron: Neuron, verdict: Verdict) -> None:
        """Adds a verdict on the annotation on screen. Raises MammiError where none is on screen, and as `add` does."""
        looking = self.looking
        answer = looking.answer_on_screen
        if answer is None and not looking.rows.is_dead(neuron):
            name = looking.rows.name_of(neuron)
            raise MammiError(f"{name} is still being computed: its annotation is not on screen yet")
        if answer is not None:
            seen = seen_in(answer, looking.reader.concepts, looking.evidence_on_screen)
            add(self.verdict_log, looking.rows, neuron, Deed("verdict", verdict=verdict), seen)

    # Taking back

    def action_undo(self) -> None:
        self._take_back("undo")

    def action_redo(self) -> None:
        self._take_back("redo")

    def _take_back(self, act: Literal["undo", "redo"]) -> None:
        """Undoes the reader's last act, or does it again, and goes to the neuron that it touched."""
        log, rows = self.verdict_log, self.looking.rows
        try:
            line = log.take_back(act)
            take_up(log, rows)
        except MammiError as error:
            self.warn(str(error))
            return
        if line is None:
            self.notify(f"Nothing to {act}", markup=False)
            return
        self.draw_verdicts()
        if neuron := neuron_of(rows, line.neuron):
            self.go_to_neuron(neuron)
