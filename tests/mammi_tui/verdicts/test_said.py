"""What a reader says of a neuron, in one line of any width."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from rich.cells import cell_len

from engine.annotation.cuts import Cuts, Selection
from mammi_tui.verdicts.lines import Deed, Line, Seen
from mammi_tui.verdicts.said import deed_words, said
from mammi_tui.verdicts.standing import Judgement

TOP_40 = Selection("top", 40)
OWN, TODAY = Cuts(0.93, 0.95), date(2026, 11, 29)


def line(deed: Deed, *words: str, cuts: Cuts = OWN, run: str = "hash", time: str = "2026-11-03T12:00:00+00:00") -> Line:
    return Line(time, "r1", "", "a:1", deed, Seen(cuts, words), run)


ACCEPT = line(Deed("verdict", verdict="accept"), "sides")
LABEL = line(Deed("label", text="fluid level"))
NOTE = line(Deed("note", text="only AP films"))
MARKS = {
    "mass": line(Deed("concept", concept="mass", mark="right")),
    "nodule": line(Deed("concept", concept="nodule", mark="wrong")),
}


def text(judgement: Judgement, room: int = 200) -> str:
    found = said(judgement, run="hash", own=OWN, today=TODAY)
    return found.line(room) if found else ""


@pytest.mark.parametrize(
    ("judgement", "expected"),
    [
        (Judgement(), ""),
        (Judgement(ACCEPT), 'accepted "sides" at α 0.93 · r1 · 3 Nov'),
        (Judgement(ACCEPT, note=NOTE), 'accepted "sides" at α 0.93 · r1 · 3 Nov: "only AP films"'),
        (Judgement(ACCEPT, LABEL), 'label "fluid level" · accepted "sides" at α 0.93 · r1 · 3 Nov'),
        (Judgement(None, LABEL), 'label "fluid level" · r1 · 3 Nov'),
        (Judgement(None, None, NOTE), 'r1 · 3 Nov: "only AP films"'),
        (Judgement(concepts=MARKS), "r1 · 3 Nov · right: mass · wrong: nodule"),
        (Judgement(line(Deed("verdict", verdict="reject"))), "rejected no words at α 0.93 · r1 · 3 Nov"),
        (
            Judgement(line(Deed("verdict", verdict="unsure"), "a", "b", cuts=Cuts(0.6, 0.9, "nouns"), run="other")),
            'unsure of "a, b" at α 0.6 β 0.9 in nouns in another run · r1 · 3 Nov',
        ),
        (
            Judgement(line(Deed("verdict", verdict="accept"), "a", cuts=Cuts(0.93, 0.95, None, "z"))),
            'accepted "a" at α 0.93 by z · r1 · 3 Nov',
        ),
        (
            Judgement(line(Deed("verdict", verdict="accept"), "a", cuts=Cuts(0.6, 0.95, None, "score", TOP_40))),
            'accepted "a" at top 40 · r1 · 3 Nov',
        ),
        (
            Judgement(line(Deed("verdict", verdict="accept"), "a", time="2025-02-01T12:00:00+00:00")),
            'accepted "a" at α 0.93 · r1 · 1 Feb 2025',
        ),
        (
            Judgement(line(Deed("verdict", verdict="accept"), "\x1b[31mred", time="yesterday")),
            'accepted "␛[31mred" at α 0.93 · r1',
        ),
    ],
    ids=range(13),
)  # fmt: skip
def test_it_says_what_was_judged_where_by_whom_and_when(judgement: Judgement, expected: str) -> None:
    assert text(judgement) == expected


def test_the_score_is_named_where_the_run_itself_is_ranked_by_z() -> None:
    found = said(Judgement(ACCEPT), run="hash", own=replace(OWN, ranking="z"), today=TODAY)
    assert str(found) == 'accepted "sides" at α 0.93 by score · r1 · 3 Nov'


def test_in_little_room_words_and_note_are_cut_before_parts_are_left_out() -> None:
    whole = Judgement(ACCEPT, LABEL, NOTE, MARKS)
    for room in range(120):
        assert cell_len(text(whole, room)) <= room
    assert text(Judgement(ACCEPT, note=NOTE), 55) == 'accepted "sides" at α 0.93 · r1 · 3 Nov: "only AP fil…"'
    assert text(Judgement(ACCEPT, note=NOTE), 42) == 'accepted "sides" at α 0.93: "only AP fil…"'
    assert text(Judgement(ACCEPT, note=NOTE), 30) == 'accepted "sides" at α 0.93'


def test_what_was_done_is_said_as_a_noun() -> None:
    deeds = (
        *(ACCEPT.deed, LABEL.deed, MARKS["nodule"].deed, Deed("verdict", verdict="clear"), Deed("note", text="")),
        Deed("concept", concept="mass", mark="clear"),
    )
    assert [deed_words(deed) for deed in deeds] == [
        *("accept", 'label "fluid level"', '"nodule" wrong', "clearing", "removal of the note"),
        '"mass" unmarked',
    ]
