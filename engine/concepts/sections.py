"""The sections of a written report, found by headings such as `FINDINGS:`.

Which headings count as findings and impression follows the MIMIC-CXR authors' section_parser.py
(github.com/MIT-LCP/mimic-cxr, txt). A combined heading counts as both, CONCLUSION as the impression, and the views
(CHEST, PA AND LATERAL:) as the findings. A report that has headings but neither section gives its last paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DEFAULT_SECTIONS = ("findings", "impression")
ALL_SECTIONS = "all"
"""Chooses the whole report, in place of the names of sections"""

_USUAL = "FINDINGS|IMPRESSION|INDICATION|HISTORY|TECHNIQUE|COMPARISON|EXAMINATION|CONCLUSION|RECOMMENDATIONS?"
_FINAL = "FINAL REPORT"
_HEADING = re.compile(
    rf"^[ \t]*([A-Z][A-Z ,/()&-]+):|\b({_USUAL}):|^[ \t]*({_FINAL})[ \t]*$",
    re.MULTILINE,
)
_STANDS_FOR = {
    "findings": re.compile(r"\bfindings?\b|^(?:chest|portable|frontal|lateral|ap|pa|one|two|single|upright)\b"),
    "impression": re.compile(r"\bimpression\b|\bconclusions?\b"),
}
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


def section_names(report: str) -> set[str]:
    """The names of a report's sections in lower case: their headings, and what these count as."""
    return {name for heading, _ in _split(report) for name in _names(heading)}


def select_sections(report: str, sections: Sequence[str]) -> str:
    """The text of the named sections; "" if the report has none. A report without headings is taken whole."""
    if ALL_SECTIONS in sections:
        return report
    found = _split(report)
    if not found:
        return report
    wanted = {section.lower() for section in sections}
    parts = [text for heading, text in found if text and _names(heading) & wanted]
    if not parts and wanted & _STANDS_FOR.keys():
        return _last_paragraphs(*found[-1])
    return "\n\n".join(parts)


def _split(report: str) -> list[tuple[str, str]]:
    """Each heading, in lower case, and the text up to the next one. Text before the first heading is left out."""
    headings = list(_HEADING.finditer(report))
    ends = [*(heading.start() for heading in headings), len(report)][1:]
    return [
        (next(filter(None, heading.groups())).strip().lower(), report[heading.end() : end].strip())
        for heading, end in zip(headings, ends, strict=True)
    ]


def _names(heading: str) -> set[str]:
    return {heading} | {name for name, pattern in _STANDS_FOR.items() if pattern.search(heading)}


def _last_paragraphs(heading: str, text: str) -> str:
    """The last section without its first paragraph, which belongs to its heading."""
    return text if heading == _FINAL.lower() else "\n\n".join(_PARAGRAPH.split(text)[1:])
