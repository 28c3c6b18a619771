"""Lets tests import helpers from tests/support, and takes the clock off property tests."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
