"""Every binding of the explorer by the place where it works, and the keys that are in force."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from textual.app import App
from textual.binding import Binding, BindingsMap, BindingType
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from engine.own_files import home
from mammi_tui import neurons, screens, views, widgets
from mammi_tui.app import ExplorerApp
from mammi_tui.keyboard.conflicts import Chain, Named, settle
from mammi_tui.keyboard.file import Problem, read_keys
from mammi_tui.keyboard.keymap import Keymap
from mammi_tui.screens.explorer import ExplorerScreen
from mammi_tui.screens.explorer_keys import explorer_keys
from mammi_tui.text import clean
from mammi_tui.views.base import View
from mammi_tui.views.registry import VIEWS

EVERYWHERE = "Everywhere"


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the explorer, and the bindings that work there."""

    title: str
    bindings: tuple[Named, ...]


def places(chosen: Sequence[View] = VIEWS) -> list[Place]:
    """The places: the app, the explorer, then the others by title."""
    found: dict[str, list[Named]] = {EVERYWHERE: [], "Explorer": []}
    for node in _nodes():
        title = EVERYWHERE if issubclass(node, App) else node.BINDING_GROUP_TITLE or node.__name__
        found.setdefault(title, []).extend(_named(BindingsMap(_declared(node, chosen))))
    first = [EVERYWHERE, "Explorer"]
    return [Place(title, tuple(found[title])) for title in [*first, *sorted(found.keys() - set(first))]]


def chains(chosen: Sequence[View] = VIEWS) -> list[Chain]:
    """The bindings that are in force together, for each widget that can have the focus."""
    nodes = list(_nodes())
    app = _merged(ExplorerApp, chosen)
    always = tuple(binding for binding in app if binding.first)
    of_screen = {
        node: (_merged(node, chosen), always if issubclass(node, ModalScreen) else app)
        for node in nodes
        if issubclass(node, Screen)
    }
    modal = {screen.__module__: screen for screen in of_screen if issubclass(screen, ModalScreen)}
    found = [Chain(bindings, getattr(screen, "TYPED", "")) for screen, bindings in of_screen.items()]
    for node in nodes:
        if not issubclass(node, Screen | App):
            screen = modal.get(node.__module__, ExplorerScreen)  # a modal screen's own widgets stand beside it
            typed = None if issubclass(node, Input) else getattr(node, "TYPED", "")
            found.append(Chain((_merged(node, chosen), *of_screen[screen]), typed))
    return found


def keys_in_force(path: Path, chosen: Sequence[View] = VIEWS) -> tuple[Keymap, list[Problem]]:
    """The keymap that a file of keys gives, and what is wrong with the file."""
    entries, problems = read_keys(path)
    keymap, conflicts = settle(entries, chains(chosen))
    return keymap, sorted([*problems, *conflicts], key=lambda problem: problem.line)


def told(path: Path, problems: Sequence[Problem]) -> list[str]:
    """Each problem in one line, with the file and the line in it."""
    own, name = f"{home()}/", clean(str(path))
    name = f"~/{name.removeprefix(own)}" if name.startswith(own) else name
    return [f"{name}{f':{problem.line}' if problem.line else ''}: {problem.text}" for problem in problems]


def _nodes() -> Iterator[type[DOMNode]]:
    """The explorer's own classes that declare bindings."""
    for package in (screens, views, neurons, widgets):
        for module in pkgutil.iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    for node in dict.fromkeys(_subclasses(DOMNode)):
        if node.__module__.startswith("mammi_tui.") and (node is ExplorerScreen or node.__dict__.get("BINDINGS")):
            yield node


def _subclasses(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def _declared(node: type[DOMNode], chosen: Sequence[View]) -> Iterable[BindingType]:
    """The bindings that a class adds to those it inherits."""
    return explorer_keys(chosen) if node is ExplorerScreen else node.__dict__["BINDINGS"]


def _merged(node: type[DOMNode], chosen: Sequence[View]) -> tuple[Named, ...]:
    """A class's bindings with those that it inherits."""
    if node is ExplorerScreen:
        return _named(BindingsMap(explorer_keys(chosen)))
    return _named(node._merged_bindings or BindingsMap())


def _named(bindings: BindingsMap) -> tuple[Named, ...]:
    keys: dict[Binding, list[str]] = {}
    for key, binding in bindings:
        keys.setdefault(binding.with_key("", None), []).append(key)
    return tuple(
        Named(binding.id or "", tuple(found), binding.tooltip or binding.description, binding.priority)
        for binding, found in keys.items()
    )
