"""The verdict log: appended by several readers at once, read whatever is in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import MammiError
from mammi_tui.verdicts.lines import LONGEST_LINE, VERDICTS
from mammi_tui.verdicts.log import VerdictLog
from tests.shared import ROOT
from tests.support.verdicts import judge, latest


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAMMI_READER", "dr. röntgen")


def log(folder: Path, run: str = "hash") -> VerdictLog:
    return VerdictLog(folder / "nih.duckdb", run)


def test_a_verdict_is_one_line_beside_the_run(tmp_path: Path) -> None:
    judge(log(tmp_path), "layer1:3", "accept")
    (line,) = (tmp_path / "nih.verdicts.jsonl").read_text("utf-8").splitlines()
    found = json.loads(line)
    assert found.pop("time").endswith("+00:00")
    assert len(found.pop("hash")) == 64
    assert found.pop("engine")
    assert found == {
        "number": 1,
        "reader": "dr. röntgen",
        "neuron": "layer1:3",
        "act": "verdict",
        "verdict": "accept",
        "alpha": 0.93,
        "beta": 0.95,
        "concept_set": None,
        "method": "mammi",
        "annotation": ["effusion", "fluid"],
        "evidence": None,
        "run": "hash",
        "subject": "",
        "previous": "",
    }


def test_without_a_readers_name_it_is_the_login_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAMMI_READER")
    monkeypatch.setenv("LOGNAME", "wcr")
    assert judge(log(tmp_path), "a:1", "accept").reader == "wcr"


def test_the_last_verdict_stands_and_clear_takes_it_away(tmp_path: Path) -> None:
    verdicts = log(tmp_path)
    judge(verdicts, "a:1", "accept")
    judge(verdicts, "a:2", "unsure")
    judge(verdicts, "a:1", "reject")
    judge(verdicts, "a:3", "accept")
    judge(verdicts, "a:3", "clear")
    assert latest(verdicts) == {"a:2": "unsure", "a:1": "reject"}
    assert len(verdicts.read().lines) == 5


def test_verdicts_on_another_run_are_kept_but_do_not_count(tmp_path: Path) -> None:
    judge(log(tmp_path, "older"), "a:1", "accept")
    judge(log(tmp_path), "a:2", "accept")
    assert list(latest(log(tmp_path))) == ["a:2"]
    assert log(tmp_path).read().other_runs == 1
    assert list(latest(log(tmp_path, "older"))) == ["a:1"]


def test_damaged_and_hostile_lines_are_counted_and_left_out(tmp_path: Path) -> None:
    verdicts = log(tmp_path)
    judge(verdicts, "a:1", "accept")
    good = json.loads(verdicts.path.read_text())
    bad = [
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'"' + b"x" * (2 * LONGEST_LINE) + b'"',
        json.dumps(good | {"verdict": "burn"}).encode(),
        json.dumps(good | {"verdict": ["accept"]}).encode(),
        json.dumps(good | {"alpha": 2}).encode(),
        json.dumps(good | {"beta": float("nan")}).encode(),
        json.dumps(good | {"neuron": 7}).encode(),
        json.dumps(good | {"neuron": "\ud800"}).encode(),
        json.dumps(good | {"annotation": "effusion"}).encode(),
        json.dumps(good | {"annotation": [1]}).encode(),
        json.dumps(good | {"act": "praise"}).encode(),
        json.dumps(good | {"act": "undo"}).encode(),
        json.dumps(good | {"act": "note", "text": "x" * 20_000}).encode(),
        json.dumps(good | {"act": "concept", "concept": "mass", "mark": "maybe"}).encode(),
        json.dumps(good | {"evidence": {"trust": "strong", "q": 0.1, "images": -1, "patients": 2}}).encode(),
        json.dumps(good | {"number": True}).encode(),
        json.dumps(good | {"concept_set": ["nouns"]}).encode(),
        json.dumps(good | {"ranking": "best"}).encode(),
        json.dumps(good | {"ranking": ["z"]}).encode(),
        json.dumps(good | {"selection": "top-0"}).encode(),
        json.dumps(good | {"selection": 40}).encode(),
        json.dumps({key: good[key] for key in good if key != "run"}).encode(),
    ]
    with verdicts.path.open("ab") as file:
        file.write(b"\n".join([*bad, b"", b"  ", b""]))
    judge(verdicts, "a:2", "reject")
    found = verdicts.read()
    assert [line.neuron for line in found.lines] == ["a:1", "a:2"]
    assert found.damaged == len(bad)


def test_lines_from_before_concept_sets_are_read(tmp_path: Path) -> None:
    verdicts = log(tmp_path)
    judge(verdicts, "a:1", "accept")
    line = json.loads(verdicts.path.read_bytes())
    old = ("time", "reader", "neuron", "verdict", "alpha", "beta", "annotation", "run")
    verdicts.path.write_text(json.dumps({name: line[name] for name in old}) + "\n")
    (read,) = log(tmp_path).read().lines
    assert (read.neuron, read.verdict, read.seen.cuts.concept_set, read.state) == ("a:1", "accept", None, "unsealed")


def test_a_line_that_was_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    verdicts = log(tmp_path)
    verdicts.path.write_bytes(b'{"time": "20')
    judge(verdicts, "a:1", "accept")
    found = verdicts.read()
    assert [line.neuron for line in found.lines] == ["a:1"]
    assert found.damaged == 1


def test_no_file_means_no_verdicts(tmp_path: Path) -> None:
    assert latest(log(tmp_path)) == {}


def test_several_readers_at_once_never_mix_their_lines(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from mammi_tui.verdicts.log import VerdictLog
from tests.support.verdicts import judge
log = VerdictLog(Path(sys.argv[1]), "hash")
for unit in range(50):
    judge(log, f"layer{sys.argv[2]}:{unit}", "accept", ["long concept"] * 500)
"""
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "nih.duckdb"), str(number)], cwd=ROOT)
        for number in range(4)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 4
    found = log(tmp_path).read()
    assert found.damaged == 0
    assert sorted(line.neuron for line in found.lines) == sorted(f"layer{n}:{u}" for n in range(4) for u in range(50))
    hashes = ["", *(line.hash for line in found.lines)]
    assert [line.previous for line in found.lines] == hashes[:-1], "one chain through the lines of all writers"


