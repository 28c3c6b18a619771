"""A triage by keys is handed on: a copied link opens the same place, and a report has what was judged."""

from __future__ import annotations

import base64
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.browser import browser, installed
from tests.support.runs import small_run
from tests.support.terminal import Terminal, mammi

pytestmark = pytest.mark.slow

WORDS = "[...document.querySelectorAll('article')].map((card) => [card.dataset.verdict, card.textContent])"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return small_run(tmp_path)


def copied(terminal: Terminal) -> str:
    """The text that the terminal was last given for its clipboard."""
    *_, content = re.findall(rb"\x1b\]52;c;([^\x07]*)\x07", terminal.received)
    return base64.b64decode(content).decode()


def test_a_copied_link_opens_the_same_place(run: Path) -> None:
    with Terminal(mammi("open", str(run), "layer1:5"), columns=130, rows=42) as terminal:
        terminal.wait_for("Concepts of layer1:5")
        terminal.send("[[[Yl")
        terminal.wait_for("Copied the link to the terminal")
        link = shlex.split(copied(terminal))
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert link[0] == "mammi"
    with Terminal(mammi(*link[1:]), columns=130, rows=42) as terminal:
        terminal.wait_for(lambda text: "Concepts of layer1:5" in text and "α 0.900" in text)
        terminal.send("q")
        assert terminal.wait_for_end() == 0


@pytest.mark.skipif(installed() is None, reason="no Chromium is installed: the report is not opened in a browser")
def test_what_was_judged_by_keys_is_in_the_report(run: Path, tmp_path: Path) -> None:
    with Terminal(mammi("open", str(run), "layer1:3"), columns=130, rows=42) as terminal:
        terminal.wait_for("Concepts of layer1:3")
        for place, key in enumerate("yxu", start=1):
            terminal.send(key)
            terminal.wait_for(f" {place}/")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    page = tmp_path / "report.html"
    subprocess.run(mammi("report", str(run), "-o", str(page)), check=True, capture_output=True, timeout=60)
    program = installed()
    assert program
    with browser(program, tmp_path / "browser") as opened:
        opened.open(page)
        cards = opened.evaluate(WORDS)
        assert opened.complaints == []
        assert opened.evaluate("[...document.images].every((film) => film.naturalWidth > 0)")
        assert len(opened.picture()) > 10_000
    assert [verdict for verdict, _ in cards] == ["accepted", "rejected", "unsure"]
    for (_, text), unit in zip(cards, (3, 4, 5), strict=True):
        assert f"layer1:{unit}" in text
        assert "at α 0.93, β 0.95" in text
