"""What several readers say about the same neurons."""

from __future__ import annotations

from collections.abc import Callable

from mammi_tui.verdicts.comparison import Compared, agreement_on, compared
from mammi_tui.verdicts.lines import Deed
from mammi_tui.verdicts.log import VerdictLog
from tests.support.verdicts import do, judge

LogAs = Callable[..., VerdictLog]


def side_by_side(log: VerdictLog) -> dict[str, Compared]:
    log.read()
    return compared(log.standing.judgements, log.standing.settled)


def test_verdicts_on_the_same_words_are_compared(log_as: LogAs) -> None:
    for reader, verdict in (("r1", "accept"), ("r2", "reject"), ("r3", "accept")):
        judge(log_as(reader), "a:1", verdict)  # type: ignore[arg-type]
        judge(log_as(reader), "a:2", "unsure")
    judge(log_as("r1"), "a:3", "accept")
    found = side_by_side(log_as("r1"))
    assert {name: each.differs for name, each in found.items()} == {"a:1": True, "a:2": False, "a:3": False}
    assert agreement_on(["r1", "r2", "r3", "r4"], found.values()).differ_text == "1 of 2 differs"


def test_verdicts_on_other_words_stand_apart(log_as: LogAs) -> None:
    judge(log_as("r1"), "a:1", "accept", ["sides"])
    judge(log_as("r2"), "a:1", "reject", ["fluid"])
    judge(log_as("r3"), "a:1", "reject", ["sides"])
    (found,) = side_by_side(log_as("r1")).values()
    assert set(found.verdicts) == {"r1", "r3"}
    assert set(found.apart) == {"r2"}
    assert found.differs


def test_of_two_annotations_the_one_judged_last_is_compared(log_as: LogAs) -> None:
    judge(log_as("r1"), "a:1", "accept", ["sides"])
    judge(log_as("r2"), "a:1", "reject", ["fluid"])
    (found,) = side_by_side(log_as("r1")).values()
    assert set(found.verdicts) == {"r2"}
    assert not found.differs


def test_a_settlement_stands_until_a_reader_says_otherwise(log_as: LogAs) -> None:
    judge(log_as("r1"), "a:1", "accept")
    judge(log_as("r2"), "a:1", "reject")
    do(log_as("r1"), "a:1", Deed("settle", verdict="accept", settles=("r1", "r2")))
    (found,) = side_by_side(log_as("r1")).values()
    assert found.differs
    assert not found.is_open
    judge(log_as("r1"), "a:1", "accept")
    assert not side_by_side(log_as("r1"))["a:1"].is_open, "said again what was settled"
    judge(log_as("r2"), "a:1", "unsure")
    assert side_by_side(log_as("r1"))["a:1"].is_open, "said otherwise"


def test_a_settlement_on_other_words_settles_nothing(log_as: LogAs) -> None:
    judge(log_as("r1"), "a:1", "accept")
    judge(log_as("r2"), "a:1", "reject")
    do(log_as("r1"), "a:1", Deed("settle", verdict="accept", settles=("r1", "r2")))
    for reader, verdict in (("r1", "accept"), ("r2", "reject")):
        judge(log_as(reader), "a:1", verdict, ["other words"])  # type: ignore[arg-type]
    assert side_by_side(log_as("r1"))["a:1"].is_open


def test_a_settlement_is_undone_by_its_reader(log_as: LogAs) -> None:
    judge(log_as("r1"), "a:1", "accept")
    judge(log_as("r2"), "a:1", "reject")
    do(log_as("r1"), "a:1", Deed("settle", verdict="accept", settles=("r1", "r2")))
    undone = log_as("r1").take_back("undo")
    assert undone is not None
    assert undone.deed.act == "settle"
    assert side_by_side(log_as("r1"))["a:1"].is_open
