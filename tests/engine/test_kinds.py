"""Kinds: ours are named without importing what they configure, and installed packages add to them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from engine import kinds
from tests.shared import ROOT

HEAVY = {
    *("torch", "torchvision", "transformers", "tokenizers", "timm", "open_clip", "torchxrayvision", "safetensors"),
    *("nltk", "scipy", "pandas", "textual"),
}
TABLES = ("target", "vlm")
MODULES = [module for table in TABLES for module in kinds.own(table).values()]


def heavy_after(code: str) -> list[str]:
    """The heavy packages that a fresh process holds after it has run some code."""
    shown = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    ended = subprocess.run([sys.executable, "-c", f"{code}\n{shown}"], cwd=ROOT, capture_output=True, check=True)
    return sorted(HEAVY & set(json.loads(ended.stdout)))


@pytest.mark.parametrize("module", MODULES)
def test_options_are_read_without_what_they_configure(module: str) -> None:
    assert heavy_after(f"from {module} import Options") == []
