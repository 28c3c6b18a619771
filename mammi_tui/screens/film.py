"""One film large over the screen, with keys to step through the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.errors import MammiError
from engine.store.records import ImageInfo
from mammi_tui.findings import outlines
from mammi_tui.images.base import Grey, ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.keyboard.counting_app import Counting, counted, counted_from_one
from mammi_tui.lane import Lane
from mammi_tui.screens.explorer_keys import handing_on_keys, judging_keys
from mammi_tui.text import clean, significant
from mammi_tui.views.head import Head
from mammi_tui.widgets.captions import ThumbnailItem, identifier
from mammi_tui.widgets.key_line import KeyLine
from mammi_tui.widgets.one_line import OneLine
from mammi_tui.widgets.thumbnail import Thumbnail
from mammi_tui.widgets.way_back import Stranded

NOTE = "A preview, not for diagnosis."


class FilmScreen(Counting, ModalScreen[int]):
    """Shows one film. The screen's result is the place in `items` of the film that was shown last."""

    BINDING_GROUP_TITLE = "Film"
    AUTO_FOCUS = ""
    HELP = "One representative image, with the findings' outlines where the probing set has them."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,j,down,space", "step(1)", "Next", tooltip="Next representative image", id="film.next"),
        Binding("left,h,k,up", "step(-1)", "Previous", tooltip="Previous representative image", id="film.previous"),
        Binding("home,g", "go_to(0)", "First", show=False, tooltip="First representative image", id="film.first"),
        Binding("end,G", "go_to(-1)", "Last", show=False, tooltip="Last representative image", id="film.last"),
        *judging_keys(lambda action: f"judge({action!r})"),
        Binding("I", "toggle_info", "Info", tooltip="Show or hide the data of the image", id="film.info"),
        Binding("b", "toggle_outlines", "Outlines", tooltip="Show or hide the findings' outlines", id="film.outlines"),
        Binding("escape,q,enter", "close", "Close", tooltip="Back to the explorer", id="film.close"),
        Binding("question_mark,f1", "app.help", "Help", tooltip="The keys that work now",
                id="app.help"),
        *handing_on_keys(lambda action: f"judge({action!r})"),
    ]  # fmt: skip

    DEFAULT_CSS = """
    FilmScreen {
        align: center middle;
        & #film-frame { width: 100%; height: 1fr; border: round $primary; background: $background; }
        & Thumbnail { width: 1fr; height: 1fr; }
        & #film-info { height: auto; width: 1fr; padding: 0 1; background: $surface; }
        & #film-info.hidden { display: none; }
    }
    """

    @dataclass
    class Loaded(Message):
        """The film at `index` and its data, or the reason why it cannot be shown."""

        index: int
        film: Grey | None
        info: ImageInfo | None
        reason: str = ""

    def __init__(
        self,
        title: str,
        items: Sequence[ThumbnailItem],
        index: int,
        *,
        films: Films,
        describe: Callable[[int], ImageInfo],
        backend: ImageBackend,
        judge: DOMNode,
    ) -> None:
        """`describe` returns what the run stores about an image; it is called on a worker thread. `judge` has the
        actions of the keys that judge."""
        super().__init__()
        self.head = Head()
        self._judge = judge
        self._heading = title
        self._items = items
        self._films = films
        self._describe = describe
        self._backend = backend
        self._loaded: FilmScreen.Loaded | None = None
        self._outlined = True
        self._lane: Lane[int] = Lane(self, "film", self._missing, self._load)
        self.index = index

    def compose(self) -> ComposeResult:
        with Container(id="film-frame"):
            yield Thumbnail(self._backend, id="film")
            yield self.head
            yield Static(id="film-info", markup=False)
        yield OneLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one("#film-frame").border_subtitle = Text(NOTE)
        self._show()

    def look_at(self, title: str, items: Sequence[ThumbnailItem]) -> None:
        """Shows the films of a neuron, the first one if it is another."""
        if items is self._items:
            return
        if title != self._heading:
            self.index = 0
        self._heading, self._items = title, items
        self.index = max(0, min(self.index, len(items) - 1))
        self._loaded = None
        self._show()

    # Loading, on a worker thread

    def _missing(self) -> int | None:
        if not self._items:
            return None
        return self.index if self._loaded is None or self._loaded.index != self.index else None

    def _load(self, index: int) -> Message:
        image = self._items[index].image
        try:
            return self.Loaded(index, self._films.get(image), self._describe(image))
        except MammiError as error:
            return self.Loaded(index, None, None, str(error))

    def on_film_screen_loaded(self, message: Loaded) -> None:
        if self._lane.settle():
            self._loaded = message
            self._show()
        self._lane.pump()

    # What is shown

    def _show(self) -> None:
        if not self.query(Thumbnail):
            return  # it is about to open, or has just closed
        loaded = self._loaded if self._loaded and self._loaded.index == self.index else None
        film = self.query_one(Thumbnail)
        self.query_one("#film-frame").border_title = Text(clean(self._heading))
        if not self._items:
            film.say("No representative images: lower α to take in the strongest ones")
        elif loaded is None:
            self._lane.pump()
        elif loaded.film is None:
            film.say(loaded.reason)
        else:
            film.show(loaded.film, outlines(loaded.info) if loaded.info and self._outlined else ())
        self.query_one("#film-info", Static).update(self._info(loaded.info if loaded else None))
        self.refresh_bindings()

    def _info(self, info: ImageInfo | None) -> Text:
        if not self._items:
            return Text("no images", style="bold")
        item = self._items[self.index]
        first = f"{self.index + 1} of {len(self._items)}   activation {significant(item.activation)}   "
        text = Text(first, style="bold").append(", ".join(map(clean, item.labels)) or "no labels", style="not bold")
        text.append(f"\n{clean(identifier(item.path))}", style="bold").append(
            f"   {clean(item.path)}", style="not bold"
        )
        if info is not None:
            facts = [("patient", info.patient), ("view", info.view)]
            parts = [f"{name} {clean(str(value))}" for name, value in facts if value]
            parts.append(f"{info.width} × {info.height} pixels")
            if findings := outlines(info):
                parts.append("outlined: " + ", ".join(sorted({clean(finding.label) for finding in findings})))
            text.append("\n" + "   ".join(parts), style="not bold dim")
        return text

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if action == "toggle_outlines":
            info = self._loaded.info if self._loaded else None
            return bool(info and outlines(info)) or None
        return True

    @counted
    def action_step(self, by: int) -> None:
        self.action_go_to(max(0, self.index + by))

    @counted_from_one
    def action_go_to(self, index: int) -> None:
        """Shows a film; −1 is the last."""
        if self._items:
            last = len(self._items) - 1
            self.index = min(index, last) if index >= 0 else last
            self._show()

    async def action_judge(self, action: str) -> None:
        """Does what a key does in the explorer."""
        await self.app.run_action(action, self._judge)

    @on(Stranded)
    def leave_line(self) -> None:
        self.set_focus(None)

    def action_toggle_info(self) -> None:
        self.query("#film-info").toggle_class("hidden")

    def action_toggle_outlines(self) -> None:
        self._outlined = not self._outlined
        self._show()

    def on_mouse_scroll_down(self) -> None:
        self.action_step(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_step(-1)

    def action_close(self) -> None:
        self.dismiss(self.index)
