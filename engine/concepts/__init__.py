"""Concept sets: where the words come from that neurons are annotated with. One module for each kind."""

KINDS: dict[str, str] = {
    "probing_reports": "engine.concepts.probing_reports",
    "reports": "engine.concepts.reports",
    "word_list": "engine.concepts.word_list",
    "wordnet": "engine.concepts.wordnet",
}
"""A concept set's kind, as the configuration names it, and its module.

Each module has `Options`, the pydantic model of its part of the configuration, and
`load(options, base, reports) -> list[str]`, its concepts in a stable order: `base` is the folder that relative
paths start from, `reports` are the probing set's own reports.
"""
