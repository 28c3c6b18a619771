"""Texts from outside: all of the table, through each of the few functions that everything goes through; and every
command, export, view and file is one that the knock of hostile texts tries."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from rich.cells import cell_len

from engine.export import TABLES
from engine.store.tables import FORMATS, for_spreadsheets, write_table
from engine.visible import visible
from mammi_tui.cli import cli
from mammi_tui.console.output import STDOUT
from mammi_tui.console.say import LONGEST, as_json, say
from mammi_tui.console.table_file import put_table
from mammi_tui.terminal.sent_cells import cells
from mammi_tui.views.registry import VIEWS
from tests.hard_knocks.texts import checks, commands, explorer
from tests.shared import ROOT
from tests.support.hostile import TEXTS, storable


def leaves(group: click.Group, *names: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, *names, name)
        else:
            yield " ".join((*names, name))


def test_every_command_export_and_view_is_tried_with_hostile_texts() -> None:
    tried = commands.OF_RUNS.keys() | commands.WITH_TEXT.keys() | commands.ELSEWHERE.keys()
    assert set(leaves(cli)) == tried - {"NAME"}, "tests/hard_knocks/texts/commands.py names every command"
    exported = "\n".join(commands.OF_RUNS["export"])
    assert all(f"--what {what} --format {kind} " in exported for what in (*TABLES, "verdicts") for kind in FORMATS)
    pressed = {key for keys in (*explorer.VIEW_KEYS.values(), *explorer.OTHER_KEYS) for key in keys}
    assert set(explorer.DIALOGS.values()) <= pressed
    classes = "\n".join(path.read_text("utf-8") for path in (ROOT / "mammi_tui").rglob("*.py"))
    dialogs = set(re.findall(r"^class (\w+)\(.*\b(?:ModalScreen|CommandPalette)\b", classes, re.MULTILINE))
    assert dialogs == explorer.DIALOGS.keys(), "tests/hard_knocks/texts/explorer.py: DIALOGS"
    assert explorer.VIEW_KEYS.keys() == {view.name for view in VIEWS}, "tests/hard_knocks/texts/explorer.py: VIEW_KEYS"


def test_nothing_is_hidden_in_what_is_shown() -> None:
    for name, text in TEXTS.items():
        shown = visible(text)
        assert not list(checks.of_terminal(shown.encode())), name
        assert "\n" not in shown
        assert visible(shown) == shown
    assert visible("\u202egnp.exe") != visible("gnp.exe")


@pytest.mark.parametrize("mark", ["\u0e48", "\u0903", "\u11ab", "\U0001f3ff"])
def test_what_takes_no_cell_piles_up_nowhere(mark: str) -> None:
    assert visible("a" + 500 * mark) == "a" + 4 * mark + "�"
    assert visible(mark) == f"◌{mark}"


def test_what_a_command_says_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    say(*TEXTS.values())
    said = capsys.readouterr().out
    assert said.count("\n") == len(TEXTS)
    assert not list(checks.of_terminal(said.replace("\n\n", "\n").encode()))


def test_json_is_ascii_and_gives_texts_back() -> None:
    found = json.loads(as_json(TEXTS))
    assert all(found[name] == text for name, text in TEXTS.items() if storable(text))
    assert found["lone surrogate"] == "a�b"
    assert re.fullmatch(r"[\n -~]*", as_json(TEXTS))


def test_json_of_tables_hides_nothing_on_its_way_to_a_terminal(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    texts = [(text,) for text in TEXTS.values() if storable(text)]
    put_table(STDOUT, "json", lambda path: write_table(path, "json", {"text": "VARCHAR"}, texts))
    printed = capfdbinary.readouterr().out.replace(b"\n\t{", b"\n{")
    assert list(checks.of_json(printed)) == []
    assert [each["text"] for each in json.loads(printed)] == [text for (text,) in texts]
    assert TEXTS["Devanagari"].encode() in printed


@pytest.mark.parametrize("file_format", ["json", "csv"])
def test_a_table_on_a_terminal_has_the_lines_that_its_rows_make(
    file_format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "m" * (LONGEST + 9)
    texts = [text for text in TEXTS.values() if storable(text)] + [long]
    terminal = commands.Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    put_table(STDOUT, file_format, lambda path: write_table(path, file_format, {"a": "VARCHAR"}, [(t,) for t in texts]))
    printed = terminal.kept.getvalue()
    assert list(checks.of_terminal(printed)) == []
    if file_format == "json":
        assert [each["a"] for each in json.loads(printed)] == texts
    else:
        assert printed.count(b"\n") == len(texts) + 1


def test_no_widget_can_send_what_steers_the_terminal() -> None:
    for text in TEXTS.values():
        found = cells(text[:2000], 0)
        assert len(found) == cell_len(text[:2000])
        sent = "".join(cell for cell, _ in found)
        assert not checks.hidden(sent)
        assert cell_len(sent) == len(found)


def test_tables_are_safe_in_spreadsheets_and_give_texts_back(tmp_path: Path) -> None:
    texts = [text for text in TEXTS.values() if storable(text)]
    written = tmp_path / "table.csv"
    write_table(written, "csv", {'=a"b': "VARCHAR", "number": "INTEGER"}, [(text, -1) for text in texts])
    assert not list(checks.of_csv(written))
    csv.field_size_limit(1 << 25)
    _, *rows = csv.reader(io.StringIO(written.read_text("utf-8"), newline=""))
    controls = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
    for text, (cell, number) in zip(texts, rows, strict=True):
        assert cell == for_spreadsheets(text)
        assert number == "-1"
        assert cell.replace("'", "") == text.replace("'", "") or controls.search(text), text
