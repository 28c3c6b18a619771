"""Handing on from the explorer: files under new names, and copied text."""

from __future__ import annotations

import base64
import csv
import io
import json
import shlex
from pathlib import Path

import pytest
from PIL import Image

from mammi_tui.verdicts.log import log_of
from tests.support.explorer import Explorer, explorer
from tests.support.verdicts import judge


@pytest.fixture(autouse=True)
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, and a terminal that has a clipboard."""
    folder = tmp_path / "away"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("TMUX", "STY", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("PATH", str(folder))
    return folder


async def done(opened: Explorer) -> str:
    """Waits until nothing is being written, and returns the last line that was said."""
    await opened.app.workers.wait_for_complete()
    await opened.rest()
    return list(opened.app._notifications)[-1].message


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_contact_sheet_goes_to_the_working_directory_under_a_new_name(
    run_path: Path, tmp_path: Path, away: Path
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("X")
        assert str(away / "run.layer1-3.png") in await done(opened)
        await opened.press("X")
        assert str(away / "run.layer1-3-2.png") in await done(opened)
    assert files(away) == ["run.layer1-3-2.png", "run.layer1-3.png"]
    for name in files(away):
        assert Image.open(away / name).format == "PNG"


async def test_a_working_folder_that_is_gone_is_told(run_path: Path, tmp_path: Path, away: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        away.rmdir()
        for keys in (("X",), ("1", "E", "c")):
            await opened.press(*keys)
            assert "The working folder is gone" in await done(opened)


async def test_the_table_of_the_focused_pane_is_exported(run_path: Path, tmp_path: Path, away: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y")
        await opened.press("1", "E")
        assert " Export neurons: c CSV   j JSON   p Parquet" in opened.lines()[-1]
        await opened.press("c")
        said = await done(opened)
        shown = [opened.rows.at(line) for line in range(len(opened.rows))]
        units = [neuron.unit for neuron in shown if neuron.unit >= 0]
        assert f"{len(units)} rows of neurons" in said
        await opened.press("2", "E", "j")
        await done(opened)
        await opened.press("3", "E", "p")
        await done(opened)
        answer = opened.answer()
        neuron = opened.neuron.replace(":", "-")
    assert files(away) == sorted(["run.neurons.csv", f"run.{neuron}.concepts.json", f"run.{neuron}.films.parquet"])
    rows = list(csv.DictReader(io.StringIO((away / "run.neurons.csv").read_text("utf-8"))))
    assert [int(row["unit"]) for row in rows] == units
    assert [row["unit"] for row in rows if row["verdict"] == "accepted"] == ["3"]
    concepts = json.loads((away / f"run.{neuron}.concepts.json").read_text("utf-8"))
    assert [row["score"] for row in concepts] == [float(answer.scores[concept]) for concept in answer.ranking]
    assert sum(row["annotated"] for row in concepts) == answer.annotated


async def test_other_readers_are_exported_only_while_they_are_shown(
    run_path: Path, tmp_path: Path, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        monkeypatch.setenv("MAMMI_READER", "other")
        judge(log_of(opened.reader), "layer1:3", "reject")
        monkeypatch.undo()
        monkeypatch.chdir(away)
        await opened.press("y", "1", "E", "j")
        await done(opened)
        await opened.press("V", "E", "j")
        await done(opened)
    hidden, shown = (json.loads((away / f"run.neurons{more}.json").read_text("utf-8")) for more in ("", "-2"))
    assert {row["other_readers"] for row in hidden} == {None}
    assert [row["other_readers"] for row in shown if row["unit"] == 3] == [["other: rejected"]]


async def test_a_filtered_and_sorted_tree_is_exported_as_it_stands(run_path: Path, tmp_path: Path, away: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash")
        await opened.type("images>1")
        await opened.press("enter", "E", "j")
        await done(opened)
        shown = [opened.rows.at(line) for line in range(len(opened.rows))]
    rows = json.loads((away / "run.neurons.json").read_text("utf-8"))
    assert [(row["layer"], row["unit"]) for row in rows] == [
        (opened.rows.layers[neuron.layer].name, neuron.unit) for neuron in shown if neuron.unit >= 0
    ]


@pytest.mark.parametrize("view", ["e", "m"])
async def test_views_are_exported(view: str, rich_run_path: Path, tmp_path: Path, away: Path) -> None:
    async with explorer(rich_run_path, tmp_path) as opened:
        await opened.press(view, "2", "E", "j")
        await done(opened)
    (name,) = files(away)
    rows = json.loads((away / name).read_text("utf-8"))
    assert {(row["layer"], row["unit"]) for row in rows} == {("layer1", 3)}
    assert len(rows) > 5


async def test_a_large_film_is_handed_on_too(run_path: Path, tmp_path: Path, away: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("3", "enter", "X")
        assert "run.layer1-3.png" in await done(opened)
        image = int(opened.answer().images[0])
        await opened.press("tab", "tab", "tab", "E", "c")
        assert "of similar" in await done(opened)
        assert opened.screen.film is not None
    assert files(away) == [f"run.image-{image}.similar.csv", "run.layer1-3.png"]


async def test_the_menu_can_be_left(run_path: Path, tmp_path: Path, away: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("E", "escape", "Y", "escape")
        assert opened.app.screen is opened.screen
        assert opened.app.focused is opened.screen.neurons.outline
    assert files(away) == []


async def test_a_folder_that_takes_no_file_is_told(
    run_path: Path, tmp_path: Path, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(run_path, tmp_path) as opened:
        away.rmdir()
        monkeypatch.setattr(Path, "cwd", lambda: away)
        await opened.press("X")
        assert "no file can be written here" in await done(opened)
        assert opened.app.return_code is None


async def copied(opened: Explorer, monkeypatch: pytest.MonkeyPatch, key: str) -> str:
    """What the terminal gets for its clipboard."""
    sent: list[str] = []
    monkeypatch.setattr(opened.app, "send", sent.append)
    await opened.press("Y", key)
    assert await done(opened) == f"Copied the {NAMES[key]} to the terminal (OSC 52)"
    (sequence,) = sent
    return base64.b64decode(sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode()


NAMES = {"l": "link", "w": "words", "r": "row"}


async def test_link_words_and_row_are_copied(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("left_square_bracket", "slash")
        await opened.type("images>0")
        await opened.press("enter")
        await opened.go_to(1, 3)
        link = shlex.split(await copied(opened, monkeypatch, "l"))
        assert link[:3] == ["mammi", "open", "--fresh"]
        assert link[-3:] == ["--", str(tmp_path / "run.duckdb"), "layer1:3"]
        cuts = {"--alpha=0.92", "--beta=0.95", "--ranking=score", "--select=tau"}
        assert set(link[3:-3]) == {"--filter=images>0", *cuts}
        answer = opened.answer()
        words = [opened.reader.concepts[concept] for concept in answer.ranking[: answer.annotated]]
        assert await copied(opened, monkeypatch, "w") == ", ".join(words)
        row = (await copied(opened, monkeypatch, "r")).split("\t")
        assert row[:4] == ["layer1", "3", "0.92", "0.95"]
        assert words[0] in row


async def test_a_dead_unit_has_no_words_to_copy(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path, start=("layer1", 0)) as opened:
        await opened.press("Y", "w")
        assert await done(opened) == "layer1:0 has no words to copy"


async def test_keys_typed_ahead_reach_the_menu(run_path: Path, tmp_path: Path, away: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press_together("E", "c", "j")
        await done(opened)
        assert opened.neuron == "layer1:4"
    assert files(away) == ["run.neurons.csv"]


async def test_names_of_a_hostile_run_are_harmless(
    hostile_run_path: Path, tmp_path: Path, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(hostile_run_path, tmp_path) as opened:
        await opened.press("X")
        await done(opened)
        for key in ("w", "r"):
            text = await copied(opened, monkeypatch, key)
            assert "\n" not in text
            assert "\x1b" not in text
    assert files(away) == ["run.layer1-3.png"]
