"""Probing sets: one file for each kind, named here.

A kind's module has `Options` and `load(options, base) -> ProbingSet`.
"""

KINDS: dict[str, str] = {
    "folder": "engine.probing.folder",
    "phantom": "engine.probing.phantom.probing_set",
}
