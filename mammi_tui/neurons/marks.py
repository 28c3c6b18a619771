"""The words and marks of verdicts."""

from __future__ import annotations

from mammi_tui.verdicts.lines import ConceptMark, Verdict

VERDICT_WORDS: dict[Verdict, str] = {"accept": "accepted", "reject": "rejected", "unsure": "unsure"}
VERDICT_MARKS: dict[Verdict, tuple[str, str]] = {
    "accept": ("✓", "line--good"),
    "reject": ("✗", "line--bad"),
    "unsure": ("?", "line--unsure"),
}
"""The mark of each verdict, and its style in a line"""
HOLLOW_MARKS: dict[Verdict, str] = {"accept": "⊞", "reject": "⊠", "unsure": "⊡"}
"""For a verdict on another annotation than the one on screen; drawn faint"""
CONCEPT_MARKS: dict[ConceptMark, tuple[str, str]] = {"right": ("✓", "line--good"), "wrong": ("✗", "line--bad")}
"""The mark of each concept that is marked singly, and its style in a line"""
