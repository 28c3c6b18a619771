"""One line of a verdict log: one act of a reader about one neuron, with what the reader saw.

A line is a JSON object. Its `hash` covers all its other fields, and its field `previous` is the hash of the line before
it: the lines are a chain, in which an altered, dropped or moved line is found. Lines of earlier versions have fewer
fields and no hash; they are read as well.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from engine.annotation.cuts import RANKINGS, TAU, Cuts, Selection
from engine.parsing import Unparsable, parse_json

Verdict = Literal["accept", "reject", "unsure", "clear"]
Act = Literal["verdict", "label", "note", "concept", "undo", "redo", "settle"]
ConceptMark = Literal["right", "wrong", "clear"]
State = Literal["sealed", "altered", "unsealed"]
"""Whether a line's hash fits what it says. A line of an earlier version has none; its `hash` is that of its bytes."""

VERDICTS: tuple[str, ...] = get_args(Verdict)
ACTS: tuple[str, ...] = get_args(Act)
CONCEPT_MARKS: tuple[str, ...] = get_args(ConceptMark)

LONGEST_LINE = 1 << 20
"""Bytes. No line that this program writes is nearly as long. A longer line is damaged and is not parsed."""
LONGEST_TEXT = 10_000
"""Characters of a label or a note"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence that was on screen."""

    trust: str
    """The grade's name, in lower case"""
    q: float | None
    images: int
    patients: int


@dataclass(frozen=True, slots=True)
class Deed:
    """What a reader does: the fields that an act uses, and nothing else.

    verdict, settle: `verdict`. label, note: `text`, "" takes it away. concept: `concept` and `mark`. undo, redo: `of`,
    the identity of the line that is undone or done again.
    """

    act: Act
    verdict: Verdict | None = None
    text: str | None = None
    concept: str | None = None
    mark: ConceptMark | None = None
    of: str | None = None
    settles: tuple[str, ...] = ()
    """settle: the readers whose difference it settles"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the reader saw of the neuron."""

    cuts: Cuts
    annotation: tuple[str, ...] = ()
    """The annotated concepts, by score"""
    method: str = "mammi"
    evidence: Evidence | None = None
    others_shown: bool = False
    """Whether other readers' verdicts were on screen, then or before since the explorer was opened"""


@dataclass(frozen=True, slots=True)
class Line:
    """One act, as it is written."""

    time: str
    """UTC, ISO 8601"""
    reader: str
    role: str
    neuron: str
    """`layer:unit`"""
    deed: Deed
    seen: Seen
    run: str
    """The run's content hash"""
    subject: str = ""
    """engine.store.reader.RunReader.subject of the neuron's layer; "" in lines of earlier versions"""
    engine: str = ""
    """The version of this program"""
    number: int = 0
    """The line's number in its file, from 1"""
    previous: str = ""
    hash: str = ""
    imported: str = ""
    """The hash that the line had in the log that it was imported from"""
    state: State = field(default="sealed", compare=False)

    @property
    def identity(self) -> str:
        """Names the act in whatever log it stands."""
        return self.imported or self.hash

    @property
    def verdict(self) -> Verdict | None:
        return self.deed.verdict

    def sealed(self, number: int, previous: str) -> Line:
        """The line in its place in a log, with its hash."""
        placed = replace(self, number=number, previous=previous, hash="")
        return replace(placed, hash=_hash_of(placed.as_fields()))

    def as_fields(self) -> dict[str, Any]:
        """The line as a JSON object, without its hash."""
        deed, seen, evidence = self.deed, self.seen, self.seen.evidence
        done = {
            "verdict": deed.verdict, "text": deed.text, "concept": deed.concept, "mark": deed.mark, "of": deed.of,
            "settles": list(deed.settles) or None,
        }  # fmt: skip
        return {
            "number": self.number,
            "time": self.time,
            "reader": self.reader,
            **({"role": self.role} if self.role else {}),
            "neuron": self.neuron,
            "act": deed.act,
            **{name: value for name, value in done.items() if value is not None},
            "alpha": seen.cuts.alpha,
            "beta": seen.cuts.beta,
            "concept_set": seen.cuts.concept_set,
            **({} if seen.cuts.ranking == "score" else {"ranking": seen.cuts.ranking}),
            **({} if seen.cuts.selection == TAU else {"selection": str(seen.cuts.selection)}),
            "method": seen.method,
            "annotation": list(seen.annotation),
            "evidence": None
            if evidence is None
            else {
                "trust": evidence.trust, "q": evidence.q, "images": evidence.images, "patients": evidence.patients,
            },
            **({"others_shown": True} if seen.others_shown else {}),
            "engine": self.engine,
            "run": self.run,
            "subject": self.subject,
            **({"imported": self.imported} if self.imported else {}),
            "previous": self.previous,
        }  # fmt: skip

    def as_json(self) -> str:
        """The line as it stands in the file."""
        return json.dumps(self.as_fields() | {"hash": self.hash})


