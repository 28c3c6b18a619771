"""Prints the floors of the packages: `python -m tests.docs.floors [CHECKOUT]`.

A room is a package below `engine` or `mammi_tui`, or a module that stands there alone. Its floor is one above the
highest room that it imports. Rooms that import each other in a circle share a floor.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

PACKAGES = ("engine", "mammi_tui")

Imports = Mapping[str, frozenset[str]]
"""Name -> the names it imports, itself left out"""


def module_imports(checkout: Path) -> Imports:
    """The imports among the modules of a checkout, those inside functions included."""
    sys.path.insert(0, str(checkout))
    import grimp

    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {name: frozenset(graph.find_modules_directly_imported_by(name)) for name in graph.modules}


def room(module: str) -> str:
    """The room of a module, such as engine.store of engine.store.reader."""
    return ".".join(module.split(".")[:2])


def room_imports(modules: Imports) -> Imports:
    """The imports among rooms. A package's own `__init__` is no room."""
    rooms: dict[str, set[str]] = {room(name): set() for name in modules if "." in name}
    for name, imported in modules.items():
        if "." in name:
            rooms[room(name)] |= {room(other) for other in imported if "." in other} - {room(name)}
    return {name: frozenset(imported) for name, imported in rooms.items()}


def circles(imports: Imports) -> list[tuple[str, ...]]:
    """Groups of names that reach each other, by name."""
    reached = {name: _reached(name, imports) for name in imports}
    groups = {tuple(sorted({other for other in reached[name] if name in reached[other]})) for name in imports}
    return sorted(group for group in groups if group)


def floors(imports: Imports) -> list[list[str]]:
    """The rooms on each floor, the lowest first."""
    circle = {name: group for group in circles(imports) for name in group}
    heights: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in heights:
            together = circle.get(name, (name,))
            below = {other for member in together for other in imports[member]} - set(together)
            found = 1 + max(map(height, below), default=0)
            heights.update(dict.fromkeys(together, found))
        return heights[name]

    for name in imports:
        height(name)
    return [sorted(name for name in heights if heights[name] == level) for level in range(1, max(heights.values()) + 1)]


def _reached(name: str, imports: Imports) -> set[str]:
    """Everything that a name imports, directly or not; itself only if it is in a circle."""
    found: set[str] = set()
    waiting = list(imports[name])
    while waiting:
        if (other := waiting.pop()) not in found:
            found.add(other)
            waiting.extend(imports[other])
    return found


def _lines(modules: Imports) -> Iterable[str]:
    imports = room_imports(modules)
    for level, names in reversed(list(enumerate(floors(imports), start=1))):
        yield f"{level:3}  {'  '.join(names)}"
    yield f"rooms: {len(imports)}; circles of rooms: {len(circles(imports))}; of modules: {len(circles(modules))}"
    for group in [*circles(imports), *circles(modules)]:
        yield f"circle: {', '.join(group)}"


if __name__ == "__main__":
    print("\n".join(_lines(module_imports(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))))
