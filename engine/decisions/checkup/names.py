"""The names of the checks of neurons, for the filter: the checks themselves import the evidence."""

CHECK_NAMES = (
    "outputs",
    "shortcuts",
    "film-words",
    "border",
    "one-view",
    "one-patient",
    "unsupported",
    "one-label",
    "duplicates",
    "dead",
)
"""A test compares them with engine.decisions.checkup.checks.CHECKS"""
