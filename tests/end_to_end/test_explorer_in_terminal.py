"""The explorer as a person meets it: in a pseudo-terminal, by keys, read off the screen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts
from engine.requery import NeuronAnswer, Requery
from engine.store.reader import RunReader
from tests.support.runs import small_run
from tests.support.terminal import Terminal, mammi

NEURON = ("layer1", 5)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return small_run(tmp_path)


def answer(run: Path, alpha: float, beta: float) -> NeuronAnswer:
    with RunReader(run) as reader:
        return Requery(reader).neuron(*NEURON, Cuts(alpha, beta))


def shows(expected: NeuronAnswer) -> str:
    """What the α slider reads out for an answer."""
    count = len(expected.images)
    return f"τ {expected.threshold:.4f} · {count} image{'' if count == 1 else 's'}".replace("-", "−")


def opened(run: Path, **options: int) -> Terminal:
    return Terminal(mammi("open", str(run), ":".join(map(str, NEURON))), **options)


@pytest.mark.slow
def test_moving_alpha_changes_what_a_person_sees(run: Path) -> None:
    before, after = answer(run, 0.93, 0.95), answer(run, 0.5, 0.95)
    assert len(before.images) < len(after.images)
    with opened(run, columns=140) as terminal:
        screen = terminal.wait_for(shows(before))
        assert "α 0.930" in screen
        terminal.send("a0.5\r")
        terminal.wait_for(shows(after))
        terminal.wait_for("α 0.500")
        best = f"concept {after.ranking[0]}"
        first = terminal.wait_for(lambda text: re.search(rf"\b1 {best}\b", text) is not None)
        assert f"{after.scores[after.ranking[0]]:.4f}".replace("-", "−") in first
        terminal.send("r")
        terminal.wait_for(shows(before))
        terminal.send("q")
        assert terminal.wait_for_end() == 0


@pytest.mark.slow
def test_a_step_of_alpha_by_one_key(run: Path) -> None:
    with opened(run, columns=140) as terminal:
        terminal.wait_for(shows(answer(run, 0.93, 0.95)))
        terminal.send("[")
        terminal.wait_for("α 0.920")
        terminal.wait_for(shows(answer(run, 0.92, 0.95)))


@pytest.mark.slow
def test_films_are_drawn_and_one_opens_large(run: Path) -> None:
    with opened(run, columns=140) as terminal:
        terminal.wait_for(lambda text: any(block in text for block in "▀▄▌▐▚▞"))
        terminal.send("3\r")
        name = "image-"
        with RunReader(run) as reader:
            name = reader.images([int(answer(run, 0.93, 0.95).images[0])])[0].path
        terminal.wait_for(name)
        terminal.wait_for("not for diagnosis")


@pytest.mark.slow
def test_a_verdict_by_one_key_is_written_and_the_next_neuron_comes_up(run: Path) -> None:
    with opened(run, columns=140) as terminal:
        terminal.wait_for(shows(answer(run, 0.93, 0.95)))
        terminal.send("y")
        terminal.wait_for("1/20 decided")
        terminal.wait_for("layer1:6")
    lines = run.with_name("run.verdicts.jsonl").read_text().splitlines()
    assert [(json.loads(line)["neuron"], json.loads(line)["verdict"]) for line in lines] == [("layer1:5", "accept")]


@pytest.mark.slow
def test_the_smallest_usual_terminal(run: Path) -> None:
    with opened(run, columns=80, rows=24) as terminal:
        screen = terminal.wait_for(lambda text: "α 0.930" in text and "β 0.950" in text and "Concepts" in text)
        assert len(screen.splitlines()) == 24


@pytest.mark.slow
def test_without_colour_no_colour_is_sent(run: Path) -> None:
    with Terminal(mammi("open", str(run)), columns=140, environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("τ")
        terminal.wait_for("decided")
        shades = {cell.fg for line in terminal.screen.buffer.values() for cell in line.values()}
        assert all(shade == "default" or len(set(re.findall("..", shade))) == 1 for shade in shades), shades


@pytest.mark.slow
def test_the_terminal_is_left_as_it_was(run: Path) -> None:
    with opened(run) as terminal:
        terminal.wait_for("τ")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
        assert b"\x1b[?1049l" in terminal.received, "the alternate screen is not left"
        assert terminal.received.rindex(b"\x1b[?25h") > terminal.received.rindex(b"\x1b[?25l"), (
            "the cursor stays hidden"
        )


@pytest.mark.slow
def test_keys_of_ones_own_and_what_is_wrong_with_them(run: Path, tmp_path: Path) -> None:
    keys = tmp_path / "config" / "mammi" / "keys.toml"
    keys.parent.mkdir(parents=True)
    keys.write_text('"verdict.accept" = "f7"\n"verdict.reject" = "n"\n"no.such.key" = "w"\n')
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    with Terminal(mammi("open", str(run), "layer1:5"), columns=140, environment=environment) as terminal:
        terminal.wait_for("keys.toml:2: ")
        terminal.wait_for("keys.toml:3: ")
        terminal.send("y\x1b[18~")
        terminal.wait_for("1/20 decided")
        terminal.wait_for("layer1:6")


@pytest.mark.slow
def test_numbers_before_keys(run: Path) -> None:
    with opened(run, columns=140) as terminal:
        terminal.wait_for("of layer1:5")
        terminal.send("03j")
        terminal.wait_for("of layer1:8")
        terminal.send("12k")
        terminal.wait_for(lambda text: "▌▸ layer0" in text)
        terminal.send("10G")
        terminal.wait_for("of layer1:7")
