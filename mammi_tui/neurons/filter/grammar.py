"""The filter of the neurons pane, from what a reader types to a term.

`effusion "right lung" trust:strong q<0.05 !verdict:accept|reject` keeps the neurons for which all five hold. `|` binds
more tightly than a blank, `!` more tightly than `|`, and brackets group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mammi_tui.neurons.figures import FIGURES, Figure
from mammi_tui.neurons.filter.facts import folded
from mammi_tui.neurons.filter.fields import FIELDS, Field, Read, compared, nearest
from mammi_tui.neurons.filter.scanner import Kind, Token, heads, scan
from mammi_tui.neurons.filter.terms import Comparison, Group, Not, Nothing, Term
from mammi_tui.neurons.filter.texts import TextTerm, Word

LONGEST = 500
"""Characters of a filter"""
_DEEPEST = 20
"""Brackets in brackets"""
_LIKE_FIELD = re.compile(r"([^\W\d][\w-]*)(:|<=|>=|[<>≤≥=])(.*)")


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """What a filter may be made of, beside brackets and signs."""

    fields: Mapping[str, Field]
    figures: Collection[str]
    """The words that are compared with a number"""
    head: re.Pattern[str]
    """Finds these words, for `scan`"""
    word: Callable[[str, bool], Term]
    """The term of a plain word, which may have stood in quotes"""
    compared: Callable[[str, str, str], Read]
    """Reads a comparison: the figure, or a field in whose value a comparison stands; the operator; the value"""
    joined: Callable[[Iterable[Token]], Iterable[Token]] = iter
    """Joins words that mean something together"""
    read: Callable[[str], Read | None] = lambda _: None
    """Reads what looks like a comparison but starts with no figure; None where it is plain text"""


NEURONS = Language(FIELDS, FIGURES, heads(FIELDS, FIGURES), Word, compared)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader has typed, read."""

    term: Term | None = None
    """None lets every neuron pass"""
    problem: str = ""
    """What is wrong with it, or what it waits for"""
    unknown: str = ""
    """What looks like a field but is none, unless it is part of a layer's name"""
    language: Language = NEURONS

    @property
    def needs_evidence(self) -> bool:
        return self.term is not None and self.term.needs_evidence

    @property
    def needs_matters(self) -> bool:
        return self.term is not None and self.term.needs_matters

    @property
    def needs_traits(self) -> bool:
        return self.term is not None and self.term.needs_traits

    @property
    def figures(self) -> list[Figure]:
        """The figures that it compares."""
        return [term.figure for term in self.parts() if isinstance(term, Comparison)]

    @property
    def texts(self) -> list[TextTerm]:
        """The texts that it looks for, without those that must not be found."""
        return [term for term in self.parts() if isinstance(term, TextTerm)]

    def asks_others(self, reader: str) -> bool:
        """Whether it looks at what others say than the reader of that name, folded."""
        return any(term.asks_others(reader) for term in self.parts(negated=True))

    def parts(self, *, negated: bool = False) -> Iterator[Term]:
        """Its terms, without those that are negated, or with them."""
        terms = [self.term] if self.term else []
        while terms:
            term = terms.pop(0)
            if isinstance(term, Group):
                terms[:0] = term.terms
            elif not isinstance(term, Not):
                yield term
            elif negated:
                terms.insert(0, term.term)

    def hint(self, layers: Sequence[str]) -> str:
        """What is wrong with it in a run with these layers, folded; "" if nothing is."""
        if self.unknown and not any(self.unknown in layer for layer in layers):
            return f"no field {self.unknown}{nearest(self.unknown, (*self.language.fields, *self.language.figures))}"
        return self.problem


@lru_cache(maxsize=8)
def parse(query: str, language: Language = NEURONS) -> Filter:
    """Reads a filter. What is incomplete is left out, and lets everything pass."""
    if len(query) > LONGEST:
        return Filter(problem=f"a filter has at most {LONGEST} characters")
    reading = _Reading(list(language.joined(scan(folded(query), language.head))), language)
    term = reading.all_of("")
    return Filter(term, reading.problem or reading.waiting, reading.unknown, language)


