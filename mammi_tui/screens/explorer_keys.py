"""The explorer's keys.

Square brackets move α by 0.01, comma and full stop by 0.001; with shift these keys move β. Where the most activating
images are taken, those for α move their number instead, by 10 and by one.

Where brackets need AltGr, shift and the arrows do: left and right for α, down and up for β.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.binding import Binding, BindingType

from mammi_tui.views.base import View
from mammi_tui.widgets.slider import COARSE, FINE

_VERDICT = Binding.Group("Verdict", compact=True)
_UNDECIDED = Binding.Group("Next", compact=True)
_OWN = Binding.Group("Label, note", compact=True)


def _hidden(key: str, action: str, description: str, name: str, tooltip: str = "") -> Binding:
    return Binding(key, action, description, show=False, id=name, tooltip=tooltip)


def _moving(key: str, action: str, description: str, name: str, tooltip: str, *, show: bool = True) -> Binding:
    return Binding(key, action, description, id=name, tooltip=tooltip, show=show)


def judging_keys(through: Callable[[str], str] = str) -> list[BindingType]:
    """The keys that judge a neuron and go on to the next. `through` turns an action of the explorer into one of
    another screen."""
    go_on = "then the next undecided one"

    def verdict(key: str, name: str, tooltip: str) -> Binding:
        action = through(f"verdict('{name}')")
        return Binding(key, action, name.title(), group=_VERDICT, id=f"verdict.{name}", tooltip=tooltip)

    def own(key: str, name: str, tooltip: str) -> Binding:
        return Binding(key, through(name), name.title(), group=_OWN, id=f"own.{name}", tooltip=tooltip)

    def undecided(key: str, step: int, description: str) -> Binding:
        name, tooltip = f"undecided.{description.lower()}", f"{description} undecided neuron"
        return Binding(key, through(f"undecided({step})"), description, group=_UNDECIDED, id=name, tooltip=tooltip)

    return [
        verdict("y", "accept", f"Accept the annotation, {go_on}"),
        verdict("x", "reject", f"Reject it, {go_on}"),
        verdict("u", "unsure", f"Mark it unsure, {go_on}"),
        verdict("c", "clear", "Clear the verdict"),
        _hidden("z", through("undo"), "Undo", "verdict.undo", "Take back the last thing that you judged or wrote"),
        _hidden("Z", through("redo"), "Redo", "verdict.redo", "Do again what was taken back"),
        undecided("n", 1, "Next"),
        undecided("N", -1, "Previous"),
        own("o", "label", "Your own label; it replaces the best concept in the tree"),
        own("i", "note", "A note on the neuron"),
    ]


def handing_on_keys(through: Callable[[str], str] = str) -> list[BindingType]:
    """The keys that hand on what is on screen. `through` is that of `judging_keys`."""
    sheet, table = "Write a contact sheet: films and words as a picture", "the table of this pane: CSV, JSON or Parquet"
    return [
        _hidden("X", through("contact_sheet"), "Contact sheet", "hand-on.sheet", sheet),
        _hidden("E", through("export"), "Export", "hand-on.export", f"Write {table}"),
        _hidden("Y", through("copy"), "Copy", "hand-on.copy", "Copy a link to this, the words, or the neuron's row"),
    ]


def _history(key: str, by: int, description: str, name: str, tooltip: str) -> Binding:
    return _hidden(key, f"history({by})", description, name, tooltip)


def _views(views: Sequence[View], again: str) -> list[BindingType]:
    return [
        _moving(
            view.key,
            f"view('{view.name}')",
            view.title,
            f"view.{view.name}",
            f"{view.purpose}; again: {view.again or again}",
        )
        for view in views
        if view.key
    ]


def explorer_keys(views: Sequence[View]) -> list[BindingType]:
    """The bindings of the explorer with these views."""
    return [
        _moving("slash", "filter", "Filter", "filter.open", "Filter the neurons"),
        _hidden("escape", "drop_filter", "Clear filter", "filter.drop", "Clear the filter"),
        _moving("tab", "pane_by(1)", "Pane", "pane.next", "Next pane"),
        *judging_keys(),
        _hidden("V", "others", "Other readers", "readers.others", "Show or hide other readers' verdicts"),
        _hidden("T", "settle", "Settle", "readers.settle", "Settle a difference between readers"),
        *_views([view for view in views if not view.instead], f"the {views[0].title.lower()}"),
        _moving(
            "equals_sign",
            "compare",
            "Compare",
            "compare.open",
            "What changed to another run; again: which run",
            show=False,
        ),
        _history(
            "ctrl+o,alt+left",
            -1,
            "Back",
            "history.back",
            "Back to the neuron and view before, at the present cuts",
        ),
        _history("ctrl+i,alt+right", 1, "Forward", "history.forward", "Forward again"),
        _moving("a", "slider('alpha')", "α", "alpha.focus", "To the α slider, or the images': arrows, or type"),
        _moving("b", "slider('beta')", "β", "beta.focus", "To the β slider: arrows, or type a value"),
        Binding(
            "S", "next_concept_set", "Set", id="concept-set.next", tooltip="The next concept set; after the last, all"
        ),
        _moving("R", "ranking", "Rank", "ranking.switch", "Rank concepts by z, how far they beat random image sets; "
                "again: by Eq. 2's score"),
        _moving("P", "selection", "Pick", "selection.next", "Annotate from the images above τ, from the most "
                "activating ones, or from an adaptive number", show=False),
        *_views([view for view in views if view.instead], "back"),
        _hidden("left_square_bracket,shift+left", f"cut('alpha', {-COARSE})", "α −0.01 (10 images)", "alpha.down"),
        _hidden("right_square_bracket,shift+right", f"cut('alpha', {COARSE})", "α +0.01 (10 images)", "alpha.up"),
        _hidden("left_curly_bracket,shift+down", f"cut('beta', {-COARSE})", "β −0.01", "beta.down"),
        _hidden("right_curly_bracket,shift+up", f"cut('beta', {COARSE})", "β +0.01", "beta.up"),
        _hidden("comma", f"cut('alpha', {-FINE})", "α −0.001 (one image)", "alpha.fine-down"),
        _hidden("full_stop", f"cut('alpha', {FINE})", "α +0.001 (one image)", "alpha.fine-up"),
        _hidden("less_than_sign", f"cut('beta', {-FINE})", "β −0.001", "beta.fine-down"),
        _hidden("greater_than_sign", f"cut('beta', {FINE})", "β +0.001", "beta.fine-up"),
        Binding("r", "own_cuts", "Reset", id="cuts.own", tooltip="Back to the run's own α, β, ranking and images"),
        _moving("shift+tab", "pane_by(-1)", "Pane before", "pane.previous", "Previous pane", show=False),
        _moving("1", "pane('neurons')", "Neurons", "pane.neurons", "To the neurons", show=False),
        _moving("2", "pane('view')", "Concepts", "pane.view", "To the view of the neuron", show=False),
        _moving("3", "pane('images')", "Images", "pane.images", "To the representative images", show=False),
        *handing_on_keys(),
        _hidden("I", "films", "Films", "images.toggle", "Show films, or only their names"),
    ]  # fmt: skip
