"""docs/commands.md says what `--help` says."""

from __future__ import annotations

import subprocess
import sys

from tests.docs.commands_page import PAGE, RENEW
from tests.shared import ROOT


def test_the_page_of_commands_is_up_to_date() -> None:
    # In a process of its own: click keeps a help option of a command that another test has called by itself.
    code = "import sys; from tests.docs.commands_page import page; sys.stdout.buffer.write(page().encode())"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert PAGE.read_text("utf-8") == shown.stdout.decode(), f"docs/commands.md is stale: run `{RENEW}`"
