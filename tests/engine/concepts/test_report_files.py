"""Reports from files, friendly and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.concepts.report_files import read_reports, select_sections
from engine.errors import ConfigError, MammiError

OPEN_I = """<?xml version="1.0" encoding="utf-8"?>
<eCitation><Abstract>
<AbstractText Label="INDICATION">Cough.</AbstractText>
<AbstractText Label="FINDINGS">Heart &lt; normal.</AbstractText>
<AbstractText Label="IMPRESSION">No effusion.</AbstractText>
</Abstract></eCitation>"""
BOMB = """<?xml version="1.0"?>
<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<r><AbstractText Label="FINDINGS">&b;</AbstractText></r>"""
LEAK = (
    '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r><AbstractText Label="FINDINGS">&x;</AbstractText></r>'
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, **options: object) -> list[str]:
    return list(read_reports([path], **options))  # type: ignore[arg-type]


def test_open_i_xml_gives_findings_and_impression(tmp_path: Path) -> None:
    path = write(tmp_path, "1.xml", OPEN_I)
    assert read(path) == ["Heart < normal.\n\nNo effusion."]
    assert read(path, sections=["Indication"]) == ["Cough."]
    assert read(path, sections=["all"]) == ["Cough.\n\nHeart < normal.\n\nNo effusion."]
    assert read(path, sections=["technique"]) == []


@pytest.mark.parametrize("xml", [BOMB, LEAK])
def test_xml_with_a_document_type_is_refused(tmp_path: Path, xml: str) -> None:
    with pytest.raises(MammiError, match=r"bomb\.xml declares a document type"):
        read(write(tmp_path, "bomb.xml", xml))


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<r>",
        b"\x89PNG",
        b'<?xml version="1.0" encoding="utf-7"?><r/>',
        b'<?xml version="1.0" encoding="no"?><r/>',
    ],
)
def test_broken_xml_is_one_clear_error(tmp_path: Path, xml: bytes) -> None:
    with pytest.raises(MammiError, match=r"broken\.xml is not valid XML"):
        read(write(tmp_path, "broken.xml", xml))


def test_text_is_read_by_its_headings(tmp_path: Path) -> None:
    report = "EXAMINATION: Chest.\n FINDINGS: The heart is normal.\n\n No mass.\nIMPRESSION: Clear. TECHNIQUE: AP."
    path = write(tmp_path, "s1.txt", report)
    assert read(path) == ["The heart is normal.\n\n No mass.\n\nClear."]
    assert select_sections("The heart is normal.", ["findings"]) == "The heart is normal."


def test_folder_is_searched_in_depth_in_a_stable_order(tmp_path: Path) -> None:
    (tmp_path / "p10").mkdir()
    write(tmp_path / "p10", "b.txt", "second")
    write(tmp_path / "p10", "a.TXT", "first")
    write(tmp_path, "image.png", b"\x89PNG")
    assert read(tmp_path) == ["first", "second"]


def test_table_by_sections_by_default_names_and_by_column(tmp_path: Path) -> None:
    mimic = write(tmp_path, "sectioned.csv", "study,impression,findings\ns1,No mass.,Heart.\ns2,,\n")
    assert read(mimic) == ["No mass.\n\nHeart."]
    one = write(tmp_path, "one.csv", '\ufeffid,Report\n1,"FINDINGS: Heart, lungs. TECHNIQUE: AP."\n2\n')
    assert read(one) == ["Heart, lungs."]
    other = write(tmp_path, "other.tsv", "id\tnote\n1\tMass.\n")
    assert read(other, column="note") == ["Mass."]
    with pytest.raises(ConfigError, match=r"no column 'txet'.* id, note"):
        read(other, column="txet")
    with pytest.raises(ConfigError, match="no column of reports"):
        read(other)


@pytest.mark.parametrize("content", [b'report\n"open', b"report\n" + b"a" * 200_000, b"report\n\xff\n"])
def test_broken_table_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(MammiError, match=r"broken\.csv"):
        read(write(tmp_path, "broken.csv", content))


def test_paths_that_hold_no_reports_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read(tmp_path / "gone")
    with pytest.raises(ConfigError, match="holds no reports"):
        read(tmp_path)
    with pytest.raises(ConfigError, match=r"\.txt, \.xml, \.csv, \.tsv"):
        read(write(tmp_path, "report.docx", b""))
