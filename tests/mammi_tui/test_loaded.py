"""What is loaded: looking at a run needs no torch and waits for nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT

COMMAND = """
import sys
from mammi_tui import cli
sys.argv = ["mammi", *sys.argv[1:]]
try:
    cli.main()
except SystemExit as ended:
    print("ended", ended.code, *sorted(sys.modules), sep="\\n", file=sys.stderr)
"""
EXPLORER = """
import asyncio, os, sys
from pathlib import Path
from engine.store.reader import RunReader
from mammi_tui.app import ExplorerApp
from mammi_tui.images.choose import choose_backend
from mammi_tui.questions.start import Start
from mammi_tui.verdicts.log import log_of

async def look():
    path = Path(sys.argv[1])
    with RunReader(path) as reader:
        log = log_of(reader)
        app = ExplorerApp(reader, Start(None, reader.info.cuts), choose_backend("quadrant", os.environ), log)
        async with app.run_test(size=(140, 40)) as pilot:
            await pilot.press("j", "[", "[", "3", "enter")
            await pilot.pause(0.5)
            early = {"torch", "scipy", "pydantic"} & set(sys.modules)
            assert not early, early
            await pilot.press("escape", "1", "e", "m")
            while not app.explorer.desk.at_rest:
                await pilot.pause(0.05)

asyncio.run(look())
print("ended", 0, *sorted(sys.modules), sep="\\n", file=sys.stderr)
"""
TORCH = {"torch", "torchvision", "transformers", "nltk", "scipy.stats"}


def loaded_by(code: str, *arguments: object) -> set[str]:
    """The modules that a Python process has loaded at its end."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    _, _, after = ended.stderr.rpartition("ended\n")
    status, *modules = after.splitlines()
    assert status == "0", ended.stderr
    return set(modules)


@pytest.mark.slow
def test_the_explorer_loads_no_torch_and_evidence_late(run_path: Path) -> None:
    loaded = loaded_by(EXPLORER, run_path)
    assert {"textual", "engine.evidence.live", "engine.methods.panel"} <= loaded
    assert not TORCH & loaded


def test_the_explorer_starts_without_what_only_some_views_need() -> None:
    loaded = loaded_by('import sys, mammi_tui.app\nprint("ended", 0, *sorted(sys.modules), sep="\\n", file=sys.stderr)')
    late = {"engine.evidence.live", "engine.comparing.compare", "engine.decisions.checkup.checks", "lap", "PIL.Image"}
    assert "mammi_tui.views.registry" in loaded
    assert not late & loaded


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "RUN", "layer1:4"],
        ["show", "RUN", "layer1:4", "--alpha", "0.5", "--json"],
        ["show", "RUN", "layer1:4", "--evidence"],
        ["show", "RUN", "layer1:4", "--methods"],
        ["export", "RUN", "--what", "neurons", "--format", "csv", "-o", "-"],
        ["export", "RUN", "--what", "evidence", "--format", "json", "-o", "-"],
        ["report", "RUN", "-o", "-", "--filter", "trust>=weak", "--films", "1"],
        ["compare", "RUN", "--alpha", "0.93,0.5"],
        ["evaluate", "RUN"],
        ["evaluate", "RUN", "--json"],
    ],
    ids=" ".join,
)
def test_commands_that_look_at_a_run_load_neither_torch_nor_textual(run_path: Path, arguments: list[str]) -> None:
    loaded = loaded_by(COMMAND, *(run_path if argument == "RUN" else argument for argument in arguments))
    assert "duckdb" in loaded
    assert not (TORCH | {"textual"}) & loaded


def test_help_loads_nothing_that_takes_long() -> None:
    loaded = loaded_by(COMMAND, "--help")
    assert not {"torch", "textual", "duckdb", "numpy", "pydantic", "PIL"} & loaded
