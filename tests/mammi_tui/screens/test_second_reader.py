"""Other readers in the explorer: hidden until asked for, compared, settled, and followed while they write."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.neurons.rows import Neuron
from mammi_tui.screens.judging import LONG
from mammi_tui.verdicts.agreement import Agreement
from mammi_tui.verdicts.heads import remembered
from mammi_tui.verdicts.lines import Deed, Seen, Verdict
from mammi_tui.verdicts.log import VerdictLog, log_of, verdicts_path
from tests.support.explorer import Explorer, explorer

SECOND = "zoë"
Judge = Callable[..., None]


@pytest.fixture(autouse=True)
def first_reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAMMI_READER", "r1")
    monkeypatch.setenv("MAMMI_ROLE", "thoracic radiologist")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def judge_as(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Another reader's verdicts on units of layer1, on the words that they have at the run's own cuts."""
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)

    def judge(reader: str, verdicts: dict[int, Verdict], *more: Deed, alpha: float = 0.93) -> None:
        with monkeypatch.context() as patch, RunReader(path) as run:
            patch.setenv("MAMMI_READER", reader)
            log = VerdictLog(path, log_of(run).run, run.subject)
            for unit, verdict in verdicts.items():
                for deed in (Deed("verdict", verdict=verdict), *more):
                    log.append(f"layer1:{unit}", deed, seen(run, unit, alpha))

    return judge


def seen(run: RunReader, unit: int, alpha: float) -> Seen:
    answer = Requery(run).neuron("layer1", unit, Cuts(alpha, 0.95))
    return Seen(answer.cuts, tuple(run.concepts[concept] for concept in answer.ranking[: answer.annotated]))


def row(opened: Explorer, unit: int) -> str:
    """A neuron's line in the tree."""
    return next(line[:50] for line in opened.lines() if line[1:7].strip("▌ ") == str(unit))


def said(opened: Explorer) -> str:
    """What was said last."""
    return list(opened.app._notifications)[-1].message


async def follow(opened: Explorer) -> None:
    """Looks at the log as a second does that goes by."""
    opened.screen._follow()
    await opened.rest()


