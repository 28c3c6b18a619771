"""`mammi report`: which neurons, which texts, and what is left out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.text import clean
from mammi_tui.verdicts.lines import Deed, Seen
from mammi_tui.verdicts.log import VerdictLog, log_of
from tests.mammi_tui.report.test_markup import Page
from tests.support.commands import Mammi

NOTE = "only AP films of Mr </script><b>Smith"
RUN = "Smith.duckdb"


def judge(run: Path, monkeypatch: pytest.MonkeyPatch, who: str, neuron: str, *deeds: Deed, alpha: float = 0.93) -> None:
    """Writes what a reader does to a neuron, on the annotation that it has at α."""
    monkeypatch.setenv("MAMMI_READER", who)
    layer, _, unit = neuron.rpartition(":")
    with RunReader(run) as reader:
        answer = Requery(reader).neuron(layer, int(unit), Cuts(alpha, 0.95))
        words = tuple(reader.concepts[concept] for concept in answer.ranking[: answer.annotated])
        for deed in deeds:
            log_of(reader).append(neuron, deed, Seen(answer.cuts, words))


@pytest.fixture
def judged(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that two readers have judged."""
    monkeypatch.setenv("MAMMI_ROLE", "radiologist")
    run = tmp_path / RUN
    shutil.copy(run_path, run)
    accept, reject = Deed("verdict", verdict="accept"), Deed("verdict", verdict="reject")
    judge(run, monkeypatch, "olga", "layer1:3", accept, Deed("label", text="my shadow"), Deed("note", text=NOTE))
    judge(run, monkeypatch, "olga", "layer1:4", accept, alpha=0.2)
    judge(run, monkeypatch, "hugo", "layer1:3", reject, Deed("concept", concept="concept 0", mark="wrong"))
    judge(run, monkeypatch, "hugo", "layer0:5", Deed("label", text="concept 1"))
    judge(run, monkeypatch, "olga", "layer0:5", accept, Deed("verdict", verdict="clear"))
    return run


Write = Callable[..., Page]


@pytest.fixture
def written(mammi: Mammi, judged: Path) -> Write:
    """Writes a report with more arguments and returns its page."""

    def write(*more: object) -> Page:
        out = judged.with_name("report.html")
        outcome = mammi("report", judged, "-o", out, "--force", *more)
        assert outcome.status == 0, outcome.err
        assert outcome.out == ""
        done, written = outcome.err.splitlines()
        assert re.match(r"neurons: (\d+) of \1 ", done)
        assert re.fullmatch(rf"\d+ neurons?, \d\.\d MB, written to {out}", written)
        return Page(out.read_text("utf-8"))

    return write


def cards(page: Page) -> list[dict[str, str | None]]:
    return [given for tag, given in page.tags if tag == "article"]


def names(page: Page) -> list[str]:
    return re.findall(r"layer\d:\d+", page.text.split("function")[0])


def test_it_has_the_judged_neurons_with_what_was_said(written: Write, judged: Path) -> None:
    with RunReader(judged) as reader:
        living = int((~reader.layers[1].dead).sum())
    page = written()
    assert [given["data-verdict"] for given in cards(page)] == ["undecided", "differ", "accepted, carried over"]
    words = " ".join(page.text.split())
    assert "3 neurons judged by a reader, by layer and unit" in words
    assert "own label: my shadow" in words
    assert f"note: {NOTE}" in words
    assert "olga (radiologist)" in words
    assert "“concept 0” is wrong (hugo)" in words or "concept 0 ✗ hugo" in words
    assert f"layer1olga2000{living - 2}" in words.replace(" ", "")


def test_what_most_images_carry_is_said_at_the_runs_own_alpha_only(written: Write) -> None:
    assert ", most of them " in written().text
    assert ", most of them " not in written("--alpha", "0.2").text


def test_a_verdict_on_other_words_is_called_so(written: Write) -> None:
    assert written().text.count("carried over from another annotation") == 1
    assert written("--alpha", "0.2").text.count("carried over from another annotation") == 2


