"""Writes a report as Markdown, without pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mammi_tui.handing_on.card import Card, Film, Said
from mammi_tui.handing_on.phrases import NOTICE, figure, given, groups, judged
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.report.contents import COUNTS, Counted, Fact, Report
from mammi_tui.report.markup import LONGEST
from mammi_tui.text import clean, count, significant

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~$@^!&]|:(?=//)|(?<=www)\.|^[-+=]", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d+)\.")


def escaped(text: str) -> str:
    """A text in which nothing is markup, HTML or an address."""
    marked = _SPECIAL.sub(r"\\\g<0>", clean(text, LONGEST)).replace("\\<", "&lt;").replace("\\&", "&amp;")
    return _NUMBERED.sub(r"\1\\.", marked)


def document(report: Report) -> Iterator[str]:
    """The document in parts."""
    yield f"# {escaped(report.title)}\n\n{escaped(report.chosen)}\n\n> {NOTICE}\n"
    yield from (f">\n> {escaped(limit)}\n" for limit in report.limits)
    yield from _section("What was run", _facts(report.facts))
    yield from _section("Left out", (f"- {escaped(text)}" for text in report.left_out))
    yield from _section("Verdicts", _counts(report.counts))
    yield from _section("Agreement of the readers", _facts(report.agreement))
    yield from _section("Shortcuts", (f"- {escaped(text)}" for text in report.shortcuts))
    yield "\n## Neurons\n"
    for card in report.cards:
        yield "\n" + "\n".join(_card(card)) + "\n"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"\n## {title}\n\n" + "\n".join(found) + "\n"


def _facts(facts: Iterable[Fact]) -> Iterator[str]:
    return (f"- {escaped(term)}: {escaped(text)}" for term, text in facts)


def _counts(counts: Sequence[Counted]) -> Iterator[str]:
    if counts:
        yield f"| layer | reader | {' | '.join(COUNTS)} |"
        yield f"| --- | --- |{' --: |' * len(COUNTS)}"
    for row in counts:
        yield f"| {' | '.join([escaped(row.layer), escaped(row.reader), *map(str, row.numbers)])} |"


def _card(card: Card) -> Iterator[str]:
    class_name = f" ({escaped(card.class_name)})" if card.class_name else ""
    yield f"### {escaped(card.name)}{class_name}: {card.verdict}"
    yield ""
    words = ", ".join(f"{escaped(word.concept)} {figure(word, card, 4)}" for word in card.words)
    yield f"- words: {words or 'none'}"
    yield f"- trust: {TRUST_MARKS[card.trust][0]} {escaped(card.sentence)}"
    if not card.dead:
        finding = f", most of them {escaped(card.finding)}" if card.finding else ""
        yield f"- {count(card.images, 'image')} {card.reaching}{finding}"
    if card.groups:
        yield f"- groups of its strongest images: {escaped(groups(card))}"
    for word in (*card.words, *card.other_marks):
        yield from (f"- {escaped(mark)}" for mark in judged(word))
    if card.settled:
        yield f"- settled: {card.settled.mark} {card.settled.verdict} {escaped(given(card.settled))}"
    for said in card.said:
        yield from _said(said)
    yield from map(_film, card.films)


def _said(said: Said) -> Iterator[str]:
    opinion = said.opinion
    yield f"- {opinion.mark} {opinion.verdict} {escaped(given(opinion))}" if opinion else f"- {escaped(said.reader)}"
    if said.label:
        yield f"  - own label: *{escaped(said.label)}*"
    if said.note:
        yield f"  - note: {escaped(said.note)}"


def _film(film: Film) -> str:
    name = f" · {escaped(film.name)}" if film.name else ""
    labels = escaped(", ".join(film.labels)) or "no labels"
    return f"- film {film.rank}: {labels} · activation {significant(film.activation)}{name}"
