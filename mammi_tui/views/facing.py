"""The films of a neuron and those of its match in another run, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.strip import Strip

from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.text import fit, wrap
from mammi_tui.widgets.captions import ThumbnailItem
from mammi_tui.widgets.still import StillLines
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid


class Said(StillLines):
    """Lines of text."""

    COMPONENT_CLASSES = {"said--text", "said--stale"}  # noqa: RUF012

    DEFAULT_CSS = """
    Said {
        height: 1;
        width: 1fr;
        padding: 0 1;
        .said--text { color: $foreground 80%; }
        .said--stale { color: $foreground 45%; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.lines: Sequence[str] = ()
        self.stale = False

    def say(self, *lines: str) -> None:
        """Draws clean lines. The last one takes all lines that are left; what does not fit is cut."""
        self.lines = lines
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def draw_line(self, y: int) -> Strip:
        width, height = self.content_size
        last = len(self.lines) - 1
        text = self.lines[y] if y < last else ""
        if y >= last >= 0 and width > 0:
            left = list(wrap(self.lines[last], width))[y - last :]
            text = " ".join(left) if y == height - 1 else left[0] if left else ""
        return self.strip(width, ((fit(text, width), "said--stale" if self.stale else "said--text"),))


class SideOfFilms(Vertical):
    """The words of one run above its films."""

    def __init__(self, films: Films, backend: ImageBackend, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.said = Said()
        self.grid = ThumbnailGrid(films, backend)
        self.grid.can_focus = False  # its films answer to the mouse; the keys stay with the list

    def compose(self) -> ComposeResult:
        yield self.said
        yield self.grid

    def show(self, said: str, items: Sequence[ThumbnailItem]) -> None:
        self.said.say(said)
        self.grid.set_images(items)


class Facing(Horizontal):
    """Two sides."""

    DEFAULT_CSS = """
    Facing {
        height: 13;
        width: 1fr;
        border-top: solid $border-blurred;
        & SideOfFilms { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self, here: Films, there: Films, backend: ImageBackend) -> None:
        super().__init__()
        self.here = SideOfFilms(here, backend, id="films-here")
        self.there = SideOfFilms(there, backend, id="films-there")

    def compose(self) -> ComposeResult:
        yield self.here
        yield self.there
