"""The line on top: the run, who judges it, and how far the triage has come."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip

from engine.store.reader import RunReader
from mammi_tui.text import clean, fit
from mammi_tui.widgets.still import StillLines


class RunHeader(StillLines):
    """Run name, layers without trained weights, target model, VLM, counts, and who judges.

    What does not fit is left out, but never the reader's name, the progress, nor that there are such layers.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header--name", "header--text", "header--mark", "header--progress", "header--random", "header--reader",
    }  # fmt: skip

    DEFAULT_CSS = """
    RunHeader {
        height: 1;
        width: 1fr;
        background: $panel;
        .header--mark { color: $text-accent; text-style: bold; }
        .header--name { color: $foreground; text-style: bold; }
        .header--text { color: $foreground 75%; }
        .header--progress { color: $foreground; }
        .header--reader { color: $text-accent; }
        .header--random { color: $text-error; text-style: bold; }
    }
    """

    progress: reactive[tuple[int, int]] = reactive((0, 0))
    """Neurons with a verdict, and living neurons"""
    notice: reactive[str] = reactive("")
    """What is said in the place of the progress; "" for nothing"""

    def __init__(self, reader: RunReader, judge: tuple[str, str]) -> None:
        """`judge` is the name and the role of who judges."""
        super().__init__()
        self.judge = clean(judge[0]), clean(judge[1])
        target, vlm, sets = reader.info.target, reader.info.vlm, len(reader.concept_sets)
        self.run_name = clean(reader.path.name)
        unsubtracted = reader.info.unsubtracted
        scores = f"\n{unsubtracted}: scores are mean cosines" if unsubtracted else ""
        self.facts = [
            f"{clean(target, 60)} ⇢ {clean(vlm, 60)}" if vlm else clean(target, 60),
            *([unsubtracted] if unsubtracted else []),
            f"{reader.image_count:,} images",
            f"{len(reader.concepts):,} concepts" + (f" in {sets} sets" if sets > 1 else ""),
        ]
        random = [layer for layer in reader.layers if layer.untrained]
        self.random = f"random: {', '.join(clean(layer.name) for layer in random)}" if random else ""
        """The layers whose activations are not those of a trained model"""
        reasons = "".join(f"\n{clean(layer.name)} is random: {clean(layer.untrained)}" for layer in random)
        role = f" ({self.judge[1]})" if self.judge[1] else ""
        judged = f"\nverdicts are signed by {self.judge[0]}{role}: $MAMMI_READER, $MAMMI_ROLE"
        about = f"{clean(str(reader.path))}\ntarget model: {clean(target)}\nVLM: {clean(vlm)}{scores}"
        self.tooltip = Content(f"{about}{reasons}{judged}")

    def draw_line(self, y: int) -> Strip:
        width = self.content_size.width
        if y:
            return Strip.blank(width, self.style_of())
        decided, living = self.progress
        progress = f" {fit(self.notice, min(cell_len(self.notice), width - 2))} " if self.notice else ""
        progress = progress or f" {decided:,}/{living:,} decided "
        judge = "" if self.notice else self._judge(width)
        room = width - cell_len(judge) - cell_len(progress)
        parts = [(" MAMMI ", "header--mark"), (f" {self.run_name} ", "header--name")]
        if self.random:
            cells = room - sum(cell_len(text) for text, _ in parts) - 3
            parts.append((f"· {fit(self.random, max(6, min(cell_len(self.random), cells)))} ", "header--random"))
        used = sum(cell_len(text) for text, _ in parts)
        for fact in self._chosen(room - used):
            parts.append((f" · {fact}", "header--text"))
            used += cell_len(fact) + 3
        segments = [Segment(text, self.style_of(name)) for text, name in parts]
        left = Strip(segments).adjust_cell_length(max(0, room), self.style_of())
        right = [
            Segment(judge, self.style_of("header--reader")),
            Segment(fit(progress, min(width, cell_len(progress))), self.style_of("header--progress")),
        ]
        return Strip([*left, *right]).adjust_cell_length(width, self.style_of())

    def _judge(self, width: int) -> str:
        """Who judges, in at most a fifth of the line; with the role in at most a third."""
        name, role = self.judge
        whole = f" {name} ({role}) ·" if role else f" {name} ·"
        if cell_len(whole) <= width // 3:
            return whole
        return f" {fit(name, min(cell_len(name), max(4, width // 5 - 3)))} ·"

    def _chosen(self, room: int) -> list[str]:
        """The facts that fit: what scores are and the counts before the models' names, as they are shorter."""
        chosen: list[str] = []
        for fact in (*self.facts[1:], self.facts[0]):
            if cell_len(fact) + 3 <= room:
                chosen.append(fact)
                room -= cell_len(fact) + 3
        return [fact for fact in self.facts if fact in chosen]
