"""Every module that writes is known here with where it writes to: a new way out is one that somebody has looked at."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.shared import ROOT

METHODS = {"write", "writelines", "write_text", "write_bytes"}
SCREEN = {
    "mammi_tui/console/say.py": "all that commands say",
    "mammi_tui/console/progress.py": "a run's progress, cleaned",
    "mammi_tui/outputs.py": "the streams themselves",
    "mammi_tui/terminal/asking.py": "questions to the terminal",
    "mammi_tui/terminal/driver.py": "what gives the terminal back",
    "mammi_tui/terminal/frugal.py": "sequences of its own",
    "engine/run/workers/ray_cluster.py": "keeps Ray quiet",
}
"""Where something is written for a terminal"""
PROCESSES = {
    "engine/probing/apart.py": "a film, for its decoder",
    "engine/probing/decoder.py": "pixels, for the process that asked",
    "engine/probing/dicom/gdcm_script.py": "pixels, for the process that asked",
    "engine/weights/torch_file.py": "a list of tensors in JSON, for the process that asked",
    "mammi_tui/terminal/watch.py": "a pipe of its own",
}
"""Where something is written for another process, or thread"""
FILES = {
    "engine/evaluation/table_files.py",
    "engine/store/row_file.py",
    "engine/store/spill.py",
    "engine/store/whole_file.py",
    "engine/store/writer.py",
    "engine/weights/download.py",
    "engine/weights/embedded/files.py",
    "engine/weights/sums.py",
    "engine/weights/unpack.py",
    "mammi_tui/app.py",
    "mammi_tui/commands/compare.py",
    "mammi_tui/commands/concepts.py",
    "mammi_tui/commands/export.py",
    "mammi_tui/commands/report.py",
    "mammi_tui/screens/handing_on.py",
    "mammi_tui/screens/returning.py",
    "mammi_tui/state/keeper.py",
    "mammi_tui/verdicts/keeping.py",
    "mammi_tui/verdicts/log.py",
}
"""Where files are written"""
FORBIDDEN = """\
from rich.console import Console
from click import echo
print("a", file=sys.stderr)
print("a")
sys.stdout.write("a")
sys.stderr.writelines(["a"])
sys.stdout.buffer.write(b"a")
sys.__stdout__.write("a")
os.write(1, b"a")
rich.print("a")
rich.console.Console().print("a")
logging.basicConfig()
warnings.warn("a")
traceback.print_exc()
click.confirm("a")
""".strip().split("\n")
"""Ways around what commands say"""


def calls(path: Path) -> Iterator[str]:
    """What a module calls that writes to a stream, a descriptor or a file."""
    text = path.read_text("utf-8")
    for node in ast.walk(ast.parse(text)) if "write" in text or "print(" in text else ():
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if called.id == "print" if isinstance(called, ast.Name) else getattr(called, "attr", "") in METHODS:
            yield ast.unparse(node.func)


def test_every_module_that_writes_is_known() -> None:
    found = {
        str(path.relative_to(ROOT)): sorted(set(names))
        for folder in ("engine", "mammi_tui")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "training" not in path.parts and (names := list(calls(path)))
    }
    known = SCREEN.keys() | PROCESSES.keys() | FILES
    assert {path: names for path, names in found.items() if path not in known} == {}, "what writes stands here"
    assert known == found.keys(), "what writes no longer does not"


def test_no_command_can_go_around_what_says() -> None:
    code = "import click, logging, os, sys, traceback, warnings, rich, rich.console\n" + "\n".join(FORBIDDEN)
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--output-format=concise", "--select=TID251,T20",
         "--stdin-filename=mammi_tui/commands/dummy.py", "-"],
        cwd=ROOT, input=code, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    told = {int(line.split(":")[1]) for line in checked.stdout.splitlines() if "dummy.py:" in line}
    assert [line for number, line in enumerate(code.splitlines()[1:], start=2) if number not in told] == []
