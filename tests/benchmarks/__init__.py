"""Benchmarks, run on demand. Importing mammi_tui limits NumPy's threads as in the explorer."""

import mammi_tui  # noqa: F401
