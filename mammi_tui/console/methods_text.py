"""The answers of all methods for one neuron, for `mammi show --methods`: lines of at most 80 cells, and JSON types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.evidence.written import number_or_none
from engine.export import listed
from engine.methods.base import Method, MethodAnswer
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, fit, significant, wrap

WIDTH = 80
_AT_ONCE = 3
_RANK, _MARK, _SCORE = 3, 2, 8
_COLUMN = (WIDTH - _RANK) // _AT_ONCE
_CONCEPT = _COLUMN - _MARK - _SCORE - 2

Answers = Sequence[tuple[Method, MethodAnswer]]


def as_object(answers: Answers) -> list[dict[str, Any]]:
    """The answers as JSON types, with p_value and detail for the methods that have them."""
    return [
        {
            "method": method.name,
            "title": method.title,
            "note": answer.note,
            "concepts": [_line(answer, place) for place in range(listed(answer.annotated, len(answer.concepts)))],
        }
        for method, answer in answers
    ]


def _line(answer: MethodAnswer, place: int) -> dict[str, Any]:
    line: dict[str, Any] = {
        "concept": answer.concepts[place],
        "score": float(answer.scores[place]),
        "annotated": place < answer.annotated,
    }
    if answer.p_values is not None:
        line["p_value"] = number_or_none(answer.p_values[place])
    if answer.details:
        line["detail"] = answer.details[place]
    return line


def as_text(answers: Answers) -> Iterator[str]:
    """The methods side by side, three at once. Every line is clean."""
    for start in range(0, len(answers), _AT_ONCE):
        few = answers[start : start + _AT_ONCE]
        titles = [list(wrap(clean(method.title), _COLUMN - _MARK - 2)) for method, _ in few]
        for row in range(max(map(len, titles))):
            cells = (" " * _MARK + fit(title[row] if row < len(title) else "", _COLUMN - _MARK) for title in titles)
            yield (" " * _RANK + "".join(cells)).rstrip()
        names = ShortNames(concept for _, answer in few for concept in answer.concepts[: _shown(answer)])
        for rank in range(max(_shown(answer) for _, answer in few)):
            cells = (_cell(answer, rank, names) for _, answer in few)
            yield (fit(str(rank + 1), _RANK - 1, right=True) + " " + "".join(cells)).rstrip()
        for method, answer in few:
            if answer.note:
                yield from wrap(clean(f"{method.title}: {answer.note}"), WIDTH)
        yield ""
    yield "* in the method's annotation. Scores of different methods are not comparable."


def _shown(answer: MethodAnswer) -> int:
    return listed(answer.annotated, len(answer.concepts))


def _cell(answer: MethodAnswer, rank: int, names: ShortNames) -> str:
    if rank >= _shown(answer):
        return " " * _COLUMN
    mark = "* " if rank < answer.annotated else "  "
    score = significant(float(answer.scores[rank]), 3)
    if len(score) > _SCORE:
        score = significant(float(answer.scores[rank]), 2)
    return f"{mark}{names.fit(clean(answer.concepts[rank]), _CONCEPT)} {fit(score, _SCORE, right=True)} "
