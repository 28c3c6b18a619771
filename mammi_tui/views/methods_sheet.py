"""The methods side by side. The first stays on the left; the others move beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from mammi_tui.keyboard.counting_app import counted
from mammi_tui.text import wrap
from mammi_tui.views.method_columns import MethodColumn, fitting, method_rows, shared_concepts
from mammi_tui.widgets.sheet import Row, Sheet

LOADING = "The methods are being loaded …"


class MethodsSheet(Sheet):
    """One column for each method, as many as fit."""

    BINDING_GROUP_TITLE = "Methods"
    HELP = "What other methods say about the neuron, side by side. The first column stays while the others move."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "move(1)", "More", id="methods.right", tooltip="Methods further right"),
        Binding("h,left", "move(-1)", "Back", show=False, id="methods.left", tooltip="Methods further left"),
    ]

    class Moved(Message):
        """The reader has moved to other methods."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns: Sequence[MethodColumn] = ()
        self._moved = 0

    def show(self, columns: Sequence[MethodColumn]) -> None:
        """Draws the columns, of which some may lack an answer."""
        self.columns = columns
        self.set_reactive(MethodsSheet.stale, False)
        self.rows_changed()

    @property
    def place(self) -> str:
        """The numbers of the methods on screen; "" where all are."""
        others, fit = len(self.columns) - 1, self._fitting() - 1
        if others <= fit:
            return ""
        first = self._offset() + 1
        left, right = "◂ " if self._offset() else "", " ▸" if self._offset() < others - fit else ""
        beside = f", {first + 1}–{first + fit}" if fit > 1 else f", {first + 1}" if fit else ""
        return f"{left}methods 1{beside} of {others + 1}{right}"

    def lay_out(self, width: int) -> Sequence[Row]:
        if not self.columns:
            return [((line, "line--muted"),) for line in wrap(LOADING, width)]
        first, *others = self.columns
        start, fit = self._offset(), self._fitting() - 1
        shown = [first, *others[start : start + fit]]
        return list(method_rows(shown, shared_concepts(self.columns), width))

    def _fitting(self) -> int:
        return fitting(len(self.columns), self.scrollable_content_region.width - 2)

    def _offset(self) -> int:
        """The number of methods hidden between the first and those beside it."""
        return max(0, min(self._moved, len(self.columns) - self._fitting()))

    @counted
    def action_move(self, step: int) -> None:
        self._moved = max(0, self._offset() + step)
        self._moved = self._offset()
        self.rows_changed()
        self.post_message(self.Moved())
