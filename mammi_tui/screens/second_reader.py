"""Other readers: their verdicts, hidden until they are asked for; differences, and settling them; lines that other
processes write."""

from __future__ import annotations

from functools import partial

from engine.errors import MammiError
from mammi_tui.keyboard.remapped_app import key_of
from mammi_tui.neurons.marks import VERDICT_MARKS
from mammi_tui.neurons.rows import Neuron
from mammi_tui.neurons.triage import add_settlement, take_up
from mammi_tui.screens.judging import Judging
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, count, fit
from mammi_tui.verdicts.comparison import Compared
from mammi_tui.verdicts.heads import lost_head
from mammi_tui.verdicts.lines import Verdict
from mammi_tui.widgets.menu_line import Choice, MenuLine

FOLLOW_EVERY = 1.0
"""Seconds between two looks at the log"""
TITLE_CELLS = 60
_VERDICTS: dict[str, Verdict] = {"y": "accept", "x": "reject", "u": "unsure", "c": "clear"}


class SecondReader(Judging):
    """The part of the explorer that reads what others write."""

    _told = ""
    """What was told last about a log that cannot be read"""

    def follow_log(self) -> None:
        """Follows the lines that other processes add to the log, and tells what happens to it."""
        log = self.verdict_log
        log.when_lost = self.warn_of_loss
        if lost := lost_head(log.path, log.known):
            self.warn_of_loss(lost)
        self.set_interval(FOLLOW_EVERY, self._follow)

    def _follow(self) -> None:
        self.verdict_log.look_at_run()
        if self.verdict_log.has_changed:
            self._take_up()

    def _take_up(self) -> None:
        """Takes up what stands, and draws it where it is not as it was."""
        rows = self.looking.rows
        before = rows.judgements, rows.others, rows.settled
        try:
            take_up(self.verdict_log, rows)
        except MammiError as error:
            if str(error) != self._told:
                self._told = str(error)
                self.warn(self._told)
            return
        self._told = ""
        if before != (rows.judgements, rows.others, rows.settled):
            self.draw_verdicts()

    @property
    def _others_key(self) -> str:
        return key_of(self, "readers.others")

    def action_others(self) -> None:
        """Shows what other readers say, or hides it."""
        rows = self.looking.rows
        rows.shows_others = not rows.shows_others
        self._take_up()
        if rows.shows_others and not rows.others:
            rows.shows_others = False
            self.notify("No other reader has judged this run yet", markup=False)
        elif rows.shows_others:
            names = ", ".join(clean(reader, 40) for reader in sorted(rows.others))
            found = rows.agreement
            lacks = f"; no κ: {found.lacks}" if found and found.kappa is None else ""
            self.notify(f"{names}: shown until {self._others_key} hides it{lacks}", markup=False)
        else:
            self.notify("Other readers' verdicts are hidden", markup=False)

    # Differences

    def action_settle(self) -> None:
        """Asks for the verdict that settles the difference between readers about a neuron."""
        if not self.looking.rows.shows_others:
            said = f"Other readers' verdicts are hidden: {self._others_key} shows them, if there are any"
            self.notify(said, severity="warning", markup=False)
        elif (neuron := self._judged()) is not None and (compared := self._difference(neuron)) is not None:
            choices = [
                Choice("y", "accept"),
                Choice("x", "reject"),
                Choice("u", "unsure"),
                *([Choice("c", "take back")] if compared.settled else []),
            ]
            self.app.push_screen(MenuLine(self._settle_title(neuron, compared), choices), partial(self._settle, neuron))

    def _difference(self, neuron: Neuron) -> Compared | None:
        """What the readers say who differ on a neuron; None, with a message, where they do not differ."""
        rows = self.looking.rows
        compared = rows.compared.get(neuron)
        if compared is not None and compared.differs:
            return compared
        why = "; they judged different words" if compared and compared.apart else ""
        self.notify(clean(f"{rows.name_of(neuron)}: there is no difference to settle{why}"), markup=False)
        return None

    def _settle_title(self, neuron: Neuron, compared: Compared) -> str:
        names = ShortNames(compared.verdicts).within(20)
        said = " ".join(
            f"{name} {VERDICT_MARKS[line.verdict][0]}"
            for name, line in zip(names, compared.verdicts.values(), strict=True)
            if line.verdict
        )
        words = clean(", ".join(compared.words))
        return (
            f"Settle {fit(f'“{words}” of {clean(self.looking.rows.name_of(neuron))}', TITLE_CELLS).rstrip()} ({said})"
        )

    def _settle(self, neuron: Neuron, chosen: str | None) -> None:
        if chosen is None or (compared := self._difference(neuron)) is None:
            return
        try:
            add_settlement(self.verdict_log, self.looking.rows, neuron, compared, _VERDICTS[chosen])
        except MammiError as error:
            self.say_not_done(error)
            return
        self.draw_verdicts()
        left = sum(each.is_open for each in self.looking.rows.compared.values())
        self.notify(f"Settled; {count(left, 'difference')} left" if chosen != "c" else "Open again", markup=False)
