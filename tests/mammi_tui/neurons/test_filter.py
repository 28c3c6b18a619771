"""What a filter asks for: its grammar, which units its terms hold for, and how it is completed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.annotation.competing import Words
from engine.annotation.cuts import Cuts
from engine.requery import LayerAnswer
from mammi_tui.neurons.filter.completion import completions, written
from mammi_tui.neurons.filter.facts import LayerFacts, Said
from mammi_tui.neurons.filter.fields import Vocabulary
from mammi_tui.neurons.filter.grammar import LONGEST, parse
from mammi_tui.neurons.filter.reason import Reason, Where, reason
from mammi_tui.neurons.filter.terms import Comparison, Not
from mammi_tui.neurons.filter.texts import InConcepts

VALUES = np.array([0.0, 0.01, 0.05, 0.5, 1.0, np.nan])
CONCEPTS = ("effusion", "fluid", "right lung", "air")
ANSWER = LayerAnswer(
    layer="Features.norm5",
    cuts=Cuts(0.9, 0.9),
    counts=np.array([3, 4, 5, 6, 0]),
    best=np.array([0, 1, 2, 3, -1]),
    best_scores=np.array([0.4, 0.3, 0.2, 0.1, 0.0]),
    best_z=np.array([8.0, 2.5, 4.0, 1.0, 0.0]),
    words=Words(np.array([1, 3, 4, 4, 4]), np.array([0, 1, 0, 2])),
)
"""Unit 1 is annotated with fluid and effusion, unit 3 has a best concept but no annotation, unit 4 is dead."""
FACTS = LayerFacts(
    layer="features.norm5",
    classes=("", "mass", "no finding", "", ""),
    dead=np.array([False, False, False, False, True]),
    concepts=CONCEPTS,
    findings=("cardiomegaly", "", "effusion", "", ""),
    answer=ANSWER,
    reader="r1",
    said={
        0: Said("accept", decided=True),
        2: Said("reject", "pacer", "only ap films", decided=True),
        3: Said(note="see air"),
    },
    others={"dr x": {1: Said("unsure"), 2: Said("accept")}},
    hollow=lambda: {0},
    differ=lambda: {2},
)
VOCABULARY = Vocabulary(
    concepts=("Effusion", "effusions", "right lung", "fluid"),
    classes=("effusion", "No Finding"),
    layers=("features.norm5",),
    readers=("r1", "Dr X"),
)


def comparison(query: str) -> Comparison:
    term = parse(query).term
    assert isinstance(term, Comparison)
    return term


def found(query: str, facts: LayerFacts = FACTS) -> list[int]:
    term = parse(query).term
    return list(range(facts.units)) if term is None else np.flatnonzero(term.holds(facts)).tolist()


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("q<0.05", [0, 1]),
        ("q<=0.05", [0, 1, 2]),
        ("q≤5%", [0, 1, 2]),
        ("Q<0,05", [0, 1]),
        ("q < 0.05", [0, 1]),
        ("change>10%", [3, 4]),
        ("change≥50%", [3, 4]),
        ("halves=1", [4]),
        ("lead>-1", [0, 1, 2, 3, 4]),
        ("lead>−1", [0, 1, 2, 3, 4]),
    ],
)
def test_comparisons_never_hold_for_a_missing_figure(query: str, places: list[int]) -> None:
    assert np.flatnonzero(comparison(query).compare(VALUES)).tolist() == places


@pytest.mark.parametrize(
    "query",
    [
        *("q<", "q<=", "change>-", "q < ", "trust:", "trust>=", "view>.", "concept:", "verdict:", "verdict:by:"),
        *("!", "!concept:", "(", "()", "concept:(", "unit:-", "verdict:b", "q<!", "|"),
    ],
)
def test_what_is_being_typed_lets_everything_pass_and_says_what_it_waits_for(query: str) -> None:
    wanted = parse(query)
    if query not in {"|", "()", "q<!"}:
        assert wanted.term is None
        assert "wait" in wanted.problem
    assert parse(f"{query} mass").term is not None


@pytest.mark.parametrize(
    ("query", "grade"),
    [
        ("trust:strong", 3),
        ("trust:s", 3),
        ("trust: strong", 3),
        ("trust=fair", 2),
        ("TRUST:Weak", 1),
        ("trust>=unsupported", 0),
    ],
)
def test_grades_go_by_their_names(query: str, grade: int) -> None:
    assert comparison(query).value == grade


@pytest.mark.parametrize(
    ("query", "units"),
    [
        ("effusion", [0, 1, 2]),
        ("EFFUSION|mass", [0, 1, 2]),
        ("!effusion", [3, 4]),
        ("!!effusion", [0, 1, 2]),
        ("concept:effusion", [0, 1]),
        ("concept: effusion", [0, 1]),
        ("best:effusion", [0]),
        ("best:air", [3]),
        ("concept:air", []),
        ("label:effusion", [2]),
        ("label:*", [0, 2]),
        ("concept:effusion|fluid !best:fluid", [0]),
        ("concept:effusion | mass", [0, 1]),
        ("concept:fluid|label:cardio", [0, 1]),
        ("concept:(fluid|lung)", [1, 2]),
        ("(mass|cardiomegaly) effusion", [0, 1]),
        ("mass | cardiomegaly effusion", [0, 1]),
        ('"right lung"', [2]),
        ('concept:"right lung"', [2]),
        ('"concept:effusion"', []),
        ('class:"no finding"', [2]),
        ("layer:norm5", [0, 1, 2, 3, 4]),
        ("layer:*norm?", [0, 1, 2, 3, 4]),
        ("layer:norm*", []),
        ("unit:1", [1]),
        ("unit:1-3", [1, 2, 3]),
        ("unit:3-", [3, 4]),
        ("unit:0,3-4", [0, 3, 4]),
        ("norm5:3", [3]),
        ("norm5:mass", [1]),
        ("3", [3]),
        ("verdict:accept", [0]),
        ("verdict:rejected", [2]),
        ("verdict:accept|reject", [0, 2]),
        ("verdict:none", [1, 3]),
        ("!verdict:none", [0, 2, 4]),
        ("verdict:hollow", [0]),
        ("verdict:differ", [2]),
        ("verdict:by:r1", [0, 2]),
        ('verdict:by:"Dr X"', [1, 2]),
        ("rejected", [2]),
        ("undecided", [1, 3]),
        ("dead", [4]),
        ("note:ap", [2]),
        ("note:*", [2, 3]),
        ("own:pacer", [2]),
        ("pacer|films", [2]),
        ("images>3 score<=0.3", [1, 2, 3]),
        ("images>3", [1, 2, 3]),
        ("!images>3", [0, 4]),
    ],
)
def test_units_that_a_filter_finds(query: str, units: list[int]) -> None:
    assert found(query) == units


def test_what_has_not_been_computed_finds_nothing_and_neither_does_its_negation() -> None:
    bare = LayerFacts(layer="norm5", classes=("",) * 3, dead=np.zeros(3, bool), concepts=CONCEPTS)
    for query in ("concept:effusion", "!concept:effusion", "q<1", "!q<1", "!(images>3 best:air)"):
        assert found(query, bare) == [], query
    assert found("!verdict:accept", bare) == [0, 1, 2]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("trust:none", "trust is strong, fair, weak or unsupported"),
        ("trust:week", "no trust week; nearest: weak"),
        ("air trust > 7x", "trust is strong, fair, weak or unsupported"),
        ("q<abc", "q is compared with a number"),
        ("q:0.05", "q is compared with < or >: q<0.05"),
        ("verdict>3", "verdict takes a colon: verdict:3"),
        ("consept:effusion", "no field consept; nearest: concept"),
        ("chnage<0.1", "no field chnage; nearest: change"),
        ("verdict:acept", "no verdict acept; nearest: accept"),
        ("verdict:xyz", "verdict is accept, reject, unsure, none, differ, hollow or by:READER"),
        ("unit:x", "unit is a number or a range: unit:10-20"),
        ('"q<abc"', ""),
        ('"consept:effusion"', ""),
        ("air q<0.05", ""),
        ("layer1:3", ""),
        ("layer1:mass", ""),
        ("a|", "| waits for another word"),
        ("(a", "( waits for )"),
    ],
)
def test_what_is_wrong_is_told(query: str, hint: str) -> None:
    assert parse(query).hint(["layer1", "norm5"]) == hint


@pytest.mark.parametrize("query", ["verdict:acept", "trust:great", "unit:x", "consept:effusion", "q<abc"])
def test_what_is_wrong_finds_nothing(query: str) -> None:
    assert found(query) == []


@pytest.mark.parametrize("query", ["(" * 400, "!" * 400, "a|" * 200, "concept:(" * 50, "x" * (LONGEST + 1), ")" * 99])
def test_no_filter_is_too_much(query: str) -> None:
    wanted = parse(query)
    assert wanted.problem or wanted.term is not None


def test_words_and_comparisons_stand_together() -> None:
    wanted = parse('air q<0.05 "right lung" trust:weak !fluid')
    assert [text.text for text in wanted.texts] == ["air", "right lung"], "what must not be found is no text to show"
    assert [figure.word for figure in wanted.figures] == ["q", "trust"]
    assert wanted.needs_evidence
    assert not parse("air images>5 score>0.2").needs_evidence
    assert isinstance(parse("!air").term, Not)


@pytest.mark.parametrize(
    ("query", "unit", "shown", "expected"),
    [
        ("effusion", 0, "effusion", None),
        ("effusion", 1, "mass\nfluid", Reason(Where.CONCEPT, 0)),
        ("effusion", 2, "no finding\nright lung", Reason(Where.FINDING)),
        ("concept:effusion", 1, "mass\nfluid", Reason(Where.CONCEPT, 0)),
        ("films", 2, "no finding\nright lung", Reason(Where.NOTE)),
        ("pacer", 2, "no finding\npacer", None),
        ("note:*", 2, "no finding\nright lung", Reason(Where.NOTE)),
        ("verdict:reject", 2, "no finding\nright lung", None),
        ("!effusion", 3, "air", None),
    ],
)
def test_a_line_says_why_it_is_found_where_that_is_hidden(
    query: str, unit: int, shown: str, expected: Reason | None
) -> None:
    assert reason(parse(query), FACTS, unit, shown) == expected


@pytest.mark.parametrize(
    ("query", "ways"),
    [
        ("con", ["concept:"]),
        ("!con", ["!concept:"]),
        ("eff", ["effusion", "effusions"]),
        ("mass (eff", ["mass (effusion", "mass (effusions"]),
        ("concept:", ["concept:Effusion", "concept:effusions", 'concept:"right lung"', "concept:fluid"]),
        ("concept:lung", ['concept:"right lung"']),
        ('concept:"ri', ['concept:"right lung"']),
        ("concept:eff|fl", ["concept:eff|fluid"]),
        ('"right', ['"right lung"']),
        ("verdict:by:", ["verdict:by:r1", 'verdict:by:"Dr X"']),
        ("trust>=st", ["trust>=strong"]),
        ("class:no", ['class:"No Finding"']),
        ("layer:", ["layer:features.norm5"]),
        ("chan", ["change"]),
        *((whole, []) for whole in ("", "fluid", "fluid ", 'class:"No Finding"', "q<", "q<0.05", "(", "layer1:3")),
    ],
)
def test_completions(query: str, ways: list[str]) -> None:
    assert [way.query for way in completions(query, VOCABULARY)] == ways


PIECES = st.sampled_from(
    [*'()|!:"<>= *-', "concept:", "verdict:", "unit:", "q<", "trust:", "effusion", "12", "by:", "\x1b", "ﬁ"]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join))
def test_whatever_is_typed_is_read_and_completed(query: str) -> None:
    wanted = parse(query)
    assert isinstance(wanted.hint(["layer1"]), str)
    if wanted.term is not None:
        held = wanted.term.holds(FACTS)
        assert (held.shape, held.dtype) == ((5,), bool)
    for way in completions(query, VOCABULARY):
        assert way.query.startswith(query[: len(way.query) - len(way.shown) - 3])


@given(st.text(min_size=1, max_size=8))
def test_a_value_that_is_completed_is_found(concept: str) -> None:
    if '"' not in concept and concept.strip():
        term = parse(f"concept:{written(concept)}").term
        assert isinstance(term, InConcepts)
        assert term.text == concept.casefold()


@pytest.mark.parametrize("query", ["verdict:differ", "!verdict:differ", "!(a !verdict:by:r2)", "!!verdict:by:r2|a"])
def test_what_asks_others_is_known_also_where_it_is_negated(query: str) -> None:
    assert parse(query).asks_others("r1")


def test_readers_whose_names_differ_in_capitals_only_are_two() -> None:
    facts = replace(FACTS, others={"Dr X": {1: Said("unsure")}, "dr x": {2: Said("accept")}})
    assert found("verdict:by:dr", facts) == [1, 2]
