"""An app whose bindings have the keys that a person has given to them."""

from __future__ import annotations

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widget import Widget

from mammi_tui.keyboard.keymap import Keymap
from mammi_tui.keyboard.names import shown


def keys_of(node: DOMNode, name: str) -> list[str]:
    """The keys in force of one of a node's bindings, as the screen shows them."""
    return [shown(key) for key, binding in node._bindings if binding.id == name]


def key_of(node: DOMNode, name: str) -> str:
    """The first key in force of one of a node's bindings, as the screen shows it."""
    return next(iter(keys_of(node, name)), "no key")


class RemappedApp(App[None]):
    """Gives the app, and each screen and widget when it comes, the keys in force. It uses Textual's internals."""

    def __init__(self) -> None:
        super().__init__()
        self.keymap = Keymap()

    def use_keys(self, keymap: Keymap) -> None:
        """Puts the keys in force. Call it before the app runs."""
        self.keymap = keymap
        self._bindings = keymap.applied(self._bindings)

    def _register_child(self, parent: DOMNode, child: Widget, before: int | None, after: int | None) -> None:
        child._bindings = self.keymap.applied(child._bindings)
        super()._register_child(parent, child, before, after)

    def get_key_display(self, binding: Binding) -> str:
        return binding.key_display or shown(binding.key)
