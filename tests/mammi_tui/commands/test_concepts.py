"""`mammi concepts` as it is typed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.concepts import word_list
from engine.errors import ConfigError, MammiError
from mammi_tui.commands.concepts import concepts
from tests.shared import shared_path


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.txt"
    path.write_text("FINDINGS: The heart is enlarged at T12. No effusion. IMPRESSION: Enlarged heart.\n")
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(concepts, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_writes_the_nouns_and_says_so(report: Path, tmp_path: Path) -> None:
    nltk_data, output = shared_path("data", "nltk_data"), tmp_path / "nouns.txt"
    said = run(report, "-o", output, "--nltk-data", nltk_data)
    assert "2 nouns of 1 report written to" in said
    assert "left out, with digits: 1 such as t12 (--keep-digits keeps them)" in said
    assert output.read_text().split() == ["effusion", "heart"]
    counts = ["--counts", "--section", "impression", "--keep-digits", "--nltk-data", nltk_data]
    with pytest.raises(ConfigError, match="exists already"):
        run(report, "-o", output, *counts)
    assert output.read_text().split() == ["effusion", "heart"]
    run(report, "-o", output, "--force", *counts)
    assert output.read_text() == "heart\t1\n"


def test_a_list_that_cannot_be_written_whole_leaves_what_was_there(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "nouns.txt"
    arguments = [report, "-o", output, "--nltk-data", shared_path("data", "nltk_data")]

    def half(path: Path, text: str, **_: object) -> int:
        path.write_bytes(text[:3].encode())
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", half)
        with pytest.raises(MammiError, match="full; make room, and run the same command"):
            run(*arguments)
    assert sorted(tmp_path.iterdir()) == [report]
    run(*arguments)
    assert output.read_text().split() == ["effusion", "heart"]


def test_an_output_that_is_no_file_is_refused(report: Path) -> None:
    with pytest.raises(ConfigError, match=r"/dev/null: is not a file\. Name one, or - for standard output\."):
        run(report, "-o", "/dev/null", "--force")


def test_standard_output_gets_the_list_alone(report: Path) -> None:
    arguments = [str(report), "-o", "-", "--nltk-data", str(shared_path("data", "nltk_data"))]
    result = CliRunner().invoke(concepts, arguments, catch_exceptions=False)
    assert result.stdout.splitlines() == ["effusion", "heart"]


def test_a_report_is_never_overwritten(report: Path) -> None:
    before = report.read_text()
    for reports in (report, report.parent):
        with pytest.raises(ConfigError, match="never overwritten"):
            run(reports, "-o", report, "--force")
    assert report.read_text() == before


def test_a_section_that_no_report_has_is_told_with_those_there_are(report: Path, tmp_path: Path) -> None:
    for name, content in [
        ("a.xml", '<r><AbstractText Label="FINDINGS">x</AbstractText><AbstractText Label="NOTE"/></r>'),
        ("b.csv", "id,history\n1,x\n"),
        ("c.csv", "report\nTECHNIQUE: AP.\n"),
    ]:
        (report.parent / name).write_text(content)
    with pytest.raises(ConfigError, match=r"--section nosuch: no report has it\. Sections found: findings, .*") as told:
        run(report.parent, "-o", tmp_path / "nouns.txt", "--section", "nosuch")
    for name in ("impression", "note", "history", "technique"):
        assert name in str(told.value)


def test_without_the_engine_one_line_says_how_to_install_it(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mammi_tui.console.compute.ENGINE_PACKAGES", ("nltk_is_missing",))
    with pytest.raises(MammiError, match=r"`mammi concepts` needs the engine, .*pip install -e '\.\[engine\]'"):
        run(report, "-o", tmp_path / "nouns.txt")


def test_nothing_found_writes_nothing(report: Path, tmp_path: Path) -> None:
    output = tmp_path / "nouns.txt"
    with pytest.raises(MammiError, match="nothing was written"):
        run(report, "-o", output, "--nltk-data", shared_path("data", "nltk_data"), "--min-reports", 9)
    assert not output.exists()


def test_missing_reports_and_tagger_are_told(report: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        run(tmp_path / "gone", "-o", tmp_path / "nouns.txt")
    with pytest.raises(MammiError, match=r"nltk\.downloader"):
        run(report, "-o", tmp_path / "nouns.txt", "--nltk-data", tmp_path)


def test_what_the_filters_leave_out_is_told_until_they_are_turned_off(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    # XXXX is how published reports mark what was removed.
    report.write_text("FINDINGS: The XXXX is at T12. The heart is large.")
    (tmp_path / "report2.txt").write_text("FINDINGS: The heart is large. A mass is seen.")
    arguments = [tmp_path, "-o", "-", "--nltk-data", shared_path("data", "nltk_data"), "--min-reports", 2]
    said = run(*arguments)
    assert "left out, de-identification marks: 1 such as xxxx (--keep-deidentified keeps them)" in said
    assert "left out, in fewer than 2 reports: 1 such as mass (--min-reports 1 keeps them)" in said
    said = run(*arguments[:-2], "--keep-deidentified", "--keep-digits")
    assert "left out" not in said
    assert {"xxxx", "t12", "heart", "mass"} <= set(said.split())


def test_a_report_that_is_not_utf8_is_read_with_one_warning_or_in_its_encoding(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.txt").write_bytes("FINDINGS: The patient’s heart is large – no effusion.".encode("cp1252"))
    arguments = [tmp_path, "-o", "-", "--nltk-data", shared_path("data", "nltk_data")]
    assert {"heart", "effusion"} <= set(run(*arguments).splitlines())
    assert caplog.messages == [
        f"{tmp_path}/a.txt: not UTF-8, so read as Windows-1252. If it is another encoding, name it with --encoding."
    ]
    assert {"heart", "effusion"} <= set(run(*arguments, "--encoding", "cp1252").splitlines())
    assert len(caplog.messages) == 1
    result = CliRunner().invoke(concepts, [*map(str, arguments), "--encoding", "utf9"])
    assert result.exit_code == 2
    assert "'utf9' is not an encoding of text; did you mean" in result.output


def test_headings_in_title_case_are_headings(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    nltk_data = shared_path("data", "nltk_data")
    text = "{}: Cough, a man.\n{}:\nThe lungs show a nodule.\n\n{}:\nMass.\n"
    for names in (("Clinical history", "Findings", "Impression"), ("CLINICAL HISTORY", "FINDINGS", "IMPRESSION")):
        report.write_text(text.format(*names))
        result = CliRunner().invoke(concepts, [str(report), "-o", "-", "--nltk-data", str(nltk_data)])
        assert result.stdout.split() == ["lungs", "mass", "nodule"]


def test_the_discard_list_is_told_and_can_be_turned_off(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("FINDINGS: The left view shows the heart. A background is in view.")
    arguments = [tmp_path, "-o", "-", "--nltk-data", shared_path("data", "nltk_data")]
    said = run(*arguments)
    assert (
        "left out, on the authors' discard list: 3 such as background, left, view (--keep-picture-words keeps" in said
    )
    assert {"background", "view"} <= set(run(*arguments, "--keep-picture-words").splitlines())


def test_what_counts_writes_is_a_word_list_again(report: Path, tmp_path: Path) -> None:
    output = tmp_path / "words.txt"
    run(report, "-o", output, "--counts", "--nltk-data", shared_path("data", "nltk_data"))
    assert output.read_text() == "effusion\t1\nheart\t1\n"
    assert word_list.load(word_list.Options(path=output), tmp_path, []) == ["effusion", "heart"]


def test_split_of_r2gen_json(tmp_path: Path) -> None:
    annotation = tmp_path / "annotation.json"
    annotation.write_text('{"train": [{"report": "The heart is large."}], "test": [{"report": "A mass is seen."}]}')
    arguments = [annotation, "-o", "-", "--nltk-data", shared_path("data", "nltk_data")]
    assert "2 nouns of 2 reports" in run(*arguments)
    assert "1 noun of 1 report" in run(*arguments, "--split", "test")
    with pytest.raises(ConfigError, match=r"no split 'tests'\. Its splits: train, test"):
        run(*arguments, "--split", "tests")
