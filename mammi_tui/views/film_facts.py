"""The lines below a film: its place among the others, what it is, where a map is strongest, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from engine.decisions import heat
from engine.probing.base import NONE
from engine.store.records import ImageInfo
from mammi_tui.questions.film import FilmAnswered, HeatAnswered
from mammi_tui.text import clean, fit, percent, significant, wrap
from mammi_tui.widgets.captions import identifier
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.still import StillLines

MOST_LINES = 5


class FilmFacts(StillLines):
    """Tells as much as its height allows: the first lines are the most telling ones."""

    COMPONENT_CLASSES = {"line--text", "line--strong", "line--muted", "line--accent", "line--heat"}  # noqa: RUF012

    DEFAULT_CSS = """
    FilmFacts {
        height: 5;
        width: 1fr;
        padding: 0 1 0 0;
        &.hidden { display: none; }
        .line--text { color: $foreground; }
        .line--strong { color: $foreground; text-style: bold; }
        .line--muted { color: $foreground 72%; }
        .line--accent { color: $text-accent; }
        .line--heat { color: $text-warning; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="film-info")
        self._lines: Sequence[tuple[Part, ...]] = ()
        self.marked = False
        """Whether the keys go to the film"""

    def show(
        self, answer: FilmAnswered | None, whose: str, heat_of: str, found: HeatAnswered | None, shown: str
    ) -> None:
        """Draws what is known. `whose` names the neuron of the activation where the film is none of its own, and
        `heat_of` whose map lies over the film, "" for none; `shown` says how the film is shown."""
        self._lines = () if answer is None else self._of(answer, whose, heat_of, found, shown)
        self.redraw()

    def _of(
        self, answer: FilmAnswered, whose: str, heat_of: str, found: HeatAnswered | None, shown: str
    ) -> Sequence[tuple[Part, ...]]:
        info = answer.info
        labels = ", ".join(map(clean, info.labels)) or "no labels"
        facts = [f"{name} {clean(value)}" for name, value in (("patient", info.patient), ("view", info.view)) if value]
        facts += attributes_of(info)
        facts.append(f"{info.width} × {info.height} pixels")
        outlined = sorted({clean(each.label) for each in (info.polygons or info.boxes)})
        if outlined:
            facts.append("outlined: " + ", ".join(outlined))
        named: tuple[Part, ...] = (
            (f"{clean(identifier(info.path))}  ", "line--strong"),
            (labels, "line--accent"),
            (f"  {clean(info.path)}", "line--muted"),
        )
        width, height = self.content_size.width - 1, self.content_size.height
        room = max(1, height - 1 - bool(shown))
        forms = [list(wrap(f"{heat_of}: {form}", width)) for form in told(found)] if heat_of else [[]]
        fitting = next((form for form in forms if len(form) <= min(2, room)), forms[-1][:room])
        of_heat = [((line, "line--heat"),) for line in fitting]
        of_window = [((shown, "line--muted"),)] if shown else []
        place, rest = ((place_of(answer, whose), "line--strong"),), (("   ".join(facts), "line--muted"),)
        lines: list[tuple[Part, ...]] = [named, *of_heat, *of_window]
        if height > len(lines):
            lines.insert(0, place)
        return [*lines, rest]

    def draw_line(self, y: int) -> Strip:
        width, parts = self.content_size.width, self._lines[y] if y < len(self._lines) else ()
        mark: Part = ("▌" if self.marked and not y else " ", "line--accent")
        parts = (mark, *parts)
        segments, left = [], width
        for text, style in parts:
            if left > 0:
                text = text if len(text) <= left else fit(text, left)
                segments.append(Segment(text, self.style_of(style)))
                left -= len(text)
        return Strip(segments).adjust_cell_length(width, self.style_of())


def attributes_of(info: ImageInfo) -> list[str]:
    """What is recorded of a film beside findings: "sex F", "device chest tube, pacemaker", "no marker"."""
    values: dict[str, list[str]] = {}
    for name, value in info.attributes:
        values.setdefault(clean(name), []).extend([] if value == NONE else [clean(value)])
    return [f"{name} {', '.join(told)}" if told else f"no {name}" for name, told in values.items() if name != "view"]


def place_of(answer: FilmAnswered, whose: str) -> str:
    """The film's place in the list that is stepped through, and the neuron's activation; `whose` names it where the
    film is none of its own."""
    films, image = answer.question.films, answer.question.subject.image
    place = title = ""
    if films is not None and (image in films.images or answer.question.subject.neuron):
        rank = f"{films.images.index(image) + 1:,}" if image in films.images else "none"
        place, title = f"{rank} of {len(films.images):,}", clean(films.title)
    activation = "" if answer.activation is None else f"{whose} activation {significant(answer.activation)}".lstrip()
    return "   ".join(filter(None, (place, activation, title)))


def told(found: HeatAnswered | None) -> tuple[str, ...]:
    """How much of a map's strongest decile lies inside the outlines, and where on the film it is: the longest form
    first."""
    if found is None:
        return ("…",)
    if found.mask is None or found.reason:
        return (clean(found.reason),)
    where = f"strongest {' and '.join(heat.places(found.mask)) or 'all over'}"
    if not found.outlined:
        return f"no outline on this film · {where}", "no outline on this film"
    label, share = next(iter(found.inside.items()))
    others = [f"{percent(other)} inside {clean(name)}" for name, other in list(found.inside.items())[1:3] if other > 0]
    said = f"{percent(share)} of its strongest decile lies inside {clean(label)}"
    return (
        " · ".join([said, *others, where]),
        f"{said} · {where}",
        said,
        f"{percent(share)} of the strongest decile inside {clean(label)}",
        f"{percent(share)} inside {clean(label)}",
    )
