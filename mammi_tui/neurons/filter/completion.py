"""What a filter that is being typed may go on with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from mammi_tui.neurons.figures import FIGURES
from mammi_tui.neurons.filter.facts import folded
from mammi_tui.neurons.filter.fields import BY, FIELDS, Vocabulary
from mammi_tui.neurons.filter.scanner import Kind, Token, scan

MOST = 12


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on."""

    shown: str
    """The field or the value"""
    query: str
    """The whole filter with it"""


@lru_cache(maxsize=8)
def completions(query: str, vocabulary: Vocabulary) -> tuple[Completion, ...]:
    """The ways to go on at the end of a filter: values of its field, or fields and then texts of the run.

    First those that begin with what is typed, then those that have it elsewhere. What is whole already is no way to
    go on.
    """
    token, name = _last(query)
    if token is None:
        return ()
    head = query[: token.value_start]
    if name:
        values = list(FIELDS[name].values(vocabulary)) if name in FIELDS else []
    elif not token.text:
        return ()
    else:
        fields = [f"{word}:" for word in FIELDS] if not token.quoted else []
        figures = [word for word in FIGURES if not token.quoted and len(token.text) > 1]
        texts = (vocabulary.classes, vocabulary.findings, vocabulary.concepts, vocabulary.labels)
        values = [*fields, *figures, *(text for found in texts for text in found)]
    fitting = {folded(value): value for value in reversed(list(_in_order(token.text, values, anywhere=bool(name))))}
    chosen = islice(reversed(fitting.values()), MOST)
    return tuple(
        Completion(value, head + (value if not name and _is_head(value) else written(value))) for value in chosen
    )


def written(value: str) -> str:
    """A value as it stands in a filter: in quotes where it has blanks or signs."""
    if value.startswith(BY):
        return BY + written(value.removeprefix(BY))
    plain = value and not any(char.isspace() or char in '"|()!:<>=≤≥' for char in value) and not value.isdecimal()
    return value if plain else '"' + value.replace('"', "") + '"'


def _is_head(value: str) -> bool:
    return value.endswith(":") and value[:-1] in FIELDS


def _last(query: str) -> tuple[Token | None, str]:
    """The atom that the filter ends with, if it is still being typed, and the field or figure that it belongs to."""
    tokens = list(scan(folded(query)))
    if not tokens or tokens[-1].kind is not Kind.ATOM or len(folded(query)) != len(query):
        return None, ""
    token, before = tokens[-1], len(tokens) - 1
    if query[-1].isspace() and (token.text or not token.sign):
        return None, ""
    if token.quoted and query.endswith('"') and query.count('"') % 2 == 0:
        return None, ""
    while not tokens[before].sign and before > 1 and tokens[before - 1].kind is Kind.TIGHT_OR:
        before -= 2
    return token, tokens[before].name


def _in_order(text: str, values: Sequence[str], *, anywhere: bool) -> Iterator[str]:
    yield from (value for value in values if folded(value).startswith(text) and folded(value) != text)
    if anywhere and text:
        yield from (value for value in values if text in folded(value) and not folded(value).startswith(text))
