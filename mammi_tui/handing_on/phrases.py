"""The phrases about a neuron, for every form in which it is handed on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from engine.decisions.examples import RANDOM, WEAKEST, Examples
from mammi_tui.handing_on.card import Card, Opinion, Word
from mammi_tui.text import count, decimal, in_words, number, significant

NOTICE = "Films are previews, not for diagnosis. Concept scores are not probabilities: compare them within a neuron."


def given(opinion: Opinion) -> str:
    """What was judged, at which cuts, by whom and when."""
    words = ", ".join(f"“{word}”" for word in opinion.words) or "no concept"
    role = f" ({opinion.role})" if opinion.role else ""
    other = "; carried over from another annotation" if opinion.hollow else ""
    return f"{words} at {in_words(opinion.cuts)} · {opinion.reader}{role} · {day(opinion.time)}{other}"


def figure(word: Word, card: Card, digits: int) -> str:
    """What a concept of a card is ranked by: its score in so many decimals, or its z."""
    return f"z {number(word.z, 1)}" if card.by_z else decimal(word.score, digits)


def judged(word: Word) -> Iterator[str]:
    """Which readers marked a concept right, and which wrong."""
    for readers, mark in ((word.right, "right"), (word.wrong, "wrong")):
        if readers:
            yield f"“{word.concept}” is {mark} ({', '.join(readers)})"


def groups(card: Card) -> str:
    """The groups that its strongest images fall into."""
    return ", ".join(f"{word} ({count(images, 'image')})" for word, images in card.groups)


def day(time: str) -> str:
    """The day of an ISO 8601 time, such as 3 Nov 2026; any other text as it is."""
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        return time
    return f"{found.day} {found:%b %Y}"


def range_words(found: Examples) -> tuple[str, ...]:
    """What the images of a range are, in fewer and fewer words."""
    if not found.of:
        why = (f"dead unit: {found.why_dead}", "dead unit") if found.why_dead else ("no image in this tenth",)
        return *why, "no image"
    low, high = significant(found.low, 3), significant(found.high, 3)
    activation = f"{low}" if found.low == found.high else f"{low} to {high}"
    number = f"{len(found.images):,} of {found.of:,}"
    short = f"{activation} · {number}"
    if found.range == WEAKEST:
        lowest = f"the {len(found.images):,} lowest of {found.of:,}"
        return f"activation {activation} · {lowest}", f"{activation} · {lowest}", activation
    if found.range == RANDOM:
        return f"activation {activation} · {number} at random", short, activation
    return f"activation {activation} · {number}, {found.range.place}", f"activation {short}", short, activation
