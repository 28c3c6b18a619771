"""Files of synonyms, and the list that comes with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.evaluation.synonyms import nih14_synonyms, read_synonyms
from engine.names import compared
from engine.probing.findings import FINDINGS


def write(folder: Path, text: str) -> str:
    path = folder / "words.txt"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_file_of_synonyms(tmp_path: Path) -> None:
    name = write(tmp_path, "\ufeff# comment\n\nPleural_Thickening: Thickening ,pleural  scar,\nMass: tumor\n")
    assert read_synonyms(name) == {
        "pleural thickening": frozenset({"thickening", "pleural scar"}),
        "mass": frozenset({"tumor"}),
    }


def test_the_packages_own_list_has_all_14_findings_and_no_word_for_two() -> None:
    synonyms = read_synonyms("nih14")
    assert set(synonyms) == {compared(finding) for finding in FINDINGS}
    all_words = [word for words in synonyms.values() for word in words]
    assert len(all_words) == len(set(all_words))
    assert not set(all_words) & set(synonyms)
    assert synonyms is nih14_synonyms()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mass tumor\n", "line 1 is not `label: synonym, synonym`"),
        ("# x\nMass:\n", "line 2 is not `label: synonym, synonym`"),
        (": tumor\n", "line 1 is not"),
        ("Mass: tumor\nMASS: neoplasm\n", "line 2 repeats the label 'mass'"),
        ("# only a comment\n", "has no labels"),
    ],
)
def test_a_fault_in_a_file_is_reported_by_line(tmp_path: Path, text: str, said: str) -> None:
    name = write(tmp_path, text)
    with pytest.raises(ConfigError, match=said) as raised:
        read_synonyms(name)
    assert str(raised.value).startswith(f"--synonyms {name}: ")


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file or directory\. The list that comes with mammi is `nih14`"):
        read_synonyms(str(tmp_path / "nih15"))
    with pytest.raises(ConfigError, match="Is a directory"):
        read_synonyms(str(tmp_path))
    (tmp_path / "large.txt").write_text("x" * ((1 << 20) + 1))
    with pytest.raises(ConfigError, match=r"more than 1 MB \(limits\.report_mb = 1"):
        read_synonyms(str(tmp_path / "large.txt"))


def test_a_file_that_is_not_utf8_is_read_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "latin.txt").write_bytes(b"Mass: tum\xf6r\n")
    assert read_synonyms(str(tmp_path / "latin.txt")) == {"mass": frozenset({"tumör"})}
    assert "latin.txt: not UTF-8, so read as Windows-1252" in caplog.text
