"""`mammi show --methods` as text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.methods.base import MethodAnswer
from mammi_tui.console.methods_text import as_text


def test_a_tiny_score_keeps_its_exponent() -> None:
    method: Any = SimpleNamespace(name="clip_dissect", title="CLIP-Dissect")
    answer = MethodAnswer("clip_dissect", ("air", "lung"), np.array([-6.29e-05, -0.0219]), 1)
    lines = list(as_text([(method, answer)]))
    assert [line.split()[-1] for line in lines[1:3]] == ["−6.3e-05", "−0.0219"]
