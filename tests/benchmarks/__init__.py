"""Run on demand, with NumPy's threads as in the explorer."""

import mammi_tui  # noqa: F401
