"""A reader's own words: a label, a note, and marks of single concepts. None of them needs a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on

from mammi_tui.neurons.rows import Neuron
from mammi_tui.screens.judging import Judging
from mammi_tui.text import clean
from mammi_tui.verdicts.lines import ConceptMark, Deed, Seen
from mammi_tui.verdicts.standing import Judgement
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.widgets.one_line import OneLine

LONGEST_LABEL, LONGEST_NOTE = 120, 500
MOST_OFFERED = 50
_NEXT_MARK: dict[str, ConceptMark] = {"": "right", "right": "wrong", "wrong": "clear"}


class OwnWords(Judging):
    """The part of the explorer that asks for words and writes them to the log."""

    def action_label(self) -> None:
        """Asks for the reader's own label of the neuron."""
        self.once_seen("label", partial(self._ask_label, self._line_on_screen()))

    def action_note(self) -> None:
        """Asks for a note on the neuron."""
        self.once_seen("note", partial(self._ask_note, self._line_on_screen()))

    def _line_on_screen(self) -> OneLine:
        """The line of the screen in front, such as that of a large film; the explorer's own where it has none."""
        return next(iter(self.app.screen.query(OneLine)), self.one_line)

    def _ask_label(self, line: OneLine, neuron: Neuron) -> None:
        now = self.judgement_of(neuron).label
        line.ask(
            f"label of {self.looking.rows.name_of(neuron)}",
            partial(self._keep, "label", neuron, self.seen()),
            text=(now.deed.text or "") if now else "",
            complete=self._complete,
            placeholder=f"one line · empty takes it away · {line.leaving} leaves it",
            most=LONGEST_LABEL,
        )

    def _ask_note(self, line: OneLine, neuron: Neuron) -> None:
        now = self.judgement_of(neuron).note
        line.ask(
            f"note on {self.looking.rows.name_of(neuron)}",
            partial(self._keep, "note", neuron, self.seen()),
            text=(now.deed.text or "") if now else "",
            placeholder=f"one line · empty takes it away · {line.leaving} leaves it",
            most=LONGEST_NOTE,
        )

    def _keep(self, act: str, neuron: Neuron, seen: Seen, text: str) -> str | None:
        """Keeps a label or a note. Returns why that fails; None where it does not."""
        said = self.judgement_of(neuron)
        now = said.label if act == "label" else said.note
        if text == clean((now.deed.text or "") if now else "", 1 << 20).strip():
            return None
        deed = Deed("label", text=text) if act == "label" else Deed("note", text=text)
        if not self.do(neuron, deed, seen):
            return f"The {act} was not kept: {self.one_line.keeping} tries again, {self.one_line.leaving} drops it"
        return None

    def _complete(self, text: str) -> Sequence[str]:
        """The concepts that may be meant: the neuron's own first, then those that begin so, then those with it."""
        wanted = text.casefold()
        own = [clean(concept) for concept in self.looking.words_on_screen or ()]
        if not wanted:
            return own
        every = [*own, *map(clean, self.looking.reader.concepts)]
        begin = [concept for concept in every if concept.casefold().startswith(wanted)]
        within = [concept for concept in every if wanted in concept.casefold()]
        return list(dict.fromkeys([*begin, *within]))[:MOST_OFFERED]

    # Concepts

    @on(ConceptList.Marked)
    def mark_concept(self) -> None:
        """Marks the concept under the cursor of the ranking: right, wrong, and neither again."""
        self.once_seen("mark", lambda neuron: self.view_pane.body.call_later(self._mark, neuron))

    def _mark(self, neuron: Neuron) -> None:
        """Runs after the ranking has drawn the answer that has come."""
        ranking = self.view_pane.body.query(ConceptList)
        if not ranking or (concept := ranking.first().here()) is None or neuron != self.looking.neuron:
            return
        word = self.looking.reader.concepts[concept]
        line = self.judgement_of(neuron).concepts.get(word)
        now = line.deed.mark or "" if line else ""
        self.do(neuron, Deed("concept", concept=word, mark=_NEXT_MARK[now]))

    def judgement_of(self, neuron: Neuron) -> Judgement:
        """What the reader says of a neuron."""
        return self.looking.rows.judgements.get(neuron) or Judgement()