def test_where_nothing_can_be_written_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "nih.verdicts.jsonl").mkdir()
    with pytest.raises(MammiError, match=r"nih\.verdicts\.jsonl: the verdict was not saved: it is a folder"):
        judge(log(tmp_path), "a:1", "accept")
    with pytest.raises(MammiError, match="the verdicts cannot be read: it is no regular file"):
        log(tmp_path).read()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_on_a_full_disk_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "nih.verdicts.jsonl").symlink_to("/dev/full")
    full = r"the verdict was not saved: the disk of this file is full; make room, and give it again\."
    with pytest.raises(MammiError, match=full):
        judge(log(tmp_path), "a:1", "accept")


def test_every_verdict_can_be_kept(tmp_path: Path) -> None:
    for verdict in VERDICTS:
        judge(log(tmp_path), "a:1", verdict)  # type: ignore[arg-type]
    assert [line.verdict for line in log(tmp_path).read().lines] == list(VERDICTS)


def test_a_verdict_too_long_to_be_read_again_is_refused(tmp_path: Path) -> None:
    verdicts = log(tmp_path)
    judge(verdicts, "a:1", "accept")
    with pytest.raises(MammiError, match=r"a:2: not saved.*30,000 concepts are annotated; a higher β leaves fewer"):
        judge(verdicts, "a:2", "accept", ["a concept of forty characters, or so long"] * 30_000)
    judge(verdicts, "a:3", "accept")
    assert latest(log(tmp_path)) == {"a:1": "accept", "a:3": "accept"}
    assert not log(tmp_path).read().damaged


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_line_that_is_not_utf_8_is_damaged(tmp_path: Path, encoding: str) -> None:
    verdicts = log(tmp_path)
    judge(verdicts, "a:1", "accept")
    verdicts.path.write_bytes(verdicts.path.read_text("utf-8").strip().encode(encoding))
    found = log(tmp_path).read()
    assert (found.lines, found.damaged) == ((), 1)
