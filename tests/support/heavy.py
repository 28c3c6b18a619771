"""Finds which packages a fresh process has imported, of those that take seconds to import."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.shared import ROOT

HEAVY = {
    *("torch", "torchvision", "transformers", "tokenizers", "timm", "open_clip", "torchxrayvision", "safetensors"),
    *("nltk", "scipy", "pandas", "textual"),
}


def heavy_after(code: str) -> list[str]:
    """The heavy packages that a process holds after it has run some code."""
    shown = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    ended = subprocess.run([sys.executable, "-c", f"{code}\n{shown}"], cwd=ROOT, capture_output=True, check=True)
    return sorted(HEAVY & set(json.loads(ended.stdout.splitlines()[-1])))
