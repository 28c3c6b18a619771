"""The keys of the film view that work in all of its parts."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from mammi_tui.widgets.large_film import PAN, WINDOW_STEP


def _hidden(key: str, action: str, name: str, description: str, tooltip: str) -> Binding:
    return Binding(key, action, description, show=False, id=f"film.{name}", tooltip=tooltip)


KEYS: list[BindingType] = [
    Binding("right,space", "step(1)", "Next", tooltip="Next film of the list", id="film.next"),
    Binding("left,backspace", "step(-1)", "Previous", tooltip="Previous film of the list", id="film.previous"),
    Binding("tab", "part(1)", "Part", tooltip="Next part: film, outputs, units, similar films", id="film.part"),
    Binding("h", "heat", "Heat", tooltip="Heat map: of the unit, then of the class, then none", id="film.heat"),
    Binding("b", "toggle_outlines", "Outlines", tooltip="Show or hide the findings' outlines", id="film.outlines"),
    Binding("plus", "zoom(1)", "Zoom", tooltip="Larger", id="film.larger"),
    Binding("w", f"window(0, {-WINDOW_STEP})", "Window", tooltip="Narrower window: more contrast", id="film.narrower"),
    Binding("escape,q", "close", "Close", tooltip="Back to where you were", id="film.close"),
    _hidden("shift+tab", "part(-1)", "part-before", "Part before", "Previous part"),
    _hidden("minus", "zoom(-1)", "smaller", "Smaller", "Smaller"),
    _hidden("f", "fit", "fit", "Fit", "The whole film"),
    _hidden("H", f"pan({-PAN}, 0)", "pan-left", "Pan left", "What lies left of a part that is shown larger"),
    _hidden("J", f"pan(0, {PAN})", "pan-down", "Pan down", "What lies below it"),
    _hidden("K", f"pan(0, {-PAN})", "pan-up", "Pan up", "What lies above it"),
    _hidden("L", f"pan({PAN}, 0)", "pan-right", "Pan right", "What lies right of it"),
    _hidden("W", f"window(0, {WINDOW_STEP})", "wider", "Wider", "Wider window: less contrast"),
    _hidden("l", f"window({-WINDOW_STEP}, 0)", "lighter", "Lighter", "Lower level: a lighter film"),
    _hidden("d", f"window({WINDOW_STEP}, 0)", "darker", "Darker", "Higher level: a darker film"),
    _hidden("A", "auto_window", "auto", "Auto", "Automatic window and level; again: the greys as stored"),
    _hidden("exclamation_mark", "invert", "invert", "Invert", "Black for white"),
    _hidden("I", "toggle_info", "info", "Info", "Show or hide the data of the image"),
]
