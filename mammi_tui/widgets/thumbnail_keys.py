"""The keys of the grid of thumbnails."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("enter", "open", "Open film", tooltip="Show the film large", id="films.open"),
    Binding("left,h", "move(-1)", "Left", show=False, tooltip="Previous film", id="films.left"),
    Binding("right,l", "move(1)", "Right", show=False, tooltip="Next film", id="films.right"),
    Binding("up,k", "move_rows(-1)", "Up", show=False, tooltip="Film above", id="films.up"),
    Binding("down,j", "move_rows(1)", "Down", show=False, tooltip="Film below", id="films.down"),
    Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, tooltip="A page up", id="films.page-up"),
    Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, tooltip="A page down", id="films.page-down"),
    Binding("ctrl+d", "page(0.5)", "Half page down", show=False, id="films.half-down"),
    Binding("ctrl+u", "page(-0.5)", "Half page up", show=False, id="films.half-up"),
    Binding("home,g", "go_to(0)", "First", show=False, id="films.first",
            tooltip="First film; with a number before it, that film"),
    Binding("end,G", "go_to(-1)", "Last", show=False, id="films.last",
            tooltip="Last film; with a number before it, that film"),
    Binding("v", "centre", "Centre", show=False, tooltip="The film to the middle", id="films.centre"),
    Binding("plus", "resize(1)", "Larger", show=False, tooltip="Larger films", id="films.larger"),
    Binding("minus", "resize(-1)", "Smaller", show=False, tooltip="Smaller films", id="films.smaller"),
    Binding("greater_than_sign", "range(1)", "Weaker", id="films.weaker",
            tooltip="Films of a weaker tenth of all images; at the end random ones"),
    Binding("less_than_sign", "range(-1)", "Stronger", show=False, id="films.stronger",
            tooltip="Films of a stronger tenth; at the beginning the representative images"),
    Binding("f", "fit", "Fit", show=False, tooltip="Fit all films into the pane", id="films.fit"),
]  # fmt: skip
