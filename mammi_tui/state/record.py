"""Where a reader was in a run, and what the reader keeps for it: as a value, and as JSON.

Whatever a file says is checked: what does not fit is left out, and nothing is longer than its limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from engine.annotation.cuts import RANKINGS, Ranking, Selection
from engine.errors import MammiError

VERSION = 1
LARGEST = 8 << 20
"""Bytes of a state file: more than the limits below let one have"""
LONGEST = 500
"""Characters of a text"""
MOST_EARLIER = 50
"""Filters that the history keeps"""
MOST_SAVED = 100
MOST_COMPARED = 10
"""Other runs that are remembered"""
MOST_LAYERS = 1000


class StateDamaged(MammiError):
    """The file is no state that this version can read."""


@dataclass(frozen=True, slots=True)
class RunState:
    """None, "" or an empty collection stands for what a run opens with by itself."""

    neuron: str = ""
    """`layer:unit`"""
    alpha: float | None = None
    beta: float | None = None
    concept_set: str = ""
    ranking: Ranking | None = None
    selection: Selection | None = None
    query: str = ""
    order: str = ""
    flipped: bool = False
    """Whether the order goes the other way"""
    view: str = ""
    pane: str = ""
    film_size: int = 0
    films: bool = True
    """Whether films are drawn, not only named"""
    subject: str = ""
    """What was looked at, where it was no neuron: see mammi_tui/questions/kept.py"""
    class_name: str = ""
    """The class that was looked at last"""
    open_layers: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    """The filters that were kept, the latest last"""
    compared: tuple[str, ...] = ()
    """The paths of the runs that this one was compared with, the latest last"""
    saved: Mapping[str, str] = field(default_factory=dict)
    """Filters by the names that the reader has given them"""

    def with_earlier(self, query: str) -> RunState:
        """With a filter as the latest of the history, where it stands once."""
        others = [found for found in self.earlier if found != query]
        return replace(self, earlier=tuple([*others, query][-MOST_EARLIER:]))

    def with_compared(self, path: str) -> RunState:
        """With another run as the latest that this one was compared with."""
        others = [found for found in self.compared if found != path]
        return replace(self, compared=tuple([*others, path][-MOST_COMPARED:]))

    def with_saved(self, name: str, query: str | None) -> RunState:
        """With a filter of that name; without it for None."""
        others = {known: found for known, found in self.saved.items() if known != name}
        return replace(self, saved=others if query is None else others | {name: query})


def as_json(state: RunState) -> str:
    selection = None if state.selection is None else str(state.selection)
    return json.dumps({"version": VERSION, **asdict(state), "selection": selection}, ensure_ascii=True, indent=1)


def from_json(data: bytes) -> RunState:
    """Raises StateDamaged, with the reason, for what is no state of a known version."""
    if len(data) > LARGEST:
        raise StateDamaged(f"is larger than {LARGEST >> 20} MiB")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise StateDamaged("is damaged") from None
    if not isinstance(found, dict):
        raise StateDamaged("is damaged")
    if found.get("version") != VERSION:
        raise StateDamaged("is of another version")
    known = {one.name: _READERS[one.name](found[one.name]) for one in fields(RunState) if one.name in found}
    return RunState(**{name: value for name, value in known.items() if value is not None})


def _text(value: object) -> str | None:
    """None where the text is too long, is no text, or can be written neither to a file nor to a terminal."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    return value if value == value.encode(errors="replace").decode() else None


def _texts(value: object, most: int) -> tuple[str, ...]:
    items = value[-most:] if isinstance(value, list) else []
    return tuple(text for text in map(_text, items) if text)


def _share(value: object) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value <= 1 else None  # type: ignore[arg-type, operator]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1000 else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _ranking(value: object) -> Ranking | None:
    return value if value in RANKINGS else None


def _selection(value: object) -> Selection | None:
    try:
        return Selection.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _saved(value: object) -> dict[str, str]:
    items = list(value.items())[:MOST_SAVED] if isinstance(value, dict) else []
    return {name: query for name, query in items if _text(name) and _text(query)}


_READERS: dict[str, Any] = {
    **dict.fromkeys(("neuron", "concept_set", "query", "order", "subject", "class_name", "view", "pane"), _text),
    **dict.fromkeys(("alpha", "beta"), _share),
    **dict.fromkeys(("flipped", "films"), _flag),
    "ranking": _ranking,
    "selection": _selection,
    "film_size": _whole,
    "open_layers": lambda value: _texts(value, MOST_LAYERS),
    "earlier": lambda value: _texts(value, MOST_EARLIER),
    "compared": lambda value: _texts(value, MOST_COMPARED),
    "saved": _saved,
}
