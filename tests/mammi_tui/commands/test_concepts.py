"""`mammi concepts` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

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
    assert "2 nouns of 1 reports" in run(report, "-o", output, "--nltk-data", nltk_data)
    assert output.read_text().split() == ["effusion", "heart"]
    run(report, "-o", output, "--nltk-data", nltk_data, "--counts", "--section", "impression", "--keep-digits")
    assert output.read_text() == "heart\t1\n"


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
