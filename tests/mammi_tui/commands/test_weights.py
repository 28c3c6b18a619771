"""`mammi weights` as it is typed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.weights import published
from engine.weights.entry import Entry, Published
from tests.support.commands import Mammi
from tests.support.file_server import Served, file_server

pytestmark = pytest.mark.network


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """A server, with a catalogue of one entry from it and one by hand, and an empty folder to be in."""
    with file_server() as server:
        server.content = b"heart\n" * 500_000
        entry = Entry("words", "a word list", "https://example.org", "a test", (Published(f"{server.url}/vocab.txt"),))
        by_hand = Entry("target", "a target", "https://example.org/drive", "a test", by_hand=("model.pth",))
        monkeypatch.setattr(published, "CATALOGUE", (entry, by_hand))
        monkeypatch.chdir(tmp_path)
        yield server


def test_lists_what_is_published_and_what_is_here(mammi: Mammi, served: Served) -> None:
    before = mammi("weights")
    assert before.status == 0
    assert "words: a word list\n    vocab.txt: absent\n    mammi weights fetch words" in before.out
    assert "by hand, from https://example.org/drive into weights/target" in before.out
    assert mammi("weights", "fetch", "words").status == 0
    listed = json.loads(mammi("weights", "--json").out)
    assert [entry["files"] for entry in listed] == [{"vocab.txt": "present"}, {"model.pth": "absent"}]
    assert json.loads(mammi("weights", "list", "--json", "--to", "elsewhere").out)[0]["files"] == {
        "vocab.txt": "absent"
    }


def test_small_files_have_a_size(mammi: Mammi) -> None:
    assert "mammi weights fetch mimic-nouns (12 kB), from" in mammi("weights").out


def test_listing_and_configurations_ask_no_server(mammi: Mammi, served: Served, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('[concepts]\nkind = "word_list"\npath = "weights/words/vocab.txt"\n')
    told = mammi("weights", "run.toml")
    assert told.status == 0
    assert "concepts.path: weights/words/vocab.txt: missing\n        mammi weights fetch words\n" in told.out
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "run.toml").write_text((tmp_path / "run.toml").read_text())
    assert "mammi weights fetch words --to sub/weights\n" in mammi("weights", "sub/run.toml").out
    named = json.loads(mammi("weights", "run.toml", "--json").out)
    assert named[0]["files"][0]["entry"] == "words"
    assert served.asked == []


def test_fetch_prints_checksums_for_other_programs(mammi: Mammi, served: Served) -> None:
    fetched = mammi("weights", "fetch", "words", "--to", "there")
    assert fetched.out == Path("there/SHA256SUMS").read_text()
    assert "vocab.txt (MB): 3 of 3" in fetched.err
    assert "words is in there/words" in fetched.err
    again = mammi("weights", "fetch", "words", "--to", "there")
    assert (again.status, again.out) == (0, "")
    assert "exists already" in again.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["fetch"], 2, "Missing argument 'NAME...'"),
        (["fetch", "wordz"], 2, "Did you mean 'words'?"),
        (["fetch", "target"], 2, "can only be fetched by hand"),
        (["fetch", "words", "target", "--sha256", "0" * 64], 2, "2 names are given"),
        (["fetch", "words", "--sha256", "0" * 64], 1, "the checksum is wrong"),
        (["gone.toml"], 2, "gone.toml: no such file"),
    ],
)
def test_mistakes_are_told(mammi: Mammi, served: Served, arguments: list[str], status: int, said: str) -> None:
    outcome = mammi("weights", *arguments)
    assert outcome.status == status
    assert said in outcome.err
    assert outcome.out == ""
    assert mammi("weights", "--debug", *arguments).status == status


def test_missing_file_is_told(mammi: Mammi, served: Served) -> None:
    served.failures = [404]
    outcome = mammi("weights", "fetch", "words")
    assert outcome.status == 1
    assert "the server answered 404" in outcome.err


STOPPED = """
import sys
from engine.weights import download, entry, published
from mammi_tui import cli
file = entry.Published(sys.argv.pop())
published.CATALOGUE = (entry.Entry("words", "a word list", "https://example.org", "a test", (file,)),)
download.PAUSE = 60
cli.main()
"""


def test_interrupted_fetch_keeps_what_came_and_says_how_to_go_on(served: Served, tmp_path: Path, mammi: Mammi) -> None:
    served.break_after = [1_000_000]
    command = [sys.executable, "-c", STOPPED, "weights", "fetch", "words", f"{served.url}/vocab.txt"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as fetching:
        assert fetching.stderr is not None
        assert "trying again" in fetching.stderr.readline()
        time.sleep(0.2)
        fetching.send_signal(signal.SIGINT)
        said = fetching.stderr.read()
        assert fetching.wait(30) == 130
    assert said == "mammi: Stopped. The next `mammi weights fetch words` continues from here.\n"
    assert (tmp_path / "weights/words/vocab.txt.part").stat().st_size == 1_000_000
    assert mammi("weights", "fetch", "words").status == 0
    assert served.asked[-1]["Range"] == "bytes=1000000-"
    assert Path("weights/words/vocab.txt").read_bytes() == served.content
