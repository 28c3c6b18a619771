"""Lets tests import helpers from tests/support, takes the clock off property tests, and shares out the processor."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Each of several workers, and what it starts, computes with one thread: more would wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
