"""The sections of a written report, found by headings such as `FINDINGS:`, `Impression -` or `**Findings**`.

These are headings:
- at the start of a line, the usual names of sections in any case: before a colon, before a dash, or, with a capital
  letter, alone on the line. Marks such as `**`, `##` or `1.` may stand around them;
- at the start of a line, any words in capitals before a colon (`WET READ:`), but for parts of the body (`LUNGS:`), by
  which structured reports divide their findings;
- anywhere, a usual name with a capital letter before a colon, as reports may have lost their line ends.

Which headings count as findings and impression follows the MIMIC-CXR authors' section_parser.py
(github.com/MIT-LCP/mimic-cxr, txt). A combined heading counts as both, CONCLUSION as the impression, and the views
(CHEST, PA AND LATERAL:) as the findings. A report that has headings but neither section gives its last paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

DEFAULT_SECTIONS = ("findings", "impression")
ALL_SECTIONS = "all"
"""Chooses the whole report, in place of the names of sections"""

_NAMES = """
    addendum comparison comparisons conclusion conclusions exam examination finding findings history impression
    impressions indication indications opinion recommendation recommendations report technique techniques"""
_ALONE = frozenset(_NAMES.split())
"""Words of which one makes a usual name"""
_NAMES_WITH_COLON = """
    accession assessment attending attestation chest cxr data dictated details exams information interpretation
    notification notifications observations physician plan procedure protocol provider radiograph radiographs
    radiologist read reading resident results signed studies study summary view views x-ray xray"""
_WITH_COLON = _ALONE.union(_NAMES_WITH_COLON.split())
"""Words of which one makes a usual name before a colon"""
_BESIDE_ALONE = frozenset(("and", "clinical", "final", "preliminary", "radiology"))
_OTHERS_WITH_COLON = """
    additional ap brief by date electronically for frontal interpreting lateral medical number of one or ordering other
    pa past patient pertinent portable previous prior reason referring relevant single supine surgical the two type
    upright wet with"""
_BESIDE = _BESIDE_ALONE.union(_OTHERS_WITH_COLON.split())
"""Words that may stand beside them, as in `Reason for exam` or `Chest, PA and lateral`"""
_BODY = """
    abdomen airways and bones bony cardiac cardiomediastinal catheters contours devices diaphragm heart hila hilar hilum
    lines lung lungs mediastinal mediastinum osseous other parenchyma pleura pleural pulmonary ribs silhouette skeletal
    skeleton soft spaces spine structures support the tissues trachea tube tubes upper vascular vasculature vessels
    wall"""
_PARTS = frozenset(_BODY.split())
"""Words of the headings by which findings are divided"""

_MARKS = r"(?:[ \t#*_=~>\[•·-]|<\w{1,6}>|\d{1,2}[.)])*"
_MARKS_AFTER = r"(?:[ \t#*_=~\]]|</\w{1,6}>){0,40}"
_MARKS_BEHIND = r"(?:[ \t]*(?:\*+|</\w{1,6}>))*"
_LINE = re.compile(
    rf"{_MARKS}(?P<name>[^\W\d_][^:：.;!?]{{0,80}}?){_MARKS_AFTER}"
    rf"(?:(?P<colon>[:：])|(?<=[ \t])[-–—]+|[-–—]+(?=[ \t]|$)|(?P<end>$)){_MARKS_BEHIND}"
)
_ONE = f"(?:{'|'.join(sorted(_ALONE - {'exam', 'finding', 'report'}, reverse=True))})"
_ANYWHERE = re.compile(rf"\b(?=[A-Z])(?P<name>(?i:{_ONE}(?:[ \t]*(?:/|&|,|and)[ \t]*{_ONE}){{0,3}}))[ \t]*:")
_CAPITALS = re.compile(r"[A-Z][A-Z ,/()&-]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_STANDS_FOR = {
    "findings": re.compile(
        r"\bfindings?\b|^(?:chest|portable|frontal|lateral|ap|pa|one|two|single|upright)\b|^(?:observations|results)$"
    ),
    "impression": re.compile(r"\b(?:impressions?|conclusions?|opinion|interpretation)\b|^(?:assessment|summary)\b"),
}
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


def section_names(report: str) -> set[str]:
    """The names of a report's sections in lower case: their headings, and what these count as."""
    return {name for heading, _ in _split(report) for name in names_of(heading)}


def select_sections(report: str, sections: Sequence[str]) -> str:
    """The text of the named sections; "" if the report has none. A report without headings is taken whole."""
    if ALL_SECTIONS in sections:
        return report
    found = _split(report)
    if not found:
        return report
    wanted = {section.lower() for section in sections}
    parts = [text for heading, text in found if text and names_of(heading) & wanted]
    if not parts and wanted & _STANDS_FOR.keys():
        return _last_paragraphs(*found[-1])
    return "\n\n".join(parts)


def names_of(heading: str) -> set[str]:
    """A heading in lower case, and the names of the sections that it counts as."""
    heading = " ".join(heading.split()).lower()
    return {heading} | {name for name, pattern in _STANDS_FOR.items() if pattern.search(heading)}


def _split(report: str) -> list[tuple[str, str]]:
    """Each heading, in lower case, and the text up to the next one. Text before the first heading is left out."""
    report = report.replace("\r\n", "\n").replace("\r", "\n")
    headings = list(_headings(report))
    ends = [*(start for start, _, _ in headings), len(report)][1:]
    return [
        (" ".join(name.split()).lower(), report[start:end].strip())
        for (_, start, name), end in zip(headings, ends, strict=True)
    ]


def _headings(report: str) -> Iterator[tuple[int, int, str]]:
    """Where each heading starts and ends, and its name."""
    place = 0
    for line in report.split("\n"):
        first = _LINE.match(line)
        seen = 0
        if first and _is_heading(first["name"], first["colon"] is not None, first["end"] is not None):
            seen = first.end()
            yield place, place + seen, first["name"]
        for later in _ANYWHERE.finditer(line, seen):
            yield place + later.start(), place + later.end(), later["name"]
        place += len(line) + 1


def _is_heading(name: str, colon: bool, whole_line: bool) -> bool:
    words = _WORD.findall(_IN_BRACKETS.sub("", name).lower())
    if colon:
        usual = _WITH_COLON.intersection(words) and (_WITH_COLON | _BESIDE).issuperset(words)
        return bool(usual) or bool(_CAPITALS.fullmatch(name) and not _PARTS.issuperset(words))
    usual = _ALONE.intersection(words) and (_ALONE | _BESIDE_ALONE).issuperset(words)
    return bool(usual) and (name[0].isupper() or not whole_line)


def _last_paragraphs(heading: str, text: str) -> str:
    """The last section without its first paragraph, which belongs to its heading, unless this is `Report`."""
    return text if heading.endswith("report") else "\n\n".join(_PARAGRAPH.split(text)[1:])
