"""Concept sets: the sources of the words that neurons are annotated with. Each kind has one module, as
engine.concepts.base.ConceptSource says."""

KINDS: dict[str, str] = {
    "probing_reports": "engine.concepts.probing_reports",
    "reports": "engine.concepts.reports",
    "word_list": "engine.concepts.word_list",
    "wordnet": "engine.concepts.wordnet",
}
"""The kind of a concept set, as the configuration names it, and its module"""
