"""The explorer on a run in which every text is hostile: what its terminal gets, key by key."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from rich.cells import cell_len
from rich.console import Console

import mammi_tui.app
from mammi_tui.app import ExplorerApp
from mammi_tui.state.file import StateFile
from mammi_tui.state.keeper import StateKeeper
from mammi_tui.state.record import VERSION
from mammi_tui.terminal.changes import ChangesOnly, Update
from tests.hard_knocks.texts import checks
from tests.support.explorer import Explorer, explorer

SIZES = ((130, 42), (80, 24), (59, 20))
_CONSOLE = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
_OURS = re.compile(r"\x1b\[\d+;\d+H|\x1b\[[\d;]*m")
"""What the explorer sends for an update of the screen, beside texts"""
_CLIPBOARD = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07")

VIEW_KEYS: dict[str, Sequence[str]] = {
    "concepts": ("1", "j", "j", "l", "j", "j", "2", "j", "O"),
    "evidence": ("1", "e"),
    "methods": ("1", "m", "2", "l", "escape", "m"),
    "film": ("3", "enter", "tab", "tab", "l", "h", "escape"),
    "concept": ("2", "O", "j", "right_parenthesis", "ctrl+o"),
    "checkup": ("D", "j", "j", "enter", "ctrl+o", "D"),
    "class": ("C", "s", "escape", "tab", "j", "enter", "ctrl+o"),
    "films": ("F", "a", "enter", "s", "escape", "ctrl+o"),
    "compare": ("equals_sign", *"run", "escape", "escape"),
}
"""The keys that show each view and move in it"""
OTHER_KEYS: Sequence[Sequence[str]] = (
    ("question_mark", "a", "escape", "escape"),
    ("colon", "e", "down", "escape"),
    ("slash", *"a", "tab", "escape", "escape"),
    ("V", "T", "escape", "y", "z", "Z", "x"),
    ("1", "o", "a", "enter", "i", "b", "enter", "s", "escape"),
    ("1", "X", "E", "c", "E", "j", "2", "E", "c", "3", "E", "c"),
    ("Y", "w", "Y", "r", "Y", "l"),
    ("S", "S", "R", "P", "V", "a", "escape"),
    ("slash", "up", "up", "up", "enter", "slash", "up", "escape", "escape"),
    ("colon", *"filter", "down", "down", "enter", "escape", "equals_sign", "escape", "escape"),
)
"""Help, palette, filter, other readers, own words, what is handed on, cuts, and the filters that were kept"""
DIALOGS = {"HelpScreen": "question_mark", "MenuLine": "s", "PaletteBox": "colon"}
"""Screens over the explorer's own -> the key above that opens them"""


class Watched(ExplorerApp):
    """Keeps what its terminal gets."""

    CSS_PATH = str(Path(mammi_tui.app.__file__).with_name("app.tcss"))
    NOTIFICATION_TIMEOUT = 1.0

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.got: list[str] = []

    def _changes(self, update: Update) -> ChangesOnly:
        changes = super()._changes(update)
        self.got.append(changes.render_segments(_CONSOLE))
        return changes

    def send(self, sequence: str) -> None:
        if not _CLIPBOARD.fullmatch(sequence):
            self.got.append(sequence)


def faults(opened: Explorer, texts: Sequence[str], width: int) -> list[str]:
    """Of what is on the screen, and of what the terminal has got since this was asked last."""
    app = opened.app
    assert isinstance(app, Watched)
    got, app.got = "".join(app.got), []
    found = [f"a line of {cell_len(line)} cells: {line!r:.160}" for line in opened.lines() if cell_len(line) > width]
    found += [f"a line draws {hidden!r}: {line!r:.160}" for line in opened.lines() if (hidden := checks.hidden(line))]
    found += [f"the screen {fault}" for fault in checks.of_terminal(_OURS.sub("", got).encode(errors="surrogatepass"))]
    found += [f"the terminal gets {text!r:.80}" for text in texts if "\x1b" in text[:-1] and text in got]
    return found


async def falls(
    run: Path, folder: Path, texts: Sequence[str], size: tuple[int, int], tries: Sequence[Sequence[str]]
) -> AsyncIterator[str | None]:
    """Presses the keys of each try in turn, and yields for each how it fell. The state and the run file's name are
    hostile too."""
    at = f"the explorer at {size[0]}×{size[1]}"
    name = next(filter(None, map(run_name, texts)), "run")
    todo = [("l", "j", "j", "j"), *tries]
    with _inside(folder):
        while todo:
            keys: Sequence[str] = ()
            try:
                keeper = StateKeeper(StateFile(_state(folder, texts)))
                async with explorer(
                    run,
                    folder,
                    size=size,
                    start=None,
                    messages=True,
                    app_class=Watched,
                    keeper=keeper,
                    name=f"{name}.duckdb",
                ) as opened:
                    while todo:
                        keys = todo.pop(0)
                        found = [each async for each in _after(opened, keys, texts)]
                        yield f"{at}, keys {' '.join(keys)}: {'; '.join(found[:3])}" if found else None
            except Exception as error:  # noqa: BLE001 (what no key should raise)
                yield f"{at}, keys {' '.join(keys)}: {type(error).__name__}: {str(error)[:300]}".replace("\n", " ")


def file_name(text: str) -> str:
    """The text as a file may be called; "" for none."""
    name = text.replace("/", "∕").replace("\0", "")[:80].encode(errors="replace").decode()
    return name if name.strip(".") and len(name.encode()) < 200 else ""


def run_name(text: str) -> str:
    """The text as a run file may be called; "" for none."""
    return file_name(text).replace("\\", "")


def _state(folder: Path, texts: Sequence[str]) -> Path:
    """Writes a state file in which every text is hostile."""
    first, last = texts[0], texts[-1]
    texts_of = {"neuron": first, "concept_set": last, "query": first, "order": last, "view": first, "pane": last}
    lists = {name: list(texts) for name in ("earlier", "compared", "open_layers")}
    saved = dict(zip(texts, reversed(texts), strict=True))
    state = {"version": VERSION, "subject": first, "class_name": last, **texts_of, **lists, "saved": saved}
    path = folder / "state.json"
    path.write_text(json.dumps(state))
    return path


async def _after(opened: Explorer, keys: Sequence[str], texts: Sequence[str]) -> AsyncIterator[str]:
    for key in keys:
        await opened.press(key)
        for fault in faults(opened, texts, opened.app.size.width):
            yield f"after {key}: {fault}"


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    with mock.patch.dict(os.environ, {"TERM": "xterm-256color"}):
        os.environ.pop("TMUX", None)
        yield
    os.chdir(before)