def test_the_readers_agreement_and_what_they_settled(
    written: Write, judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, reject = Deed("verdict", verdict="accept"), Deed("verdict", verdict="reject")
    for who, verdicts in (("olga", (accept, accept, reject, accept)), ("hugo", (accept, accept, reject, reject))):
        for unit, deed in enumerate(verdicts, start=4):
            judge(judged, monkeypatch, who, f"layer1:{unit}", deed)
    judge(judged, monkeypatch, "olga", "layer1:7", Deed("settle", verdict="accept", settles=("hugo", "olga")))
    page = written()
    standing = [given["data-verdict"] for given in cards(page)]
    assert standing == ["undecided", "differ", "accepted", "accepted", "rejected", "accepted"]
    words = " ".join(page.text.split())
    # They say the same of 3 in 5; by chance of 4/5 · 2/5 + 1/5 · 3/5 = 0.44: (0.6 − 0.44) / 0.56
    assert "all layersCohen's κ 0.29 (" in words
    assert "2 of 5 differ; rough, as it rests on fewer than 30 neurons" in words
    assert words.count("Settled:") == 1


def test_all_filter_and_sort(written: Write, judged: Path) -> None:
    with RunReader(judged) as reader:
        living = sum(layer.units - int(layer.dead.sum()) for layer in reader.layers)
    assert len(cards(written("--all"))) == living
    found = written("--filter", "layer1 images>1", "--sort", "representatives")
    images = [int(given["data-images"] or 0) for given in cards(found)]
    assert images
    assert min(images) > 1
    assert images == sorted(images, reverse=True)
    assert {given["data-layer"] for given in cards(found)} == {"layer1"}
    assert "found by the filter “layer1 images>1”" in found.text


def test_films_are_limited(written: Write) -> None:
    assert max(len(re.findall("<img", part)) for part in _parts(written, 2)) == 2
    assert not any("<img" in part for part in _parts(written, 0))


def _parts(written: Write, films: int) -> list[str]:
    page = written("--films", films)
    images = [tag for tag, _ in page.tags if tag in ("article", "img")]
    return "".join(f"<{tag}>" for tag in images).split("<article>")[1:]


def test_without_identifiers_nothing_names_a_person_or_a_place(written: Write, judged: Path) -> None:
    with RunReader(judged) as reader:
        infos = reader.images(range(reader.image_count))
    made = written("--no-identifiers")
    everything = made.text + str(made.tags)
    told = ["olga", "hugo", "Smith", "my shadow", str(judged.parent), *(info.path for info in infos)]
    assert not [text for text in told if text in everything]
    assert not [info.patient for info in infos if info.patient and re.search(rf"\b{info.patient}\b", made.text)]
    for text in ("reader 1 (radiologist)", "reader 2", "own label: concept 1", "--keep-notes", "burnt into them"):
        assert text in made.text


def test_notes_may_be_kept(written: Write) -> None:
    made = written("--no-identifiers", "--keep-notes")
    assert NOTE in made.text
    assert "my shadow" in made.text
    assert "olga" not in made.text


def test_a_filter_is_not_told_without_identifiers(written: Write) -> None:
    assert "accepted" not in written("--no-identifiers", "--filter", "accepted").text.split("What was run")[0]


def test_hostile_names_of_the_run_stay_texts(mammi: Mammi, hostile_run_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert mammi("report", hostile_run_path, "-o", out, "--all").status == 0
    page = Page(out.read_text("utf-8"))
    with RunReader(hostile_run_path) as reader:
        concept = clean(reader.concepts[1])
    assert concept in page.text
    assert [tag for tag, _ in page.tags].count("script") == 1


def test_markdown_and_standard_output(mammi: Mammi, judged: Path) -> None:
    out = judged.with_name("report.md")
    assert mammi("report", judged, "-o", out, "--format", "md").status == 0
    text = out.read_text("utf-8")
    assert text.startswith("# Triage of Smith.duckdb\n")
    assert "### layer1:3 (class 3" in text
    assert "</script>" not in text
    printed = mammi("report", judged, "-o", "-")
    assert printed.status == 0
    assert printed.out.startswith("<!DOCTYPE html>")
    assert printed.out.endswith("</html>\n")
    assert printed.err.startswith("neurons: 3 of 3 ")


def test_a_run_without_verdicts_has_an_empty_report_that_says_what_to_do(
    mammi: Mammi, run_path: Path, tmp_path: Path
) -> None:
    outcome = mammi("report", run_path, "-o", tmp_path / "report.html")
    assert outcome.status == 0
    assert "0 neurons" in outcome.err
    assert "--all" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--all", "--filter", "x"], "Leave one out"),
        (["--keep-notes"], "--no-identifiers only"),
        (["--sort", "beauty"], "no such order. There are: unit"),
        (["--filter", "q<much"], "q is compared with a number"),
        (["--concept-set", "none"], "no concept set 'none'"),
        (["--films", "-1"], "-1 is not in the range"),
        (["--alpha", "2"], "'2' is not a number from 0 to 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_are_told(mammi: Mammi, judged: Path, arguments: list[str], said: str) -> None:
    outcome = mammi("report", judged, "-o", judged.with_name("report.html"), *arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert len(outcome.err.splitlines()) <= 2
    assert not judged.with_name("report.html").exists()


def test_files_are_overwritten_by_force_only_and_never_the_runs_own(mammi: Mammi, judged: Path) -> None:
    out = judged.with_name("report.html")
    assert mammi("report", judged, "-o", out).status == 0
    first = out.read_bytes()
    again = mammi("report", judged, "-o", out)
    assert again.status == 2
    assert "Use --force" in again.err
    assert out.read_bytes() == first
    for own in (judged, judged.with_name("Smith.verdicts.jsonl")):
        kept = own.read_bytes()
        assert mammi("report", judged, "-o", own, "--force").status == 2
        assert own.read_bytes() == kept
    missing = mammi("report", judged, "-o", judged.parent / "none" / "report.html")
    assert missing.status == 2
    assert "there is no folder" in missing.err


def test_verdicts_on_another_content_are_counted_apart_and_altered_lines_told(
    written: Write, judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAMMI_READER", "olga")
    with RunReader(judged) as reader:
        living = int((~reader.layers[0].dead).sum())
        earlier = VerdictLog(judged, "an earlier content", reader.subject)
        earlier.append("layer0:1", Deed("verdict", verdict="accept"), Seen(reader.info.cuts, ("mass",)))
        log = log_of(reader)
        log.path.write_text(log.path.read_text("utf-8").replace("my shadow", "my shade"))
    page = " ".join(written().text.split())
    assert f"layer0olga0001{living - 1}" in page.replace(" ", "")
    assert "1 line of the verdict log is not as written." in page
