"""What a film search may be made of: the fields, and the words that mean something together with a class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from engine.decisions.film_index import SURE, FilmIndex
from engine.decisions.outputs import Kind
from engine.names import compared, labels_of
from mammi_tui.film_search.attributes import AttributeFields
from mammi_tui.film_search.terms import Has, IsWrong, OfKind, Output, Predicted, Word
from mammi_tui.neurons.filter.fields import Field, Read, comparison_in, nearest, number_of
from mammi_tui.neurons.filter.grammar import Language
from mammi_tui.neurons.filter.scanner import Kind as Sign
from mammi_tui.neurons.filter.scanner import Token, heads
from mammi_tui.neurons.filter.terms import Term
from mammi_tui.text import percent

NO_OUTPUTS = "this run holds no outputs; mammi doctor RUN.duckdb says what adds them"
_LEAST = 3
"""Letters of a class that stand for it"""
_PHRASES: dict[tuple[str, ...], str] = {
    ("sure", "and", "wrong"): "sure and wrong",
    ("true", "positive"): "true positive",
    ("true", "positives"): "true positive",
    ("false", "positive"): "false positive",
    ("false", "positives"): "false positive",
    ("true", "negative"): "true negative",
    ("true", "negatives"): "true negative",
    ("false", "negative"): "missed",
    ("false", "negatives"): "missed",
    ("missed",): "missed",
    ("wrong",): "wrong",
}
STATES = tuple(dict.fromkeys(_PHRASES.values()))
MEANINGS = {
    "false positive": "Predicted and not labelled; with a class behind it, of that class.",
    "missed": "Labelled and not predicted.",
    "true positive": "Labelled and predicted.",
    "true negative": "Neither.",
    "wrong": "A false positive or missed.",
    "sure and wrong": f"Wrong, with a probability at least {percent(SURE)} of the way from the threshold to 0 or 1.",
}


def language_of(index: FilmIndex) -> Language:
    """The language of a run's films."""
    own = _Classes(index.classes)
    fields = {
        field.word: field
        for field in (
            Field("name", "part of the path or file name", _has(FilmIndex.named)),
            Field("label", "part of a label; * any, none for films without", _label, lambda _: index.labels),
            Field("patient", "part of the patient's name", _has(FilmIndex.of_patient)),
            Field("view", "the view, such as PA", _has(FilmIndex.in_view), lambda _: index.views),
            Field("report", "a text in the report", _has(FilmIndex.reported)),
            Field("output", "a class with a comparison: output:effusion>0.8; without a class, any", own.output),
            Field("predicted", "predicted to have a class", own.predicted, lambda _: index.classes),
            Field("is", "; ".join(STATES), own.state, lambda _: STATES),
        )
    }
    told = AttributeFields(index, fields)
    fields |= {field.word: field for field in told.fields()}
    head = heads(fields, told.numbers)
    return Language(
        fields, told.numbers, head, lambda text, _: Word(text), told.compared, own.joined, own.bare
    )  # fmt: skip


def _has(part: Callable[[FilmIndex, str], object]) -> Callable[[str], Read]:
    return lambda value: Read(Has(value, part))  # type: ignore[arg-type]


def _label(value: str) -> Read:
    if value == "none":
        return Read(Has("", lambda index, _: index.unlabelled()))
    return Read(Has(value, lambda index, text: index.labelled(text)))


class _Classes:
    """Reads what needs the names of the classes."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._names = [compared(name) for name in classes]
        self._parts = [labels_of(name) for name in classes]

    def _found(self, text: str) -> list[int]:
        """The classes that a text stands for: one by its whole name, else all that begin with it."""
        wanted = compared(text)
        exact = [each for each, parts in enumerate(self._parts) if wanted == self._names[each] or wanted in parts]
        if exact or len(wanted) < _LEAST:
            return exact[:1]
        return [each for each, name in enumerate(self._names) if name.startswith(wanted)]

    def _with_class(self, text: str, make: Callable[[int], Term]) -> Read:
        if not self._names:
            return Read(problem=NO_OUTPUTS)
        found = self._found(text)
        if len(found) == 1:
            return Read(make(found[0]))
        if found or any(name.startswith(compared(text)) for name in self._names):
            return Read()
        return Read(problem=f"no class {text}{nearest(compared(text), self._names)}")

    def output(self, value: str) -> Read:
        """`effusion>0.8`, or `>0.8` for any class."""
        if not self._names:
            return Read(problem=NO_OUTPUTS)
        name, sign, digits = comparison_in(value)
        if not sign:
            read = self._with_class(value, Predicted)
            return Read() if read.term else read  # the comparison is still to come
        number = number_of(digits)
        if number is None and digits.strip(".,-−%"):
            return Read(problem="output is compared with a number: output:effusion>0.8")
        if number is None:
            return Read()
        return (
            self._with_class(name, lambda each: Output(each, sign, number))
            if name
            else Read(Output(None, sign, number))
        )

    def bare(self, text: str) -> Read | None:
        """`effusion>0.8` without a field; None where it is no comparison of a class."""
        name, sign, _ = comparison_in(text)
        return self.output(text) if sign and len(self._found(name)) == 1 else None

    def predicted(self, value: str) -> Read:
        return self._with_class(value, Predicted)

    def state(self, value: str) -> Read:
        """A state, with or without a class behind it."""
        if not self._names:
            return Read(problem=NO_OUTPUTS)
        words = value.split()
        for phrase, state in _PHRASES.items():
            if tuple(words[: len(phrase)]) == phrase:
                rest = " ".join(words[len(phrase) :])
                return self._with_class(rest, _maker(state)) if rest else Read(_maker(state)(None))
        if any(state.startswith(value) for state in STATES):
            return Read()
        return Read(problem=f"no state {value}{nearest(value, STATES)}")

    def joined(self, tokens: Iterable[Token]) -> Iterator[Token]:
        """Joins the words of a state, and the class behind them, to a value of `is:`."""
        left = list(tokens)
        while left:
            words = [token.text if _is_plain(token) else None for token in left[:4]]
            phrase = next((phrase for phrase in _PHRASES if tuple(words[: len(phrase)]) == phrase), None)
            if phrase is None:
                yield left.pop(0)
                continue
            first = left[0]
            del left[: len(phrase)]
            text = _PHRASES[phrase]
            if behind := self._class_behind(left):
                text += " " + " ".join(token.text for token in left[:behind])
                del left[:behind]
            yield replace(first, text=text, name="is", sign=":")

    def _class_behind(self, tokens: Sequence[Token]) -> int:
        """The number of words at the beginning that name one class; 0 for none."""
        for count in (3, 2, 1):
            some = tokens[:count]
            if len(some) == count and all(token.kind is Sign.ATOM and not token.sign for token in some):
                text = " ".join(token.text for token in some)
                if text and len(self._found(text)) == 1:
                    return count
        return 0


def _is_plain(token: Token) -> bool:
    return token.kind is Sign.ATOM and not token.sign and not token.quoted


def _maker(state: str) -> Callable[[int | None], Term]:
    """Makes the term of a state for a class."""
    if state in ("wrong", "sure and wrong"):
        return lambda number: IsWrong(number, surely=state != "wrong")
    kind: Kind = state  # type: ignore[assignment]
    return lambda number: OfKind(kind, number)
