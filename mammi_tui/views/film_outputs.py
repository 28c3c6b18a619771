"""The model's outputs on a film beside the film's labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.decisions.film import Output
from engine.decisions.outputs import Kind
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, fit, probability
from mammi_tui.views.concept_list import bar
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.reasoned_list import ReasonedList

NUMBER, WORDS, LEAST_NAME, MOST_BAR = 8, 15, 8, 24
KIND_STYLES: dict[Kind, str] = {
    "false positive": "line--bad",
    "missed": "line--bad",
    "true positive": "line--good",
    "true negative": "line--faint",
}
KIND_WORDS: dict[Kind | None, str] = {"true positive": "right", "true negative": "", None: "no label"}
LABEL_MARK = "●"


class FilmOutputs(ReasonedList):
    """Wrong and sure outputs first, then by probability."""

    BINDING_GROUP_TITLE = "Outputs of the film"
    HELP = """
    What the model says of the film, against its labels: those that are wrong and sure first, then by probability.
    ● stands at the film's labels. The line under the cursor is the output whose units stand below. Enter goes to the
    class.
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.outputs: Sequence[Output] = ()
        self.extra: Sequence[str] = ()
        """Labels of the film that are none of the model's classes"""
        self._names = ShortNames(())
        self._top = 1.0

    def show(self, outputs: Sequence[Output], extra: Sequence[str], reason: str, chosen: int | None) -> None:
        """Draws the outputs of a film, or the reason why there are none. The cursor goes to the chosen class, and
        without one to the first line."""
        if [each.name for each in outputs] != [each.name for each in self.outputs]:
            self._names = ShortNames(each.name for each in outputs)
        self.outputs, self.extra, self.reason = outputs, extra, reason
        places = [place for place, each in enumerate(outputs) if each.number == chosen]
        self.set_reactive(FilmOutputs.cursor, places[0] if places else 0)
        self.rows_changed()
        self.show_row(self.cursor)

    def here(self) -> Output | None:
        """The output under the cursor."""
        return self.outputs[self.cursor] if self.cursor < len(self.outputs) else None

    def item_count(self) -> int:
        return len(self.outputs) + (len(self.extra) if self.outputs else 0)

    def leads_on(self, index: int) -> bool:
        return index < len(self.outputs)

    def item(self, index: int, width: int) -> Iterable[Part]:
        name_cells, bar_cells, words = self._columns(width)
        if index >= len(self.outputs):
            yield f"{LABEL_MARK} ", "line--accent"
            label = clean(self.extra[index - len(self.outputs)])
            yield fit(f"{label} (a label that is no class)", width - 2), "line--muted"
            return
        output = self.outputs[index]
        style = "line--strong" if output.predicted else "line--text"
        yield f"{LABEL_MARK} " if output.labelled else "  ", "line--accent"
        yield self._names.fit(self._names[index], name_cells), style
        yield fit(probability(output.probability), NUMBER - 1, right=True) + " ", style
        yield bar(min(1.0, max(0.0, output.probability)), 0, 1, bar_cells), "line--bar"
        kind = "" if output.kind is None else KIND_WORDS.get(output.kind, output.kind)
        text = KIND_WORDS[None] if output.kind is None and output.predicted else kind
        yield fit(f" {text}", words), KIND_STYLES[output.kind] if output.kind else "line--faint"

    def _columns(self, width: int) -> tuple[int, int, int]:
        """The cells of name, bar and kind."""
        left = width - 2 - NUMBER
        words = min(WORDS, max(0, left - LEAST_NAME))
        left -= words
        name = max(min(LEAST_NAME, left), min(self._names.longest + 1, left * 2 // 3))
        bar_cells = min(MOST_BAR, max(0, left - name))
        return name, bar_cells, max(0, width - 2 - NUMBER - name - bar_cells)
