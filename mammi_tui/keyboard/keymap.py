"""The keys that a person has given to bindings, in the place of the usual ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textual.binding import Binding, BindingsMap


@dataclass(frozen=True, slots=True)
class Keymap:
    """`keys`: Textual's names of the keys of each changed binding, by the binding's id; none take its keys away.

    Textual has keymaps too. Its own cannot take a key away, drop other bindings of a key, and come after it has left
    out the keys that the focused line types.
    """

    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def applied(self, bindings: BindingsMap) -> BindingsMap:
        """The bindings with the keys in force, in the same order."""
        if not any(binding.id in self.keys for _, binding in bindings):
            return bindings
        found: dict[str, list[Binding]] = {}
        changed: set[str] = set()
        for key, binding in bindings:
            if binding.id is None or binding.id not in self.keys:
                found.setdefault(key, []).append(binding)
            elif binding.id not in changed:
                changed.add(binding.id)
                for other in self.keys[binding.id]:
                    found.setdefault(other, []).append(binding.with_key(other, None))
        return BindingsMap.from_keys(found)