async def test_the_header_names_who_judges(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        assert opened.lines()[0].rstrip().endswith("r1 (thoracic radiologist) · 0/20 decided")
        await opened.pilot.resize_terminal(64, 20)
        await opened.rest()
        assert opened.lines()[0].rstrip().endswith("r1 · 0/20 decided"), "where there is no room, without the role"


async def test_names_of_readers_are_drawn_as_plain_text(
    run_path: Path, tmp_path: Path, judge_as: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "\x1b[31m[bold]a\u202e" + "very " * 40
    monkeypatch.setenv("MAMMI_READER", hostile + "1")
    judge_as(hostile + "2", {3: "reject"})
    async with explorer(run_path, tmp_path) as opened:
        assert "␛[31m[bold]a" in opened.lines()[0]
        assert opened.lines()[0].rstrip().endswith("0/20 decided")
        await opened.press("y", "k", "V", "T")
        assert "␛[31m[bold]a" in opened.text()
        assert "\x1b" not in opened.text()


async def test_until_v_nothing_tells_what_others_say(run_path: Path, tmp_path: Path, judge_as: Judge) -> None:
    async with explorer(run_path, tmp_path) as opened:
        alone = opened.text()
    judge_as(SECOND, {3: "accept", 4: "reject"}, Deed("label", text="shadow"), Deed("note", text="see"))
    async with explorer(run_path, tmp_path) as opened:
        assert opened.text() == alone
        assert not opened.rows.others
        assert not opened.rows.compared
        for query in (f"verdict:by:{SECOND}", "verdict:differ", "shadow", "note:see", f"{SECOND}"):
            await opened.press("slash")
            await opened.type(query)
            assert not len(opened.rows), f"{query} finds nothing"
            assert ("V shows them" in opened.text()) == (query in (f"verdict:by:{SECOND}", "verdict:differ"))
            await opened.press("escape")


async def test_v_shows_a_column_of_marks_and_kappa_and_hides_them_again(
    run_path: Path, tmp_path: Path, judge_as: Judge
) -> None:
    judge_as(SECOND, {3: "accept", 4: "reject", 5: "unsure"})
    judge_as("r1", {3: "accept", 4: "accept", 5: "unsure"})
    async with explorer(run_path, tmp_path) as opened:
        assert "✗" not in row(opened, 4)
        await opened.press("V")
        assert [row(opened, unit)[7:9] for unit in (3, 4, 5, 6)] == ["✓✓", "✓✗", "??", "  "]
        assert opened.lines()[3][8] == "z", "the head is where the names differ"
        assert "κ 0.50 (−0.11 to 1.00) · 1 of 3 differs" in opened.text()
        assert f"{SECOND}: shown until V hides it" in said(opened)
        assert opened.rows.differs(Neuron(1, 4))
        assert not opened.rows.differs(Neuron(1, 3))
        await opened.press("V")
        assert "κ" not in opened.text()
        assert "✗" not in row(opened, 4)
        assert not opened.rows.differs(Neuron(1, 4))


async def test_marks_on_other_words_are_hollow_and_are_not_compared(
    run_path: Path, tmp_path: Path, judge_as: Judge
) -> None:
    judge_as(SECOND, {3: "reject"}, alpha=0.3)
    judge_as("r1", {3: "accept"})
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("V")
        assert row(opened, 3)[7] == "✓"
        assert row(opened, 3)[8] not in "✗ "
        assert "0 of 0 differ" in opened.text()
        await opened.press("T")
        assert said(opened) == "layer1:3: there is no difference to settle; they judged different words"


async def test_of_many_readers_the_marks_are_counted(run_path: Path, tmp_path: Path, judge_as: Judge) -> None:
    verdicts: Sequence[Verdict] = ("accept", "accept", "reject", "accept", "unsure")
    for number, verdict in enumerate(verdicts, 2):
        judge_as(f"r{number}", {3: verdict})
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("V")
        assert row(opened, 3)[8:14] == "3✓1✗1?"
        assert "5 rd." in opened.lines()[3]


async def test_without_another_reader_v_says_so(run_path: Path, tmp_path: Path) -> None:
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("V")
        assert said(opened) == "No other reader has judged this run yet"
        assert not opened.rows.shows_others
        await opened.press("T")
        assert said(opened).endswith("V shows them, if there are any")


async def test_a_difference_is_settled_and_undone(run_path: Path, tmp_path: Path, judge_as: Judge) -> None:
    judge_as(SECOND, {3: "reject", 4: "accept"})
    judge_as("r1", {3: "accept", 4: "accept"})
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("T")
        assert said(opened) == "Other readers' verdicts are hidden: V shows them, if there are any"
        await opened.press("V", "j", "T")
        assert said(opened) == "layer1:4: there is no difference to settle"
        await opened.press("k", "T")
        assert "of layer1:3 (r1 ✓ zoë ✗): y accept   x reject   u unsure   esc leave" in opened.lines()[-1]
        await opened.press("escape")
        assert len(opened.log.read().lines) == 4
        await opened.press("T", "x")
        assert row(opened, 3)[7:11] == "✓✗=✗"
        assert "1 of 2 differs · 1 settled" in opened.text()
        assert said(opened) == "Settled; 0 differences left"
        line = opened.log.read().lines[-1]
        assert (line.deed, line.reader) == (Deed("settle", verdict="reject", settles=("r1", SECOND)), "r1")
        assert line.seen.annotation == opened.log.read().lines[0].seen.annotation
        assert line.seen.others_shown
        await opened.press("z")
        assert "=" not in row(opened, 3)
        await opened.press("Z", "T", "c")
        assert "=" not in row(opened, 3)
        assert "settled" not in opened.lines()[-2]


async def test_the_filter_finds_two_readers_whose_names_differ_in_capitals_only(
    run_path: Path, tmp_path: Path, judge_as: Judge
) -> None:
    judge_as("ann", {3: "accept"})
    judge_as("Ann", {4: "accept"})
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("slash")
        await opened.type("!verdict:by:ann")
        assert "V shows them" in opened.text()
        await opened.press("enter", "V")
        opened.screen.apply("verdict:by:ann")
        await opened.rest()
        assert opened.rows.match_count == 2


async def test_lines_of_others_are_followed(run_path: Path, tmp_path: Path, judge_as: Judge) -> None:
    judge_as(SECOND, {3: "accept"})
    async with explorer(run_path, tmp_path) as opened:
        await follow(opened)
        before = opened.text()
        judge_as(SECOND, {4: "reject"})
        await follow(opened)
        assert opened.text() == before, "while they are hidden nothing changes on screen"
        await opened.press("V")
        judge_as(SECOND, {5: "unsure"})
        await follow(opened)
        assert [row(opened, unit)[8] for unit in (3, 4, 5)] == ["✓", "✗", "?"]


async def test_own_lines_of_another_process_are_followed(run_path: Path, tmp_path: Path, judge_as: Judge) -> None:
    async with explorer(run_path, tmp_path) as opened:
        judge_as("r1", {4: "reject"})
        await follow(opened)
        assert row(opened, 4)[7] == "✗"
        assert "1/20 decided" in opened.lines()[0]
        await opened.press("z")
        assert "0/20 decided" in opened.lines()[0]


async def test_nothing_is_read_while_nothing_changes(
    run_path: Path, tmp_path: Path, judge_as: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_as(SECOND, {3: "accept"})
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y")
        monkeypatch.setattr(VerdictLog, "read", lambda log: pytest.fail("read"))
        await follow(opened)


async def test_a_log_that_is_deleted_or_cannot_be_read_is_told_once(
    run_path: Path, tmp_path: Path, judge_as: Judge
) -> None:
    judge_as("r1", {3: "accept"})
    path = verdicts_path(tmp_path / "run.duckdb")
    async with explorer(run_path, tmp_path) as opened:
        aside = path.rename(tmp_path / "aside")
        path.mkdir()
        for _ in range(3):
            await follow(opened)
        told = [each.message for each in opened.app._notifications]
        assert len([message for message in told if "the verdicts cannot be read" in message]) == 1
        assert row(opened, 3)[7] == "✓", "what was read stays on screen"
        path.rmdir()
        aside.rename(path)
        await follow(opened)
        path.unlink()
        await follow(opened)
        assert "is no longer there: 1 line that it had is not in it; they are kept in" in said(opened)
        assert list(opened.app._notifications)[-1].timeout == LONG
        assert "0/20 decided" in opened.lines()[0]


async def test_a_log_whose_end_was_cut_off_is_told_at_the_start(
    run_path: Path, tmp_path: Path, judge_as: Judge
) -> None:
    judge_as("r1", {3: "accept", 4: "accept"})
    path = verdicts_path(tmp_path / "run.duckdb")
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    async with explorer(run_path, tmp_path) as opened:
        assert "run.verdicts.jsonl lacks line 2, which this machine has seen" in said(opened)
        await opened.press("j", "y")
    head = remembered(path)
    assert head is not None
    assert head.number == 2, "it is told until a person has looked into it"


async def test_a_verdict_says_whether_others_were_on_screen(run_path: Path, tmp_path: Path, judge_as: Judge) -> None:
    judge_as(SECOND, {3: "accept", 4: "reject"})
    async with explorer(run_path, tmp_path) as opened:
        await opened.press("y", "V", "y", "V", "y")
        own = opened.log.read().lines[2:]
        assert [line.seen.others_shown for line in own] == [False, True, True], "what was seen is not forgotten"


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_what_others_say_stands_above_the_view(
    run_path: Path, tmp_path: Path, judge_as: Judge, size: tuple[int, int]
) -> None:
    judge_as(SECOND, {3: "reject", 4: "accept"}, Deed("note", text="only AP films"))
    judge_as("r1", {3: "accept", 4: "accept"})
    async with explorer(run_path, tmp_path, size=size) as opened:
        assert "only AP" not in opened.text()
        await opened.press("V")
        assert f"✗ {SECOND}: rejected" in opened.text()
        assert '"only AP' in opened.text() or size[0] == 80
        assert 'only AP films"' in str(opened.screen.view_pane.head.tooltip)
        assert "κ 0.00 · 1 of 2 differs" in opened.text()
        geometry = opened.screen.view_pane.region
        await opened.press("j", "j")
        assert f"  {SECOND}: nothing yet" in opened.text()
        assert opened.screen.view_pane.region == geometry, "the view stays where it is"
        await opened.press("V")
        assert SECOND not in opened.text().replace(said(opened), "")


def test_where_there_is_little_room_agreement_is_said_shortly() -> None:
    found = Agreement(("r1", "r2"), 150, 12, 0.45, (-0.21, 1.0))
    assert list(found.texts()) == [
        "κ 0.45 (−0.21 to 1.00) · 12 of 150 differ",
        "κ 0.45 (−0.21, 1.00) · 12/150 differ",
        "κ 0.45 · 12/150 differ",
    ]