def _hash_of(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def hash_of_bytes(previous: str, raw: bytes) -> str:
    """The hash of a line that has none, or is damaged, after a line with the hash `previous`."""
    return hashlib.sha256(previous.encode() + b"\n" + raw.strip()).hexdigest()


def parse_line(raw: bytes) -> Line | None:
    """The line in these bytes of a file; None where it is damaged. A line of an earlier version has no hash yet."""
    if len(raw) > LONGEST_LINE:
        return None
    try:
        found = parse_json(raw)
        return _line(found) if isinstance(found, dict) else None
    except (Unparsable, _Damaged):
        return None


class _Damaged(Exception):
    """A field is missing, or is not what it must be."""


def _line(found: dict[str, Any]) -> Line:
    state: State = "unsealed"
    if "hash" in found:
        rest = {name: value for name, value in found.items() if name != "hash"}
        state = "sealed" if found["hash"] == _hash_of(rest) else "altered"
    return Line(
        *(_text(found, "time"), _text(found, "reader"), _text(found, "role", default="")),
        neuron=_text(found, "neuron"),
        deed=_deed(found),
        seen=_seen(found),
        run=_text(found, "run"),
        subject=_text(found, "subject", default=""),
        engine=_text(found, "engine", default=""),
        number=_whole(found, "number", default=0),
        previous=_text(found, "previous", default=""),
        hash=_text(found, "hash", default=""),
        imported=_text(found, "imported", default=""),
        state=state,
    )


def _deed(found: dict[str, Any]) -> Deed:
    act = _one_of(found, "act", ACTS, default="verdict")
    settles = found.get("settles", [])
    if not isinstance(settles, list) or not all(isinstance(name, str) for name in settles):
        raise _Damaged("settles")
    match act:
        case "verdict" | "settle":
            return Deed(act, verdict=_one_of(found, "verdict", VERDICTS), settles=tuple(settles))
        case "label" | "note":
            return Deed(act, text=_text(found, "text", longest=LONGEST_TEXT))
        case "concept":
            return Deed(act, concept=_text(found, "concept"), mark=_one_of(found, "mark", CONCEPT_MARKS))
        case _:
            return Deed(act, of=_text(found, "of"))


def _seen(found: dict[str, Any]) -> Seen:
    annotation = found.get("annotation")
    if not isinstance(annotation, list) or not all(isinstance(concept, str) for concept in annotation):
        raise _Damaged("annotation")
    concept_set = found.get("concept_set")
    if not isinstance(concept_set, str | None):
        raise _Damaged("concept_set")
    try:
        selection = Selection.parse(_text(found, "selection", default=str(TAU)))
    except ValueError:
        raise _Damaged("selection") from None
    ranking = _one_of(found, "ranking", RANKINGS, default="score")
    cuts = Cuts(_share(found, "alpha"), _share(found, "beta"), concept_set, ranking, selection)
    method, evidence = _text(found, "method", default="mammi"), _evidence(found.get("evidence"))
    return Seen(cuts, tuple(annotation), method, evidence, found.get("others_shown") is True)


def _evidence(found: Any) -> Evidence | None:
    if found is None:
        return None
    if not isinstance(found, dict):
        raise _Damaged("evidence")
    q = None if found.get("q") is None else _share(found, "q")
    return Evidence(_text(found, "trust"), q, _whole(found, "images"), _whole(found, "patients"))


def _text(found: dict[str, Any], name: str, default: str | None = None, longest: int = LONGEST_LINE) -> str:
    value = found.get(name, default)
    if not isinstance(value, str) or len(value) > longest:
        raise _Damaged(name)
    return value


def _one_of(found: dict[str, Any], name: str, words: tuple[str, ...], default: str | None = None) -> Any:
    value = found.get(name, default)
    if value not in words:
        raise _Damaged(name)
    return value


def _whole(found: dict[str, Any], name: str, default: int | None = None) -> int:
    value = found.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise _Damaged(name)
    return value


def _share(found: dict[str, Any], name: str) -> float:
    value = found.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise _Damaged(name)
    return float(value)