@dataclass
class _Reading:
    """Reads tokens one after the other."""

    tokens: list[Token]
    language: Language
    place: int = 0
    depth: int = 0
    problem: str = ""
    waiting: str = ""
    unknown: str = ""

    def all_of(self, name: str) -> Term | None:
        """Terms side by side, up to the end or a closing bracket. `name` is the field of the bracket's words."""
        terms: list[Term | None] = []
        while self._next() not in (None, Kind.CLOSE):
            terms.append(self._any_of(name))
        return _group(terms, every=True)

    def _any_of(self, name: str) -> Term | None:
        terms, own = [], name
        while True:
            term, own = self._one(own)
            terms.append(term)
            following = self._next()
            if following not in (Kind.OR, Kind.TIGHT_OR):
                return _group(terms, every=False)
            self.place += 1
            own = own if following is Kind.TIGHT_OR else name
            if self._next() in (None, Kind.CLOSE):
                self.waiting = self.waiting or "| waits for another word"
                return _group(terms, every=False)

    def _one(self, name: str) -> tuple[Term | None, str]:
        """One term with its negations, and the field that a value after a | belongs to."""
        negated = False
        while self._next() is Kind.NOT:
            negated = not negated
            self.place += 1
        kind = self._next()
        if kind in (None, Kind.CLOSE):
            self.waiting = self.waiting or "! waits for a word"
            return None, name
        if kind in (Kind.OR, Kind.TIGHT_OR):
            return None, name
        token = self.tokens[self.place]
        self.place += 1
        if kind is Kind.OPEN:
            term = self._bracket(name)
        elif token.sign == ":" and not token.text and not token.quoted and self._next() is Kind.OPEN:
            self.place += 1
            term = self._bracket(token.name)
        else:
            term = self._term(token, name)
            name = token.name if token.sign == ":" else "" if token.sign else name
        return (Not(term) if negated and term else term), name

    def _bracket(self, name: str) -> Term | None:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.problem = self.problem or f"at most {_DEEPEST} brackets in brackets"
            self.place = len(self.tokens)
            return None
        term = self.all_of(name)
        self.depth -= 1
        if self._next() is None:
            self.waiting = self.waiting or "( waits for )"
        self.place += 1
        return term

    def _next(self) -> Kind | None:
        return self.tokens[self.place].kind if self.place < len(self.tokens) else None

    def _term(self, token: Token, name: str) -> Term | None:
        """The term of an atom; None if it is incomplete or empty. A value that is not known finds nothing."""
        name, sign = (token.name, token.sign) if token.sign else (name, ":" if name else "")
        if not sign:
            found = None if token.quoted else self.language.read(token.text)
            if found is None:
                if not token.quoted:
                    self._note_unknown(token.text)
                return self.language.word(token.text, token.quoted) if token.text else None
            return self._taken(found, token.text)
        if not token.text:
            self.waiting = self.waiting or f"{name}{sign} waits for a value"
            return None
        language = self.language
        read = language.fields[name].read(token.text) if sign == ":" else language.compared(name, sign, token.text)
        return self._taken(read, f"{name}{sign}{token.text}")

    def _taken(self, read: Read, text: str) -> Term | None:
        """What was read, with what is wrong with it noted."""
        self.problem = self.problem or read.problem
        if read.problem:
            return Nothing()
        if read.term is None:
            self.waiting = self.waiting or f"{text} waits for more"
        return read.term

    def _note_unknown(self, text: str) -> None:
        """Notes a word that looks like a field or a comparison but is none."""
        found = _LIKE_FIELD.match(text)
        if not found:
            return
        name, sign, value = found.groups()
        fields, figures = self.language.fields, self.language.figures
        if name in figures and sign == ":":
            self.problem = self.problem or f"{name} is compared with < or >: {name}<{value}"
        elif name in fields:
            self.problem = self.problem or f"{name} takes a colon: {name}:{value}"
        elif name not in figures and not (sign == ":" and value.isdecimal()):
            self.unknown = self.unknown or name


def _group(terms: Sequence[Term | None], *, every: bool) -> Term | None:
    complete = tuple(term for term in terms if term)
    if len(complete) < 2:
        return complete[0] if complete else None
    return Group(complete, every)
